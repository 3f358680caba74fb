"""Show what an edit changes: compare a git revision or a folder with the working tree.

A revision is compared at its merge base, so that only this branch's edits are shown. First come warnings, then what
each cluster gets (the keys of its ConfigMap, and what decides how it gets there), what is mirrored from where and how
it is trusted, who may override, and who gets which credential. The same change of many infrastructures is shown once.
Each change has its cause: the edit without which it would not happen.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

from pulumi_chaosreg.cli.base import errors_of_base, project_at
from pulumi_chaosreg.cli.commands.resolve import said_of_errors, warn_of_errors
from pulumi_chaosreg.cli.diff.as_json import as_json
from pulumi_chaosreg.cli.diff.as_markdown import as_markdown
from pulumi_chaosreg.cli.diff.as_text import as_text
from pulumi_chaosreg.cli.diff.rows import Shown, with_lines
from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.output import add_output
from pulumi_chaosreg.review.difference import compare
from pulumi_chaosreg.review.made import Made
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.review.touched import gone, touched
from pulumi_chaosreg.settings.yaml_file import Lines
from pulumi_chaosreg.stacks.project_file import find_project

ABOUT = "show what an edit changes for each infrastructure"
NEEDS = Needs.NONE
EXITS = {1: "the stack files have errors, so this may be incomplete; with --exit-code also if anything changes"}
EXAMPLES = """\
examples:
  chaosreg diff                            what is not committed yet
  chaosreg diff origin/main                what this branch changes
  chaosreg diff origin/main -o markdown    as a pull request comment
  chaosreg diff --exit-code                1 if anything changes, like `git diff`
  chaosreg diff ../other-checkout -o json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("base", nargs="?", default="HEAD", metavar="BASE", help="default: HEAD")
    add_output(parser, *_FORMATS)
    parser.add_argument(
        "--exit-code", action="store_true", help="1 if anything changes, or a side has errors; 0 if nothing does"
    )


def run(options: argparse.Namespace) -> int:
    """Print the changes; 1 if the stack files have errors, and what is printed may be incomplete, or with
    `--exit-code` if anything changes, or may.
    """
    project = find_project(Path(options.project).resolve())
    after = Made(review(project))
    with project_at(project, options.base) as folder:
        before = Made(review(folder))
        comparison = with_lines(compare(before, after), Lines())
        stacks, lost = tuple(touched(before, after)), tuple(gone(before, after))
    here = said_of_errors("the stack files have", len(after.reviewed.errors))
    warnings = tuple(filter(None, (here, errors_of_base(before.reviewed, options.base))))
    shown = Shown(options.base, comparison, stacks, lost, warnings)
    print(_FORMATS[options.output](shown), end="")
    code = warn_of_errors(after.reviewed)
    return 1 if options.exit_code and (warnings or not shown.is_nothing) else code


_FORMATS: Mapping[str, Callable[[Shown], str]] = {"text": as_text, "markdown": as_markdown, "json": as_json}
