"""`validate` for people, for programs and for code hosts: the same findings."""

import json
from email.message import Message

import pytest

from pulumi_chaosreg.cli import formats
from pulumi_chaosreg.cli.error_page import entries
from tests.support.documented import ROOT
from tests.support.markdown import anchors_of

MISTAKES = {
    "acme": """
        config:
          chaosreg:account:
            id: acme
            sever: h.example
            repositories: {create: true}
        """
}


@pytest.fixture
def broken(project):
    return project.write(MISTAKES)


def _validate(run, project, *arguments):
    return run("--project", str(project.folder), "validate", *arguments)


def test_json_has_every_part_of_a_finding(broken, run):
    code, out, _ = _validate(run, broken, "--format", "json")
    said = json.loads(out)
    assert code == 1
    assert (said["errors"], said["warnings"]) == (1, 1)
    assert said["findings"][0] == {
        "code": "CHR0104",
        "severity": "error",
        "message": "unknown key `sever`",
        "file": "stacks/Pulumi.acme.yaml",
        "line": 4,
        "scope": "account `acme`",
        "keys": ["config", "chaosreg:account", "sever"],
        "excerpt": "sever: …",  # it may be a password in the wrong place
        "notes": [],
        "help": said["findings"][0]["help"],
    }
    assert said["findings"][0]["help"].startswith("did you mean ") or "valid keys: " in said["findings"][0]["help"]


def test_sarif_has_a_rule_and_a_location_for_each(broken, run):
    code, out, _ = _validate(run, broken, "--format", "sarif")
    said = json.loads(out)
    assert (code, said["version"]) == (1, "2.1.0")
    (of_run,) = said["runs"]
    rules = [rule["id"] for rule in of_run["tool"]["driver"]["rules"]]
    assert rules == ["CHR0104", "CHR0111"]
    assert [result["level"] for result in of_run["results"]] == ["error", "warning"]
    for result, line in zip(of_run["results"], (4, 5), strict=True):
        assert result["ruleId"] in rules
        physical = result["locations"][0]["physicalLocation"]
        assert physical["artifactLocation"] == {"uri": "stacks/Pulumi.acme.yaml", "uriBaseId": "PROJECT"}
        assert physical["region"] == {"startLine": line}
        assert physical["artifactLocation"]["uriBaseId"] in of_run["originalUriBaseIds"]


def test_a_rule_of_sarif_has_the_page_s_entry_and_no_address_as_long_as_the_page_has_none(broken, run):
    (rule, _) = json.loads(_validate(run, broken, "--format", "sarif")[1])["runs"][0]["tool"]["driver"]["rules"]
    assert rule["shortDescription"] == {"text": "Unknown key"}
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    assert f"### CHR0104 Unknown key\n\n{rule['help']['markdown']}\n" in page
    assert "\n- **Fix.** " in rule["help"]["markdown"]
    assert "\n- Fix. " in rule["help"]["text"]
    assert "helpUri" not in rule


def test_help_of_a_rule_leads_to_the_heading_where_github_has_it(broken, run, monkeypatch):
    said = Message()
    said["Project-URL"] = "Errors, https://forge.example/docs/errors.md"
    monkeypatch.setattr(formats, "metadata", lambda _: said)
    rules = json.loads(_validate(run, broken, "--format", "sarif")[1])["runs"][0]["tool"]["driver"]["rules"]
    anchors = [rule["helpUri"].removeprefix("https://forge.example/docs/errors.md#") for rule in rules]
    assert anchors == ["chr0104-unknown-key", "chr0111-no-effect-yet"]


def test_every_entry_s_anchor_is_the_one_that_github_gives_its_heading():
    assert {entry.anchor for entry in entries().values()} <= anchors_of("docs/errors.md")


def test_sarif_places_what_has_no_place_at_the_project(project, run):
    project.write({"acme": "config: {}\n"})  # no account: no file in particular
    (result,) = json.loads(_validate(run, project, "--format", "sarif")[1])["runs"][0]["results"]
    physical = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], physical["artifactLocation"]["uri"]) == ("CHR0204", "Pulumi.yaml")
    assert physical["region"] == {"startLine": 1}


@pytest.mark.parametrize(("flags", "code"), [((), 0), (("--strict",), 1)])
def test_warnings_are_findings_only_where_it_is_strict(project, run, flags, code):
    project.write({"acme": MISTAKES["acme"].replace("sever: h.example", "")})
    assert _validate(run, project, *flags)[0] == code


def test_validate_of_one_stack_is_as_strict_as_its_preview(project, run):
    account = {"id": "acme", "required_images": ["harness/chaos-ddcr:latest"]}
    below = {"chaosreg:parent_stack": "acme", "chaosreg:infrastructures": {"x": {"cluster": {"context": "c"}}}}
    project.write({"acme": {"chaosreg:account": account}, "prod": below})
    assert _validate(run, project)[0] == 0
    code, out, _ = _validate(run, project, "--stack", "prod")
    assert code == 1
    assert "error[CHR0313]" in out


def test_a_stack_without_a_file_is_said(project, run):
    project.write({"acme": MISTAKES["acme"]})
    code, _, err = _validate(run, project, "--stack", "prdo")
    assert code == 2
    assert "there is no stack file for `prdo`" in err
    assert "acme" in err
