"""What a deletion asks the project's stack files: who else has the image, or wants the Secret's name in an account."""

import os
from pathlib import Path

import pytest

from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.kubernetes.client import Cluster, KubernetesError
from pulumi_chaosreg.provider.image_pull_secret_entry import ImagePullSecretEntry
from pulumi_chaosreg.provider.resource import Occasion
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.still_wanted import StillWanted

ACME = """
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    image_registry: {server: harbor.company.com, account: chaos, type: public}
    required_images: ["chaos-ddcr:1.94.0"]
    mirror: {source: docker.io/harness}
"""
PROD = """
config:
  chaosreg:parent_stack: acme
  chaosreg:infrastructures:
    prod-eu:
      cluster: {context: prod-eu}
      namespace: chaos
      custom_images: {log_watcher: "harbor.company.com/team/watcher:1"}
      required_images: ["chaos-ddcr:1.94.0", "chaos-log-watcher:1"]
"""
PRIVATE = ACME.replace(
    "type: public", "type: private, authentication: {type: kubernetes_secret, secret_name: registry}"
)
ACCOUNTS = PROD.replace("namespace: chaos", "namespace: chaos\n      service_accounts: [litmus]")
DIGEST = "sha256:" + "a" * 64


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: chaos\nruntime: python\nstackConfigDir: stacks\n", "utf-8")
    (tmp_path / "stacks").mkdir()
    write(tmp_path, acme=ACME, prod=PROD)
    monkeypatch.chdir(tmp_path)  # where the engine starts plugins
    return tmp_path


def write(project: Path, **files: str) -> None:
    for stack, text in files.items():
        (project / f"stacks/Pulumi.{stack}.yaml").write_text(text, "utf-8")


def urn(stack: str, project: str = "chaos") -> str:
    return f"urn:pulumi:{stack}::{project}::chaosreg:index:MirroredImage::x"


def image(stack: str, reference: str, *, destroy: bool = False, digest: str | None = None) -> str:
    run = Run(has_program=not destroy, has_checked=not destroy)
    run.keep("something else")
    return StillWanted(run).elsewhere(urn(stack), Reference.parse(reference), digest)


MIRRORED, CUSTOM = "harbor.company.com/chaos/chaos-ddcr:1.94.0", "harbor.company.com/team/watcher:1"


def test_what_any_file_resolves_to_stays() -> None:
    for stack in ("acme", "prod", "another"):
        assert image(stack, MIRRORED) == "infrastructure `prod-eu` of the stack `prod` still pulls it"
        assert "still pulls it" in image(stack, CUSTOM)
        assert image(stack, "harbor.company.com/chaos/chaos-ddcr:1.93.0") == ""


def test_what_an_owner_lists_for_others_stays_unless_its_own_stack_is_destroyed(project: Path) -> None:
    listed = "harbor.company.com/chaos/delegate:24"
    write(
        project, acme=ACME.replace("docker.io/harness", "docker.io/harness, also: [harness/delegate:24@" + DIGEST + "]")
    )
    lock = f"docker.io/harness/chaos-ddcr:1.94.0: {DIGEST}\n"
    (project / "stacks/chaosreg.lock.yaml").write_text(lock, "utf-8")
    assert image("prod", listed) == "account `acme` of the stack `acme` still lists it in `mirror.also`"
    assert image("prod", "harbor.company.com/chaos/delegate:23") == ""
    assert image("acme", listed, destroy=True) == ""


