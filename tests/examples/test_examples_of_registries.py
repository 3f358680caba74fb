"""Small examples of registries: what each stack would make is what its page shows, and no finding.

By day the SDK's mocks stand in for the engine; by night the engine previews the same.
"""

import json
import shutil
from base64 import b64decode
from pathlib import Path
from typing import Any

import pulumi
import pytest

from lab.state import load
from lab.workspace import Workspace
from pulumi_chaosreg.program.run import run
from pulumi_chaosreg.review.review import review
from tests.support.canary import PULL
from tests.support.contexts import with_contexts
from tests.support.expected_previews import EXAMPLES, as_expected, expected, in_columns
from tests.support.mocked_program import Recorder, run_program

STACKS = {
    "dockerhub": ["acme"],
    "gar": ["acme", "prod"],
    "ghcr": ["acme", "prod"],
    "harbor": ["acme", "prod"],
    "public": ["acme"],
    "multi-region": ["acme", "prod"],
}
EVERY = [(example, stack) for example, stacks in STACKS.items() for stack in stacks]
NEEDED = {
    "dockerhub": ["docker-hub", "docker-hub-push"],
    "ghcr": ["ghcr-token", "ghcr-push"],
    "harbor": ["harbor-admin"],
}
MADE = "made for europe-west1-docker.pkg.dev/acme-prod/chaos and prod"
MADE_AT_HARBOR = "made for harbor.company.com/chaos and prod"
CREDENTIALS: dict[str, Any] = {
    "docker-hub": PULL.password,
    "docker-hub-push": json.dumps({"username": "acme", "password": f"{PULL.password}-push"}),
    "ghcr-token": PULL.password,
    "harbor-admin": json.dumps({"username": "admin", "password": f"{PULL.password}-admin"}),
    MADE_AT_HARBOR: {"username": "robot$chaos+pull-prod-a-462", "password": PULL.password},
    "ghcr-push": json.dumps({"username": "bot", "password": f"{PULL.password}-push"}),
}


class Parent(Recorder):
    """What the account's stack hands down is there."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        made, outputs = super().new_resource(args)
        if args.typ == "pulumi:pulumi:StackReference":
            handed = {name: CREDENTIALS[name] for name in ("docker-hub", "ghcr-token")}
            handed[MADE] = {"username": "_json_key", "password": PULL.password}
            handed[MADE_AT_HARBOR] = CREDENTIALS[MADE_AT_HARBOR]
            ends = dict.fromkeys((MADE, MADE_AT_HARBOR), "2099-01-01")
            outputs["outputs"] = {
                "credentials": handed,
                "credential_names": sorted(handed),
                "credential_ends": ends,
            }
        return made, outputs


def copied(example: str, folder: Path) -> Path:
    """With its credentials set, and locked; what its sources have is made up."""
    shutil.copytree(EXAMPLES / example, folder, ignore=shutil.ignore_patterns("expected"))
    with (folder / "stacks" / "Pulumi.acme.yaml").open("a", encoding="utf-8") as file:
        file.writelines(f"  chaosreg-credentials:{name}: {{secure: v1:x}}\n" for name in NEEDED.get(example, ()))
    images = [image for config in review(folder).resolved.values() for image in config.images]
    sources = {(image.source or image.reference).tagged for image in images}
    lines = "".join(f"{source}: sha256:{'a' * 64}\n" for source in sorted(sources))
    (folder / "stacks" / "chaosreg.lock.yaml").write_text(lines, "utf-8")
    return folder


def program_of(
    example: str, stack: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *, preview: bool = True
) -> Recorder:
    """What its `__main__.py` makes, with the SDK's mocks."""
    monkeypatch.setattr(pulumi, "get_root_directory", lambda: str(folder))
    monkeypatch.setattr(pulumi, "get_stack", lambda: stack)
    needed = NEEDED.get(example, ()) if stack == "acme" else ()
    own = {f"chaosreg-credentials:{name}": CREDENTIALS[name] for name in needed}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({**own, "aws:region": "eu-west-1"}))

    def program() -> None:
        pulumi.runtime.set_all_config({**own, "aws:region": "eu-west-1"}, list(own))
        run()

    return run_program(program, recorder=Parent(), preview=preview)


@pytest.mark.extra("ecr")
@pytest.mark.parametrize(("example", "stack"), EVERY)
def test_a_stack_makes_what_its_page_shows(
    example: str, stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(example, tmp_path / "company")
    assert [one.code for one in review(folder).findings if one.severity != "hint"] == []
    recorder = program_of(example, stack, folder, monkeypatch)

    made = (one.partition(" ") for one in recorder.options)
    assert in_columns(("create", type_, name) for type_, _, name in made) == expected(example, stack)
    assert recorder.warnings == []


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*/expected/*.txt")), ids=lambda file: file.parts[-3])
def test_what_a_page_shows_is_in_columns(file: Path) -> None:
    rows = [line.split(maxsplit=2) for line in file.read_text("utf-8").splitlines()]
    assert in_columns((operation, type_, name) for operation, type_, name in rows) == file.read_text("utf-8")


@pytest.mark.parametrize(
    ("example", "stack", "key", "user"),
    [
        ("dockerhub", "acme", "https://index.docker.io/v1/", "acme"),
        ("harbor", "prod", "harbor.company.com", "robot$chaos+pull-prod-a-462"),
        ("ghcr", "prod", "ghcr.io", "token"),  # GitHub knows the user by the token
    ],
)
def test_the_secret_has_the_login(
    example: str, stack: str, key: str, user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = program_of(example, stack, copied(example, tmp_path / "company"), monkeypatch, preview=False)
    (secret,) = [inputs for made, inputs in recorder.made.items() if made.startswith("kubernetes:core/v1:Secret ")]
    data = secret["data"].get("value", secret["data"])  # a secret to the engine, here in the clear
    config = json.loads(b64decode(data[".dockerconfigjson"]))
    assert b64decode(config["auths"][key]["auth"]).decode() == f"{user}:{PULL.password}"


@pytest.mark.nightly
@pytest.mark.engine
@pytest.mark.parametrize("example", STACKS)
def test_the_engine_shows_the_same(example: str, tmp_path: Path) -> None:
    copied(example, tmp_path / "made")
    company = Workspace(tmp_path / "company")
    company.add_project()
    shutil.copytree(EXAMPLES / example / "stacks", company.folder / "stacks")
    shutil.copy(tmp_path / "made" / "stacks" / "chaosreg.lock.yaml", company.folder / "stacks")
    aws = load().aws
    assert aws
    company.environment |= aws.environment
    company.environment["KUBECONFIG"] = str(with_contexts(tmp_path, review(company.folder).resolved))
    company.init(*STACKS[example])
    if example in NEEDED:
        said = [f"chaosreg-credentials:{name}={CREDENTIALS[name]}" for name in NEEDED[example]]
        secrets = [word for one in said for word in ("--secret", one)]
        company.run("pulumi", "config", "set-all", "--stack", "acme", *secrets)
    for stack in STACKS[example]:
        assert as_expected(company.preview(stack)) == expected(example, stack)


def test_who_pulls_from_public_registries_has_no_secret() -> None:
    of_public = expected("public", "acme")
    assert of_public.count("ConfigMap") == 5
    assert "Secret" not in of_public
    assert "MirroredImage" not in of_public
