"""A difference as it is shown: one row for each thing that changes, over all subjects that it changes for."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from pulumi_chaosreg.cli.terminal import shortened
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.review.credential_changes import CredentialChange
from pulumi_chaosreg.review.difference import Change, Comparison, FieldChange
from pulumi_chaosreg.review.facts import CREDENTIAL, HOLDER
from pulumi_chaosreg.review.marks import Mark
from pulumi_chaosreg.review.touched import Touched
from pulumi_chaosreg.settings.yaml_file import Lines

_SHOWN_ELSEWHERE = (CREDENTIAL, HOLDER)
"""Who gets which credential has a section of its own."""


@dataclass(frozen=True, slots=True)
class Row:
    """The same change of one field, for everybody whom it concerns."""

    kind: str
    """`changed`, `added` or `removed`, of the subjects."""
    field: str
    before: str
    after: str
    because: str
    where: tuple[str, ...]
    """Paths, sorted."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be shown."""

    base: str
    comparison: Comparison
    stacks: tuple[Touched, ...]
    """Those to bring `up`, in order."""
    gone: tuple[str, ...]
    """Stacks that have no file any more."""
    warnings: tuple[str, ...]
    """Why it may be incomplete."""

    @property
    def is_nothing(self) -> bool:
        """Whether there is no change to tell of."""
        return self.comparison.is_empty and not self.stacks and not self.gone

    def waves(self) -> list[list[str]]:
        """The stacks to bring `up`: each list needs the ones before it."""
        numbers = sorted({one.wave for one in self.stacks})
        return [[one.stack for one in self.stacks if one.wave == number] for number in numbers]

    def untold(self) -> list[Touched]:
        """Stacks to bring `up` of which no other row tells why."""
        found = self.comparison
        told = {change.stack for change in (*found.infrastructures, *found.registries)}
        told |= {change.stack for change in found.credentials}
        return [one for one in self.stacks if one.stack not in told]


def of_value(change: CredentialChange) -> str:
    """What has become of a credential's value; empty where it is the same."""
    if change.is_lost:
        return "its value is no longer in this file"
    words = "in plain text now" if change.is_exposed else "another value" if change.has_other_value else ""
    return f"{words}, for {counted(change.users, 'user')}" if words else ""


def counted(count: int, word: str) -> str:
    """`1 stack`, `2 stacks`, `2 registries`."""
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
    return f"{count} {word if count == 1 else plural}"


def headline(shown: Shown) -> str:
    """`600 infrastructures (600 changed), 60 clusters, 61 stacks to bring up`."""
    changes = shown.comparison.infrastructures
    kinds = [change.kind for change in changes]
    said = [f"{kinds.count(kind)} {kind}" for kind in ("changed", "added", "removed") if kind in kinds]
    parts = [f"{counted(len(kinds), 'infrastructure')} ({', '.join(said)})"] if said else ["no infrastructure changes"]
    parts += [counted(shown.comparison.clusters, "cluster")] if kinds else []
    return ", ".join([*parts, f"{counted(len(shown.stacks), 'stack')} to bring up"])


def rows(changes: Iterable[Change]) -> list[Row]:
    """One row for each change that is not the same as another one, the widest first; of what is gone there is none."""
    together: dict[tuple[str, str, str, str, str], list[str]] = {}
    for change in changes:
        for field in change.fields if change.kind != "removed" else ():
            if field.field not in _SHOWN_ELSEWHERE:
                key = (change.kind, field.field, *_values(field), caused(field))
                together.setdefault(key, []).append(named(change))
    made = [Row(*key, tuple(sorted(where))) for key, where in together.items()]
    return sorted(made, key=lambda row: (-len(row.where), row.where, row.kind))


def _values(field: FieldChange) -> tuple[str, str]:
    """Before and after; of an image that stays where it is only what differs, so that many registries have one row."""
    before, after = field.before or "", field.after or ""
    if before and after and field.field.startswith("image."):
        old, new = Reference.parse(before), Reference.parse(after)
        if old.name == new.name and before != old.name and after != new.name:
            before, after = before.removeprefix(old.name), after.removeprefix(new.name)
    return before, after


def with_lines(comparison: Comparison, lines: Lines) -> Comparison:
    """The comparison with the lines of its causes."""

    def located(change: Change) -> Change:
        fields = (
            replace(field, cause=replace(field.cause, place=lines.located(field.cause.place)))
            if field.cause.place
            else field
            for field in change.fields
        )
        return replace(change, fields=tuple(fields))

    return replace(
        comparison,
        infrastructures=tuple(map(located, comparison.infrastructures)),
        registries=tuple(map(located, comparison.registries)),
        levels=tuple(map(located, comparison.levels)),
    )


def is_untold(change: Change) -> bool:
    """Whether a changed subject has no row: it has another name, stack or credential only."""
    return change.kind == "changed" and all(field.field in _SHOWN_ELSEWHERE for field in change.fields)


def named(change: Change) -> str:
    """The subject's path, with the one that it had before."""
    return f"{change.moved_from} → {change.path}" if change.moved_from else change.path


def advices(change: Change) -> list[str]:
    """What somebody has to do besides `up`."""
    if not change.left_stack:
        return []
    command = f"chaosreg move {change.path} --from {change.left_stack}"
    return [f"moves from stack {change.left_stack} to {change.stack}: run `{command}` before `up`"]


def caused(field: FieldChange) -> str:
    """Why the field changes, and where that stands now."""
    place = field.cause.place
    where = f" ({replace(place, scope='')!s})" if place and place.file else ""
    return shortened(field.cause.text) + where


def marked(marks: Iterable[Mark]) -> list[tuple[str, str, tuple[str, ...]]]:
    """(sign, text, paths) of each mark, what is the same for many together."""
    together: dict[tuple[str, str], list[str]] = {}
    for mark in marks:
        together.setdefault((str(mark.sign), mark.text), []).append(mark.where)
    return [(*key, tuple(paths)) for key, paths in together.items()]


def listed(names: Sequence[str], most: int, spelled: Callable[[str], str] = str) -> str:
    """The names, or the first of them and how many there are beside them."""
    left = len(names) - most
    said = ", ".join(map(spelled, names[: most if left > 1 else len(names)]))
    return f"{said} and {left} more" if left > 1 else said


def whom(where: Sequence[str], everybody: Sequence[str], word: str, spelled: Callable[[str], str] = str) -> str:
    """Whom a row concerns: all who change, or some by name."""
    if len(where) > 1 and len(where) == len(everybody):
        return f"all {counted(len(where), word)}"
    if len(where) > 3:
        return f"{counted(len(where), word)}: {listed(where, 3, spelled)}"
    return listed(where, 3, spelled)
