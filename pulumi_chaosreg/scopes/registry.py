"""The registry that a scope resolves to: which one was chosen, by whom, who owns it, and how its owner fills it.

A registry is defined under `registries.NAME`, or by `image_registry.server` itself. Who defines it owns it; who chose
it is the origin of what it says.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.registries.kinds import RegistryKind, registry_kind
from pulumi_chaosreg.registries.servers import identity
from pulumi_chaosreg.scopes.mirror_policy import MirrorPolicy, off
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope
from pulumi_chaosreg.settings.setting import Path, Setting
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, SECTION

T = TypeVar("T")
PolicyOf = Callable[[Scope, Path, str], MirrorPolicy | None]
"""(owner, base, `server/account`) → how the owner fills it."""


@dataclass(frozen=True, slots=True)
class Registry:
    """Where images are pulled from."""

    server: Decided[str]
    """Its origin is who chose this registry."""
    account: Decided[str]
    type: Decided[str]
    kind: RegistryKind
    authentication: Decided[Mapping[str, Any]] | None = None
    """As it is written; None where nobody says."""
    owner: Scope | None = None
    """Who defines it; None for Harness's default."""
    base: Path = ()
    """Where its definition stands in the owner's section."""
    policy: MirrorPolicy | None = None
    """How its owner fills it; None where it does not."""
    off: Origin | None = None
    """Who says that somebody else fills it."""
    said_kind: Decided[str] | None = None
    """The kind that the settings name, right or wrong."""

    @property
    def path(self) -> str:
        """`server/account`."""
        return joined(self.server.value, self.account.value)

    @property
    def name(self) -> str:
        """What `registries:` calls it; empty for one without a name."""
        return self.base[1] if len(self.base) > 1 else ""

    @property
    def place(self) -> Place:
        """Where its server is written."""
        return self.owner.at(*self.base, IMAGE_REGISTRY.server.key) if self.owner else self.server.origin.place

    def is_unclear(self, setting: Setting[Any]) -> bool:
        """Whether something wrong is said of it where the registry is defined, or where its owner inherits it."""
        if self.owner is None:
            return False
        own = (setting.key,) if setting.path[:1] == IMAGE_REGISTRY.PATH else setting.path
        return self.owner.is_unclear(setting) or (bool(self.name) and self.owner.is_unclear(*self.base, *own))

    @property
    def account_place(self) -> Place:
        """Where the path is written, or else the server."""
        if self.owner and self.name:
            said = self.owner.value_at((*self.base, IMAGE_REGISTRY.account.key)) is not None
            return self.owner.at(*self.base, IMAGE_REGISTRY.account.key) if said else self.place
        return self.account.origin.place

    @property
    def type_place(self) -> Place:
        """Where its type is written."""
        if self.owner and self.name:
            return self.owner.at(*self.base, IMAGE_REGISTRY.type.key)
        return self.type.origin.place


@dataclass(frozen=True, slots=True)
class Definition:
    """An entry of `registries:`."""

    owner: Scope
    name: str

    @property
    def base(self) -> Path:
        """Where it stands in the owner's section."""
        return (SECTION.registries.key, self.name)

    def get(self, setting: Setting[T]) -> T | None:
        """What it says for a setting of `image_registry`."""
        value: T | None = self.owner.value_at((*self.base, setting.key))
        return value

    @property
    def path(self) -> str:
        """`server/account`; empty where it has no server, which is told."""
        server = self.get(IMAGE_REGISTRY.server)
        return joined(server, self.get(IMAGE_REGISTRY.account) or "") if server else ""


def is_same(one: str, other: str) -> bool:
    """Whether two `server/account` are one, whichever of its names a registry is called by."""
    (server, _, account), (server_of_other, _, account_of_other) = one.partition("/"), other.partition("/")
    return account == account_of_other and identity(server) == identity(server_of_other)


_DEFINING = (SECTION.registries.key, SECTION.image_registry.key)


