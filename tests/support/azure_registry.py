"""A registry of Azure whose tokens' passwords the lab's resource manager makes, and a machine that may push to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from lab.azure import gateway
from lab.azure.login import Azure, Client
from lab.clouds.answers import Decide
from tests.support.azure_manager import Served, azure_manager
from tests.support.cluster_issuer import ClusterIssuer

_CI = "ci"


@contextmanager
def azure_registry() -> Iterator[tuple[Served, Decide]]:
    """The manager with the environment of who may push, whom azure-identity finds; and who decides about a pull."""
    with azure_manager() as manager:
        azure = Azure(ClusterIssuer(), {_CI: Client(tenant="")}, manager.manager.tokens)
        azure.knows(manager.manager.bearer, _CI)
        yield manager, partial(gateway.decide, azure)
