"""List the stacks that an edit touches, in the order of their `up`: a matrix for CI.

Stacks of one wave do not depend on one another; each wave needs the ones before it. A change of the program itself
(__main__.py, its requirements) touches every stack.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from pulumi_chaosreg.cli.base import changed_files, project_at
from pulumi_chaosreg.cli.resolve import warn_of_errors
from pulumi_chaosreg.cli.terminal import colored
from pulumi_chaosreg.scopes.review import review
from pulumi_chaosreg.scopes.stack_files import find_project
from pulumi_chaosreg.scopes.touched import Touched, gone, touched

EXAMPLES = """\
examples:
  chaosreg affected --since origin/main
  chaosreg affected --since origin/main -o json     {"include": [{"stack": "acme", "wave": 0, …}], "removed": []}
"""
_PROGRAM = ("__main__.py", "requirements.txt", "pyproject.toml", "constraints.txt", "uv.lock", "poetry.lock")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("--since", default="HEAD", metavar="BASE", help="git revision or folder (default: HEAD)")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Print the stacks; 1 if the stack files have errors, and the list may be incomplete."""
    project = find_project(Path(options.project).resolve())
    after = review(project)
    program = [name for name in changed_files(project, options.since) if name in _PROGRAM]
    with project_at(project, options.since) as folder:
        before = review(folder)
        stacks = touched(before, after, all_because=f"{', '.join(program)} changed" if program else "")
        removed = gone(before, after)
    print((_json if options.output == "json" else _text)(stacks, removed, options.since), end="")
    return warn_of_errors(after)


def _text(stacks: Sequence[Touched], removed: Sequence[str], base: str) -> str:
    if not stacks and not removed:
        return f"no stack is touched since {base}\n"
    lines = []
    for one in stacks:
        lines += [f"{colored(one.stack, 'bold')}  wave {one.wave}", *(f"    {reason}" for reason in one.reasons)]
    lines += [f"{colored(stack, 'bold')}  has no stack file any more: destroy it" for stack in removed]
    return "\n".join(lines) + "\n"


def _json(stacks: Sequence[Touched], removed: Sequence[str], _base: str) -> str:
    include = [{"stack": one.stack, "wave": one.wave, "reasons": list(one.reasons)} for one in stacks]
    return json.dumps({"include": include, "removed": list(removed)}, ensure_ascii=False) + "\n"
