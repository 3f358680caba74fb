"""The lockfile: one sorted line per source, `server/repository:tag: digest`, written only by `chaosreg lock`.

Where a mirror keeps some platforms only, one more line says what the image becomes then:
`server/repository:tag#linux/amd64,linux/arm64: digest`. The file is what lets a preview know every digest without the
network, and `up` copy exactly what was reviewed.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pulumi_chaosreg.errors import Cause, ChaosregError, Finding, Place
from pulumi_chaosreg.images.platform import canonical
from pulumi_chaosreg.images.reference import DIGEST, Reference

FILE_NAME = "chaosreg.lock.yaml"
_HEADER = "# Written by `chaosreg lock`. Commit it: previews and `up` read the digests from here.\n"
_MARK_OF_A_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?: |$)")
_LINE = re.compile(r"^(?P<source>\S+): (?P<digest>\S+)$")


def read_lockfile(path: Path) -> dict[str, str]:
    """Source (`server/repository:tag`) → digest; empty where there is no lockfile yet.

    Raises ChaosregError (CHR0303) for each line that is not of the lockfile's form, or for the marks of a merge.
    """
    locked: dict[str, str] = {}
    findings: list[Finding] = []
    try:
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        message = f"the lockfile cannot be read: {cause}"
        damaged = Finding("CHR0101", message, Place(file=path), cause=Cause.DAMAGED_LOCKFILE)
        raise ChaosregError(damaged) from None
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if _MARK_OF_A_CONFLICT.match(line):
            message = "the lockfile has merge conflict markers"
            place, advice = Place(file=path, line=number), "keep one side, or neither, and run `chaosreg lock`"
            raise ChaosregError(Finding("CHR0303", message, place, help=advice, cause=Cause.DAMAGED_LOCKFILE))
        entry = _LINE.match(line)
        if not entry or not DIGEST.match(entry["digest"]) or entry["source"] in locked:
            findings.append(
                Finding(
                    "CHR0303",
                    "this line of the lockfile is not `server/repository:tag: sha256:<64 hex>`, or is a duplicate",
                    Place(file=path, line=number),
                    help="remove the line and run `chaosreg lock`; do not edit the lockfile by hand",
                    cause=Cause.DAMAGED_LOCKFILE,
                )
            )
        else:
            locked[entry["source"]] = entry["digest"]
    if findings:
        raise ChaosregError(findings)
    return locked


def write_lockfile(path: Path, locked: Mapping[str, str]) -> bool:
    """Write the lines sorted by source; False where the file says that already (it is then left alone)."""
    text = _HEADER + "".join(f"{source}: {digest}\n" for source, digest in sorted(locked.items()))
    if path.exists() and path.read_text("utf-8") == text:
        return False
    scratch = path.with_suffix(".tmp")
    scratch.write_text(text, "utf-8", newline="\n")  # on Windows, too: it is committed
    scratch.replace(path)
    return True


def subset_key(source: Reference, platforms: Sequence[str]) -> str:
    """What the lockfile calls a source of which these platforms only are mirrored. Where a setting names the source's
    digest, no other line has it: it stands in this one.
    """
    return f"{source}#{','.join(canonical(platforms))}"


def pinned(reference: Reference, locked: Mapping[str, str]) -> Reference:
    """The reference with its locked digest; as it is where the lockfile has none or it carries one already."""
    return reference if reference.digest else reference.with_digest(locked.get(reference.tagged))
