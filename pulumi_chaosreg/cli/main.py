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
from pulumi_chaosreg.errors import ChaosregError

_COMMANDS = {
    "init": "write a first stacks/ folder, by questions or flags",
    "validate": "find what is wrong in the stack files",
    "resolve": "show what each infrastructure ends up with",
    "explain": "show who decided a value of an infrastructure, or what an error code means",
    "diff": "show what an edit changes for each infrastructure",
    "affected": "list the stacks that an edit touches, in the order of their `up`",
    "lock": "write stacks/chaosreg.lock.yaml: source tag → digest (needs the network)",
    "mirror": "copy what the registries' owners mirror, all at once (needs the network)",
    "prune": "remove from the mirrors what nobody is configured to pull any more (needs the network)",
    "adopt": "take over repositories that are there already (needs the network and pulumi)",
    "render": "put an infrastructure's images and pull Secrets into Kubernetes manifests or chart values",
    "move": "move a scope's resources to the stack whose file holds it now (needs pulumi)",
    "releases": "list the releases that the catalogue knows, and their images' tags",
    "schema": "print the JSON Schema of stack files, for editors",
}
"""Name → what it does. A command is the module of its name beside this one: `arguments(parser)` and `run(options)`."""

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
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_CommandParser)
    for name, about in _COMMANDS.items():
        command = commands.add_parser(name, help=about, formatter_class=argparse.RawDescriptionHelpFormatter)
        if name in given:  # the others are not imported
            module = _module(name)
            command.description, command.epilog = module.__doc__, module.EXAMPLES
            module.arguments(command)
    return parser


def _module(command: str) -> ModuleType:
    return import_module(f"{__package__}.{command}")


if __name__ == "__main__":
    sys.exit(main())
