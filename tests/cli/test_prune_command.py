"""`chaosreg prune` against a real registry: what nobody is configured to pull goes, and only when told to."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.unique_tag import unique_tag
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Registry
from tests.support.builder import Tree, image, index, layer, push
from tests.support.company import write_company
from tests.support.faults import FaultServer, Reply, Seen

pytestmark = pytest.mark.registry

RELEASES = ["1.93.0", "1.94.4"]
OLD, NEW = (load_catalogue().releases[version].images("ddcr")["chaos-ddcr"][0] for version in RELEASES)
REPOSITORY = "chaos/chaos-ddcr"


def tree(tag: str) -> Tree:
    return index(image(layer("base")), image(layer(tag), name=tag), tag=tag)


@pytest.fixture
def project(tmp_path: Path, target: RegistryServer) -> Path:
    return _project(tmp_path / "project", target.host)


def _project(folder: Path, host: str) -> Path:
    """A company whose registry has an old release, the present one, a tag of somebody's own, and one by digest."""
    for tag in (OLD, NEW, "mine"):
        push(host, REPOSITORY, tag, tree(tag))
    write_company(
        folder,
        f"""\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: "{host}", account: chaos, type: public}}
    images: {{release: "{RELEASES[1]}"}}
    mirror: {{source: docker.io/harness}}
  chaosreg:infrastructures:
    eu: {{cluster: {{context: eu}}, type: ddcr}}
""",
    )
    digest = tree(NEW).digest
    needed = load_catalogue().releases[RELEASES[1]].images("ddcr")
    lines = [f"docker.io/harness/{name}:{tag}: {digest}\n" for name, tags in needed.items() for tag in tags]
    (folder / "stacks/chaosreg.lock.yaml").write_text("".join(lines))
    return folder


@pytest.fixture
def prune(project: Path, capsys) -> Callable[..., tuple[int, str]]:
    def prune(*arguments: str) -> tuple[int, str]:
        code = main(["--project", str(project), "prune", *arguments])
        return code, capsys.readouterr().out

    return prune


def test_without_yes_it_only_says_what_it_would_remove(prune, target: RegistryServer) -> None:
    code, out = prune()

    assert code == 0
    assert out.splitlines() == [
        f"{target.host}/{REPOSITORY}",
        f"  {OLD}  would be removed",
        "  mine  stays: not a tag of Harness's",
        "1 tag of 1 repository would be removed: run again with --yes",
        "1 tag that is not Harness's stays; --unknown also removes it",
    ]
    assert "DELETE" not in {request.method for request in target.requests()}


def test_with_yes_the_old_release_goes_and_the_rest_stays_whole(prune, target: RegistryServer) -> None:
    code, out = prune("--yes", "-o", "json")

    said = {entry["repository"]: entry for entry in map(json.loads, out.splitlines())}[f"{target.host}/{REPOSITORY}"]
    assert (code, said["removed"]["tags"], said["unknown"]) == (0, [OLD], ["mine"])
    assert set(Registry(target.host).list_tags(REPOSITORY)) == {NEW, "mine"}
    with Mirror() as mirror:
        for tag in (NEW, "mine"):
            assert mirror.missing(Reference(target.host, REPOSITORY, tag)) == []
    assert prune("--yes")[1].startswith(f"{target.host}/{REPOSITORY}\n  mine  stays")


def test_a_tag_that_keeps_a_pulled_digest_stays(prune, target: RegistryServer) -> None:
    push(target.host, REPOSITORY, "also", tree(NEW))

    prune("--yes", "--unknown")

    assert set(Registry(target.host).list_tags(REPOSITORY)) == {NEW, "also"}


def test_the_second_tag_of_a_moving_one_goes_when_nobody_pulls_its_digest(prune, target: RegistryServer) -> None:
    old, present = (unique_tag("main-latest", tree(tag).digest) for tag in ("former", NEW))
    push(target.host, REPOSITORY, old, tree("former"))
    push(target.host, REPOSITORY, present, tree(NEW))

    prune("--yes")

    assert set(Registry(target.host).list_tags(REPOSITORY)) == {NEW, present, "mine"}


def test_only_the_images_that_are_named(prune, target: RegistryServer, project: Path, capsys) -> None:
    assert "nothing to remove" in prune("chaos-log-*", "--yes")[1]
    assert OLD in Registry(target.host).list_tags(REPOSITORY)
    assert main(["--project", str(project), "prune", "chaos-dcr"]) == 2
    assert "error[CHR0118]: no mirrored image is named chaos-dcr" in capsys.readouterr().err


