"""What a table says of one kind of resource."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab.plugins.protocol.properties import Kind
from lab.plugins.protocol.values import Object


@dataclass(frozen=True)
class Recorded(Kind):
    """A kind of which only the program's words are known, and what follows from them."""

    identity: str = "{name}"
    """The id, from the inputs."""
    computed: Mapping[str, str | Callable[[Object], str]] = field(default_factory=dict)
    """Output → its value, from the inputs."""
    made_up: frozenset[str] = frozenset()
    """Those of them that nobody knows before `up`."""
    keeps: Callable[[Object], str | None] = lambda outputs: None
    """Why the provider refuses to delete it; None where it does not."""
