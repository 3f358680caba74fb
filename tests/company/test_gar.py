"""A company on Google Artifact Registry: its repository is made before anybody needs it, and goes by no surprise.

Google is a stand-in that records (lab/plugins/gcp): what is asked of it is the engine's, its answers are a table's.
"""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from lab.kubeapi import get
from lab.state import load
from lab.workspace import Workspace
from tests.support.canary import PULL

pytestmark = pytest.mark.engine

REPOSITORY = "gcp:artifactregistry/repository:Repository"
MEMBER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
KEY = {"type": "service_account", "client_email": "pull@acme.iam.gserviceaccount.com", "private_key": PULL.password}
FILE = "stacks/Pulumi.acme.yaml"

ACME = """\
config:
  chaosreg:account:
    id: acme
    image_registry:
      server: europe-west1-docker.pkg.dev
      account: acme-prod/chaos
      type: private
      authentication: {{type: gcp_service_account, key_file: key.json}}
    images: {{release: "1.94.4", pin: "off"}}
    mirror: "off"
    repositories: {{create: true, members: {{pull: ["serviceAccount:nodes@acme.iam.gserviceaccount.com"]}}}}
  chaosreg:infrastructures:
    prod-eu: {{cluster: {{context: prod-eu}}, namespace: {space}}}
"""


@pytest.fixture
def company(tmp_path: Path, label: str) -> Workspace:
    workspace = Workspace(tmp_path / "company")
    workspace.add_project()
    workspace.add_stacks(acme=ACME.format(space=label))
    (workspace.folder / "key.json").write_text(json.dumps(KEY), "utf-8")
    workspace.init("acme")
    return workspace


def of(company: Workspace, type_: str) -> list[dict[str, Any]]:
    return company.resources("acme", type_)


def edited(company: Workspace, old: str, new: str) -> dict[str, str]:
    """Type → what the preview would do with it."""
    company.edit(FILE, old, new)
    steps = company.preview("acme")
    return {step.type: step.op for step in steps if step.type in (REPOSITORY, MEMBER)}


def test_a_repository_is_made_pulled_with_the_key_and_kept(company: Workspace, label: str) -> None:
    first = company.up("acme")
    assert "this is the lab's stand-in for the official plugin (lab/plugins/gcp)" in first.stdout + first.stderr
    (repository,) = of(company, REPOSITORY)
    assert repository["id"] == "projects/acme-prod/locations/europe-west1/repositories/chaos"
    assert [one["inputs"]["role"] for one in of(company, MEMBER)] == ["roles/artifactregistry.reader"]
    cluster = load().kubernetes
    secrets = get(cluster, f"/api/v1/namespaces/{label}/secrets")["items"]
    (config,) = [json.loads(base64.b64decode(one["data"][".dockerconfigjson"])) for one in secrets]
    auth = config["auths"]["europe-west1-docker.pkg.dev"]["auth"]
    assert base64.b64decode(auth).decode() == f"_json_key:{json.dumps(KEY)}"
    assert PULL.password not in first.stdout + first.stderr
    company.up("acme", "--expect-no-changes")

    # each setting updates, or replaces nothing
    assert edited(company, "create: true,", "create: true, immutable_tags: false,") == {REPOSITORY: "update"}
    assert edited(company, "immutable_tags: false,", "tags: {team: chaos},") == {REPOSITORY: "update"}
    assert edited(company, "tags: {team: chaos},", "expire_untagged_after_days: 3,") == {REPOSITORY: "update"}
    members = edited(
        company,
        "expire_untagged_after_days: 3, members: {pull: [",
        'members: {push: ["group:ci@acme.example"], pull: [',
    )
    assert members == {MEMBER: "create"}
    company.up("acme")
    key = "kms_key: projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k,"
    company.edit(FILE, "create: true,", f"create: true, {key}")
    refused = company.run("pulumi", "preview", "--stack", "acme", check=False)
    assert refused.returncode
    assert "error[CHR0482]" in re.sub(r"\s+", " ", refused.stdout + refused.stderr)
    company.edit(FILE, f"create: true, {key}", "create: true,")

    # and it outlives its stack
    gone = company.run("pulumi", "destroy", "--yes", "--skip-preview", "--stack", "acme")
    assert "retained" in gone.stdout + gone.stderr or "[retain]" in gone.stdout + gone.stderr


