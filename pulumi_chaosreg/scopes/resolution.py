"""What one infrastructure ends up with: the nearest level wins, field by field, and every value keeps its origin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.catalogue import Release, load_catalogue
from pulumi_chaosreg.images.lockfile import pinned
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.model import Decided, Level, Origin, Scope, merged, nearest

DEFAULT_NAMESPACE = "hce"
"""Harness's own default for the namespace of an infrastructure."""


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
    adopt: bool = False


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


def resolve(
    infrastructure: Scope, locked: Mapping[str, str], has_value: "HasValue | None" = None
) -> tuple[ResolvedConfig, list[Finding]]:
    """The resolved config of an infrastructure, and what is wrong with it.

    `has_value(scope, name)` tells whether a stack file of the chain holds `chaosreg-credentials:<name>`; without
    it every named credential counts as there.
    """
    findings: list[Finding] = []
    catalogue = load_catalogue()
    server = _text(infrastructure, ("image_registry", "server")) or Decided(catalogue.default_server, Origin())
    account = _text(infrastructure, ("image_registry", "account"))
    if account is None:
        account = Decided(catalogue.default_account if server.origin.scope is None else "", server.origin)
    namespace = nearest(infrastructure, ("namespace", "name"))
    create_namespace = nearest(infrastructure, ("namespace", "create"))
    service_accounts = nearest(infrastructure, ("service_accounts",))
    kind = nearest(infrastructure, ("type",))
    resolved = ResolvedConfig(
        infrastructure=infrastructure,
        server=server,
        account=account,
        type=_bound_to_server(infrastructure, server, "type") or Decided("public", server.origin),
        infrastructure_type=kind.value if kind else "ddcr",
        images=(),
        secret=None,
        namespace=namespace.value if namespace else DEFAULT_NAMESPACE,
        create_namespace=create_namespace is None or bool(create_namespace.value),
        service_accounts=tuple(service_accounts.value) if service_accounts else (),
        cluster=_cluster(infrastructure),
    )
    return (
        _with_images_and_secret(resolved, locked, has_value, findings),
        findings,
    )


class HasValue:
    """Protocol by shape: called with (scope, name), tells whether that credential has a value in a stack file."""

    def __call__(self, scope: Scope, name: str) -> bool:
        """Whether a stack file of the scope's chain holds the value."""
        raise NotImplementedError