@pytest.mark.parametrize(
    ("pulled", "asked"),
    [
        ("123456789012.dkr-ecr.eu-west-1.on.aws/x:1", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/x:1"),
        ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/x:1", "123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1"),
        ("public.ecr.aws/a/x:1", "ecr-public.aws.com/a/x:1"),
    ],
)
def test_what_is_pulled_by_another_name_of_the_registry_stays(project: Path, pulled: str, asked: str) -> None:
    write(project, prod=PROD.replace("harbor.company.com/team/watcher:1", pulled))
    assert "still pulls it" in image("acme", asked)
    assert image("acme", asked.replace("123456789012", "210987654321").replace("/a/", "/b/")) == ""


def test_a_target_by_another_name_of_the_registry_is_the_same_target() -> None:
    """Who changes `server` to the other family's host makes one resource for another, of one image."""
    wanted = StillWanted(Run())
    wanted.keep("123456789012.dkr-ecr.eu-west-1.on.aws/x:1")
    assert wanted.is_kept_here(Reference.parse("123456789012.dkr.ecr.eu-west-1.amazonaws.com/x:1"))
    assert not wanted.is_kept_here(Reference.parse("123456789012.dkr.ecr.eu-west-2.amazonaws.com/x:1"))


def test_a_stack_that_is_destroyed_keeps_nothing_of_its_own() -> None:
    assert image("acme", MIRRORED, destroy=True) == ""  # its scope owns the registry
    assert image("prod", MIRRORED, destroy=True) == ""  # its infrastructure pulls it
    assert "still pulls it" in image("another", MIRRORED, destroy=True)


@pytest.mark.parametrize("destroy", [False, True])
def test_a_mirror_that_is_off_keeps_every_image_also_what_nobody_pulls(project: Path, destroy: bool) -> None:
    write(project, acme=ACME.replace("mirror: {source: docker.io/harness}", "mirror: off"))
    for reference in (MIRRORED, "harbor.company.com/chaos/chaos-ddcr:1.93.0"):
        assert "no longer ours to fill" in image("acme", reference, destroy=destroy)
    assert image("acme", "harbor.company.com/other/chaos-ddcr:1.93.0", destroy=destroy) == ""


def test_a_digest_that_somebody_pulls_stays_under_every_tag(project: Path) -> None:
    write(project, prod=PROD.replace("watcher:1", f"watcher@{DIGEST}", 1))
    assert "still pulls it" in image("acme", "harbor.company.com/team/watcher:old", digest=DIGEST)
    assert image("acme", "harbor.company.com/other/watcher:old", digest=DIGEST) == ""


@pytest.mark.parametrize(
    ("stack", "text"), [("prod", "config: ["), ("prod", PROD.replace("cluster:", "clutser:")), ("third", ACME)]
)
def test_files_that_cannot_all_be_understood_keep_everything(project: Path, stack: str, text: str) -> None:
    write(project, **{stack: text})
    assert "others may need it" in image("acme", "harbor.company.com/chaos/unheard-of:1", destroy=True)


def test_files_of_another_project_say_nothing_of_this_one(project: Path) -> None:
    said = StillWanted(Run()).elsewhere(urn("acme", "somebody-elses"), Reference.parse(MIRRORED), None)
    assert "is not of project `somebody-elses`" in said
    (project / "Pulumi.yaml").unlink()
    assert "no Pulumi.yaml" in image("acme", MIRRORED)


def test_a_project_without_stack_files_of_ours_keeps_nothing(project: Path) -> None:
    write(project, acme="config:\n  app:size: 3\n", prod="config: {}\n")
    assert image("acme", MIRRORED) == ""


def test_a_run_in_which_nothing_was_checked_leaves_resources_out() -> None:
    said = StillWanted(Run(has_program=True)).elsewhere(urn("acme"), Reference.parse("h.example/x:1"), None)
    assert "`--target`" in said


# entries


STATE = {
    "context": "prod-eu",
    "kubeconfig": "{}",
    "clusterIdentifier": "prod-eu",
    "namespace": "chaos",
    "serviceAccount": "litmus",
    "secretName": "registry",
}


class Unreachable(Cluster):
    """Nobody answers."""

    def request(self, *_: object, **__: object) -> dict[str, object]:  # type: ignore[override]
        raise self._of_cluster("cannot be reached at prod-eu.example: timed out")


def delete(stack: str, **changed: str) -> list[str]:
    """What is said when an entry is deleted whose cluster does not answer."""
    said: list[str] = []
    occasion = Occasion(urn(stack), said.append, said.append, said.append)
    ImagePullSecretEntry(Run(), Unreachable).delete("id", {**STATE, **changed}, {}, occasion)
    return said


def test_an_entry_that_another_stack_wants_stays(project: Path) -> None:
    write(project, acme=PRIVATE, prod=ACCOUNTS)
    for stack in ("acme", "another"):
        ((said),) = delete(stack)
        assert said.endswith("chaos/litmus: infrastructure `prod-eu` of the stack `prod` still needs it")
    for changed in ({}, {"namespace": "other"}, {"serviceAccount": "other"}, {"clusterIdentifier": "other"}):
        with pytest.raises(KubernetesError, match="CHR0605"):
            delete("prod" if not changed else "acme", **changed)


def test_a_cluster_that_is_gone_can_be_given_up(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PULUMI_K8S_DELETE_UNREACHABLE", "true")
    ((said),) = delete("acme")
    assert "left `registry` in ServiceAccount chaos/litmus: the cluster of context `prod-eu` cannot be reached" in said


@pytest.mark.parametrize(
    ("changed", "is_kept"),
    [
        ({"clusterIdentifier": "europe"}, True),  # the same cluster under a name of its own
        ({"context": "renamed"}, True),
        ({"kubeconfig": "{}\n"}, True),
        ({"clusterIdentifier": "europe", "context": "other"}, False),
        ({"namespace": "other"}, False),
        ({"serviceAccount": "other"}, False),
        ({"secretName": "other"}, False),
    ],
)
def test_an_entry_that_another_resource_of_the_run_has_taken_over_stays(changed: dict[str, str], is_kept: bool) -> None:
    said: list[str] = []
    entries, occasion = ImagePullSecretEntry(Run(), Unreachable), Occasion(urn("x"), *[said.append] * 3)
    assert entries.check({**STATE, **changed})[1] == []
    if is_kept:
        entries.delete("id", STATE, {}, occasion)
        assert said == []
    else:
        with pytest.raises(KubernetesError):
            entries.delete("id", STATE, {}, occasion)
