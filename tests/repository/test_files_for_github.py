"""What GitHub reads of this repository: workflows, forms, dependabot, by the schemas that it publishes."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.support.extras import PACKAGES

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yaml"))
SCHEMAS = {
    "github-workflows": WORKFLOWS,
    "github-issue-forms": sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yaml")),
    "github-issue-config": [GITHUB / "ISSUE_TEMPLATE/config.yml"],
    "dependabot": [GITHUB / "dependabot.yml"],
}
JOBS = {
    f"{path.stem}/{name}": job
    for path in WORKFLOWS
    for name, job in yaml.load(path.read_text("utf-8"), yaml.BaseLoader)["jobs"].items()
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_it_is_what_githubs_schema_allows(schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *SCHEMAS[schema]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_no_workflow_may_do_more_than_read_and_none_runs_with_the_rights_of_a_strangers_event(workflow: Path) -> None:
    document = yaml.load(workflow.read_text("utf-8"), yaml.BaseLoader)
    assert document["permissions"] == {}
    assert {str(job["permissions"]) for job in document["jobs"].values()} == {"{'contents': 'read'}"}
    assert document["on"].keys() <= {"pull_request", "push", "schedule", "workflow_dispatch"}
    assert "secrets." not in workflow.read_text("utf-8")


@pytest.mark.parametrize("name", JOBS)
def test_a_job_ends_in_time_and_its_scripts_get_values_by_their_environment_only(name: str) -> None:
    assert 1 <= int(JOBS[name]["timeout-minutes"]) <= 360
    for step in JOBS[name]["steps"]:
        assert "${{" not in step.get("run", ""), "whoever names a branch would write our script"
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] == "false"


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_an_action_is_pinned_by_its_full_commit_and_its_version_stands_beside_it(workflow: Path) -> None:
    lines = [line for line in workflow.read_text("utf-8").splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not re.search(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


def test_each_python_that_the_package_claims_is_tested() -> None:
    tested = JOBS["test/unit"]["strategy"]["matrix"]["python"]
    classifiers = re.findall(r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text("utf-8"))
    assert classifiers
    assert set(classifiers) <= set(tested)


def test_targets_of_make_and_folders_that_workflows_name_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    scripts = "\n".join(step.get("run", "") for job in JOBS.values() for step in job["steps"])
    assert {target for target in re.findall(r"\bmake ([\w-]+)", scripts) if f"\n{target}:" not in makefile} == set()
    assert [path for path in re.findall(r"\btests/[\w./-]+", scripts) if not (ROOT / path).exists()] == []


def test_each_hook_runs_a_program_of_the_development_environment() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    commands = [hook["entry"] for repo in config["repos"] for hook in repo["hooks"]]
    linted = re.search(r"^lint:.*?\n\n", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert linted
    made = [
        line.replace("$(BIN)/", "").replace(" --check", "").removesuffix(" .") for line in linted[0].split("\n\t")[1:]
    ]
    assert [command.removeprefix(".venv/bin/") for command in commands] == [line.strip() for line in made]


def test_development_has_every_extra_and_tests_know_them_all() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    (own,) = [text for text in extras["dev"] if text.startswith("pulumi-chaosreg[")]
    assert set(own.partition("[")[2].rstrip("]").split(",")) == extras.keys() - {
        "dev",
        "docs",
    }  # no test needs the site
    assert PACKAGES.keys() == extras.keys() - {"docs", "tests"}
    written = [re.split(r"[\[<>=]", text)[0] for texts in extras.values() for text in texts if text != own]
    assert sorted(written) == sorted(set(written)), "a package is written once"
