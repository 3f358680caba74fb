"""A registry that nobody can ask has not "nothing to remove"."""

import json
from pathlib import Path

import pytest

from lab.ports import free_port
from pulumi_chaosreg.cli.commands import prune
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Patience
from pulumi_chaosreg.review.review import review
from tests.support.company import mirroring_company

DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture(params=[[], ["--yes"]], ids=["look", "remove"])
def asked(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], str]:
    """(the command's arguments, a server where nobody listens)"""
    monkeypatch.setattr(prune, "Mirror", lambda: Mirror(patience=Patience(tries=1)))
    nowhere = f"127.0.0.1:{free_port('127.0.0.1')}"
    project = mirroring_company(tmp_path, "docker.io", nowhere, {"one": DIGEST, "two": DIGEST})
    return ["--project", str(project), "prune", *request.param], nowhere


def test_a_registry_that_cannot_be_reached_is_told_once(asked, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, nowhere = asked
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert "nothing to remove" not in said.out
    count = int(said.out.partition(" repositories could not be looked at")[0])
    assert said.err.count(f"error[CHR0401]: registry `{nowhere}` cannot be reached") == 1
    assert said.err.startswith(f"{nowhere}/chaos/chaos-argoexec and {count - 1} more:\n")


def test_programs_are_told_of_every_repository(asked, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, nowhere = asked
    assert main([*arguments, "-o", "json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {f"{nowhere}/chaos/one", f"{nowhere}/chaos/two"} < {line["repository"] for line in lines}
    assert {line["error"]["code"] for line in lines} == {"CHR0401"}


def test_what_is_pulled_by_another_name_of_the_registry_is_not_superfluous(tmp_path: Path) -> None:
    """An ECR registry has hosts of two families, and FIPS ones."""
    host, other = "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr-ecr.eu-west-1.on.aws"
    folder = mirroring_company(tmp_path, "docker.io", host, {"chaos-ddcr": DIGEST})
    path = folder / "stacks/Pulumi.acme.yaml"
    custom = f"id: acme\n    custom_images: {{ddcr: '{other}/chaos/chaos-ddcr:1.90.0'}}"
    path.write_text(path.read_text("utf-8").replace("id: acme", custom, 1), "utf-8")

    class Tags:
        def tags(self, repository: object, expected: object) -> list[str]:
            return ["1.90.0", "1.89.0"]

        def digest(self, reference: Reference) -> str:
            return f"sha256:{reference.tag}"

    plan = prune._plan(Tags(), prune.Repository(host, "chaos/chaos-ddcr"), review(folder), with_unknown=False)
    assert plan.superfluous == ("1.89.0",)


def test_what_an_owner_lists_is_looked_at_and_kept(tmp_path: Path) -> None:
    host = "harbor.example"
    folder = mirroring_company(tmp_path, "docker.io", host, {"chaos-ddcr": DIGEST})
    path = folder / "stacks/Pulumi.acme.yaml"
    also = '"docker.io/harness", also: ["docker.io/harness/delegate:24.11.0"]'
    path.write_text(path.read_text("utf-8").replace('"docker.io/harness"', also, 1), "utf-8")

    class Tags:
        def tags(self, repository: object, expected: object) -> list[str]:
            return ["24.11.0", "24.10.0"]

        def digest(self, reference: Reference) -> str:
            return f"sha256:{reference.tag}"

    repository = prune.Repository(host, "chaos/delegate")
    assert prune._repositories(review(folder), ["delegate"]) == [repository]
    plan = prune._plan(Tags(), repository, review(folder), with_unknown=False)
    assert plan.superfluous == ("24.10.0",)
    assert plan.keep == {"sha256:24.11.0"}
