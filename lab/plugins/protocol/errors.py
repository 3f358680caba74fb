"""What can go wrong, in words that may be shown to the user: no message of these classes holds a secret."""

from collections.abc import Iterable
from dataclasses import dataclass

from lab.plugins.protocol.values import Object


class PluginError(Exception):
    """The operation failed; the text is the whole message."""


def unknown_kind(plugin: str, token: str, known: Iterable[str]) -> PluginError:
    """For a resource that a stand-in does not know, with the ways out."""
    names = ", ".join(one.rpartition(":")[2] for one in known)
    return PluginError(
        f"the lab's stand-in for the {plugin} plugin does not know {token}; it knows {names}. "
        f"Run with the official plugin (LAB_{plugin.upper()}_PLUGIN=path), or add it to lab/plugins/{plugin}/kinds.py"
    )


@dataclass
class PartialError(PluginError):
    """The object exists, but not as wanted: the engine keeps `outputs` in the state and tries again next time."""

    message: str
    identity: str
    outputs: Object
    inputs: Object | None = None  # what a refresh found instead of the declared ones

    def __str__(self) -> str:
        return self.message
