"""The command `chaosreg`: everything that can be known and done about a project's stack files.

Exit codes: 0 fine, 1 findings, 2 could not run.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from pulumi_chaosreg import __version__
from pulumi_chaosreg.cli import notices
from pulumi_chaosreg.errors import ChaosregError

_COMMANDS = (
    "init",
    "validate",
    "resolve",
    "explain",
    "diff",
    "affected",
    "lock",
    "mirror",
    "prune",
    "adopt",
    "render",
    "move",
    "releases",
    "schema",
)
"""In the order of the list. Each is the module of its name in `commands/`."""

_EXAMPLES = """\
examples:
  chaosreg validate                  check every stack file of the project in this folder
  chaosreg resolve prod-eu           what this infrastructure ends up with, and who decided it
  chaosreg explain prod-eu server    who set it, who else tried, who locks it
  chaosreg diff origin/main          what this branch changes in each cluster
  chaosreg lock --check              which tags have moved since they were locked
  chaosreg lock --upgrade            follow the tags that have moved
  chaosreg render prod-eu agent.yaml   the manifest with the images that this infrastructure pulls

`chaosreg COMMAND --help` has more. All but `lock`, `mirror`, `prune`, `adopt`, `move` and `releases --check`
need neither Pulumi nor the network.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the command; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that has fewer letters
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = _parser(given).parse_args(given)  # imports the command: Ctrl-C may come meanwhile
        options.verbosity = notices.verbosity(options)
        with notices.listening(options.verbosity):
            code = _module(options.command).run(options)
        sys.stdout.flush()
    except ChaosregError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # `chaosreg resolve | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return int(code)


class _CommandParser(argparse.ArgumentParser):
    """Takes options also between other arguments: `render prod-eu --check a.yaml`."""

    _is_mixing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's own, which asks this one for each of the two halves."""
        if self._is_mixing:
            return super().parse_known_args(args, namespace)
        self._is_mixing = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_mixing = False


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chaosreg",
        description="Where chaos experiments get their container images: checked, explained, compared and locked.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"chaosreg {__version__}")
    parser.add_argument("--project", default=".", metavar="DIR", help="folder of Pulumi.yaml, or below it (default: .)")
    notices.add_options(parser, before=True)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_CommandParser)
    wanted = [name for name in _COMMANDS if name in given] or _COMMANDS  # the others are not imported
    for name in _COMMANDS:
        if name not in wanted:
            commands.add_parser(name)
            continue
        module = _module(name)
        needs = f" (needs {module.NEEDS.words})" if module.NEEDS else ""
        command = commands.add_parser(
            name,
            help=module.ABOUT + needs,
            description=module.__doc__,
            epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.arguments(command)
        notices.add_options(command)
    return parser


def _module(command: str) -> ModuleType:
    return import_module(f"{__package__}.commands.{command}")


if __name__ == "__main__":
    sys.exit(main())
