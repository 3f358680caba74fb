"""List the stacks that an edit touches, in the order of their `up`: a matrix for CI.

Stacks of one wave do not depend on one another; each wave needs the ones before it. A change of the program itself
(`__main__.py`, its requirements) touches every stack.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Any

from pulumi_chaosreg.cli.base import changed_files, errors_of_base, project_at
from pulumi_chaosreg.cli.commands.resolve import said_of_errors, warn_of_errors
from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.output import add_output
from pulumi_chaosreg.cli.terminal import colored
from pulumi_chaosreg.errors import visible
from pulumi_chaosreg.review.made import Made
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.review.touched import Touched, gone, touched
from pulumi_chaosreg.settings.yaml_file import read_yaml
from pulumi_chaosreg.stacks.project_file import find_project

ABOUT = "list the stacks that an edit touches, in the order of their `up`"
NEEDS = Needs.NONE
EXITS = {1: "the stack files have errors, so the list may be incomplete"}
EXAMPLES = """\
examples:
  chaosreg affected --since origin/main
  chaosreg affected --since origin/main -o json     {"include": [{"stack": "acme", "wave": 0, …}], "removed": [], …}
"""
_PROGRAM = ("requirements*.txt", "requirements/*.txt", "pyproject.toml", "constraints.txt", "uv.lock", "poetry.lock")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("--since", default="HEAD", metavar="BASE", help="git revision or folder (default: HEAD)")
    add_output(parser, "text", "json")


def run(options: argparse.Namespace) -> int:
    """Print the stacks; 1 if the stack files have errors, and the list may be incomplete."""
    project = find_project(Path(options.project).resolve())
    after = Made(review(project))
    program = [name for name in changed_files(project, options.since) if _is_program(name)]
    with project_at(project, options.since) as folder:
        before = Made(review(folder))
        if not program and _around_stacks(folder) != _around_stacks(project):
            program = ["Pulumi.yaml"]
        stacks = touched(before, after, all_because=f"{', '.join(program[:3])} changed" if program else "")
        removed = gone(before, after)
    here = said_of_errors("the stack files have", len(after.reviewed.errors))
    warnings = [warning for warning in (here, errors_of_base(before.reviewed, options.since)) if warning]
    print((_json if options.output == "json" else _text)(stacks, removed, warnings, options.since), end="")
    return warn_of_errors(after.reviewed)


def _is_program(name: str) -> bool:
    """Whether a changed file may change what every stack makes: Python code, and what it is installed with."""
    path = PurePath(name)
    is_code = path.suffix == ".py" and not {"tests", "test", "docs", "examples", "benchmarks"} & set(path.parts[:-1])
    return is_code or any(fnmatchcase(name, pattern) for pattern in _PROGRAM)


def _around_stacks(project: Path) -> Any:
    """What Pulumi.yaml says besides configuration: the program, its plugins, its name."""
    content = read_yaml(project / "Pulumi.yaml")
    if not isinstance(content, dict):
        return content
    return {key: value for key, value in content.items() if key not in ("config", "description", "stackConfigDir")}


def _text(stacks: Sequence[Touched], removed: Mapping[str, list[str]], warnings: Sequence[str], base: str) -> str:
    lines = [colored(f"incomplete: {warning}", "yellow") for warning in warnings]
    if not stacks and not removed:
        return "\n".join([*lines, f"no stack is touched since {base}"]) + "\n"
    for one in stacks:
        reasons = (f"    {visible(reason)}" for reason in one.reasons)
        lines += [f"{colored(one.stack, 'bold')}  wave {one.wave}", *reasons]
    for stack, now in removed.items():
        if now:
            advice = f"its scopes are now in {', '.join(now)}: run `chaosreg move SCOPE --from {stack}` before `up`"
        else:
            advice = "destroy it"
        lines.append(f"{colored(stack, 'bold')}  no longer has a stack file: {advice}")
    return "\n".join(lines) + "\n"


def _json(stacks: Sequence[Touched], removed: Mapping[str, list[str]], warnings: Sequence[str], _base: str) -> str:
    include = [{"stack": one.stack, "wave": one.wave, "reasons": list(one.reasons)} for one in stacks]
    destroyed = [stack for stack, now in removed.items() if not now]
    moved = {stack: now for stack, now in removed.items() if now}
    document = {"include": include, "removed": destroyed, "moved": moved, "incomplete": list(warnings)}
    return json.dumps(document, ensure_ascii=False) + "\n"
