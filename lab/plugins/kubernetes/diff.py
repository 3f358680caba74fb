"""What differs between an object as it is and as the program wants it, path by path. Pure functions."""

from collections.abc import Iterator
from dataclasses import dataclass

from lab.plugins.kubernetes.kinds import Kind
from lab.plugins.kubernetes.objects import (
    as_declared,
    inputs_in,
    is_autonamed,
    live_in,
    name_of,
    namespace_of,
    without_empty,
)
from lab.plugins.kubernetes.settings import Settings
from lab.plugins.protocol.changes import Change, Difference, Path
from lab.plugins.protocol.values import Object, Unknown, Value, reveal

_ABSENT = object()


@dataclass(frozen=True)
class ObjectDiff:
    """All differences of one object, and whether it must go before its replacement can come."""

    changes: tuple[Change, ...]
    in_the_way: bool


def diff_object(kind: Kind, settings: Settings, state: Object, new_inputs: Object) -> ObjectDiff:
    """Compare what the state knows of the live object, as far as the program had declared it, with the new inputs.

    Comparing with the live object, not with the old inputs, is what makes drift visible after a refresh.
    """
    live, new = live_in(state), _comparable(kind, reveal(new_inputs))
    old = _comparable(kind, as_declared(live, inputs_in(state)))
    if name_of(new):
        old["metadata"]["name"] = name_of(live)
    replacing = [tuple(field.split(".")) for field in settings.replacing_fields(kind, new)]
    changes = tuple(
        Change(path, change, any(path[: len(field)] == field for field in replacing))
        for path, change in _compare(old, new, ())
    )
    stays_in_place = name_of(new) == name_of(live) and namespace_of(new) == namespace_of(live)
    return ObjectDiff(
        changes,
        # An auto-named object gets a new name, so that the new one can be there before the old one goes.
        in_the_way=stays_in_place and bool(name_of(new)) and not is_autonamed(new),
    )


def _comparable(kind: Kind, item: Object) -> Object:
    item = dict(without_empty(item))
    metadata = item.get("metadata", {})
    if isinstance(metadata, dict):
        default = {"namespace": "default"} if kind.namespaced else {}
        item["metadata"] = default | metadata
    return item


def _compare(old: Value, new: Value, path: Path) -> Iterator[tuple[Path, Difference]]:
    if new is _ABSENT:
        yield path, "DELETE"
    elif old is _ABSENT:
        yield path, "ADD"
    elif isinstance(new, Unknown):
        yield path, "UPDATE"
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _compare(old.get(key, _ABSENT), new.get(key, _ABSENT), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else _ABSENT
            after = new[index] if index < len(new) else _ABSENT
            yield from _compare(before, after, (*path, index))
    elif old != new:
        yield path, "UPDATE"
