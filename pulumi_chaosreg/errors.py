"""The one family of errors: a finding says what is wrong, where, why, and what to do next.

Codes are stable; `docs/errors.md` has an entry for each. A message never repeats a credential, nor a value that
YAML or the engine has already changed (a tag `1.10` that arrived as `1.1`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning", "hint"]
"""A hint asks for nothing: it never fails a run, not even a strict one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a setting stands: its file, the keys that lead to it, and the scope it belongs to.

    `line` counts from 1 and is None where the value did not come from a file (`-c`, ESC, a Python program).
    """

    scope: str = ""
    """As a person says it: "account `acme`"; empty outside of scopes."""
    file: Path | None = None
    keys: tuple[str | int, ...] = ()
    line: int | None = None

    def __str__(self) -> str:
        file = self.file
        if file and file.is_relative_to(Path.cwd()):
            file = file.relative_to(Path.cwd())
        where = f"{file}:{self.line}" if file and self.line else str(file or "")
        return "  ".join(part for part in (where or "configuration", self.scope) if part)


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake, printed in the form of a compiler's message."""

    code: str
    message: str
    place: Place | None = None
    excerpt: str = ""
    """The offending `key: value`, as written; left out where the value may be secret or was changed on the way."""
    notes: tuple[tuple[str, str], ...] = ()
    """(label, text) pairs: `locked by`, `first given at`…"""
    help: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        lines = [f"{self.severity}[{self.code}]: {self.message}"]
        if self.place:
            lines.append(f"  --> {self.place}")
        if self.excerpt:
            lines.append(f"   |  {self.excerpt}")
        lines += [f"   = {label}: {text}" for label, text in self.notes]
        if self.help:
            lines.append(f"   = help: {self.help}")
        return "\n".join(map(visible, lines))


def visible(text: str) -> str:
    """The text on one line, with nothing in it that steers a terminal: other characters as escapes."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


class ChaosregError(Exception):
    """What we raise; carries one or more findings and prints all of them."""

    def __init__(self, findings: Finding | Iterable[Finding]) -> None:
        self.findings: Sequence[Finding] = (findings,) if isinstance(findings, Finding) else tuple(findings)
        super().__init__(str(self))

    def __str__(self) -> str:
        return "\n\n".join(str(finding) for finding in self.findings)

    @classmethod
    def of(cls, code: str, message: str, *, notes: Iterable[tuple[str, str]] = (), help: str = "") -> "ChaosregError":  # noqa: A002
        """An error with one finding that has no place in a file (a registry's answer, a missing credential)."""
        return cls(Finding(code, message, notes=tuple(notes), help=help))
