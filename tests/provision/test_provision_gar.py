"""What is made at Google Artifact Registry: one repository for all images, closed, and only what is untagged goes."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from pulumi_chaosreg.provision import gar
from pulumi_chaosreg.provision.protocol import (
    SERVICE_ACCOUNT_ANNOTATIONS,
    ImageRepository,
    OwnedRegistry,
    Provisioned,
    RepositorySettings,
)
from pulumi_chaosreg.provision.provision import provision
from pulumi_chaosreg.settings.google_grammars import MEMBER as MEMBER_GRAMMAR
from tests.support.mocked_program import Recorder, run_program
from tests.support.owned_registry import owned_registry

pytestmark = pytest.mark.components

SERVER, ACCOUNT = "europe-west1-docker.pkg.dev", "acme-prod/chaos/mirror"
IMAGES = (
    ImageRepository(f"{ACCOUNT}/chaos-ddcr", ("1.94.0",)),
    ImageRepository(f"{ACCOUNT}/chaos-go-runner", ("1.94.0",)),
)
CREATE = RepositorySettings(create=True)
REPOSITORY = "gcp:artifactregistry/repository:Repository"
MEMBER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
NAME = f"acme:{SERVER}/{ACCOUNT}"


def registry(server: str = SERVER, account: str = ACCOUNT) -> OwnedRegistry:
    return owned_registry(server, account)


def made(settings: RepositorySettings = CREATE) -> Recorder:
    return run_program(lambda: provision(registry(), settings, IMAGES) and None)


def test_all_images_share_one_repository_which_is_made_once() -> None:
    asked: list[Provisioned] = []

    def program() -> None:
        asked.append(provision(registry(), CREATE, IMAGES[:1]))
        asked.append(provision(registry(), CREATE, IMAGES[1:], before=asked[0]))

    recorder = run_program(program)
    assert [name.split()[0] for name in recorder.made if not name.startswith("pulumi:")] == [REPOSITORY]
    first, second = asked
    assert first.repositories[IMAGES[0].path] is second.repositories[IMAGES[1].path]
    said = recorder.made[f"{REPOSITORY} {NAME}"]
    at = (said["project"], said["location"], said["repositoryId"], said["format"])
    assert at == ("acme-prod", "europe-west1", "chaos", "DOCKER")


def test_by_default_tags_stay_untagged_goes_and_nobody_else_gets_a_role() -> None:
    recorder = made()
    said = recorder.made[f"{REPOSITORY} {NAME}"]
    assert said["dockerConfig"] == {"immutableTags": True}
    assert said["vulnerabilityScanningConfig"] == {"enablementConfig": "INHERITED"}
    assert said["cleanupPolicyDryRun"] is False
    assert said["cleanupPolicies"] == [
        {"id": "untagged", "action": "DELETE", "condition": {"tagState": "UNTAGGED", "olderThan": "1209600s"}}
    ]
    assert said["deletionPolicy"] == "PREVENT"
    assert recorder.options[f"{REPOSITORY} {NAME}"].retainOnDelete
    assert not [name for name in recorder.made if name.startswith(MEMBER)]


def test_what_is_said_is_made_so() -> None:
    key = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k"
    settings = replace(
        CREATE,
        immutable_tags=False,
        scan_on_push=False,
        expire_untagged_after_days=3,
        kms_key=key,
        tags={"team": "chaos"},
        retain=False,
        protect=True,
    )
    recorder = made(settings)
    said: dict[str, Any] = recorder.made[f"{REPOSITORY} {NAME}"]
    assert said["dockerConfig"] == {"immutableTags": False}
    assert said["vulnerabilityScanningConfig"] == {"enablementConfig": "DISABLED"}
    assert said["cleanupPolicies"][0]["condition"]["olderThan"] == "259200s"
    assert (said["kmsKeyName"], said["labels"], said["deletionPolicy"]) == (key, {"team": "chaos"}, "DELETE")
    assert recorder.options[f"{REPOSITORY} {NAME}"].protect
    assert not recorder.options[f"{REPOSITORY} {NAME}"].retainOnDelete


def test_each_member_gets_one_role_on_this_repository_alone() -> None:
    nodes, ci = "serviceAccount:nodes@p.iam.gserviceaccount.com", "group:ci@example.com"
    recorder = made(replace(CREATE, members={"pull": (nodes,), "push": (ci,), "delete": (ci,)}))
    given = {
        (said["member"], said["role"], said["repository"], said["location"], said["project"])
        for name, said in recorder.made.items()
        if name.startswith(MEMBER)
    }
    where = ("chaos", "europe-west1", "acme-prod")
    assert given == {
        (nodes, "roles/artifactregistry.reader", *where),
        (ci, "roles/artifactregistry.writer", *where),
        (ci, "roles/artifactregistry.repoAdmin", *where),
    }


@pytest.mark.parametrize(
    ("server", "account", "expected"),
    [
        ("europe-docker.pkg.dev", "acme/chaos", ("acme", "europe", "chaos")),
        ("us-docker.pkg.dev", "example.com/acme/chaos/a/b", ("example.com:acme", "us", "chaos")),
        ("gcr.io", "acme", ("acme", "us", "gcr.io")),
        ("eu.gcr.io", "acme/mirror", ("acme", "europe", "eu.gcr.io")),
        ("asia.gcr.io", "example.com/acme", ("example.com:acme", "asia", "asia.gcr.io")),
    ],
)
def test_host_and_path_name_the_repository(server: str, account: str, expected: tuple[str, str, str]) -> None:
    assert gar.named(registry(server, account))[:3] == expected


def test_what_nodes_need_is_told_and_no_service_account_is_sent_to_pull_as_itself() -> None:
    told = gar.node_identity(registry("gcr.io", "acme"))
    assert (told["role"], told["repository"]) == (
        "roles/artifactregistry.reader",
        "projects/acme/locations/us/repositories/gcr.io",
    )
    assert told["workload_identity_annotations"] == {"iam.gke.io/enable-wi-image-pull": "true"}
    assert SERVICE_ACCOUNT_ANNOTATIONS not in told


def test_another_key_is_refused_as_google_never_changes_it() -> None:
    with pytest.raises(pulumi.RunError, match="CHR0482"):
        gar._compare_keys(registry(), replace(CREATE, kms_key="projects/b"), "projects/a")
    with pytest.raises(pulumi.RunError, match="remove `kms_key`"):
        gar._compare_keys(registry(), replace(CREATE, kms_key="projects/b"), None)
    gar._compare_keys(registry(), CREATE, "")


def test_a_member_that_is_named_twice_is_one() -> None:
    recorder = made(replace(CREATE, members={"pull": ("user:A@b.example", "user:a@b.example", "user:A@b.example")}))
    assert [said["member"] for name, said in recorder.made.items() if name.startswith(MEMBER)] == ["user:A@b.example"]


def test_principals_that_differ_in_case_are_two() -> None:
    pool = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/attribute.repository"
    two = (f"{pool}/Acme/x", f"{pool}/acme/x")
    recorder = made(replace(CREATE, members={"push": two}))
    assert {said["member"] for name, said in recorder.made.items() if name.startswith(MEMBER)} == set(two)


@pytest.mark.parametrize(
    "member",
    [
        "serviceAccount:acme.svc.id.goog[harness-chaos/refresher]",
        "principalSet://cloudresourcemanager.googleapis.com/projects/1/type/ServiceAccount",
        "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/ns/x/sa/y",
    ],
)
def test_members_in_each_form_of_iam_are_taken(member: str) -> None:
    assert MEMBER_GRAMMAR.problem(member) is None


@pytest.mark.parametrize("member", ["allUsers", "user:a@b\0", "user:a b@c", "serviceAccount:acme", "user:a@b@c"])
def test_what_is_no_member_is_not(member: str) -> None:
    assert MEMBER_GRAMMAR.problem(member) is not None
