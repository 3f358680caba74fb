"""What the steps look at, and what they leave for those after them."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_chaosreg.credentials.login import LoginSource
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.kubernetes.client import Cluster, KubernetesError
from pulumi_chaosreg.kubernetes.workloads import listed
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.oci import Host, Patience, Registry
from pulumi_chaosreg.oci.line import Line
from pulumi_chaosreg.scopes.delivery import Delivery
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage

_PATIENCE = Patience(tries=3, longest=5.0, total=15.0, idle=20.0)
"""Somebody waits; and an outage is what they want to hear of."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all cases of an infrastructure share."""

    config: ResolvedConfig
    problems: Sequence[Finding]
    """Errors of the project's stack files."""
    catalogue: Catalogue = field(repr=False)
    machine: MachineLogins = field(default_factory=MachineLogins)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    _answers: dict[str, dict[str, Any] | KubernetesError] = field(default_factory=dict, repr=False)

    @property
    def namespace(self) -> str:
        """Where the Pods are, and so their Secrets."""
        return self.config.namespace.value

    @property
    def cluster(self) -> Cluster:
        """The infrastructure's."""
        given = self.config.of_cluster()
        return Cluster(given.get("context"), given.get("kubeconfig"))

    def secret(self, name: str) -> dict[str, Any]:
        """A Secret of the namespace as the cluster has it; KubernetesError."""
        return self.ask(f"secrets/{name}")

    def ask(self, what: str) -> dict[str, Any]:
        """GET in the infrastructure's namespace, once for each object; KubernetesError. A cluster that did not answer
        is not waited for again.
        """
        return self._once(what, lambda path: self.cluster.request("GET", path))

    def list(self, what: str) -> list[dict[str, Any]]:
        """All objects of a kind in the namespace, likewise."""
        found: list[dict[str, Any]] = self._once(what, lambda path: {"items": [*listed(self.cluster, path)]})["items"]
        return found

    def _once(self, what: str, get: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
        path = f"/api/v1/namespaces/{self.namespace}/{what}"
        silent = (one for one in self._answers.values() if isinstance(one, KubernetesError) and one.is_unreachable)
        found = self._answers.get(path) or next(silent, None)
        if found is None:
            try:
                found = get(path)
            except KubernetesError as error:
                found = error
            self._answers[path] = found
        if isinstance(found, KubernetesError):
            raise found
        return found


def hindrance(error: KubernetesError, needed: str) -> tuple[Finding, ...]:
    """Why the cluster could not be looked at; `needed` is the right that a login needs for it."""
    advice = f"who runs this needs {needed}"
    return tuple(replace(one, help=advice) if error.status == 403 else one for one in error.findings)


@dataclass(frozen=True, slots=True)
class Access:
    """How one image is asked for."""

    source: LoginSource | None
    """None: as everybody."""
    stands_in: bool = False
    """Whether it is this machine's login, for one that the cluster has and we do not: that it is refused proves nothing
    about the cluster.
    """


@dataclass(slots=True)
class Case:
    """One registry of one infrastructure."""

    around: Surroundings
    server: str
    images: tuple[ResolvedImage, ...]
    asks_login: bool = True
    """Left by the step that knocks at `/v2/`."""
    access: dict[ResolvedImage, Access] = field(default_factory=dict)
    """Left by the step that reads the pull Secret."""
    _host: Host = field(default_factory=lambda: Host(_PATIENCE))
    _clients: dict[Access, Registry] = field(default_factory=dict, repr=False)

    @property
    def line(self) -> Line:
        """How this machine reaches the server."""
        return Line.to(self.server, self.around.environment)

    @property
    def anonymous(self) -> Registry:
        """A client without a login, that nobody uses afterwards."""
        return Registry(self.server, host=self._host)

    def delivery_of(self, image: ResolvedImage) -> Delivery | None:
        """How the credential for it reaches the kubelet; None where it is pulled without one."""
        config, name = self.around.config, f"{image.reference.name}/"
        others = [one for one in config.others if name.startswith(f"{one.registry.path}/")]
        if others:
            return max(others, key=lambda one: len(one.registry.path)).delivery
        return config.delivery if self.server == config.registry.server.value else None

    def clients(self) -> Iterator[tuple[Registry, Access, list[ResolvedImage]]]:
        """A client for each login, the same every time, with the images that are asked for with it."""
        for access in dict.fromkeys(self.access.values()):
            if access not in self._clients:
                self._clients[access] = Registry(self.server, access.source, host=self._host)
            yield self._clients[access], access, [image for image, how in self.access.items() if how == access]
