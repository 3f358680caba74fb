"""`chaosreg adopt`: what it says and writes about what is there. What is there, these tests say themselves."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pulumi_chaosreg.adoption.protocol import Difference, Effect, FoundRepository, Imported, UnansweredError
from pulumi_chaosreg.cli.commands import adopt
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.provision.protocol import ImageRepository, OwnedRegistry, RepositorySettings
from tests.support.projects import Project

EU, US = (f"123456789012.dkr.ecr.{region}.amazonaws.com" for region in ("eu-west-1", "us-west-2"))
LOCK = "".join(
    f"docker.io/harness/{image}: sha256:{'a' * 64}\n"
    for image in ("chaos-ddcr-faults:1.93.0", "chaos-ddcr:1.93.0", "chaos-log-watcher:1.93.0")
)
DDCR, FAULTS = "chaos/chaos-ddcr", "chaos/chaos-ddcr-faults"
SCAN = Difference("scan_on_push", "false", "true", Effect.UPDATE, "`scan_on_push: false`")
KEY = Difference("kms_key", "KMS arn:x", "AES256", Effect.REFUSE, "`kms_key: arn:x`")
REPOSITORY, POLICY = "aws:ecr/repository:Repository", "aws:ecr/repositoryPolicy:RepositoryPolicy"


@dataclass
class There:
    """What registries have: `server/path` → differences."""

    repositories: dict[str, tuple[Difference, ...]] = field(default_factory=dict)
    others: tuple[str, ...] | None = ()
    refusal: Callable[[str], ChaosregError | None] = lambda path: None
    state: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> There:
    there = There()

    class Adopter:
        def __init__(self, registry: OwnedRegistry, settings: RepositorySettings) -> None:
            self.registry = registry

        def look(self, image: ImageRepository) -> FoundRepository:
            if error := there.refusal(image.path):
                raise error
            key = f"{self.registry.server}/{image.path}"
            if key not in there.repositories:
                return FoundRepository(image.path)
            name = f"{self.registry.name}/{image.path.rpartition('/')[2]}"
            imports = (
                Imported(REPOSITORY, name, image.path),
                Imported(POLICY, name, image.path, (REPOSITORY, name)),
            )
            return FoundRepository(image.path, imports, there.repositories[key])

        def others(self, ours: Collection[str]) -> tuple[str, ...] | None:
            return there.others

    monkeypatch.setattr(adopt, "adopter", Adopter)
    monkeypatch.setattr(adopt, "resources", lambda project, stack: there.state)
    return there


def section(**more: Any) -> dict[str, Any]:
    registries = {
        name: {"server": server, "account": "chaos", "type": "private", "authentication": {"type": "aws_ecr"}}
        for name, server in (("eu", EU), ("us", US))
    }
    return {
        "id": "acme",
        "allow_overrides": True,
        "registries": registries,
        "image_registry": "eu",
        "images": {"release": "1.93.0"},
        "mirror": {"source": "docker.io/harness"},
        "repositories": {"create": True},
        "required_images": [line.partition(": ")[0].removeprefix("docker.io/") for line in LOCK.splitlines()],
        "cluster": {"provider": "eks"},
        **more,
    }


def company(project: Project, monkeypatch: pytest.MonkeyPatch, *, us: Any = None, **account: Any) -> None:
    two = {"prod-us": {"cluster": {"context": "us"}, "image_registry": us}} if us else {}
    project.write(
        {
            "acme": {"chaosreg:account": section(**account)},
            "prod": {
                "chaosreg:parent_stack": "acme",
                "chaosreg:infrastructures": {"prod-eu": {"cluster": {"context": "eu"}}, **two},
            },
        },
        lock=LOCK,
    )
    monkeypatch.chdir(project.folder)


@pytest.fixture
def acme(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    company(project, monkeypatch)


def test_the_table_tells_what_up_will_do_and_the_last_lines_what_to_run(acme, there, run) -> None:
    there.repositories = {f"{EU}/{DDCR}": (SCAN,), f"{EU}/{FAULTS}": ()}
    there.others = ("chaos/tools",)
    code, out, err = run("adopt", "acme", "--file", "import.json")
    assert (code, err) == (0, "")
    assert out == (
        f"{EU}/chaos\n"
        "  chaos/chaos-ddcr\n"
        "    setting       there  ours  `pulumi up`\n"
        "    scan_on_push  false  true  changed in place; keep theirs with `scan_on_push: false`\n"
        "  chaos/chaos-ddcr-faults: as `up` would make it\n"
        "  not there: chaos/chaos-log-watcher\n"
        "  left alone, without an image of ours: chaos/tools\n"
        "\n"
        "2 repositories to adopt, 1 that `up` makes. Next, and `up` shows no other difference than these:\n"
        "  pulumi import --file import.json --stack acme --generate-code=false\n"
        "  pulumi up --stack acme\n"
    )
    written = json.loads(Path("import.json").read_text("utf-8"))["resources"]
    assert [(one["type"].rpartition(":")[2], one.get("id")) for one in written] == [
        ("Account", None),
        ("Repositories", None),
        ("Repository", DDCR),
        ("RepositoryPolicy", DDCR),
        ("Repository", FAULTS),
        ("RepositoryPolicy", FAULTS),
    ]


def test_without_a_file_it_only_looks(acme, there, run) -> None:
    there.repositories = {f"{EU}/{DDCR}": ()}
    code, out, _ = run("adopt", "acme")
    assert code == 0
    assert "1 repository to adopt, 2 that `up` makes: `--file FILE` writes what `pulumi import` reads" in out


def test_repositories_that_differ_alike_are_one_table(acme, there, run) -> None:
    there.repositories = {f"{EU}/{DDCR}": (SCAN,), f"{EU}/{FAULTS}": (SCAN,)}
    out = run("adopt", "acme")[1]
    assert f"  {DDCR}, {FAULTS}\n" in out
    assert out.count("scan_on_push  false") == 1


def test_programs_get_it_all_in_one_document(acme, there, run) -> None:
    there.repositories = {f"{EU}/{DDCR}": (SCAN,)}
    there.others = None
    document = json.loads(run("adopt", "acme", "-o", "json", "-f", "import.json")[1])
    (registry,) = document["registries"]
    assert (document["scope"], document["stack"], registry["registry"]) == ("acme", "acme", f"{EU}/chaos")
    assert registry["left_alone"] is None
    assert [(one["repository"], one["standing"]) for one in registry["repositories"]] == [
        (DDCR, "adopted"),
        (FAULTS, "missing"),
        ("chaos/chaos-log-watcher", "missing"),
    ]
    assert registry["repositories"][0]["differences"] == [
        {
            "setting": "scan_on_push",
            "there": "false",
            "ours": "true",
            "effect": "changed in place",
            "keep": "`scan_on_push: false`",
        }
    ]
    assert document["import"] == json.loads(Path("import.json").read_text("utf-8"))


def test_where_nothing_is_there_nothing_is_written(acme, there, run) -> None:
    code, out, _ = run("adopt", "acme", "--file", "import.json")
    assert code == 0
    assert out.endswith("nothing to adopt, 3 that `up` makes\n")
    assert not Path("import.json").exists()


def test_what_the_stack_has_is_not_imported_again(acme, there, run) -> None:
    there.repositories = {f"{EU}/{DDCR}": (SCAN,), f"{EU}/{FAULTS}": ()}
    name = f"acme:{EU}/chaos"
    there.state = [
        {"type": type_, "urn": f"urn:pulumi:acme::p::{type_}::{of}"}
        for type_, of in (
            ("chaosreg:index:Account", "acme"),
            ("chaosreg:index:Repositories", name),
            (REPOSITORY, f"{name}/chaos-ddcr"),  # what it lacks below, `up` puts there
        )
    ]
    out = run("adopt", "acme", "--file", "import.json")[1]
    assert f"  in stack `acme` already: {DDCR}\n" in out
    assert "scan_on_push" not in out
    content = json.loads(Path("import.json").read_text("utf-8"))
    assert [one["id"] for one in content["resources"]] == [FAULTS, FAULTS]
    assert list(content["nameTable"].values()) == [there.state[1]["urn"]]


def test_what_cannot_be_changed_is_told_with_the_ways_out_and_not_imported(acme, there, run) -> None:
    there.repositories = {f"{EU}/{DDCR}": (KEY, SCAN), f"{EU}/{FAULTS}": (KEY,)}
    code, out, err = run("adopt", "acme", "--file", "import.json")
    assert code == 1
    assert "kms_key       KMS arn:x  AES256  cannot be changed; keep theirs with `kms_key: arn:x`" in out
    assert not Path("import.json").exists()
    assert err.startswith(
        f"error[CHR0495]: repository `{DDCR}` and 1 more cannot be adopted as it is: its difference is permanent\n"
        "  --> stacks/Pulumi.acme.yaml:"
    )
    assert "kms_key: there KMS arn:x, ours AES256" in err
    assert "keep theirs with `kms_key: arn:x` in its `repositories`, or leave the repositories" in err


def test_each_registry_of_the_scope_is_looked_at(project, monkeypatch, there, run) -> None:
    company(project, monkeypatch, us="us")
    there.repositories = {f"{EU}/{DDCR}": (), f"{US}/{FAULTS}": ()}
    code, out, _ = run("adopt", "acme", "--file", "import.json")
    assert code == 0
    assert [line for line in out.splitlines() if line.endswith("/chaos")] == [f"{EU}/chaos", f"{US}/chaos"]
    resources = json.loads(Path("import.json").read_text("utf-8"))["resources"]
    parents = [one["logicalName"] for one in resources if one["type"] == "chaosreg:index:Repositories"]
    assert parents == [f"acme:{EU}/chaos", f"acme:{US}/chaos"]


def test_a_registry_whose_kind_makes_its_repositories_itself_is_passed_over(project, monkeypatch, there, run) -> None:
    quay = {"server": "quay.io", "account": "chaos", "type": "public"}
    company(project, monkeypatch, us="quay", registries={**section()["registries"], "quay": quay})
    there.repositories = {f"{EU}/{DDCR}": ()}
    code, out, _ = run("adopt", "acme")
    assert code == 0
    assert "quay.io/chaos: nothing to adopt, since we make no repositories of its kind (Quay.io)" in out


# --- what cannot be done


def test_a_scope_that_there_is_not_gets_near_misses(acme, there, run) -> None:
    code, out, err = run("adopt", "acmee")
    assert (code, out) == (2, "")
    assert "error[CHR0118]: no scope has the path `acmee`" in err
    assert "did you mean `acme`? scopes that own a registry: acme" in err


def test_a_scope_that_owns_no_registry_is_told_who_does(acme, there, run) -> None:
    code, _, err = run("adopt", "prod-eu")
    assert code == 2
    assert "error[CHR0491]: infrastructure `prod-eu` owns no registry whose repositories we make" in err
    assert "name the scope that defines the registry: acme" in err


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ({"repositories": {"create": False}}, "since `repositories: {create: true}` is not set"),
        (
            {"image_registry": {"server": "quay.io", "account": "chaos", "type": "public"}},
            "since we make no repositories of its kind (Quay.io)",
        ),
    ],
)
def test_a_scope_in_whose_registry_nothing_is_made_is_told_why(
    project, monkeypatch, there, run, account: dict[str, Any], reason: str
) -> None:
    company(project, monkeypatch, **account)
    code, _, err = run("adopt", "acme")
    assert code == 2
    assert "error[CHR0491]" in err
    assert f"/chaos: nothing to adopt, {reason}" in err


def test_repositories_that_somebody_else_fills_are_adopted_too(project, monkeypatch, there, run) -> None:
    company(project, monkeypatch, mirror=False)
    there.repositories = {f"{EU}/{DDCR}": ()}
    code, out, _ = run("adopt", "acme")
    assert code in (0, 1)
    assert DDCR in out


def test_what_is_refused_for_all_is_told_once_and_no_half_of_it_is_written(acme, there, run) -> None:
    there.repositories = {f"{EU}/{DDCR}": ()}

    def say(repositories: str) -> Finding:
        return Finding("CHR0492", f"AWS does not allow `ecr:Look` on {repositories}")

    there.refusal = lambda path: None if path == DDCR else UnansweredError(path, "Look", say)
    code, out, err = run("adopt", "acme", "--file", "import.json")
    assert (code, out) == (2, "")
    assert err == (
        f"error[CHR0492]: AWS does not allow `ecr:Look` on `{FAULTS}` and 1 more\n"
        "   = the same for: chaos/chaos-log-watcher\n"
    )
    assert not Path("import.json").exists()


def test_a_file_that_cannot_be_written_is_an_error(acme, there, run) -> None:
    there.repositories = {f"{EU}/{DDCR}": ()}
    code, out, err = run("adopt", "acme", "--file", "nowhere/import.json")
    assert (code, out) == (2, "")
    assert "error[CHR0496]: the import file cannot be written: No such file or directory: nowhere/import.json" in err


def test_what_is_wrong_in_the_stack_files_comes_first(project, monkeypatch, there, run) -> None:
    company(project, monkeypatch, colour="green")
    code, out, err = run("adopt", "acme")
    assert (code, out) == (2, "")
    assert "CHR0104" in err


def test_without_pulumi_nobody_knows_what_the_stack_has(acme, run, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    code, _, err = run("adopt", "acme")
    assert code == 2
    assert "error[CHR0119]: the command `pulumi` is not installed" in err
