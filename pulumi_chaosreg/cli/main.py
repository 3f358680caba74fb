"""The command `chaosreg`: reads the project's stack files and says what is wrong, or writes the lockfile.

Exit codes: 0 fine, 1 findings, 2 could not run.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pulumi_chaosreg import __version__
from pulumi_chaosreg.errors import ChaosregError

_EXAMPLES = """\
examples:
  chaosreg validate                  check every stack file of the project in this folder
  chaosreg lock                      write the digests of all images that the mirrors copy
  chaosreg lock --upgrade            ask again for the tags that are locked already
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        from pulumi_chaosreg.scopes.stack_files import find_project

        project = find_project(Path(options.project).resolve())
        if options.command == "lock":
            from pulumi_chaosreg.cli.lock import lock

            return lock(project, upgrade=options.upgrade)
        from pulumi_chaosreg.cli.validate import validate

        return validate(project)
    except ChaosregError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chaosreg",
        description="Where chaos experiments get their container images, checked and locked.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"chaosreg {__version__}")
    parser.add_argument("--project", default=".", metavar="DIR", help="folder of Pulumi.yaml, or below it (default: .)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("validate", help="find what is wrong in the stack files; needs no network")
    lock = commands.add_parser("lock", help="write stacks/chaosreg.lock.yaml: source tag → digest")
    lock.add_argument("--upgrade", action="store_true", help="follow tags that have moved since they were locked")
    return parser


if __name__ == "__main__":
    sys.exit(main())
