"""What the engine gives the running stack (`-c`, ESC) counts like its file, and has no line."""

import json

import pytest

ACME = {"chaosreg:account": {"id": "acme", "images": {"release": "1.94.4"}, "allow_overrides": True}}
PROD = {"chaosreg:parent_stack": "acme", "chaosreg:infrastructures": {"x": {"cluster": {"context": "c"}}}}


def _as_engine(content):
    """Strings as they are, everything else as JSON: how PULUMI_CONFIG has it."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in content.items()}


def test_a_value_that_is_the_file_s_own_keeps_its_place(project, places):
    wrong = {**PROD, "chaosreg:infrastructures": {"x": {}}}
    project.write({"acme": ACME, "prod": wrong})
    reviewed = project.review("prod", _as_engine(wrong))
    assert places(reviewed) == [("CHR0601", "Pulumi.prod.yaml", 5)]
    assert places(reviewed) == places(project.review())
    assert reviewed.company.files["prod"].from_engine == frozenset()


def test_a_value_of_the_engine_wins_over_the_file_and_has_no_line(project, places):
    project.write({"acme": ACME, "prod": PROD})
    given = {"chaosreg:infrastructures": {"x": {"cluster": {"context": "other"}, "namspace": "chaos"}}}
    reviewed = project.review("prod", _as_engine({**PROD, **given}))
    # then
    (config,) = reviewed.resolved.values()
    assert config.of_cluster() == {"context": "other"}
    assert places(reviewed) == [("CHR0104", "", None)]
    assert "  --> configuration  infrastructure `x`" in str(reviewed.findings[0])
    assert reviewed.company.files["prod"].from_engine == {"infrastructures"}


def test_a_section_that_only_the_engine_gives_counts(project):
    project.write({"acme": ACME, "prod": {"chaosreg:parent_stack": "acme"}})
    assert not project.review("prod", {"chaosreg:parent_stack": "acme"}).resolved
    reviewed = project.review("prod", _as_engine(PROD))
    assert [scope.path for scope in reviewed.resolved] == ["x"]
    assert reviewed.findings == ()


def test_a_stack_without_a_file_may_live_of_the_engine_s_values(project):
    project.write({"acme": ACME})
    reviewed = project.review("new", _as_engine(PROD))
    assert [(scope.path, scope.stack) for scope in reviewed.resolved] == [("x", "new")]


def test_the_engine_s_values_count_for_the_running_stack_only(project):
    project.write({"acme": ACME, "prod": PROD})
    changed = {"chaosreg:account": {"id": "acme", "images": {"release": "1.93.0"}, "allow_overrides": True}}
    (config,) = project.review("acme", _as_engine(changed)).resolved.values()
    assert config.images[0].reference.tag == "1.93.0"  # seen by the infrastructures below, in the account's own run
    (config,) = project.review("prod", _as_engine(PROD)).resolved.values()
    assert config.images[0].reference.tag == "1.94.0"


def test_parent_stack_may_come_from_the_command_line(project):
    project.write({"acme": ACME, "prod": {**PROD, "chaosreg:parent_stack": "nowhere"}})
    assert [finding.code for finding in project.review().findings] == ["CHR0207"]
    assert project.review("prod", _as_engine(PROD)).findings == ()


def test_credentials_count_by_what_is_written_so_that_everybody_sees_the_same(project):
    project.write({"acme": {**ACME, "chaosreg-credentials:own": "text"}})
    reviewed = project.review("acme", {"chaosreg-credentials:own": "canary", "chaosreg-credentials:harbor": "canary"})
    assert reviewed.company.files["acme"].credentials == {"own"}
    assert "canary" not in repr(reviewed)


def test_an_environment_above_may_hold_what_no_file_does(project, scope_of):
    acme = "environment: [secrets]\nconfig: {chaosreg:account: {id: acme, images: {release: '1.94.4'}}}"
    project.write({"acme": acme, "prod": PROD})
    company = project.review("prod").company
    (infrastructure,) = company.infrastructures()
    assert company.credential_stack(infrastructure, "harbor") == "acme"  # its output is asked
    assert not company.has_credential(infrastructure, "harbor")  # but it decides nothing


@pytest.mark.parametrize("text", ["{not json", "[1, 2]", "", "5"])
def test_a_value_of_the_engine_that_is_no_section_is_a_finding_and_no_traceback(project, text):
    project.write({"acme": ACME})
    assert project.review("acme", {"chaosreg:infrastructures": text}).errors


def test_other_namespaces_are_nobody_s_business(project):
    project.write({"acme": {**ACME, "aws:region": "eu-west-1", "kubernetes:context": "x"}})
    reviewed = project.review(
        "acme", {"aws:region": "eu-west-1", "chaosreg:account": json.dumps(ACME["chaosreg:account"])}
    )
    assert reviewed.findings == ()


def test_a_stack_without_sections_has_nothing_wrong(project):
    assert project.write({"acme": ACME}).review("unrelated", {}).findings == ()
