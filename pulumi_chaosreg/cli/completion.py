"""What may be written next on a command line. Shells ask at each press of Tab, so this imports and reads no more than
the word in question needs, and never asks the network.

Options and choices come from the parsers, names from the stack files of the project: what is offered for an argument
follows from its metavar. Where nothing is known, the shell offers files.
"""

import argparse
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_chaosreg.cli.parsers import COMMANDS, add_common, command_module, fill
from pulumi_chaosreg.errors import ChaosregError

if TYPE_CHECKING:
    from pulumi_chaosreg.stacks.company import Company

ASKED = "__complete"
"""The first word with which the shells' scripts ask."""


def candidates(words: Sequence[str]) -> list[str]:
    """What the last of the words behind `chaosreg` may become; it may be empty, or begun."""
    *before, current = [word for word in words if word != "="] or [""]
    if words and words[-1] == "=":  # bash takes `--output=` for two words
        before, current = [*before, current], ""
    line = _Line(add_common)
    command = ""
    for word in before:
        if not command and not line.awaited and word in COMMANDS:
            command, project = word, line.project
            line = _Line(partial(fill, module=command_module(command)))
            line.project = project
        else:
            line.read(word)
    return sorted(dict.fromkeys(one for one in line.offered(current, command) if one.startswith(current)))


_PLAIN = re.compile(r"[\w./:@+-]+", re.ASCII)
"""What a shell takes as it is: names of a file that nobody has checked may be anything."""


class _Line:
    """The part of a line that one parser reads, as far as it has been written."""

    def __init__(self, fill: Callable[[argparse.ArgumentParser], None]) -> None:
        parser = argparse.ArgumentParser()
        fill(parser)
        actions = parser._actions  # argparse shows them nowhere else
        self._options = {name: action for action in actions for name in action.option_strings}
        self._positionals = [action for action in actions if not action.option_strings]
        self._read = 0
        self.project = "."
        self.awaited: argparse.Action | None = None
        """The option whose value comes next."""

    def read(self, word: str) -> None:
        """Take one whole word in."""
        name, has_value, value = word.partition("=")
        if self.awaited:
            self._take(self.awaited, word)
            self.awaited = None
        elif word in self._options:
            self.awaited = self._options[word] if self._options[word].nargs != 0 else None
        elif has_value and name in self._options:
            self._take(self._options[name], value)
        elif not word.startswith("-"):
            self._read += 1

    def offered(self, current: str, command: str) -> Iterable[str]:
        """What may come now."""
        name, has_value, value = current.partition("=")
        if self.awaited:
            return self._values(self.awaited, current)
        if has_value and name in self._options:
            return [f"{name}={one}" for one in self._values(self._options[name], value)]
        if current.startswith("-"):
            return [name for name, action in self._options.items() if action.help != argparse.SUPPRESS]
        if not command:
            return COMMANDS
        if self._positionals and (self._read < len(self._positionals) or self._positionals[-1].nargs in ("*", "+")):
            return self._values(self._positionals[min(self._read, len(self._positionals) - 1)], current)
        return ()

    def _take(self, action: argparse.Action, value: str) -> None:
        if action.dest == "project":
            self.project = value

    def _values(self, action: argparse.Action, current: str) -> Iterable[str]:
        if action.choices is not None:
            return map(str, action.choices)
        names = _NAMES.get(str(action.metavar))
        try:
            found = names(Path(self.project).expanduser().resolve(), current) if names else ()
        except (ChaosregError, OSError, RuntimeError, ValueError):  # no project, or one that cannot be read
            return ()
        return filter(_PLAIN.fullmatch, found)


def _scopes(project: Path, current: str) -> list[str]:
    """Paths of all scopes, and once something is written also the ids of infrastructures."""
    return [scope.path for scope in _company(project).scopes] + _infrastructures(project, current)


def _infrastructures(project: Path, current: str) -> list[str]:
    found = list(_company(project).infrastructures())
    return [scope.path for scope in found] + ([scope.id for scope in found] if current else [])


def _stacks(project: Path, _current: str) -> list[str]:
    return list(_company(project).files)


def _images(project: Path, _current: str) -> list[str]:
    return sorted(_company(project).catalogue.names)


def _releases(project: Path, _current: str) -> list[str]:
    return list(_company(project).catalogue.releases)


def _wanted(project: Path, current: str) -> list[str]:
    return _scopes(project, current) + _images(project, current)


def _subjects(project: Path, current: str) -> list[str]:
    if current.startswith("CHR"):
        from pulumi_chaosreg.cli.error_page import codes

        return codes()
    return _infrastructures(project, current) + _images(project, current)


def _company(project: Path) -> "Company":
    from pulumi_chaosreg.stacks.company import load_company
    from pulumi_chaosreg.stacks.project_file import find_project

    return load_company(find_project(project))[0]


_NAMES: Mapping[str, Callable[[Path, str], list[str]]] = {
    "INFRA": _infrastructures,
    "INFRA|IMAGE|CODE": _subjects,
    "SCOPE": _scopes,
    "WANTED": _wanted,
    "IMAGE": _images,
    "STACK": _stacks,
    "RELEASE": _releases,
}
"""Metavar of an argument → what may stand there."""
