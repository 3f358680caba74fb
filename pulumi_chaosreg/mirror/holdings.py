"""What is known about which repository of a target holds which blob."""

import threading
from collections import defaultdict

from pulumi_chaosreg.registries.kinds import registry_kind


class Holdings:
    """Learned in this run, by looking and by writing. Never asked of a registry here, and possibly out of date."""

    def __init__(self) -> None:
        self._repositories: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self._refused: set[tuple[str, str | None]] = set()
        self._mountless: set[str] = set()
        self._guard = threading.Lock()

    def add(self, server: str, repository: str, digest: str) -> None:
        """That repository holds that blob."""
        with self._guard:
            self._repositories[server, digest][repository] = None

    def holds(self, server: str, repository: str, digest: str) -> bool:
        """Whether the repository is known to hold the blob."""
        with self._guard:
            return repository in self._repositories[server, digest]

    def mountable(self, server: str, repository: str, digest: str) -> str | None:
        """Another repository from which the blob may be mounted; the first that is known."""
        with self._guard:
            if server in self._mountless:
                return None
            others = (other for other in self._repositories[server, digest] if (server, other) not in self._refused)
            return next((other for other in others if other != repository), None)

    def is_on(self, server: str, digest: str) -> bool:
        """Whether any repository of the server is known to hold the blob."""
        with self._guard:
            return bool(self._repositories[server, digest])

    def refuse(self, server: str, repository: str | None) -> None:
        """The registry did not mount from that repository, or (None) into the one that it was asked for: not again."""
        with self._guard:
            self._refused.add((server, repository))
            if repository is not None and registry_kind(server).mounts_by_setting:
                self._mountless.add(server)

    def mounts_from_itself(self, server: str) -> bool:
        """Whether a blob may be mounted from the very repository that it is for, as far as is known."""
        with self._guard:
            return (server, None) not in self._refused

    def forget(self, server: str) -> None:
        """What was known about that server is no longer true."""
        with self._guard:
            for key in [key for key in self._repositories if key[0] == server]:
                del self._repositories[key]
