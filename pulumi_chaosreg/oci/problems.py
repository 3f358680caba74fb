"""What can go wrong between us and a registry: the errors of `problems.toml`, and which answer means which."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

from pulumi_chaosreg.errors import Cause, ChaosregError, Finding

_EXCERPT = 300
_LACKS_PARTS = re.compile(r"\b(?:MANIFEST_)?BLOB_UNKNOWN\b")
"""What registries say of a manifest whose blobs, or children, they do not hold."""


class RegistryError(ChaosregError):
    """A registry could not or would not do what it was asked."""

    def __init__(
        self, finding: Finding, *, status: int | None = None, transient: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(finding)
        self.status = status
        """Of the HTTP answer; None where there was none."""
        self.transient = transient
        """Whether the same request may succeed in a moment. False once somebody has waited for that in vain."""
        self.retry_after = retry_after
        """Seconds that the registry asked us to wait."""
        self.elsewhere = False
        """Whether another host said it, to which the registry had sent us."""


class Cancelled(ChaosregError):  # noqa: N818
    """The caller asked to stop; nothing was tagged."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer with its body, which is cut where the asker's limit was."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def errors(self) -> tuple[str, str]:
        """The registry's own error codes and its words: one line, printable, of any length."""
        codes, text = "", self.body.decode("utf-8", "replace")
        try:
            errors = [error for error in json.loads(text)["errors"] if isinstance(error, dict)]
        except (ValueError, KeyError, TypeError, RecursionError):
            text = re.sub(r"<[^>]*>", " ", text)  # proxies answer in HTML
        else:
            codes = " ".join(str(error.get("code", "")) for error in errors)
            text = "; ".join(" ".join(_words(error)) for error in errors)
        return codes, re.sub(r"\s+", " ", "".join(char if char.isprintable() else " " for char in text)).strip()


def excerpt(text: str) -> str:
    """As much of it as fits into a message."""
    return text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…"


def problem(
    code: str,
    *,
    server: str,
    notes: Iterable[tuple[str, str]] = (),
    status: int | None = None,
    transient: bool = False,
    retry_after: float | None = None,
    because: Cause | None = None,
    **values: object,
) -> RegistryError:
    """The error of that code; `values` fill the blanks of its message. `because`: a cause other than the table's."""
    entry = _table()[code]
    message = entry["message"].format(server=server, status=status, **values)
    cause = because or (Cause(entry["is"]) if "is" in entry else None)
    finding = Finding(
        code,
        message,
        notes=tuple(notes),
        help=entry["help"].format(server=server),
        severity=entry.get("severity", "error"),
        cause=cause,
    )
    return RegistryError(finding, status=status, transient=transient, retry_after=retry_after)


@contextmanager
def compression_named(headers: Mapping[str, str]) -> Iterator[None]:
    """Says of wrong content whether it came compressed, as the answer's headers tell; nobody asked for that.

    Right content may be called compressed: object stores keep the header with layers whose own bytes are gzip.
    """
    try:
        yield
    except RegistryError as failure:
        encoding = headers.get("Content-Encoding") or "identity"
        if failure.cause in (Cause.WRONG_CONTENT, Cause.UNUSABLE) and encoding != "identity":
            note = ("came", f"compressed (`{encoding}`) by a proxy before the registry, against our request")
            failure.findings = tuple(replace(finding, notes=(*finding.notes, note)) for finding in failure.findings)
            failure.args = (str(failure),)
        raise


def cancelled(image: str) -> Cancelled:
    """The error of a copy that was told to stop."""
    entry = _table()["CHR0417"]
    return Cancelled(Finding("CHR0417", entry["message"].format(image=image), help=entry["help"]))


def code_of(status: int, codes: str, text: str, *, kind: str, writing: bool, by_login: bool = False) -> str:
    """Which of our errors an answer is: the first entry of the table with a matching row.

    `kind` is what was asked for (`manifest`, `blob`, `tags`, `token`), `writing` whether we wanted to change something,
    `by_login` whether somebody asked whom the registry may know.
    """
    for code, entry in _table().items():
        for row in entry.get("when", ()):
            if (
                status in row.get("status", (status,))
                and kind in row.get("kind", (kind,))
                and writing == row.get("writing", writing)
                and by_login == row.get("by_login", by_login)
                and re.search(row.get("says", ""), f"{codes} {text}", re.IGNORECASE)
            ):
                return code
    return "CHR0413"


def lacks_parts(codes: str, text: str) -> bool:
    """Whether that is a registry's answer to a manifest whose parts it does not hold."""
    return bool(_LACKS_PARTS.search(f"{codes} {text}"))


def _words(error: Mapping[str, Any]) -> Iterable[str]:
    yield str(error.get("message") or error.get("code") or "")
    if detail := error.get("detail"):
        yield f"({detail if isinstance(detail, str) else json.dumps(detail)})"


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("problems.toml").read_text("utf-8"))
