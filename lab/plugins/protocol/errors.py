"""What can go wrong, in words that may be shown to the user: no message of these classes holds a secret."""

from __future__ import annotations

from dataclasses import dataclass

from lab.plugins.protocol.values import Object


class PluginError(Exception):
    """The operation failed; the text is the whole message."""


@dataclass
class PartialError(PluginError):
    """The object exists, but not as wanted: the engine keeps `outputs` in the state and tries again next time."""

    message: str
    identity: str
    outputs: Object

    def __str__(self) -> str:
        return self.message
