"""The documents of a layout, checked as they are read: oci-layout, index.json and contents.json against SHA256SUMS."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from pulumi_chaosreg.oci.layout.files import (
    CONTENTS,
    DOCUMENT_LIMIT,
    INDEX,
    MARK,
    SUMS,
    SUMS_LIMIT,
    not_a_layout,
    unsafe,
)
from pulumi_chaosreg.oci.layout.index import Index
from pulumi_chaosreg.oci.manifest import MalformedManifest
from pulumi_chaosreg.oci.problems import problem

Document = Callable[[str, int], bytes | None]
"""Name and limit → the file, cut one byte after the limit; None where there is none."""


def check_mark(path: Path, document: Document) -> None:
    """ChaosregError (CHR0430) unless the file says that this is a layout, of the version that we know."""
    raw = document(MARK, 1 << 10)
    if raw is None:
        raise not_a_layout(path, "it has no file `oci-layout`")
    try:
        version = json.loads(raw)["imageLayoutVersion"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise not_a_layout(path, "its file `oci-layout` names no version") from None
    if version != "1.0.0":
        raise not_a_layout(path, "its version is not 1.0.0")


def read_index(path: Path, document: Document) -> Index | None:
    """What index.json says; None where there is none."""
    raw = _bounded(path, document, INDEX, DOCUMENT_LIMIT)
    if raw is None:
        return None
    try:
        return Index.parse(raw)
    except MalformedManifest as malformed:
        raise not_a_layout(path, str(malformed)) from None


def check_sums(path: Path, document: Document) -> None:
    """Compare the documents with SHA256SUMS, where the layout has one: ChaosregError (CHR0433).

    Blobs are proved when they are used, and by `sha256sum -c SHA256SUMS`.
    """
    sums = _bounded(path, document, SUMS, SUMS_LIMIT)
    if sums is None:
        return
    said = {name: line.split()[0] for name in (INDEX, CONTENTS) for line in sums.splitlines() if _names(line, name)}
    for name in (INDEX, CONTENTS):
        raw = _bounded(path, document, name, DOCUMENT_LIMIT)
        found = hashlib.sha256(raw).hexdigest().encode() if raw is not None else None
        if said.get(name) != found:
            cause = "it is not what SHA256SUMS says" if found else "SHA256SUMS names it, but it is missing"
            raise problem("CHR0433", server=str(path), subject=f"`{name}`", cause=cause)


def _names(line: bytes, name: str) -> bool:
    return line[64:66] in (b"  ", b" *") and line[66:].removeprefix(b"./") == name.encode()


def _bounded(path: Path, document: Document, name: str, limit: int) -> bytes | None:
    raw = document(name, limit)
    if raw is not None and len(raw) > limit:
        raise unsafe(path, f"its {name} has more than {limit >> 20} MiB")
    return raw
