"""The command line as a whole: its commands, what they take, and what `--help` says of them."""

import argparse
import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn

from pulumi_chaosreg import __version__
from pulumi_chaosreg.cli import notices
from pulumi_chaosreg.settings.near_misses import did_you_mean

COMMANDS = (
    "init",
    "validate",
    "resolve",
    "explain",
    "diff",
    "affected",
    "doctor",
    "lock",
    "mirror",
    "mirror-job",
    "prune",
    "adopt",
    "hosts",
    "render",
    "move",
    "releases",
    "schema",
    "completion",
)
"""In the order of the list. Each is the module of its name in `commands/`, with `_` for `-`."""

ALWAYS = {0: "all is well", 2: "could not run; standard error says why", 130: "interrupted (Ctrl-C)"}
"""What exit codes mean where a command's `EXITS` says nothing else."""

DESCRIPTION = "Where chaos experiments get their container images: checked, explained, compared and locked."
EXAMPLES = """\
examples:
  chaosreg validate                  check every stack file of the project in this folder
  chaosreg resolve prod-eu           what this infrastructure ends up with, and who decided it
  chaosreg explain prod-eu server    which level set it, which others tried, which lock it
  chaosreg diff origin/main          what this branch changes in each cluster
  chaosreg doctor prod-eu            why its images cannot be pulled
  chaosreg lock --check              which tags have moved since they were locked
  chaosreg lock --upgrade            follow the tags that have moved
  chaosreg render prod-eu agent.yaml   the manifest with the images that this infrastructure pulls
  chaosreg mirror -vv                also show each request to a registry

`chaosreg COMMAND --help` has more.
"""


class _WholeParser(argparse.ArgumentParser):
    """Says which command was probably meant."""

    def error(self, message: str) -> NoReturn:
        """As argparse's own, where the command is one that there is."""
        unknown = re.search(r"argument COMMAND: invalid choice: '([^']*)'", message)
        if unknown:
            near = did_you_mean(unknown[1], COMMANDS, 0.6)
            message = f"there is no command `{unknown[1]}`; {near}commands: {', '.join(COMMANDS)}"
        super().error(message)


class _CommandParser(argparse.ArgumentParser):
    """Takes options also between other arguments: `render prod-eu --check a.yaml`. What it does not know is an error
    of its own, with its own usage.
    """

    _is_mixing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse's own, which asks this one for each of the two halves."""
        if self._is_mixing:
            return super().parse_known_args(args, namespace)
        self._is_mixing = True
        try:
            known, unknown = self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_mixing = False
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return known, unknown


def whole_parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """For these words; only the commands that they name are imported, or all where they name none."""
    parser = _WholeParser(
        prog="chaosreg",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_common(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_CommandParser)
    wanted = [name for name in COMMANDS if name in given] or COMMANDS
    for name in COMMANDS:
        if name not in wanted:
            commands.add_parser(name)
            continue
        module = command_module(name)
        needs = f" (needs {module.NEEDS.words})" if module.NEEDS else ""
        command = commands.add_parser(
            name,
            help=module.ABOUT + needs,
            description=module.__doc__,
            epilog=f"{module.EXAMPLES}\n{_exits(module)}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        fill(command, module)
    return parser


def add_common(parser: argparse.ArgumentParser) -> None:
    """What stands before the command's name."""
    parser.add_argument("--version", action="version", version=f"chaosreg {__version__}")
    parser.add_argument("--project", default=".", metavar="DIR", help="folder of Pulumi.yaml, or below it (default: .)")
    notices.add_options(parser, before=True)


def fill(parser: argparse.ArgumentParser, module: ModuleType) -> None:
    """What stands behind it."""
    module.arguments(parser)
    notices.add_options(parser)


def command_module(command: str) -> ModuleType:
    """The module of a command."""
    return import_module(f"{__package__}.commands.{command.replace('-', '_')}")


def exits_of(module: ModuleType) -> Mapping[int, str]:
    """Exit code → what it means, sorted."""
    return dict(sorted({**ALWAYS, **module.EXITS}.items()))


def _exits(module: ModuleType) -> str:
    return "exit codes:\n" + "".join(f"  {code:<4} {said}\n" for code, said in exits_of(module).items())
