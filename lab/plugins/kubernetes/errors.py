"""What can go wrong with a cluster, in words that may be shown to the user: no message holds a secret."""

from dataclasses import dataclass

from lab.plugins.protocol.errors import PluginError


class UnreachableError(PluginError):
    """There is no cluster to talk to: bad kubeconfig, unknown context, or no answer."""


@dataclass
class ApiError(PluginError):
    """The API server refused; `reason` is its word for why (`AlreadyExists`, `Conflict`, `NotFound` …)."""

    code: int
    reason: str
    message: str
    about: str = ""  # the plural of the kind that the server names: `namespaces` when the namespace is missing

    def __str__(self) -> str:
        return self.message

    @property
    def missing(self) -> bool:
        return self.reason == "NotFound"

    @property
    def namespace_missing(self) -> bool:
        return self.missing and self.about == "namespaces"
