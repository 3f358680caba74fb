"""Check every stack file of the project, without Pulumi and without the network."""

import argparse
from pathlib import Path

from pulumi_chaosreg.cli.formats import FORMATS
from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.output import add_output
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.stacks.project_file import find_project

ABOUT = "check the stack files"
NEEDS = Needs.NONE
EXITS = {0: "no error, perhaps warnings", 1: "errors, or with --strict warnings"}
EXAMPLES = """\
examples:
  chaosreg validate
  chaosreg validate --stack checkout-prod      as this stack's preview sees it
  chaosreg validate -o sarif > chaosreg.sarif
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("--stack", metavar="STACK", help="check as strictly as this stack's preview")
    add_output(parser, *FORMATS)
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")


def run(options: argparse.Namespace) -> int:
    """Print all findings; 1 if one of them is an error."""
    project = find_project(Path(options.project).resolve())
    reviewed = review(project, options.stack)
    stack_file = reviewed.company.folder / f"Pulumi.{options.stack}.yaml"
    if options.stack is not None and options.stack not in reviewed.company.files and not stack_file.exists():
        known = ", ".join(review(project).company.files)
        advice = f"stacks with our settings: {known or 'none'}"
        raise ChaosregError.of("CHR0118", f"there is no stack file for `{options.stack}`", help=advice)
    print(FORMATS[options.output](reviewed, project), end="")
    return 1 if reviewed.errors or (options.strict and reviewed.warnings) else 0