def test_an_image_that_is_no_longer_required_is_found(prune, target: RegistryServer) -> None:
    """The infrastructure was dedicated once."""
    push(target.host, "chaos/chaos-runner", "1.62.0", tree("runner"))

    assert f"{target.host}/chaos/chaos-runner\n  1.62.0  removed" in prune("--yes")[1]


def test_a_refusal_is_told_and_ends_with_1(tmp_path: Path, target: RegistryServer, capsys) -> None:
    def script(seen: Seen) -> Reply | None:
        return Reply(405, b'{"errors":[{"code":"UNSUPPORTED"}]}') if seen.method == "DELETE" else None

    with FaultServer(script, target.host) as front:
        folder = _project(tmp_path / "refused", front.host)
        assert main(["--project", str(folder), "prune", "--yes"]) == 1

    said = capsys.readouterr()
    assert "error[CHR0410]" in said.err
    assert OLD in Registry(target.host).list_tags(REPOSITORY)
    assert "0 tags of 0 repositories removed" in said.out


PAGE_2 = f"/v2/{REPOSITORY}/tags/list?n=2&last={NEW}"
READ = [
    {"Link": f'<{PAGE_2}>; rel="next"'},
    {"Link": f"<{PAGE_2}>; Rel=Next"},
    {"Link": f'</first>; rel="first", <{PAGE_2}>; rel="next"'},
    {"Link": f'<{PAGE_2}>; title="a, b"; rel="last next"'},
    {"Link": '</first>; rel="first"', "link": f'<{PAGE_2}>; rel="next"'},
]
UNREAD = [
    {"Link": f'{PAGE_2}; rel="next"'},
    {"Link": f"<{PAGE_2}>; Rel='next'"},
    {"Link": f"<{PAGE_2}>; relation=next"},
]


@pytest.mark.parametrize(
    ("link", "is_read"),
    [*((link, True) for link in READ), *((link, False) for link in UNREAD)],
    ids=lambda one: " ".join(one.values()) if isinstance(one, dict) else "",
)
def test_what_a_tag_on_the_second_page_uses_stays(
    tmp_path: Path, target: RegistryServer, link: dict[str, str], is_read: bool, capsys
) -> None:
    """In whatever form the registry says that there is a second page."""

    def script(seen: Seen) -> Reply | None:
        if not seen.path.endswith(f"{REPOSITORY}/tags/list"):
            return None
        tags = ["mine"] if "last" in seen.query else [OLD, NEW]
        return Reply(200, json.dumps({"tags": tags}).encode(), {} if "last" in seen.query else link)

    with FaultServer(script, target.host) as front:
        folder = _project(tmp_path / "paged", front.host)
        push(target.host, REPOSITORY, "mine", index(image(layer(OLD), name=OLD), tag="mine"))
        code = main(["--project", str(folder), "prune", "--yes"])

    with Mirror() as mirror:
        assert mirror.missing(Reference(target.host, REPOSITORY, "mine")) == []
    assert (code, OLD in Registry(target.host).list_tags(REPOSITORY)) == ((0, False) if is_read else (1, True))
    assert ("error[CHR0423]" in capsys.readouterr().err) is not is_read


@pytest.mark.parametrize("answer", [Reply(404), Reply(200, b'{"tags": null}')])
def test_a_registry_that_does_not_list_what_it_has_is_told(
    tmp_path: Path, target: RegistryServer, answer: Reply, capsys
) -> None:
    """Not "nothing to remove"."""
    with FaultServer(lambda seen: answer if seen.path.endswith("tags/list") else None, target.host) as front:
        folder = _project(tmp_path / "unlisted", front.host)
        assert main(["--project", str(folder), "prune"]) == 1

    said = capsys.readouterr()
    assert f"error[CHR0423]: registry `{front.host}` sends only part of the list of tags" in said.err
    assert said.out == "1 repository could not be looked at\n"


def test_a_list_that_lacks_a_tag_that_is_there_is_not_the_whole_list(target: RegistryServer, mirror: Mirror) -> None:
    """Some registries answer 404, or with a cached list: then nobody knows what else is used."""
    push(target.host, REPOSITORY, OLD, tree(OLD))
    push(target.host, REPOSITORY, "mine", index(image(layer(OLD), name=OLD), tag="mine"))
    for answer in (Reply(404), Reply(200, b'{"tags": null}'), Reply(200, b'{"tags": ["other"]}')):
        push(target.host, REPOSITORY, OLD, tree(OLD))
        with FaultServer(lambda seen, answer=answer: answer if "/tags/" in seen.path else None, target.host) as front:
            removed = mirror.remove(front.host, REPOSITORY, [OLD])
        assert (removed.tags, removed.manifests) == ((OLD,), ())
        assert mirror.missing(Reference(target.host, REPOSITORY, "mine")) == []
