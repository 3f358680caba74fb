"""`on_destroy: delete` takes away what nobody has any more, and never what another resource, scope or stack still has.

The engine creates first and deletes last, so each of these used to end with exit 0 and the image gone.
"""

import json
import re
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from lab.state import LabState
from lab.workspace import Workspace
from tests.support.workspaces import PUSH_CANARY

pytestmark = pytest.mark.engine

IMAGE = "chaos-ddcr:1.94.0"
TYPE = "chaosreg:index:MirroredImage"
PROGRAM = """\
import json, os
import pulumi_chaosreg

for name, inputs in json.loads(os.environ["IMAGES"]).items():
    pulumi_chaosreg.MirroredImage(name, **inputs)
"""


class Images:
    """A program with `MirroredImage`s of one target under the names that a test wants; no stack files."""

    def __init__(self, folder: Path, lab: LabState, private_target: RegistryServer) -> None:
        self.workspace = Workspace(folder)
        self.workspace.add_project()
        (folder / "__main__.py").write_text(PROGRAM, "utf-8")
        (folder / "stacks").mkdir()
        self.workspace.init("one")
        push = {"username": "pusher", "password": PUSH_CANARY}
        source, goal = f"{lab.upstream.host}/harness/{IMAGE}", f"{private_target.host}/chaos/{IMAGE}"
        self._inputs = {"source": source, "target": goal, "push": push, "on_destroy": "delete"}

    def run(self, *names: str, verb: str = "up", flags: tuple[str, ...] = ()) -> str:
        """What `pulumi up` (or another verb) says, with resources of these names in the program."""
        self.workspace.environment["IMAGES"] = json.dumps(dict.fromkeys(names, self._inputs))
        done = self.workspace.run("pulumi", verb, "--stack", "one", "--yes", "--skip-preview", *flags)
        return done.stdout + done.stderr


@pytest.fixture
def images(tmp_path: Path, lab: LabState, private_target: RegistryServer) -> Images:
    images = Images(tmp_path / "one", lab, private_target)
    images.run("first")
    assert has_tag(private_target)
    return images


def has_tag(private_target: RegistryServer) -> bool:
    tags = private_target.storage / "docker/registry/v2/repositories/chaos/chaos-ddcr/_manifests/tags/1.94.0"
    return (tags / "current/link").exists()


def urn(name: str) -> str:
    return f"urn:pulumi:one::chaosreg::{TYPE}::{name}"


def test_a_replacement_of_the_same_target_keeps_it(images: Images, private_target: RegistryServer) -> None:
    images.run("first", flags=("--replace", urn("first")))
    assert has_tag(private_target)
    images.run("first", flags=("--expect-no-changes",))
    # and what a resource found there is not its own to take away
    assert "it existed before this resource" in images.run(verb="destroy")
    assert has_tag(private_target)


def test_a_resource_that_gets_another_name_keeps_its_target(images: Images, private_target: RegistryServer) -> None:
    images.run("second")
    assert has_tag(private_target)


@pytest.mark.nightly
def test_a_run_with_targets_keeps_what_it_did_not_look_at(images: Images, private_target: RegistryServer) -> None:
    images.run("first", "second", flags=("--target", urn("second")))
    said = images.run("second", flags=("--target", urn("first")))
    assert "this run leaves out resources" in said
    assert has_tag(private_target)


def test_destroy_deletes(images: Images, private_target: RegistryServer) -> None:
    images.run(verb="destroy")
    assert not has_tag(private_target)


REGISTRY = """\
    on_destroy: delete
    image_registry:
      server: {server}
      account: chaos
      type: private
      authentication: {{username: puller, password_secret: harbor-credentials}}
"""
ACME = """\
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    required_images: ["chaos-ddcr:1.94.0"]
    mirror: {{source: {upstream}/harness, allow_sources: [{upstream}/harness], push: harbor-push}}
{registry}"""
PAYMENTS = """\
  chaosreg:organization:
    id: payments
    allow_overrides: true
"""
PROD = """\
config:
  chaosreg:parent_stack: {parent}
  chaosreg:infrastructures:
    prod-eu: {{cluster: {{context: prod-eu}}}}
"""


