"""What `ignoreChanges` does to the body of an update: whoever else owns a field keeps it. Pure functions.

As the official plugin does it (provider/pkg/await/await.go, handleSSAIgnoreFields), its limits included: it splits a
path at dots after it has put every key that is no plain word in brackets. So `data["root-user"]`, `data[".a"]`, an
annotation with a dot and an element of a list are never found, and go to the server with the value that the state has.
"""

import copy
import re
from collections.abc import Iterable, Sequence

from lab.plugins.protocol.values import Object, Value

_FOUND = re.compile(r"\w+(\.\w+)*", re.ASCII)
_PLAIN_IN_BRACKETS = re.compile(r'\["(\w+)"\]', re.ASCII)


def without_ignored(body: Object, live: Object, manager: str, ignored: Iterable[str]) -> Object:
    """`body` without the ignored fields that only others own; every other ignored field has its live value."""
    sent = copy.deepcopy(body)
    entries = live["metadata"].get("managedFields") or []
    for path in (_PLAIN_IN_BRACKETS.sub(r".\1", one) for one in ignored):
        if not _FOUND.fullmatch(path):
            continue
        steps = path.split(".")
        owners = {entry["manager"] for entry in entries if _owns(entry.get("fieldsV1") or {}, steps)}
        if owners and manager not in owners:
            _remove(sent, steps)
        else:
            value = _at(live, steps)
            if value is not None:
                _put(sent, steps, copy.deepcopy(value))
    return sent


def _owns(fields: Object, steps: Sequence[str]) -> bool:
    """Whether a set of fields has this one, or anything below it."""
    for step in steps:
        if f"f:{step}" not in fields:
            return False
        fields = fields[f"f:{step}"]
    return True


def _at(item: Value, steps: Sequence[str]) -> Value:
    for step in steps:
        item = item.get(step) if isinstance(item, dict) else None
    return item


def _remove(item: Object, steps: Sequence[str]) -> None:
    holder = _at(item, steps[:-1])
    if isinstance(holder, dict):
        holder.pop(steps[-1], None)


def _put(item: Object, steps: Sequence[str], value: Value) -> None:
    for step in steps[:-1]:
        inner = item.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        item = inner
    item[steps[-1]] = value
