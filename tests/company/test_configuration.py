"""Where the running stack's settings may come from besides its file, and how much the engine can hand over."""

from pathlib import Path

import pytest

from lab.workspace import Workspace

pytestmark = pytest.mark.engine

ACME = """\
config:
  chaosreg:account:
    id: acme
    images: {release: "1.94.4"}
"""
ENVIRONMENT = """\
config:
  chaosreg:infrastructures:
    here: {cluster: {context: prod-eu}, namespace: none}
"""


@pytest.fixture
def small(tmp_path: Path) -> Workspace:
    """An account and an environment, whose parent stack is said in Pulumi.yaml for all."""
    workspace = Workspace(tmp_path / "small")
    workspace.add_project()
    (workspace.folder / "stacks").mkdir()
    workspace.edit("Pulumi.yaml", "stackConfigDir", "config: {chaosreg:parent_stack: {value: acme}}\nstackConfigDir")
    (workspace.folder / "stacks/Pulumi.acme.yaml").write_text(ACME, "utf-8")
    (workspace.folder / "stacks/Pulumi.env.yaml").write_text(ENVIRONMENT, "utf-8")
    workspace.init("env")
    return workspace


def _config_maps(steps: list) -> set[str]:
    return {step.name for step in steps if step.type == "kubernetes:core/v1:ConfigMap"}


def test_project_level_values_and_those_of_the_command_line_count_like_the_file_s(small: Workspace) -> None:
    assert _config_maps(small.preview("env")) == {"here"}

    given = 'chaosreg:infrastructures={"there": {"cluster": {"context": "prod-eu"}}}'
    assert _config_maps(small.preview("env", "--config", given)) == {"there"}


def test_a_mistake_on_the_command_line_and_one_in_pulumi_yaml_are_told_where_they_stand(small: Workspace) -> None:
    given = 'chaosreg:infrastructures={"there": {"sever": "x"}}'  # the engine writes it into the stack file
    done = small.run("pulumi", "preview", "--stack", "env", "--config", given, check=False)
    assert "error[CHR0104]: unknown key `sever`" in done.stdout
    assert "--> stacks/Pulumi.env.yaml:2  infrastructure `there`" in done.stdout

    small.edit("Pulumi.yaml", "value: acme", "value: acmee")
    done = small.run("pulumi", "preview", "--stack", "env", check=False)
    assert "error[CHR0207]: parent stack `acmee` has no stack file" in done.stdout
    assert "--> Pulumi.yaml:" in done.stdout


def test_infrastructures_may_stand_in_files_beside_the_stack_file(small: Workspace) -> None:
    (small.folder / "stacks/prod").mkdir()
    for name in ("eu", "us"):
        text = f"{name}: {{cluster: {{context: prod-{name}}}, namespace: none}}\n"
        (small.folder / f"stacks/prod/{name}.yaml").write_text(text, "utf-8")
    small.edit("stacks/Pulumi.env.yaml", "here: {cluster: {context: prod-eu}, namespace: none}", "files: prod/*.yaml")
    assert _config_maps(small.preview("env")) == {"eu", "us"}


@pytest.mark.nightly
@pytest.mark.parametrize(("kibibytes", "survives"), [(126, True), (129, False)])
def test_the_engine_s_limit_is_where_validate_says_it_is(small: Workspace, kibibytes: int, survives: bool) -> None:
    small.edit("stacks/Pulumi.env.yaml", "config:\n", f"config:\n  other:large: {'x' * kibibytes * 1024}\n")

    said = small.run("chaosreg", "validate", check=False)
    assert (f"{'warning' if survives else 'error'}[CHR0115]" in said.stdout) is True
    assert (said.returncode == 0) is survives

    done = small.run("pulumi", "preview", "--stack", "env", check=False)
    assert (done.returncode == 0) is survives
    assert ("argument list too long" in done.stdout + done.stderr) is not survives
