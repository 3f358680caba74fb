"""A difference as it is shown: infrastructures with the same changes together, the biggest effect first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pulumi_chaosreg.cli.terminal import shortened
from pulumi_chaosreg.review.difference import Change, FieldChange
from pulumi_chaosreg.settings.yaml_file import Lines


@dataclass(frozen=True, slots=True)
class Group:
    """Infrastructures to which the same happens."""

    changes: tuple[Change, ...]

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        return self.changes[0].kind

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """What happens to each of them."""
        return self.changes[0].fields

    @property
    def weight(self) -> int:
        """How much there is to look at."""
        return len(self.changes) * max(1, len(self.fields))

    @property
    def title(self) -> str:
        """`3 infrastructures changed`."""
        count = len(self.changes)
        return f"{count} {'infrastructure' if count == 1 else 'infrastructures'} {self.kind}"


@dataclass(frozen=True, slots=True)
class Difference:
    """What is to be shown."""

    base: str
    groups: tuple[Group, ...]
    """The biggest effect first."""
    warnings: tuple[str, ...]
    """Why it may be incomplete."""

    @property
    def changes(self) -> list[Change]:
        """All of them."""
        return [change for group in self.groups for change in group.changes]


def grouped(changes: Sequence[Change]) -> tuple[Group, ...]:
    """The biggest effect first."""
    together: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        alone = change.path if change.kind != "changed" else ""  # what is new or gone has its own values
        together.setdefault((change.kind, alone, change.fields), []).append(change)
    groups = [Group(tuple(of_one)) for of_one in together.values()]
    return tuple(sorted(groups, key=lambda group: (-group.weight, group.changes[0].path)))


def with_lines(change: Change, lines: Lines) -> Change:
    """The change with the lines of its causes."""
    fields = (
        replace(field, cause=replace(field.cause, place=lines.located(field.cause.place)))
        if field.cause.place
        else field
        for field in change.fields
    )
    return replace(change, fields=tuple(fields))


def named(change: Change) -> str:
    """The infrastructure's path, with the one that it had before."""
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
