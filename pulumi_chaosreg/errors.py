"""The one family of errors: a finding says what is wrong, where, why, and what to do next.

Codes are stable; `docs/errors.md` has an entry for each. A message never repeats a credential, nor a value that
YAML or the engine has already changed (a tag `1.10` that arrived as `1.1`). Codes and messages are for people: who
decides by an error asks for its cause.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Literal

Keys = tuple[str | int, ...]
"""The path to a value in a document: keys of mappings, indexes of lists."""
Severity = Literal["error", "warning", "hint"]
"""A hint asks for nothing: it never fails a run, not even a strict one."""


class Cause(Enum):
    """What somebody who meets a finding may have to know to go on; never shown. One without a reader is not here."""

    # of a registry or a layout, planted by `oci/problems.toml`
    UNREACHABLE = "unreachable"  # nobody listens there
    UNAUTHORIZED = "unauthorized"  # other credentials are wanted, or some
    FORBIDDEN = "forbidden"  # the credentials are good, and not for this
    MISSING = "missing"  # a registry has no such tag or digest
    NOT_CARRIED = "not carried"  # a layout was written without it
    PARTS_MISSING = "parts missing"  # a manifest names what the store does not hold
    WRONG_CONTENT = "wrong content"  # bytes that are not what their digest says
    UNUSABLE = "unusable"  # right bytes, perhaps, and nothing that we can read
    IMMUTABLE = "immutable"  # a tag has other content, and keeps it
    SHARED = "shared"  # what would be deleted has another tag
    GATED = "gated"  # it is there, and is not given out before it was scanned
    BARRED = "barred"  # it is there, and a policy of the registry lets nobody have it
    RATE_LIMITED = "rate limited"
    LOST_UPLOAD = "lost upload"  # the registry forgot a session that it opened
    UNEXPLAINED = "unexplained"  # an answer that no entry of the table knows

    # of stack files
    UNREADABLE = "unreadable"  # what the file says cannot be known: no YAML, or two values for one key
    UNKNOWN_SECTION = "unknown section"  # a section that nobody reads: its words may be meant for another one
    NO_ACCOUNT = "no account"  # nothing of ours is written yet
    DAMAGED_LOCKFILE = "damaged lockfile"  # which digests it has is not known
    DAMAGED_CATALOGUE = "damaged catalogue"  # which releases a project adds is not known
    NO_DIGEST = "no digest"  # the lockfile lacks an image


@dataclass(frozen=True, slots=True)
class Place:
    """Where a setting stands: its file, the keys that lead to it, and the scope it belongs to.

    `line` counts from 1 and is None where the value came from no file (`-c`, ESC); a Python program is a file, too.
    """

    scope: str = ""
    """As a person says it: "account `acme`"; empty outside of scopes."""
    file: Path | None = None
    keys: Keys = ()
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
    cause: Cause | None = None
    """For code that decides; None where nobody does."""
    hides_value: bool = False
    """Whether an excerpt shows the key alone: the value may be a password that stands in the wrong place."""
    follows: bool = False
    """Whether it would not be there without another mistake, which has a finding of its own: see `told`."""
    follows_from: tuple[Cause, ...] = ()
    """The causes of which one, where a finding has it, explains this one away."""

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


def told(findings: Iterable[Finding]) -> list[Finding]:
    """What is told of these: not what only follows from others, which would send people to the wrong place."""
    every = list(findings)
    causes = {finding.cause for finding in every}
    return [finding for finding in every if not finding.follows and causes.isdisjoint(finding.follows_from)]


def listed(words: Iterable[str]) -> str:
    """As a sentence lists them: "`a`, `b` and `c`"."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


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

    @property
    def cause(self) -> Cause | None:
        """Of the first finding, which is the error's own; others tell what else was met on the way."""
        return self.findings[0].cause if self.findings else None

    @property
    def is_unreachable(self) -> bool:
        """Whether nobody answers at the server's address."""
        return self.cause is Cause.UNREACHABLE

    @property
    def is_denied(self) -> bool:
        """Whether it needs other credentials, or more rights: nothing is said about what is asked for."""
        return self.cause in (Cause.UNAUTHORIZED, Cause.FORBIDDEN)

    @property
    def is_gated(self) -> bool:
        """Whether it is there, and a policy of the registry keeps it back from whoever asks."""
        return self.cause in (Cause.GATED, Cause.BARRED)

    @property
    def is_barred(self) -> bool:
        """Whether no scan will change that: it was scanned, or something else than a scan is wanted."""
        return self.cause is Cause.BARRED

    @property
    def is_missing(self) -> bool:
        """Whether a registry has no such tag or digest."""
        return self.cause is Cause.MISSING

    @property
    def is_not_carried(self) -> bool:
        """Whether a layout was written without it."""
        return self.cause is Cause.NOT_CARRIED

    @property
    def lacks_parts(self) -> bool:
        """Whether a manifest was refused because the store does not hold what it names."""
        return self.cause is Cause.PARTS_MISSING

    @property
    def is_wrong_content(self) -> bool:
        """Whether bytes are not what their digest or size says."""
        return self.cause is Cause.WRONG_CONTENT

    @property
    def is_immutable(self) -> bool:
        """Whether a tag exists with other content and may not be overwritten."""
        return self.cause is Cause.IMMUTABLE

    @property
    def is_shared(self) -> bool:
        """Whether a deletion would take along another tag."""
        return self.cause is Cause.SHARED

    @classmethod
    def of(cls, code: str, message: str, *, notes: Iterable[tuple[str, str]] = (), help: str = "") -> "ChaosregError":  # noqa: A002
        """An error with one finding that has no place in a file (a registry's answer, a missing credential)."""
        return cls(Finding(code, message, notes=tuple(notes), help=help))
