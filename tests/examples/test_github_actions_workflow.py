"""The workflow of examples/github-actions as it is written, and its scripts; test_github_actions_example.py runs it."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/github-actions"
WORKFLOW = EXAMPLE / ".github/workflows/chaosreg.yaml"
SCRIPTS = EXAMPLE / ".github/chaosreg"

DOCUMENT = yaml.load(WORKFLOW.read_text("utf-8"), yaml.BaseLoader)
JOBS = DOCUMENT["jobs"]
STEPS = [(name, step) for name, job in JOBS.items() for step in job["steps"]]


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


comment = _script("comment")


def test_it_is_what_githubs_schema_allows() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", WORKFLOW]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", JOBS)
def test_each_job_says_how_long_it_may_take_and_what_it_may_do(name: str) -> None:
    assert 1 <= int(JOBS[name]["timeout-minutes"]) <= 120
    writes = {scope for scope, right in JOBS[name]["permissions"].items() if right != "read"}
    assert writes == ({"pull-requests"} if name == "comment" else set())
    assert DOCUMENT["permissions"] == {}


@pytest.mark.parametrize(("job", "step"), STEPS)
def test_a_script_gets_values_by_its_environment_only(job: str, step: dict) -> None:
    if "run" in step:
        assert "${{" not in step["run"], "whoever names a branch or writes a title would write our script"
        assert step.get("shell", DOCUMENT["defaults"]["run"]["shell"]) == "bash"
        assert step["name"]
        # the exit code of $(…) inside `echo` is lost, and an empty output would go on
        assert not re.search(r"echo .*\$\((?!\()", step["run"])


@pytest.mark.parametrize(("job", "step"), STEPS)
def test_a_secret_goes_to_the_step_that_needs_it_and_an_action_gets_none(job: str, step: dict) -> None:
    assert "secrets." not in json.dumps(step.get("with", {}))
    assert "env" not in JOBS[job]
    if "secrets." in json.dumps(step):
        assert job in ("preview", "up")


@pytest.mark.parametrize("line", [line for line in WORKFLOW.read_text("utf-8").splitlines() if "uses:" in line])
def test_an_action_is_pinned_by_its_full_commit_and_its_version_stands_beside_it(line: str) -> None:
    assert re.search(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


def test_no_checkout_leaves_its_token_behind_and_what_compares_has_the_history() -> None:
    checkouts = {job: step["with"] for job, step in STEPS if step.get("uses", "").startswith("actions/checkout@")}
    assert checkouts.keys() == JOBS.keys()
    assert all(given["persist-credentials"] == "false" for given in checkouts.values())
    assert {job for job, given in checkouts.items() if given.get("fetch-depth") == "0"} == {"validate", "up"}


def test_the_event_with_secrets_for_everybody_is_not_used() -> None:
    assert set(DOCUMENT["on"]) == {"pull_request", "push", "workflow_dispatch"}
    assert JOBS["up"]["environment"] == "chaosreg"
    assert "github.ref == 'refs/heads/main'" in JOBS["up"]["if"]


def test_on_main_nothing_is_cancelled() -> None:
    assert DOCUMENT["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"


def test_the_engine_is_one_that_our_package_takes() -> None:
    """The pulumi of constraints.txt is the one that everything was tested with."""
    constraints = (EXAMPLE.parents[1] / "constraints.txt").read_text("utf-8")
    versions = {step["with"]["pulumi-version"] for _, step in STEPS if "pulumi-version" in step.get("with", {})}
    assert [f"pulumi=={version}" for version in versions] == re.findall(r"^pulumi==.*$", constraints, re.MULTILINE)


def test_the_readme_names_every_secret_variable_and_environment() -> None:
    readme = (EXAMPLE / "README.md").read_text("utf-8")
    named = re.findall(r"(?:secrets|vars)\.(\w+)", WORKFLOW.read_text("utf-8"))
    assert set(named) == {
        "KUBECONFIG_YAML",
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_BACKEND_URL",
        "PULUMI_CONFIG_PASSPHRASE",
    }
    for name in (*named, "environment `chaosreg`"):
        assert name in readme


# The scripts


def test_stacks_are_a_matrix_of_at_most_256_or_one_a_line(tmp_path: Path) -> None:
    file = tmp_path / "affected.json"
    include = [{"stack": f"s{number}", "wave": 0, "reasons": ["r"]} for number in range(300)]
    file.write_text(json.dumps({"include": include, "removed": []}))

    matrix, lines = _stacks("--matrix", file), _stacks(file)

    assert json.loads(matrix) == [{"stack": f"s{number}"} for number in range(256)]
    assert lines.split() == [f"s{number}" for number in range(300)]
    file.write_text('{"include": [], "removed": []}')
    assert (_stacks("--matrix", file), _stacks(file)) == ("[]\n", "\n")


def test_a_short_comment_is_whole() -> None:
    previews = [comment.Preview("acme", "3 to create"), comment.Preview("prod", "error: no", failed=True)]

    text = comment.body("**chaosreg**: 1 infrastructure", previews, ["old"], "In full: there")

    assert text.startswith("<!-- chaosreg -->\n**chaosreg**: 1 infrastructure\n")
    assert "Preview of <b>acme</b></summary>\n\n```\n3 to create\n```" in text
    assert "Preview of <b>prod</b> ❌ failed</summary>" in text
    assert "`old` has no stack file any more" in text
    assert text.endswith("<sub>In full: there</sub>\n")


@pytest.mark.parametrize("stacks", [0, 1, 2, 40, 256, 1000])
@pytest.mark.parametrize("lines", [1, 500, 5_000])
def test_a_comment_is_never_longer_than_github_takes(stacks: int, lines: int) -> None:
    previews = [comment.Preview(f"stack-{number}", _text(f"preview {number}", lines)) for number in range(stacks)]
    previews += [comment.Preview(f"late-{number}", None) for number in range(stacks)]

    text = comment.body(_text("diff", lines), previews, [], "In full: there")

    assert len(text) <= 60_000
    assert text.count("<details>") == text.count("</details>") == text.count("\n```\n\n</details>")
    assert text.index("diff 0\n") < (text.index("<details>") if stacks else len(text))
    if stacks:
        assert "Without a preview here: `late-0`" in text


def test_room_is_shared_fairly() -> None:
    previews = [
        comment.Preview("long", _text("long", 4_000)),
        comment.Preview("short", _text("short", 100)),
        comment.Preview("longer", _text("longer", 40_000)),
    ]

    text = comment.body(_text("diff", 200), previews, [], "In full: there")
    diff, *blocks = re.split(r"<details>", text)

    assert "cut here" not in diff
    assert "cut here" not in blocks[1]
    assert len(text) > 59_000
    assert abs(len(blocks[0]) - len(blocks[2])) < 200
    for block, words in ((blocks[0], "long"), (blocks[2], "longer")):
        assert "cut here" in block
        assert re.search(rf"{words} \d+\n```", block), "the end has the errors and the sums"


def test_a_long_diff_has_half_of_the_room_and_ends_with_a_whole_line() -> None:
    text = comment.body(_text("diff", 50_000), [comment.Preview("acme", _text("acme", 50_000))], [], "In full: there")

    diff, block = text.split("<details>")
    assert 28_000 < len(diff) < 31_000
    assert 28_000 < len(block) < 31_000
    assert re.search(r"\ndiff \d+\n\n… cut here: \d+ characters in all …", diff)


def test_a_preview_cannot_end_its_own_fence() -> None:
    text = comment.body("", [comment.Preview("acme", "a\n````\n@everybody\n````\nb")], [], "In full: there")
    assert "`````\na\n````\n@everybody\n````\nb\n`````" in text


def _text(words: str, lines: int) -> str:
    return "\n".join(f"{words} {number}" for number in range(lines))


def _stacks(*words: str | Path) -> str:
    command = [sys.executable, SCRIPTS / "stacks.py", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
