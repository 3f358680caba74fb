"""Companies written from Harness's page alone, up to Pods of a real kubelet: a tiny one on private Docker Hub, one in
the old habit on `gcr.io` with a key file; and examples/public, without any Secret.

The registries are real ones under the vendors' names; their accounts and limits are not here.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import node
from lab.kubeapi import call, get
from lab.pods import delete_pod, make_service_account, run_pod, wait_running
from lab.state import LabState, load
from lab.workspace import Workspace
from pulumi_chaosreg.review.review import review
from tests.support.pulling import assert_pods_run, assert_refused
from tests.support.vendor import Vendor, vendor

pytestmark = [pytest.mark.node, pytest.mark.engine]

REST = """\
    images: {{release: "1.93.0"}}
    required_images: ["harness/chaos-ddcr:1.93.0"]
    mirror: {{source: {upstream}/harness, allow_sources: [{upstream}/harness], push: push}}
  chaosreg:infrastructures:
    prod: {{cluster: {{context: prod-eu}}, namespace: {space}, service_accounts: [litmus]}}
"""
# verbatim what Harness's page has for a private namespace on Docker Hub
HUB = """\
config:
  chaosreg:account:
    id: acme
    image_registry:
      server: "docker.io"
      account: "your-dockerhub-username"
      type: "private"
      authentication:
        secret_name: "dockerhub-secret"
"""
# and for Google's registry
GCR = """\
config:
  chaosreg:account:
    id: acme
    image_registry:
      server: "gcr.io"
      account: "your-gcp-project"
      type: "private"
      authentication:
        type: "gcp_service_account"
        key_file: "service-account-key.json"
"""
EXAMPLES = Path(__file__).parents[2] / "examples"
PASSWORD, PUSH = "dckr_oat_canary-pull", "canary-push"
KEY = '{"type":"service_account","client_email":"a@b.c","private_key":"k"}'  # bcrypt knows 72 characters


@pytest.fixture
def lab() -> LabState:
    state = load()
    if state.node.missing:
        pytest.skip(f"no kubelet here: {state.node.missing}")  # the last lines of the run say it too
    return state


@pytest.fixture
def hub(lab: LabState, tmp_path: Path) -> Iterator[Vendor]:
    logins = {"your-dockerhub-username": PASSWORD, "pusher": PUSH}
    with vendor(tmp_path / "hub", "docker.io", "registry-1.docker.io", logins) as running:
        yield running


@pytest.fixture
def gcr(lab: LabState, tmp_path: Path) -> Iterator[Vendor]:
    with vendor(tmp_path / "gcr", "gcr.io", "gcr.io", {"_json_key": KEY, "pusher": PUSH}) as running:
        yield running


def company(folder: Path, lab: LabState, at: Vendor, text: str, space: str) -> Workspace:
    """Its one stack, locked, and who pushes."""
    workspace = Workspace(folder)
    workspace.add_project()
    (folder / "stacks").mkdir()
    assert lab.upstream
    rest = REST.format(upstream=lab.upstream.host, space=space)
    (folder / "stacks/Pulumi.acme.yaml").write_text(text + rest, "utf-8")
    workspace.run("chaosreg", "lock")
    workspace.environment |= at.environment
    workspace.init("acme")
    push = json.dumps({"username": "pusher", "password": PUSH})
    workspace.run("pulumi", "config", "set", "--stack", "acme", "--secret", "chaosreg-credentials:push", push)
    return workspace


def assert_only_who_has_the_secret_pulls(lab: LabState, made: Workspace, space: str) -> None:
    assert_refused(lab, made, "prod", space)
    assert_pods_run(lab, made, "prod", space, "litmus")


def test_a_tiny_company_on_private_docker_hub(lab: LabState, hub: Vendor, label: str, tmp_path: Path) -> None:
    made = company(tmp_path / "company", lab, hub, HUB, label)
    login = json.dumps({"username": "your-dockerhub-username", "password": PASSWORD})
    made.run("pulumi", "config", "set", "--stack", "acme", "--secret", "chaosreg-credentials:dockerhub-secret", login)
    done = made.up("acme")
    assert PASSWORD not in done.stdout + done.stderr
    assert_only_who_has_the_secret_pulls(lab, made, label)
    pulls = [one for one in hub.registry.requests() if one.status == 200 and one.user == "your-dockerhub-username"]
    assert any("/blobs/" in one.path for one in pulls)


@pytest.mark.nightly
def test_a_company_on_gcr_io_with_a_key_file(lab: LabState, gcr: Vendor, label: str, tmp_path: Path) -> None:
    made = company(tmp_path / "company", lab, gcr, GCR, label)
    (made.folder / "service-account-key.json").write_text(KEY, "utf-8")
    made.up("acme")
    assert_only_who_has_the_secret_pulls(lab, made, label)
    assert any("/blobs/" in one.path for one in gcr.registry.requests() if one.user == "_json_key")


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("infrastructure", "name"),
    [
        ("on-docker-hub", "docker.io"),
        ("on-google", "us-docker.pkg.dev"),
        ("on-amazon", "public.ecr.aws"),
        ("on-gcr", "gcr.io"),
        ("on-github", "ghcr.io"),
    ],
)
def test_public_registries_need_no_secret(
    lab: LabState, infrastructure: str, name: str, label: str, tmp_path: Path
) -> None:
    assert lab.kubernetes
    assert lab.upstream
    shutil.copytree(EXAMPLES / "public", tmp_path / "public")
    (config,) = [one for scope, one in review(tmp_path / "public").resolved.items() if scope.id == infrastructure]
    assert config.delivery is None
    image = config.images[0].reference
    source = f"{lab.upstream.host}/harness/{config.images[0].image}:{image.tag}"
    call(lab.kubernetes, "POST", "/api/v1/namespaces", {"metadata": {"name": label}})
    node.remove_images()
    with vendor(tmp_path / "vendor", name, name, {}, {f"{image.repository}:{image.tag}": source}):
        make_service_account(lab.kubernetes, label, "nobody")
        run_pod(lab.kubernetes, lab.node, label, "open", str(image), service_account="nobody")
        status = wait_running(lab.kubernetes, label, "open")["status"]["containerStatuses"][0]
        delete_pod(lab.kubernetes, label, "open")
    assert status["image"] == str(image)
    secrets = get(lab.kubernetes, f"/api/v1/namespaces/{label}/secrets")
    assert secrets
    assert secrets["items"] == []
