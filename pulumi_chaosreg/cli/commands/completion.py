"""Print what teaches a shell to complete `chaosreg`: commands, options, choices, and the names of the project in the
current folder (infrastructures, scopes, stacks, images, releases).

The script asks `chaosreg` at each press of Tab: it needs neither the network nor Pulumi, and need not be printed
again for a new version.
"""

import argparse
from collections.abc import Mapping
from importlib.resources import files

from pulumi_chaosreg.cli.needs import Needs

ABOUT = "print a shell's completion script"
NEEDS = Needs.NONE
EXITS: Mapping[int, str] = {}
EXAMPLES = """\
examples:
  chaosreg completion bash > ~/.local/share/bash-completion/completions/chaosreg
  chaosreg completion zsh > "${fpath[1]}/_chaosreg"
  chaosreg completion fish > ~/.config/fish/completions/chaosreg.fish
  source <(chaosreg completion bash)     for this shell only; in zsh: source <(chaosreg completion zsh)
"""
_SHELLS = ("bash", "zsh", "fish")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("shell", choices=_SHELLS, metavar="SHELL", help="bash, zsh or fish")


def run(options: argparse.Namespace) -> int:
    """Print the script; needs no project."""
    print(files("pulumi_chaosreg.cli").joinpath("shells", f"completion.{options.shell}").read_text("utf-8"), end="")
    return 0