@pytest.mark.nightly
def test_a_failure_leaves_a_state_that_goes_on(company: Workspace) -> None:
    company.environment["LAB_GCP_FAILS"] = "Create RepositoryIamMember"
    failed = company.up("acme", check=False)
    assert failed.returncode
    assert "Error 503" in failed.stdout + failed.stderr
    assert len(of(company, REPOSITORY)) == 1
    del company.environment["LAB_GCP_FAILS"]
    company.up("acme")
    company.up("acme", "--expect-no-changes")


MADE = """\
config:
  chaosreg:account:
    id: acme
    image_registry:
      server: europe-west1-docker.pkg.dev
      account: acme-prod/chaos
      type: private
      authentication: {{type: made, lifetime_days: 90, per: stack}}
    images: {{release: "1.94.4", pin: "off"}}
    mirror: "off"
    repositories: {{create: true}}
  chaosreg:infrastructures:
    near: {{cluster: {{context: prod-eu}}, namespace: {space}}}
"""
FAR = """\
config:
  chaosreg:parent_stack: acme
  chaosreg:infrastructures:
    far: {{cluster: {{context: prod-us}}, namespace: {space}-far}}
"""
SERVICE_ACCOUNT = "gcp:serviceaccount/account:Account"
KEY_OF_ACCOUNT = "gcp:serviceaccount/key:Key"
SECRET = "kubernetes:core/v1:Secret"


def pulled_with(space: str) -> tuple[str, str]:
    """(password, day on which it ends) in the one Secret of a namespace."""
    (secret,) = get(load().kubernetes, f"/api/v1/namespaces/{space}/secrets")["items"]
    config = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))
    auth = base64.b64decode(config["auths"]["europe-west1-docker.pkg.dev"]["auth"]).decode()
    return auth.partition(":")[2], secret["metadata"]["annotations"]["chaosreg/expires"]


def test_a_made_key_reaches_each_stack_and_alternates_with_the_next_one(tmp_path: Path, label: str) -> None:
    company = Workspace(tmp_path / "company")
    company.add_project()
    company.add_stacks(acme=MADE.format(space=label), far=FAR.format(space=label))
    company.set_day("2026-11-29")
    company.init("acme", "far")

    # the owner makes an account and two keys for each stack, and hands one down
    told = [company.up(stack) for stack in ("acme", "far")]
    accounts, keys = of(company, SERVICE_ACCOUNT), of(company, KEY_OF_ACCOUNT)
    assert (len(accounts), len(keys)) == (2, 4)
    assert {one["inputs"]["role"] for one in of(company, MEMBER)} == {"roles/artifactregistry.reader"}
    first = {space: pulled_with(space) for space in (label, f"{label}-far")}
    assert first[label][0] != first[f"{label}-far"][0]
    assert {day for _, day in first.values()} == {"2027-01-17"}
    private = [json.loads(password)["private_key"] for password, _ in first.values()]
    assert not traces(private, *(one.stdout + one.stderr for one in told), json.dumps(company.state("acme")))
    for stack in ("acme", "far"):
        company.up(stack, "--expect-no-changes")

    # half a life later there are new ones, and what was in use stays until the time after that
    company.set_day("2026-12-10")
    steps = [step for step in company.preview("acme") if step.op not in ("same", "read")]
    assert [step.op for step in steps if step.type == KEY_OF_ACCOUNT and step.op == "replace"] == ["replace"] * 2
    company.up("acme")
    in_use = [one for one in of(company, KEY_OF_ACCOUNT) if one["id"] in {key["id"] for key in keys}]
    assert len(in_use) == 2
    assert pulled_with(f"{label}-far") == first[f"{label}-far"]
    assert [step.op for step in company.preview("far") if step.type == SECRET] == ["update"]
    company.up("far")
    second = {space: pulled_with(space) for space in first}
    assert all(second[space][0] != first[space][0] for space in first)
    assert {day for _, day in second.values()} == {"2027-03-03"}
    company.up("far", "--expect-no-changes")

    # who was forgotten for too long is told, by preview and `up`
    company.set_day("2027-03-04")
    late = company.run("pulumi", "preview", "--stack", "far")
    assert "warning[CHR0547]" in late.stdout + late.stderr


def traces(secrets: list[str], *texts: str) -> list[str]:
    """Which of them stand in one of the texts."""
    return [secret for secret in secrets if any(secret in text for text in texts)]