class Company:
    """An account and an organization, in one stack file or two, above an environment that never comes up."""

    def __init__(self, folder: Path, lab: LabState, private_target: RegistryServer) -> None:
        self._registry, self._upstream = REGISTRY.format(server=private_target.host), lab.upstream.host
        self.workspace = Workspace(folder)
        self.workspace.add_project()
        self._stacks = folder / "stacks"
        self._stacks.mkdir()
        self._lab = lab

    def one_file(self, owner: str) -> None:
        text = self._acme(owner) + PAYMENTS + (self._registry if owner == "organization" else "")
        self._write(acme=text, prod=PROD.format(parent="acme"))

    def two_files(self, owner: str) -> None:
        payments = PAYMENTS + (self._registry if owner == "organization" else "")
        payments = f"config:\n  chaosreg:parent_stack: acme\n{payments}"
        self._write(acme=self._acme(owner), payments=payments, prod=PROD.format(parent="payments"))

    def init(self, *stacks: str) -> None:
        self.workspace.run("chaosreg", "lock")
        for stack in stacks:
            self.workspace.init(stack)

    def up(self, stack: str, *, verb: str = "up") -> str:
        done = self.workspace.run("pulumi", verb, "--stack", stack, "--yes", "--skip-preview")
        return done.stdout + done.stderr

    def _acme(self, owner: str) -> str:
        return ACME.format(upstream=self._upstream, registry=self._registry if owner == "account" else "")

    def _write(self, **files: str) -> None:
        """The credentials go in plain text: what `pulumi config set --secret` writes would be overwritten here."""
        logins = {"harbor-credentials": self._lab.registry.pull.password, "harbor-push": vars(self._lab.registry.push)}
        keys = "".join(f"  chaosreg-credentials:{name}: {json.dumps(value)}\n" for name, value in logins.items())
        for stack, text in files.items():
            (self._stacks / f"Pulumi.{stack}.yaml").write_text(text + (keys if stack != "prod" else ""), "utf-8")


@pytest.fixture
def company(tmp_path: Path, lab: LabState, private_target: RegistryServer) -> Company:
    return Company(tmp_path / "company", lab, private_target)


@pytest.mark.nightly
def test_an_owner_that_changes_in_one_stack_keeps_its_images(company: Company, private_target: RegistryServer) -> None:
    company.one_file("account")
    company.init("acme")
    company.up("acme")
    assert has_tag(private_target)

    company.one_file("organization")
    assert " deleted" in company.up("acme")

    assert has_tag(private_target)


@pytest.mark.parametrize("first", [pytest.param("acme", marks=pytest.mark.nightly), "payments"])
def test_an_owner_that_changes_to_another_stack_keeps_its_images(
    company: Company, private_target: RegistryServer, first: str
) -> None:
    company.two_files("account")
    company.init("acme", "payments")
    company.up("acme")
    assert has_tag(private_target)

    company.two_files("organization")
    said = "".join(company.up(stack) for stack in sorted(("acme", "payments"), key=lambda stack: stack != first))

    assert "infrastructure `prod-eu` of the stack `prod` still pulls it" in said
    assert has_tag(private_target)
    assert "still pulls it" not in company.up("payments", verb="destroy")


def test_a_stack_that_is_destroyed_takes_its_own_images_and_no_others(
    company: Company, private_target: RegistryServer
) -> None:
    # given: an account that still has in its state what now belongs to the organization
    company.two_files("account")
    company.init("acme")
    company.up("acme")
    company.two_files("organization")
    assert "still pulls it" in company.up("acme", verb="destroy")
    assert has_tag(private_target)


@pytest.mark.nightly
def test_a_destroyed_owner_takes_its_images_away(company: Company, private_target: RegistryServer) -> None:
    company.two_files("account")
    company.init("acme")
    company.up("acme")
    company.up("acme", verb="destroy")
    assert not has_tag(private_target)


def test_a_mirror_that_is_turned_off_keeps_every_image_and_forgets_it(
    company: Company, private_target: RegistryServer
) -> None:
    company.one_file("account")
    company.init("acme")
    company.up("acme")
    assert has_tag(private_target)

    file = company.workspace.folder / "stacks/Pulumi.acme.yaml"
    file.write_text(re.sub(r"mirror: \{.*\}", "mirror: off", file.read_text("utf-8")), "utf-8")
    said = company.up("acme")

    assert "no longer ours to fill (`mirror: off`)" in said
    assert has_tag(private_target)
    assert " deleted" not in company.up("acme")
    company.up("acme", verb="destroy")
    assert has_tag(private_target)


@pytest.mark.nightly
def test_stack_files_that_nobody_can_read_keep_every_image(company: Company, private_target: RegistryServer) -> None:
    company.two_files("account")
    company.init("acme")
    company.up("acme")
    (company.workspace.folder / "stacks/Pulumi.payments.yaml").write_text("config: [\n", "utf-8")

    said = company.up("acme", verb="destroy")

    assert "others may need it" in said
    assert "chaosreg validate" in said
    assert has_tag(private_target)
