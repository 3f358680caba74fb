"""What inheritance results in: plain frozen values, each decided one with its origin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope


def object_name(infrastructure: Scope) -> str:
    """What an infrastructure's ConfigMap is called in its cluster, and its pull Secret where nobody names one."""
    return f"chaos-image-registry-{infrastructure.id}"


@dataclass(frozen=True, slots=True)
class ResolvedImage:
    """One required image as the cluster will pull it."""

    name: str
    reference: Reference
    """Pinned by digest where the lockfile, or the setting itself, has one."""
    origin: Origin
    """Who decided its tag."""
    source: Reference | None = None
    """Where the mirror copies it from (pinned like `reference`); None where nobody mirrors it."""


@dataclass(frozen=True, slots=True)
class ResolvedSecret:
    """The pull Secret of one infrastructure; whether it exists is decided by plain settings only."""

    name: str
    create: bool
    credential: str | None = None
    """NAME in `chaosreg-credentials:NAME`."""
    username: str | None = None
    password_env: str | None = None


@dataclass(frozen=True, slots=True)
class ResolvedConfig:
    """Everything that one infrastructure ends up with."""

    infrastructure: Scope
    server: Decided[str]
    account: Decided[str]
    type: Decided[str]
    infrastructure_type: str
    images: tuple[ResolvedImage, ...]
    secret: Decided[ResolvedSecret] | None
    namespace: str
    create_namespace: bool
    service_accounts: tuple[str, ...]
    cluster: Mapping[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> Scope | None:
        """The scope that owns the registry: the one that sets its server; None for Harness's default."""
        return self.server.origin.scope

    def origins(self) -> Iterator[tuple[str, Origin]]:
        """(field, origin) for every value that a cluster gets to see."""
        yield "server", self.server.origin
        yield "account", self.account.origin
        yield "type", self.type.origin
        if self.secret:
            yield "secret_name", self.secret.origin
        for image in self.images:
            yield f"image.{image.name}", image.origin
