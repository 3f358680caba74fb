"""What differs between a resource as the state knows it and as the program wants it. Pure functions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lab.plugins.protocol.changes import Change, Path
from lab.plugins.protocol.properties import Kind, Property, is_autonamed
from lab.plugins.protocol.values import Object, Unknown, Value, reveal

_ANY = Property()


@dataclass(frozen=True)
class ResourceDiff:
    """All differences of one resource, and whether its replacement must make room for itself first."""

    changes: tuple[Change, ...]
    delete_before_replace: bool


def diff_resource(kind: Kind, state: Object, new_inputs: Object) -> ResourceDiff:
    """Compare what the state knows of the live resource with the new inputs, so that a refresh makes drift visible."""
    new = reveal(new_inputs)
    changes = tuple(_object(kind.inputs, reveal(state), new, ()))
    return ResourceDiff(
        changes,
        # pulumi-terraform-bridge, pkg/tfbridge/schema.go, nameRequiresDeleteBeforeReplace: a name that was not made
        # up is taken for one that only one resource can have.
        delete_before_replace=any(change.replaces for change in changes)
        and (kind.delete_before_replace or not is_autonamed(kind, new)),
    )


def _object(
    known: Mapping[str, Property], old: Object, new: Object, above: Path, *, replaces: bool = False
) -> Iterator[Change]:
    for name, about in known.items():
        yield from _property(about, old.get(name), new.get(name), (*above, name), replaces=replaces)


def _property(about: Property, old: Value, new: Value, path: Path, *, replaces: bool) -> Iterator[Change]:
    replaces = replaces or about.replaces
    if new is None and about.left_as_it_is:
        return
    if isinstance(new, Unknown):
        yield Change(path, "UPDATE", replaces)
    elif _is_nothing(old) and _is_nothing(new):
        return
    elif old is None or _is_empty(old):
        yield Change(path, "ADD", replaces)
    elif new is None or _is_empty(new):
        yield Change(path, "DELETE", replaces)
    elif isinstance(old, dict) and isinstance(new, dict):
        known = about.fields or dict.fromkeys(sorted(old.keys() | new.keys()), _ANY)
        yield from _object(known, old, new, path, replaces=replaces)
    elif isinstance(old, list) and isinstance(new, list):
        each = Property(fields=about.fields)
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else None
            after = new[index] if index < len(new) else None
            yield from _property(each, before, after, (*path, index), replaces=replaces)
    elif not about.same(old, new):
        yield Change(path, "UPDATE", replaces)


def _is_nothing(value: Value) -> bool:
    """Terraform knows no difference between what is absent and what is empty, or false."""
    return value is None or value is False or _is_empty(value)


def _is_empty(value: Value) -> bool:
    return isinstance(value, str | list | dict) and not value
