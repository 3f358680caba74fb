"""What all resources of one run of the plugin share."""

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Run:
    """What the engine has told so far."""

    has_program: bool = False
    """Whether a program registers resources of ours; with a plain `destroy` nobody does."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set when the engine wants the run to end."""
    has_checked: bool = False
    """Whether the engine has asked us to check a resource: it does so for all before it deletes the first one."""
    _kept: set[Hashable] = field(default_factory=set)
    _logins: dict[Hashable, Callable[[], Any]] = field(default_factory=dict, repr=False)

    def keep(self, thing: Hashable) -> None:
        """A resource of this run stands for this. All of them are checked before the first one is deleted."""
        self._kept.add(thing)

    def is_kept(self, thing: Hashable) -> bool:
        """Whether a resource of this run has taken it over, so that a deletion leaves it: the engine creates first and
        deletes last, and what it deletes knows nothing of what has come in its place.
        """
        return thing in self._kept

    def keep_login(self, place: Hashable, login: Any) -> None:
        """A resource of this run has this login for a place; in memory only, and in no `repr`."""
        self._logins[place] = lambda: login

    def login(self, place: Hashable) -> Any:
        """The one that this run has there; None for none. What a deletion has of its own is that of the last `up`."""
        return self._logins.get(place, lambda: None)()

    @property
    def leaves_out(self) -> bool:
        """Whether a program has resources of ours of which none was checked: a run with `--target`."""
        return self.has_program and not self.has_checked
