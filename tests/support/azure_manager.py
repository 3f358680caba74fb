"""The lab's resource manager in this process, with what azure-identity needs to log in to it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from werkzeug.serving import make_server

from lab.azure.manager import HEADER, Manager

REGISTRY = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/chaos/providers/"
    "Microsoft.ContainerRegistry/registries/acmeprod"
)


@dataclass
class Served:
    """Where it is."""

    manager: Manager
    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """By which azure-identity and our plugin find it, and nobody else."""
        return {
            "ARM_ENDPOINT": self.endpoint,
            "IDENTITY_ENDPOINT": f"{self.endpoint}/msi/token",
            "IDENTITY_HEADER": HEADER,
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        }

    @property
    def generated(self) -> int:
        """How often a password was made."""
        return sum(one.endswith("/generateCredentials") for one in self.manager.asked)


@contextmanager
def azure_manager(*, polls: int = 1) -> Iterator[Served]:
    """One for a test."""
    manager = Manager(polls=polls)
    server = make_server("127.0.0.1", 0, manager, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Served(manager, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
