"""The parts of the lab."""

from collections.abc import Callable, Iterable

from lab.errors import LabError
from lab.parts.engine import Engine
from lab.parts.kubernetes import Kubernetes
from lab.parts.node import Node
from lab.parts.olareg import Olareg
from lab.parts.part import Part, UnavailableError
from lab.parts.registry import Registry
from lab.parts.upstream import Upstream

__all__ = ["TABLE", "Part", "UnavailableError", "chosen"]

TABLE: dict[str, Callable[[], Part]] = {
    "engine": Engine,
    "upstream": Upstream,
    "registry": Registry,
    "olareg": Olareg,
    "kubernetes": Kubernetes,
    "node": Node,
}
"""Name → how to make it, in the order in which they are built."""


def chosen(names: Iterable[str]) -> list[str]:
    """The named parts (none named: all) and what they need, in the order of the table."""
    wanted = list(names) or list(TABLE)
    for name in wanted:  # grows while we go through it
        if name not in TABLE:
            raise LabError(f"no part is called `{name}`; there are: {', '.join(TABLE)}")
        wanted += [needed for needed in TABLE[name]().needs if needed not in wanted]
    return [name for name in TABLE if name in wanted]
