"""The file that `pulumi import --file` reads (pulumi/pulumi, pkg/cmd/pulumi/operations/import.go).

What is in the state already stays out of it: the engine refuses a resource that it has, unless the id is the same to
the letter, and ids may name their region in a file and not in the state. Components, which a stack has only after its
first `up`, are made on the way: nothing can be imported below a parent that is not there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_chaosreg.adoption.protocol import Imported

Key = tuple[str, str]
"""(type, name) of a resource in a stack."""


@dataclass(frozen=True, slots=True)
class Component:
    """A component that resources hang below."""

    type: str
    name: str
    below: Key | None = None
    """None at the root."""

    @property
    def key(self) -> Key:
        """How others say that they hang below it."""
        return self.type, self.name


def import_file(
    components: Iterable[Component], resources: Iterable[tuple[Imported, Key]], known: Mapping[Key, str]
) -> dict[str, Any]:
    """The file's content, or an empty one where everything is known. `components`: what is above, first; `resources`:
    each with what it hangs below; `known`: what the stack has, with its URNs.
    """
    new = [(one, parent) for one, parent in resources if (one.type, one.name) not in known]
    needed = {parent for _, parent in new}
    above: list[Component] = []
    for component in reversed(list(components)):
        if component.key in needed and component.key not in known:
            above.insert(0, component)
            needed |= {component.below} if component.below else set()
    table = {_label(*key): known[key] for key in needed if key in known}
    return {
        "nameTable": dict(sorted(table.items())),
        "resources": [
            *({**_entry(one.type, one.name, one.below), "component": True} for one in above),
            *({**_entry(one.type, one.name, parent), **_told(one)} for one, parent in new),
        ],
    }


def _entry(type_: str, name: str, parent: Key | None) -> dict[str, Any]:
    """Parents are named by `name`, which is the file's own business; what the stack calls a resource is its
    `logicalName`.
    """
    entry = {"type": type_, "name": _label(type_, name), "logicalName": name}
    return {**entry, "parent": _label(*parent)} if parent else entry


def _told(one: Imported) -> dict[str, str]:
    return {"id": one.id, **({"version": one.version} if one.version else {})}


def _label(type_: str, name: str) -> str:
    return f"{type_.rpartition(':')[2]} {name}"
