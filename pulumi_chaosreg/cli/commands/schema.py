"""Print the JSON Schema of stack files, with which editors complete and check them."""

import argparse
import json
from collections.abc import Mapping

from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.output import add_output
from pulumi_chaosreg.cli.yaml_text import yaml_text
from pulumi_chaosreg.stacks.schema import infrastructures_file_schema, stack_file_schema

ABOUT = "print the JSON Schema of stack files, for editors"
NEEDS = Needs.NONE
EXITS: Mapping[int, str] = {}
EXAMPLES = """\
examples:
  chaosreg schema > stacks/.chaosreg.schema.json
  chaosreg schema --infrastructures > stacks/.infrastructures.schema.json

Commit the schema, and name it in the first line of each stack file (for VS Code's YAML extension, and others with the
YAML language server):
  # yaml-language-server: $schema=.chaosreg.schema.json

In files that `chaosreg:infrastructures: {files: "prod/*.yaml"}` names, with the path from there:
  # yaml-language-server: $schema=../.infrastructures.schema.json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument(
        "--infrastructures", action="store_true", help="the schema of files that `chaosreg:infrastructures` names"
    )
    add_output(parser, "json", "yaml")


def run(options: argparse.Namespace) -> int:
    """Print the schema; needs no project."""
    schema = infrastructures_file_schema() if options.infrastructures else stack_file_schema()
    print(json.dumps(schema, indent=2) + "\n" if options.output == "json" else yaml_text(schema), end="")
    return 0
