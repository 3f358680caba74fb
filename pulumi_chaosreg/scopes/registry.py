"""The registry that a scope resolves to: server, path, and what belongs to the server."""

from dataclasses import dataclass
from typing import Any

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.images.platform import canonical
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope, nearest


@dataclass(frozen=True, slots=True)
class Registry:
    """Where images are pulled from. The scope that sets the server owns the registry."""

    server: Decided[str]
    account: Decided[str]
    type: Decided[str]
    kind: str | None
    """What the settings call it; None where nobody says."""
    source: Decided[str] | None
    """`server/account` that the owner's mirror copies from; None where it mirrors nothing."""

    platforms: tuple[str, ...] = ()
    """What the mirror keeps of an image, sorted; empty for all of it."""

    @property
    def owner(self) -> Scope | None:
        """None for Harness's default."""
        return self.server.origin.scope

    @property
    def path(self) -> str:
        """`server/account`."""
        return joined(self.server, self.account)


def registry_of(scope: Scope, catalogue: Catalogue, findings: list[Finding]) -> Registry:
    """The registry of a scope; what nobody says and nobody may guess goes to `findings` (CHR0211)."""
    server = nearest(scope, ("image_registry", "server")) or Decided(catalogue.default_server, Origin())
    account = nearest(scope, ("image_registry", "account"))
    if account is None:
        is_default = server.value == catalogue.default_server
        account = Decided(catalogue.default_account if is_default else "", server.origin)
    type_ = bound_to_server(scope, server, "type")
    owner = server.origin.scope
    if owner and type_ is None and not scope.is_unclear("image_registry", "type"):
        findings.append(
            Finding(
                "CHR0211",
                f"the registry `{server.value}` is neither `public` nor `private`",
                server.origin.place,
                help="add `type: private` or `type: public` beside `server`; a type belongs to its server and is not "
                "inherited from a level with another one",
            )
        )
    kind = bound_to_server(scope, server, "kind")
    source = nearest(owner, ("mirror", "source")) if owner else None
    return Registry(
        server=server,
        account=account,
        type=type_ or Decided("public", server.origin),
        kind=kind.value if kind else None,
        source=None if source and source.value == joined(server, account) else source,  # nobody mirrors onto itself
        platforms=kept_platforms(owner) if owner else (),
    )


def kept_platforms(owner: Scope) -> tuple[str, ...]:
    """What the owner's mirror keeps of an image, sorted; empty for all of it."""
    said = nearest(owner, ("mirror", "platforms"))
    return () if said is None or said.value == "all" else canonical(said.value)


def joined(server: Decided[str], account: Decided[str]) -> str:
    """`server/account`, or the server alone."""
    return "/".join(part for part in (server.value, account.value.strip("/")) if part)


def bound_to_server(scope: Scope, server: Decided[str], key: str) -> Decided[Any] | None:
    """A field that belongs to its server: what was said above the level that sets the server does not count."""
    found = nearest(scope, ("image_registry", key))
    owner = server.origin.scope
    if found and owner and found.origin.scope and not found.origin.scope.within(owner):
        return None
    return found
