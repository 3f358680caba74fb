"""One of two tags of an image at Harbor, whose registry deletes by digest only: its API takes it away."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import harbor_orders
from lab.state import HarborState
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror, Removed
from pulumi_chaosreg.provider.mirrored_image import MirroredImage
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.still_wanted import StillWanted
from pulumi_chaosreg.registries.kinds import all_kinds
from tests.support.builder import image, index, layer, push
from tests.support.canary import traces_of
from tests.support.company import write_company
from tests.support.lab_harbor import HarborProject
from tests.support.trial import HASTY

pytestmark = pytest.mark.registry

URN = "urn:pulumi:one::somebodys-program::chaosreg:index:MirroredImage::image"
TREE = index(image(layer("a", 1000), name="a"), image(layer("b", 1000), name="b"))
RIGHTS = all_kinds()["harbor"].rights


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with Mirror(patience=HASTY) as one:
        yield one


@pytest.fixture
def project(harbor_project: HarborProject) -> HarborProject:
    """Tags 1 and 2 of one image."""
    login = harbor_project.robot(*RIGHTS["push"])
    for tag in ("1", "2"):
        push(harbor_project.harbor.host, f"{harbor_project.name}/team/app", tag, TREE, (login.username, login.password))
    return harbor_project


def remove(mirror: Mirror, project: HarborProject, login: Login, *tags: str) -> Removed:
    return mirror.remove(project.harbor.host, f"{project.name}/team/app", tags, login)


def tags(project: HarborProject, repository: str = "team%252Fapp") -> dict[str, list[str]]:
    """Digest → tags, of all images that there are."""
    found: list[dict[str, Any]] = project.call("GET", f"/repositories/{repository}/artifacts")
    return {one["digest"]: sorted(tag["name"] for tag in one["tags"] or ()) for one in found}


def test_one_of_two_tags_goes_alone_and_the_last_takes_its_image_along(mirror: Mirror, project: HarborProject) -> None:
    deleter = project.robot(*RIGHTS["delete"])
    assert remove(mirror, project, deleter, "1") == Removed(("1",), ())
    assert tags(project) == {TREE.digest: ["2"]}
    assert mirror.missing(Reference(project.harbor.host, f"{project.name}/team/app", "2"), deleter) == []

    removed = remove(mirror, project, deleter, "2", "never-there")
    assert (removed.tags, set(removed.manifests)) == (("2",), {part.digest for part in TREE.everything()})
    assert tags(project) == {}


def test_whoever_may_not_and_what_is_immutable_is_told(mirror: Mirror, project: HarborProject) -> None:
    pusher, deleter = project.robot(*RIGHTS["push"]), project.robot(*RIGHTS["delete"])
    with pytest.raises(ChaosregError, match=r"CHR0447.*the registry does not allow it to this login") as refused:
        remove(mirror, project, pusher, "1")
    assert f"give it `tag:delete` and `artifact:delete` in project `{project.name}`" in str(refused.value)
    assert "403 FORBIDDEN forbidden" in str(refused.value)
    assert not traces_of(pusher, str(refused.value))
    project.freeze("1")
    with pytest.raises(ChaosregError, match=r"CHR0447.*tag `1` of .* stays: it is immutable there"):
        remove(mirror, project, deleter, "1")
    assert tags(project) == {TREE.digest: ["1", "2"]}


def test_a_proxy_that_lets_only_the_registry_through_is_not_taken_for_gone(
    mirror: Mirror, harbor: HarborState, project: HarborProject
) -> None:
    harbor_orders.fail(harbor, "DELETE", "/api/", status=404, code="nginx", message="404 page not found")
    with pytest.raises(ChaosregError, match=r"CHR0447.*there is no such API at this address") as refused:
        remove(mirror, project, project.robot(*RIGHTS["delete"]), "1")
    assert "let `/api/v2.0/` through beside `/v2/`" in str(refused.value)
    assert tags(project) == {TREE.digest: ["1", "2"]}


def test_what_the_project_keeps_back_can_be_removed(mirror: Mirror, project: HarborProject) -> None:
    project.set(prevent_vul="true", severity="low")
    harbor_orders.scans(project.harbor, severity="Critical", found=9)
    project.call("POST", f"/repositories/team%252Fapp/artifacts/{TREE.digest}/scan")
    login = project.robot(*RIGHTS["delete"])
    assert remove(mirror, project, login, "1", "2").tags == ("1", "2")
    with pytest.raises(ChaosregError, match="CHR0405"):
        mirror.missing(Reference(project.harbor.host, f"{project.name}/team/app", "1"), login)


def test_a_resource_that_goes_takes_its_tag_and_leaves_the_other(
    mirror: Mirror, project: HarborProject, tmp_path: Path
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: somebodys-program\nruntime: python\n", "utf-8")
    images = MirroredImage(mirror, StillWanted(Run(), tmp_path))
    target = f"{project.harbor.host}/{project.name}/team/app:1"
    state = {"target": target, "digest": TREE.digest, "onDestroy": "delete", "written": True}
    login = project.robot(*RIGHTS["delete"])
    assert images.remove(state, {"delete": {"username": login.username, "password": login.password}}, URN) == ""
    assert tags(project) == {TREE.digest: ["2"]}


def test_prune_takes_an_old_release_whose_image_somebody_else_has_tagged(
    harbor_project: HarborProject, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    host, space = harbor_project.harbor.host, harbor_project.name
    releases = load_catalogue().releases
    old, new = (releases[version].images("ddcr")["chaos-ddcr"][0] for version in ("1.93.0", "1.94.4"))
    login, newer = harbor_project.robot(*RIGHTS["push"], *RIGHTS["delete"]), image(layer("new", 1000), name="new")
    for tag, tree in ((old, TREE), ("mine", TREE), (new, newer)):
        push(host, f"{space}/chaos-ddcr", tag, tree, (login.username, login.password))
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/config.json").write_text(json.dumps({"auths": {host: {"auth": login.basic}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    write_company(
        tmp_path / "project",
        f"""\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: "{host}", account: {space}, type: public, kind: harbor}}
    images: {{release: "1.94.4", pin: "off"}}
    mirror: {{source: docker.io/harness}}
  chaosreg:infrastructures:
    eu: {{cluster: {{context: eu}}, type: ddcr}}
""",
    )

    assert main(["--project", str(tmp_path / "project"), "prune", "chaos-ddcr", "--yes"]) == 0

    out = capsys.readouterr()
    assert f"  {old}  removed" in out.out
    assert not traces_of(login, out.out + out.err)
    assert tags(harbor_project, "chaos-ddcr") == {TREE.digest: ["mine"], newer.digest: [new]}
