"""`-o FORMAT` is one option everywhere: the same names, `--format` as an alias, and JSON where programs may read."""

import json
from argparse import ArgumentParser

import pytest
import yaml

from pulumi_chaosreg.cli.commands import move
from pulumi_chaosreg.cli.parsers import COMMANDS, command_module
from pulumi_chaosreg.stacks.schema import stack_file_schema

OFFLINE = (
    ("validate",),
    ("resolve", "eu"),
    ("explain", "eu"),
    ("explain", "eu", "image.chaos-ddcr"),
    ("explain", "chaos-ddcr"),
    ("explain", "CHR0203"),
    ("diff",),
    ("affected",),
    ("releases",),
    ("schema",),
    ("mirror-job", "--image", "x.example/y:1"),
    ("render", "eu", "--helm", "delegate"),
    ("render", "eu", "--kustomize"),
    ("render", "eu", "--probes"),
)
PRINT_NO_DOCUMENT = {"init", "completion"}
NAMES = {"text", "json", "yaml", "markdown", "sarif", "env"}


def formats(command: str) -> tuple[str, ...]:
    parser = ArgumentParser()
    command_module(command).arguments(parser)
    options = parser._option_string_actions
    return tuple(options["-o"].choices) if "-o" in options else ()


def test_commands_that_print_take_formats_of_the_same_names():
    every = {command: formats(command) for command in COMMANDS}
    assert {command for command, names in every.items() if not names} == PRINT_NO_DOCUMENT
    assert {name for names in every.values() for name in names} == NAMES
    assert all("json" in names for names in every.values() if names)


@pytest.mark.parametrize("words", OFFLINE, ids=" ".join)
def test_json_is_one_document_by_each_spelling_of_the_option(company, run, words):
    code, out, said = run(*words, "-o", "json")
    assert (code, said) == (0, "")
    assert json.loads(out)
    assert run(*words, "--output", "json") == run(*words, "--format=json") == (code, out, said)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in PRINT_NO_DOCUMENT])
def test_help_names_the_formats_and_an_unknown_one_is_refused_with_them(run, command):
    first, *others = formats(command)
    told = " ".join(run(command, "--help")[1].split())
    assert f"-o FORMAT, --output FORMAT, --format FORMAT {first} (default)" in told
    assert all(other in told for other in others)
    code, _, said = run(command, "-o", "nonsense")
    assert code == 2
    assert "invalid choice: 'nonsense'" in said


def test_what_resolve_called_a_table_is_its_text(company, run):
    assert run("resolve", "-o", "table") == run("resolve", "-o", "text") == run("resolve")


def test_the_schema_is_the_same_in_yaml(run):
    assert yaml.safe_load(run("schema", "-o", "yaml")[1]) == stack_file_schema()


def test_explain_as_json_tells_what_each_level_says_and_who_locks(company, run):
    (said,) = json.loads(run("explain", "eu", "image.chaos-ddcr", "-o", "json")[1])["infrastructures"]
    assert said["value"] == f"harbor.company.com/chaos/chaos-ddcr:1.94.0@sha256:{'b' * 64}"
    assert said["levels"][0]["scope"] == "account `acme`"
    (project,) = [one for level in said["levels"] for one in level["said"] if one["decides"]]
    assert (project["setting"], project["value"]) == ("images.tags.chaos-ddcr", "1.94.0")
    assert (project["file"], project["line"]) == ("stacks/Pulumi.checkout.yaml", 6)
    assert "images.release" in said["may_not_set"]
    assert said["locks"] == [{"scope": "project `checkout`", "how": "allow_overrides: false"}]


def test_explain_as_json_tells_who_wants_an_image(company, run):
    every = json.loads(run("explain", "chaos-ddcr", "-o", "json")[1])["images"]
    mirrored = next(one for one in every if one["mirrored_by"])
    assert mirrored["image"] == "harbor.company.com/chaos/chaos-ddcr:1.94.0"
    assert mirrored["source"] == "docker.io/harness/chaos-ddcr:1.94.0"
    assert mirrored["mirrored_by"] == {"scope": "acme", "stack": "acme"}
    assert mirrored["pulled_by"] == ["shop/checkout/eu", "shop/checkout/us"]


def test_what_may_be_incomplete_says_so(company, run):
    company.edit("other", "lab:", "lab_: {}\n            lab:")
    code, out, _ = run("explain", "eu", "-o", "json")
    assert code == 1
    assert json.loads(out)["complete"] is False


def test_move_as_json_says_what_goes_where_and_asks_nothing(company, run, monkeypatch):
    """The state is a stand-in: what `pulumi` says of it is tests/upgrade's business."""
    component = "chaosreg:index:Infrastructure"
    urn = f"urn:pulumi:checkout::x::{component}::shop/checkout/us"
    monkeypatch.setattr(move, "resources", lambda project, stack: [{"type": component, "urn": urn}])
    words = ("move", "shop/checkout/us", "--from", "checkout", "-o", "json")
    code, out, _ = run(*words, "--dry-run")
    assert code == 0
    assert json.loads(out) == {"from": "checkout", "moved": False, "moves": [{"to": "prod", "urns": [urn]}]}
    code, _, said = run(*words)
    assert code == 2
    assert "--dry-run or --yes" in said