def definitions(scope: Scope) -> Iterator[Path]:
    """Where the scope defines registries: `registries.NAME`, or `image_registry` itself."""
    if scope.settings.keys().isdisjoint(_DEFINING):  # as nearly all of many infrastructures
        return
    for name in scope.get(SECTION.registries) or ():
        yield (SECTION.registries.key, name)
    if scope.get(IMAGE_REGISTRY.server):
        yield IMAGE_REGISTRY.PATH


def defined(owner: Scope, base: Path, catalogue: Catalogue, policy_of: PolicyOf) -> Registry | None:
    """The registry that the owner defines there, whoever chooses it; None where it says no server, which is told."""
    if not owner.value_at((*base, IMAGE_REGISTRY.server.key)):
        return None
    if base == IMAGE_REGISTRY.PATH:
        return _unnamed(owner, owner, catalogue, policy_of)[0]
    return _defined(Definition(owner, base[1]), Origin(owner, base), None, policy_of)


def joined(server: str, account: str) -> str:
    """`server/account`, or the server alone."""
    return "/".join(part for part in (server, account.strip("/")) if part)


def visible(scope: Scope) -> Iterator[Definition]:
    """Every registry that the scope may choose by name, the nearest first."""
    for level in reversed(scope.chain()):
        for name in level.get(SECTION.registries) or ():
            yield Definition(level, name)


def by_name(scope: Scope, policy_of: PolicyOf) -> list[Registry]:
    """The same as registries, each as it is written: whoever chooses another one says nothing of these."""
    return [_defined(one, Origin(one.owner, one.base), None, policy_of) for one in visible(scope) if one.path]


def chooser(scope: Scope) -> tuple[Scope | None, str]:
    """(the nearest level that chooses a registry, the name that it says); no name where it writes a server itself."""
    for level in reversed(scope.chain()):
        if name := level.get(IMAGE_REGISTRY.name):
            return level, name
        if level.get(IMAGE_REGISTRY.server):
            return level, ""
    return None, ""


def chosen(scopes: Iterable[Scope]) -> set[tuple[Scope, Path]]:
    """(owner, where it is defined) of each registry that some level chooses: others have a name only for a login, or
    for later.
    """
    found: set[tuple[Scope, Path]] = set()
    for scope in scopes:
        if scope.get(IMAGE_REGISTRY.server):
            found.add((scope, IMAGE_REGISTRY.PATH))
        if name := scope.get(IMAGE_REGISTRY.name):
            found.update((one.owner, one.base) for one in visible(scope) if one.name == name)
    return found


def registry_of(scope: Scope, catalogue: Catalogue, policy_of: PolicyOf) -> tuple[Registry, list[Finding]]:
    """The registry of a scope, and what nobody says of it and nobody may guess (CHR0211)."""
    chosen_by, name = chooser(scope)
    if chosen_by is None:
        server = Decided(catalogue.default_server, Origin())
        account = _nearest(scope, scope.chain()[0], IMAGE_REGISTRY.account)
        account = account or Decided(catalogue.default_account, Origin())
        said = _nearest(scope, scope.chain()[0], IMAGE_REGISTRY.type)
        login = _nearest(scope, scope.chain()[0], IMAGE_REGISTRY.authentication)
        return Registry(server, account, said or Decided("public", Origin()), registry_kind(server.value), login), []
    found = next((one for one in visible(chosen_by) if one.name == name), None) if name else None
    if found:
        return _named(scope, chosen_by, found, policy_of)
    return _unnamed(scope, chosen_by, catalogue, policy_of)


def _named(scope: Scope, by: Scope, found: Definition, policy_of: PolicyOf) -> tuple[Registry, list[Finding]]:
    """Taken whole; only who one is there may be said by who chooses it, and below."""
    own = _nearest(scope, by, IMAGE_REGISTRY.authentication)
    registry = _defined(found, Origin(by, IMAGE_REGISTRY.name.path), own, policy_of)
    unclear = found.get(IMAGE_REGISTRY.type) or found.owner.is_unclear(*found.base, IMAGE_REGISTRY.type.key)
    return registry, [] if unclear or not registry.server.value else [_no_type(registry)]


