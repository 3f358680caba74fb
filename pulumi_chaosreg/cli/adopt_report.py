"""What `chaosreg adopt` says: a table of differences for people, one document for programs."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pulumi_chaosreg.adoption.import_file import Key
from pulumi_chaosreg.adoption.protocol import Difference, Effect, FoundRepository
from pulumi_chaosreg.cli.terminal import colored, shortened
from pulumi_chaosreg.provision.protocol import OwnedRegistry

_MOST_NAMES = 8
_HEADINGS = ("setting", "there", "ours", "`pulumi up`")


class Standing(StrEnum):
    """What becomes of one repository."""

    MISSING = "missing"  # `up` makes it
    KNOWN = "in the stack"  # imported or made before
    REFUSED = "refused"  # it cannot be made to fit
    ADOPTED = "adopted"  # it is in the import file


def standing(repository: FoundRepository, known: Mapping[Key, str]) -> Standing:
    """What becomes of a repository, with a stack that has these."""
    if not repository.is_there:
        return Standing.MISSING
    first = repository.imports[0]
    if (first.type, first.name) in known:
        return Standing.KNOWN
    return Standing.REFUSED if repository.refused else Standing.ADOPTED


@dataclass(frozen=True, slots=True)
class Looked:
    """One registry, and what is there for our images."""

    registry: OwnedRegistry
    repositories: tuple[FoundRepository, ...]
    others: tuple[str, ...] | None
    """None where nobody may ask for all."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that there is to say."""

    scope: str
    stack: str
    looked: Sequence[Looked]
    skipped: Mapping[str, str]
    """Registry → why nothing is made there that could be adopted."""
    known: Mapping[Key, str]
    """What the stack has."""
    content: Mapping[str, Any]
    """The import file's."""
    file: Path | None
    """Where it was written."""

    def of(self, wanted: Standing) -> list[FoundRepository]:
        """Those of all registries that stand so."""
        return [one for looked in self.looked for one in standing_so(looked, wanted, self.known)]


def standing_so(looked: Looked, wanted: Standing, known: Mapping[Key, str]) -> list[FoundRepository]:
    """Those of one registry."""
    return [one for one in looked.repositories if standing(one, known) is wanted]


def as_json(report: Report) -> str:
    """`registries` with `repositories` and their `differences`, and `import`: the import file's content."""
    document = {
        "scope": report.scope,
        "stack": report.stack,
        "registries": [_plain(report, looked) for looked in report.looked],
        "import": report.content,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_text(report: Report) -> str:
    """A block for each registry, and what to do next."""
    lines: list[str] = []
    for looked in report.looked:
        lines += [*_of_registry(report, looked), ""]
    skipped = [f"{shortened(path)}: nothing to adopt, {reason}" for path, reason in report.skipped.items()]
    lines += [*skipped, ""] if skipped else []
    return "\n".join([*lines, *_next(report)]) + "\n"


def _plain(report: Report, looked: Looked) -> dict[str, Any]:
    return {
        "registry": looked.registry.path,
        "repositories": [
            {
                "repository": one.path,
                "standing": str(standing(one, report.known)),
                "differences": [
                    {
                        "setting": each.setting,
                        "there": each.there,
                        "ours": each.ours,
                        "effect": str(each.effect),
                        "keep": each.keep,
                    }
                    for each in one.differences
                ],
            }
            for one in looked.repositories
        ],
        "left_alone": None if looked.others is None else list(looked.others),
    }


def _of_registry(report: Report, looked: Looked) -> Iterator[str]:
    yield colored(shortened(looked.registry.path), "bold")
    by = {each: standing_so(looked, each, report.known) for each in Standing}
    alike: dict[tuple[Difference, ...], list[FoundRepository]] = {}
    for one in (*by[Standing.REFUSED], *by[Standing.ADOPTED]):
        alike.setdefault(one.differences, []).append(one)
    for differences, repositories in alike.items():
        names = _listed([one.path for one in repositories])
        yield f"  {names}" if differences else f"  {names}: as `up` would make it"
        yield from _table(differences)
    for each, words in ((Standing.KNOWN, f"in stack `{report.stack}` already"), (Standing.MISSING, "not there")):
        if by[each]:
            yield f"  {words}: {_listed([one.path for one in by[each]])}"
    if looked.others is None:
        yield "  left alone: anything else, which this identity cannot list"
    elif looked.others:
        yield f"  left alone, without an image of ours: {_listed(looked.others)}"


def _table(differences: Sequence[Difference]) -> Iterator[str]:
    if not differences:
        return
    rows = [
        _HEADINGS,
        *((shortened(d.setting), shortened(d.there), shortened(d.ours), _effect(d)) for d in differences),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for number, row in enumerate(rows):
        line = "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
        refused = number > 0 and differences[number - 1].effect is Effect.REFUSE
        yield f"    {colored(line, *(['dim'] if number == 0 else ['red'] if refused else []))}"


def _effect(difference: Difference) -> str:
    keep = f"; keep theirs with {shortened(difference.keep)}" if difference.keep else ""
    return f"{difference.effect}{keep}"


def _next(report: Report) -> Iterator[str]:
    adopted, missing = report.of(Standing.ADOPTED), report.of(Standing.MISSING)
    count = f"{len(adopted)} repositor{'y' if len(adopted) == 1 else 'ies'} to adopt"
    made = f", {len(missing)} that `up` makes" if missing else ""
    if not report.content["resources"]:
        yield f"nothing to adopt{made}"
    elif report.file is None:
        yield f"{count}{made}: `--file FILE` writes what `pulumi import` reads"
    else:
        yield f"{count}{made}. Next, and `up` shows no other difference than these:"
        stack = shlex.quote(report.stack)
        file = shlex.quote(str(report.file))
        yield f"  pulumi import --file {file} --stack {stack} --generate-code=false"
        yield f"  pulumi up --stack {stack}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(map(shortened, names[:_MOST_NAMES]))
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown
