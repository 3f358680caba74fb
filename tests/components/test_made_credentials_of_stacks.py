"""For which stacks a registry's owner makes pull credentials: for those that pull with one, and for no other."""

from typing import Any

import pulumi
import pytest

from pulumi_chaosreg.program.run import run
from tests.components.test_made_credentials import Google
from tests.support.mocked_program import run_program
from tests.support.projects import Project

pytestmark = [pytest.mark.components, pytest.mark.extra("gar")]

MADE = {"type": "made", "lifetime_days": 90, "per": "stack"}
REGISTRY = {"server": "europe-docker.pkg.dev", "account": "acme/chaos", "type": "private", "authentication": MADE}
MAKES = {"create": True}
RELEASE = {"release": "1.94.4", "pin": "off"}


def infrastructures(**more: Any) -> dict[str, Any]:
    return {"chaosreg:parent_stack": "acme", "chaosreg:infrastructures": more}


def at(context: str, **more: Any) -> dict[str, Any]:
    return {"cluster": {"context": context}, **more}


def keys_of(project: Project, stack: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """(the stacks that get a key, the names that are handed down)."""
    assert not project.review().errors
    monkeypatch.setattr(pulumi, "get_root_directory", lambda: str(project.folder))
    monkeypatch.setattr(pulumi, "get_stack", lambda: stack)
    monkeypatch.setenv("PULUMI_CONFIG", "{}")
    exported: dict[str, Any] = {}
    monkeypatch.setattr(pulumi, "export", exported.__setitem__)
    made = run_program(run, recorder=Google()).made
    keys = [name for name in made if name.startswith("gcp:serviceaccount/key:Key ")]
    return sorted({name.split("/")[-2] for name in keys}), exported.get("credential_names", [])


def test_an_infrastructure_that_defines_the_registry_itself(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    account = {"id": "acme", "allow_overrides": True, "images": RELEASE, "mirror": "off"}
    own = at("eu", image_registry=REGISTRY, repositories=MAKES)
    project.write({"acme": {"chaosreg:account": account}, "eu": infrastructures(eu=own)})
    assert keys_of(project, "eu", monkeypatch) == (["eu"], [])


def test_a_registry_that_only_custom_images_are_on(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    account = {
        "id": "acme",
        "registries": {"x": {**REGISTRY, "repositories": MAKES, "mirror": "off"}},
        "custom_images": {"ddcr": "europe-docker.pkg.dev/acme/chaos/run:1"},
        "images": RELEASE,
    }
    project.write(
        {"acme": {"chaosreg:account": account}, "eu": infrastructures(eu=at("eu")), "us": infrastructures(us=at("us"))}
    )
    stacks, names = keys_of(project, "acme", monkeypatch)
    assert stacks == ["eu", "us"]
    assert names == [f"made for europe-docker.pkg.dev/acme/chaos and {stack}" for stack in ("eu", "us")]


def test_whoever_pulls_otherwise_gets_none(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    account = {"id": "acme", "image_registry": REGISTRY, "repositories": MAKES, "images": RELEASE, "mirror": "off"}
    project.write(
        {
            "acme": {"chaosreg:account": account},
            "eu": infrastructures(eu=at("eu")),
            "gke": infrastructures(gke=at("gke", pull_secret={"delivery": "node_identity"})),
            "theirs": infrastructures(theirs=at("theirs", pull_secret={"create": False})),
        }
    )
    assert keys_of(project, "acme", monkeypatch)[0] == ["eu"]
    (hint,) = [one for one in project.review().findings if one.code == "CHR0546"]
    assert hint.help.endswith("in `acme`, then in `eu`")


@pytest.mark.parametrize(
    ("registry", "code"),
    [
        ({"server": "acme.jfrog.io", "account": "docker-local"}, "CHR0548"),
        ({"server": "acmeprod.azurecr.io", "account": "chaos"}, "CHR0471"),
    ],
)
def test_a_registry_for_custom_images_alone_is_checked_too(registry: Any, code: str, project: Project) -> None:
    x = {**REGISTRY, **registry, "repositories": MAKES, "mirror": "off"}
    image = f"{registry['server']}/{registry['account']}/run:1"
    account = {"id": "acme", "registries": {"x": x}, "custom_images": {"ddcr": image}, "images": RELEASE}
    project.write({"acme": {"chaosreg:account": account}, "eu": infrastructures(eu=at("eu"))})
    assert code in {one.code for one in project.review().errors}
