"""A stand-in for GitHub's runner: it takes a workflow's jobs and steps from the YAML text, and runs every `run:`.

Like GitHub it orders the jobs by `needs`, decides by `if`, multiplies by `matrix`, resolves `${{ … }}` (what it does
not know is an error, not an empty text), gives each step its files for outputs, environment, PATH and summary, and
uses `bash --noprofile --norc -eo pipefail`. A `uses:` is handed to a function of the test.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_TOKEN = re.compile(r"\s*(?:(&&|\|\||==|!=|!|\(|\))|'([^']*)'|([A-Za-z_][\w.-]*))")
_STATUS_FUNCTIONS = ("success", "failure", "cancelled", "always")

Values = Mapping[str, Any]


def evaluate(expression: str, context: Values) -> Any:
    """The value of what stands between `${{` and `}}`: names, texts, comparisons, and the functions below."""
    tokens, position = [], 0
    while position < len(expression.rstrip()):
        found = _TOKEN.match(expression, position)
        if not found:
            raise ValueError(f"not understood: {expression[position:]}")
        tokens.append(found.groups())
        position = found.end()
    value = _either(tokens, context)
    if tokens:
        raise ValueError(f"not understood: {tokens} in {expression}")
    return value


def resolve(value: Any, context: Values) -> Any:
    """The value with each `${{ … }}` in it evaluated; one that is the whole text keeps its type."""
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\$\{\{((?:(?!\}\}).)*)\}\}", value, re.DOTALL)
    if whole:
        return evaluate(whole.group(1), context)
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: str(evaluate(found.group(1), context)), value, flags=re.DOTALL)


def _either(tokens: list, context: Values) -> Any:
    value = _both(tokens, context)
    while tokens and tokens[0][0] == "||":
        tokens.pop(0)
        other = _both(tokens, context)
        value = value or other
    return value


def _both(tokens: list, context: Values) -> Any:
    value = _equal(tokens, context)
    while tokens and tokens[0][0] == "&&":
        tokens.pop(0)
        other = _equal(tokens, context)
        value = value and other
    return value


def _equal(tokens: list, context: Values) -> Any:
    value = _one(tokens, context)
    while tokens and tokens[0][0] in ("==", "!="):
        same = tokens.pop(0)[0] == "=="
        value = (value == _one(tokens, context)) is same
    return value


def _one(tokens: list, context: Values) -> Any:
    sign, text, name = tokens.pop(0)
    if sign == "!":
        return not _one(tokens, context)
    if sign == "(":
        value = _either(tokens, context)
        tokens.pop(0)
        return value
    if text is not None:
        return text
    if tokens and tokens[0][0] == "(":
        tokens.pop(0)
        arguments = [] if tokens[0][0] == ")" else [_either(tokens, context)]
        tokens.pop(0)
        return context["functions"][name](*arguments)
    value = context
    for part in name.split("."):
        if part not in value:
            raise ValueError(f"`{name}` is not known here; known: {', '.join(value)}")
        value = value[part]
    return value


@dataclass(frozen=True)
class Done:
    """A `run:` step that was executed."""

    job: str
    step: str
    code: int
    output: str


@dataclass
class Job:
    """One job of a run, once for each entry of its matrix."""

    name: str
    result: str
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass
class Run:
    """What a workflow run did."""

    jobs: dict[str, Job] = field(default_factory=dict)
    steps: list[Done] = field(default_factory=list)
    summary: str = ""

    def output(self, job: str) -> str:
        """Everything that the steps of this job printed."""
        return "".join(step.output for step in self.steps if step.job == job)

    @property
    def results(self) -> dict[str, str]:
        return {name: job.result for name, job in self.jobs.items()}


class Workflow:
    """A workflow file."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text("utf-8")
        self.document: dict[str, Any] = yaml.load(self.text, yaml.BaseLoader)  # `on` stays a text
        self.jobs: dict[str, dict[str, Any]] = self.document["jobs"]

    def run_steps(self) -> set[tuple[str, str]]:
        """(job, step) of every `run:` of the file."""
        return {(job, step["name"]) for job, step in self.steps() if "run" in step}

    def steps(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, job in self.jobs.items():
            for step in job["steps"]:
                yield name, step


@dataclass
class Runner:
    """Runs a workflow's jobs one after the other, all in the same folder.

    `uses` gets (folder, `owner/action`, its `with`, the job) and imitates what the action does.
    """

    workflow: Workflow
    folder: Path
    temporary: Path
    environment: Mapping[str, str]
    uses: Callable[[str, Mapping[str, str], str], None]

    def run(self, context: Values) -> Run:
        """All jobs, each after the jobs that it needs. `context` has github, secrets and vars."""
        run, waiting = Run(), dict(self.workflow.jobs)
        while waiting:
            ready = [name for name, job in waiting.items() if set(_list(job.get("needs"))) <= run.jobs.keys()]
            assert ready, f"a circle of `needs`: {list(waiting)}"
            for name in ready:
                run.jobs[name] = self._job(name, waiting.pop(name), context, run)
        return run

    def _job(self, name: str, job: dict[str, Any], context: Values, run: Run) -> Job:
        needs = {need: vars(run.jobs[need]) for need in _list(job.get("needs"))}
        well = all(need["result"] == "success" for need in needs.values())
        context = {**context, "needs": needs, "functions": _functions(well)}
        if not _wanted(job.get("if"), context, well):
            return Job(name, "skipped")
        include = resolve(job.get("strategy", {}).get("matrix", {}).get("include", "${{ fromJSON('[{}]') }}"), context)
        assert include, "GitHub fails a job with an empty matrix"
        assert len(include) <= 256, "GitHub refuses a matrix of more than 256 jobs"
        done = [self._once(name, job, {**context, "matrix": entry}, run) for entry in include]
        failed = [one for one in done if one.result != "success"]
        return failed[0] if failed else done[-1]

    def _once(self, name: str, job: dict[str, Any], context: Values, run: Run) -> Job:
        environment, path = dict(self.environment), self.environment["PATH"]
        steps: dict[str, Any] = {}
        result = "success"
        for step in job["steps"]:
            context = {**context, "steps": steps, "functions": _functions(result == "success")}
            if not _wanted(step.get("if"), context, result == "success"):
                continue
            if "uses" in step:
                action = step["uses"].partition("@")[0]
                given = {key: str(resolve(value, context)) for key, value in step.get("with", {}).items()}
                self.uses(action, given, name)
                continue
            files = {kind: self.temporary / f"github_{kind}" for kind in ("OUTPUT", "ENV", "PATH", "STEP_SUMMARY")}
            for file in files.values():
                file.write_text("")
            done = subprocess.run(
                self._shell(step),
                cwd=self.folder,
                env={
                    **environment,
                    "PATH": path,
                    **{f"GITHUB_{kind}": str(file) for kind, file in files.items()},
                    **{key: str(resolve(value, context)) for key, value in step.get("env", {}).items()},
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                check=False,
            )
            run.steps.append(Done(name, step["name"], done.returncode, done.stdout))
            run.summary += files["STEP_SUMMARY"].read_text()
            environment.update(_pairs(files["ENV"]))
            path = ":".join([*reversed(files["PATH"].read_text().splitlines()), path])
            if done.returncode:
                result = "failure"
            elif "id" in step:
                steps[step["id"]] = {"outputs": _pairs(files["OUTPUT"])}
        absent = {step["id"]: {"outputs": _NoOutputs()} for step in job["steps"] if "id" in step}
        context = {**context, "steps": {**absent, **steps}}
        return Job(name, result, {key: resolve(value, context) for key, value in job.get("outputs", {}).items()})

    def _shell(self, step: Mapping[str, Any]) -> list[str]:
        shell = step.get("shell", self.workflow.document["defaults"]["run"]["shell"])
        assert shell == "bash"
        script = self.temporary / "step.sh"
        script.write_text(step["run"])
        return ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]


def _wanted(condition: str | None, context: Values, well: bool) -> bool:
    """An `if` without one of the status functions has an unwritten `success() &&` before it."""
    if condition is None:
        return well
    if not well and not any(f"{name}(" in condition for name in _STATUS_FUNCTIONS):
        return False
    text = condition if condition.strip().startswith("${{") else f"${{{{ {condition} }}}}"
    return bool(resolve(text.strip(), context))


def _functions(well: bool) -> dict[str, Callable[..., Any]]:
    return {
        "success": lambda: well,
        "failure": lambda: not well,
        "cancelled": lambda: False,
        "always": lambda: True,
        "fromJSON": json.loads,
    }


class _NoOutputs(dict[str, str]):
    """Of a step that was skipped or failed: GitHub makes empty texts of them."""

    def __contains__(self, _name: object) -> bool:
        return True

    def __missing__(self, _name: str) -> str:
        return ""


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _pairs(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines())
