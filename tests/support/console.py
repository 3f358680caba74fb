"""Console blocks of the documentation: their commands, and what they show of the output."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

_ELISION = "…"


@dataclass(frozen=True)
class Shown:
    """One command of a block."""

    words: list[str]
    """Without the comment behind it."""
    output: list[str]
    """What is shown below it."""
    line: int
    """Within the block."""

    @property
    def pipeline(self) -> list[list[str]]:
        """Its parts between `|` and `&&`."""
        parts: list[list[str]] = [[]]
        for word in self.words:
            if word in ("|", "&&"):
                parts.append([])
            else:
                parts[-1].append(word)
        return parts


def commands(text: str) -> Iterator[Shown]:
    """The commands of a block, each with the lines below it."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        assert lines[at].startswith("$ "), f"no command has this output: {lines[at]}"
        begin, command = at, lines[at][2:]
        while command.endswith("\\"):
            at += 1
            command = command[:-1] + lines[at]
        at += 1
        output = list(takewhile(lambda line: not line.startswith("$ "), lines[at:]))
        at += len(output)
        yield Shown(_words(command), output, begin)


def _words(command: str) -> list[str]:
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|&>")
    lexer.whitespace_split = True
    return list(lexer)


def is_what_is_shown(shown: list[str], output: str) -> bool:
    """Whether the output is this. A line `…` stands for any lines, `…` in a line for any text."""
    whole = "".join("(?:.*\n)*" if line == _ELISION else f"{_line(line)}[ ]*\n" for line in shown)
    return re.fullmatch(whole, output.strip("\n") + "\n") is not None


def _line(shown: str) -> str:
    return ".*".join(map(re.escape, shown.split(_ELISION)))