def _defined(
    found: Definition, origin: Origin, own: Decided[Mapping[str, Any]] | None, policy_of: PolicyOf
) -> Registry:
    """What an entry defines; `own` is who one is there, where somebody says it beside the name."""
    written = found.get(IMAGE_REGISTRY.authentication)
    defined = Origin(found.owner, (*found.base, IMAGE_REGISTRY.authentication.key))
    server = Decided(found.get(IMAGE_REGISTRY.server) or "", origin)
    account = Decided(found.get(IMAGE_REGISTRY.account) or "", origin)
    said_kind = found.get(IMAGE_REGISTRY.kind)
    kind = registry_kind(server.value, said_kind)
    policy = policy_of(found.owner, found.base, joined(server.value, account.value))
    login = own or (Decided(written, defined) if written is not None else None)
    return Registry(
        server,
        account,
        Decided(found.get(IMAGE_REGISTRY.type) or "public", origin),
        kind,
        login,
        found.owner,
        found.base,
        policy,
        off(found.owner, found.base),
        said_kind=Decided(said_kind, Origin(found.owner, (*found.base, IMAGE_REGISTRY.kind.key)))
        if said_kind
        else None,
    )


def _unnamed(scope: Scope, owner: Scope, catalogue: Catalogue, policy_of: PolicyOf) -> tuple[Registry, list[Finding]]:
    server = Decided(owner.get(IMAGE_REGISTRY.server) or "", Origin(owner, IMAGE_REGISTRY.server.path))
    account = _nearest(scope, _after_a_name(owner), IMAGE_REGISTRY.account)
    if account is None:
        is_default = server.value == catalogue.default_server
        account = Decided(catalogue.default_account if is_default else "", server.origin)
    type_ = _nearest(scope, owner, IMAGE_REGISTRY.type)
    kind = _nearest(scope, owner, IMAGE_REGISTRY.kind)
    registry = Registry(
        server,
        account,
        type_ or Decided("public", server.origin),
        registry_kind(server.value, kind.value if kind else None),
        _nearest(scope, owner, IMAGE_REGISTRY.authentication),
        owner,
        IMAGE_REGISTRY.PATH,
        policy_of(owner, IMAGE_REGISTRY.PATH, joined(server.value, account.value)),
        off(owner, IMAGE_REGISTRY.PATH),
        said_kind=kind,
    )
    unclear = type_ is not None or scope.is_unclear(IMAGE_REGISTRY.type)
    return registry, [] if unclear else [_no_type(registry)]


def _after_a_name(owner: Scope) -> Scope:
    """The level from which a path counts for a server: whoever chose a name took that registry whole."""
    chain = owner.chain()
    last = max((number for number, level in enumerate(chain) if level.get(IMAGE_REGISTRY.name)), default=-1)
    return chain[last + 1]


def _nearest(scope: Scope, top: Scope, setting: Setting[T]) -> Decided[T] | None:
    """The nearest value from the scope up to `top`: what belongs to a server is not inherited from above it."""
    for level in reversed(scope.chain()):
        value = level.get(setting)
        if value is not None:
            return Decided(value, Origin(level, setting.path))
        if level is top:
            break
    return None


def setting(scope: Scope | None, name: str) -> str:
    """The command that gives the credential of this NAME its value, in the scope's stack."""
    stack = f" --stack {scope.stack}" if scope and scope.stack else ""
    return f"pulumi config set{stack} --secret chaosreg-credentials:{name}"


def _no_type(registry: Registry) -> Finding:
    return Finding(
        "CHR0211",
        f"the registry `{registry.server.value}` is neither `public` nor `private`",
        registry.place,
        help="add `type: public` beside `server`, or `type: private` with `authentication`; they belong to their "
        "server and are not inherited from a level with another one",
    )
