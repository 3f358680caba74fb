"""From a registry to what is made for it: by its kind's module, which is imported when it is needed."""

import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.provision.protocol import Access, ImageRepository, Provisioned, RepositorySettings
from pulumi_chaosreg.provision.provision import provision, provisioner
from pulumi_chaosreg.registries.kinds import all_kinds, registry_kind
from tests.support.owned_registry import owned_registry

ROOT = Path(__file__).parents[2]
IMAGES = (ImageRepository("chaos/chaos-ddcr", ("1.94.0",)), ImageRepository("chaos/chaos-go-runner", ("1.94.0",)))
CREATE = RepositorySettings(create=True)


def registry(server, account="chaos", said=None, **changes):
    found = owned_registry(server, account, kind=said)
    return replace(found, kind=replace(found.kind, **changes))


# --- nothing has to be made


@pytest.mark.parametrize(
    ("server", "account", "said", "must_exist"),
    [
        ("registry.company.com", "chaos", None, []),
        ("harbor.company.com", "chaos/images", "harbor", ["project `chaos` on `harbor.company.com`"]),
        ("europe-docker.pkg.dev", "acme/chaos/x", None, ["repository `acme/chaos` on `europe-docker.pkg.dev`"]),
        ("eu.gcr.io", "acme/chaos", None, ["project `acme` on `eu.gcr.io`"]),
        ("chaos.azurecr.io", "chaos", None, []),
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "chaos",
            None,
            [
                "repository `chaos/chaos-ddcr` on `123456789012.dkr.ecr.eu-west-1.amazonaws.com`",
                "repository `chaos/chaos-go-runner` on `123456789012.dkr.ecr.eu-west-1.amazonaws.com`",
            ],
        ),
    ],
)
@pytest.mark.parametrize("create", [False, True])
def test_where_nothing_is_made_it_is_said_what_must_exist(server, account, said, must_exist, create):
    asked = create and not registry_kind(server, said).provisions
    made = provision(registry(server, account, said), RepositorySettings(create=asked), IMAGES)
    assert made.repositories == {}
    assert list(made.must_exist) == must_exist


def test_the_rights_of_the_three_identities_are_told_even_where_nothing_is_made():
    made = provision(registry("harbor.company.com", said="harbor"), RepositorySettings(), IMAGES)
    assert made.pull == Access(("repository:pull",))
    assert made.push == Access(("repository:pull", "repository:push", "artifact:read"))
    assert "artifact:delete" in made.delete.rights
    assert provision(registry("registry.company.com"), CREATE, IMAGES).pull == Access()


# --- a kind with a module of its own


@pytest.fixture
def cloudy(monkeypatch):
    """A kind's module that makes a repository for each image; its cloud is imported when it is called."""
    module = ModuleType("pulumi_chaosreg.provision.cloudy")

    def make(registry, settings, images, *, parent=None, before=None):
        __import__("cloud_sdk")
        return Provisioned({image.path: (parent, settings.immutable_tags) for image in images})

    module.provision = make
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return registry("cloud.example", provisioner="cloudy", extra="cloudy", title="Cloudy Registry")


def test_the_kind_s_module_makes_what_the_settings_ask_for(cloudy, monkeypatch):
    monkeypatch.setitem(sys.modules, "cloud_sdk", ModuleType("cloud_sdk"))
    made = provision(cloudy, RepositorySettings(create=True, immutable_tags=True), IMAGES, parent="stack")
    assert made.repositories == {"chaos/chaos-ddcr": ("stack", True), "chaos/chaos-go-runner": ("stack", True)}


def test_without_create_the_kind_s_module_is_left_alone(cloudy):
    assert provision(cloudy, RepositorySettings(), IMAGES).repositories == {}


def test_a_missing_extra_is_told_with_the_command_that_installs_it(cloudy):
    with pytest.raises(ChaosregError) as raised:
        provision(cloudy, CREATE, IMAGES)
    assert str(raised.value) == (
        "error[CHR0480]: repositories on `cloud.example` (Cloudy Registry) need the Python package `cloud_sdk`\n"
        "   = help: run `pip install 'pulumi-chaosreg[cloudy]'`, or make them yourself and write "
        "`repositories: {create: false}`"
    )


def test_a_module_of_ours_that_is_missing_is_our_mistake_and_no_extra():
    with pytest.raises(ModuleNotFoundError, match=r"provision\.nowhere"):
        provision(registry("cloud.example", provisioner="nowhere"), CREATE, IMAGES)


@pytest.mark.parametrize("kind", all_kinds().values(), ids=all_kinds())
def test_a_kind_that_provisions_has_a_module_an_extra_a_page_and_a_test(kind):
    assert callable(provisioner(kind.provisioner))
    if kind.provisions:
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        assert kind.extra is None or kind.extra in extras  # without one it is made by resources of our own
        assert (ROOT / "docs" / "registries" / f"{kind.provisioner}.md").is_file()
        assert (ROOT / "tests" / "provision" / f"test_provision_{kind.provisioner}.py").is_file()


def test_no_kind_s_module_is_imported_before_a_registry_asks():
    modules = (
        "pulumi_chaosreg.program.run",
        "pulumi_chaosreg.components.infrastructure",
        "pulumi_chaosreg.provision.provision",
    )
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    ours = {name for name in loaded if name.startswith("pulumi_chaosreg.provision.")}
    assert ours == {f"pulumi_chaosreg.provision.{name}" for name in ("owned", "protocol", "provision")}
    clouds = re.compile(r"pulumi_(?!chaosreg\b|kubernetes\b)\w+|pulumiverse_\w+|boto3")
    assert [name for name in loaded if clouds.fullmatch(name)] == []


# --- its values


def test_images_are_one_repository_for_each_path_with_their_tags():
    images = [
        Reference("h.example", "chaos/b", "1.0"),
        Reference("h.example", "chaos/a", "latest"),
        Reference("h.example", "chaos/b", "0.9"),
        Reference("h.example", "chaos/b", "1.0", "sha256:" + "0" * 64),
        Reference("h.example", "chaos/c", None, "sha256:" + "0" * 64),
    ]
    assert ImageRepository.of(images, lambda tag: tag == "latest") == (
        ImageRepository("chaos/a", ("latest",), ("latest",)),
        ImageRepository("chaos/b", ("0.9", "1.0")),
        ImageRepository("chaos/c", ()),
    )


def test_a_password_is_in_no_representation():
    assert "canary" not in repr(Provisioned(pull=Access(username="robot", password="canary")))


@pytest.mark.parametrize(("account", "path"), [("chaos", "h.example/chaos"), ("", "h.example")])
def test_a_registry_s_path_has_no_slash_too_many(account, path):
    assert registry("h.example", account).path == path
