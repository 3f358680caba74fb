"""Why a field has its value: what each level says about it, which of them decides, and who may change it."""

from dataclasses import dataclass

from pulumi_chaosreg.errors import Place
from pulumi_chaosreg.review.explained_settings import field_of_setting
from pulumi_chaosreg.scopes.locks import Lock, lock_on
from pulumi_chaosreg.scopes.model import Origin, Scope
from pulumi_chaosreg.scopes.resolved import Field, ResolvedConfig, shown
from pulumi_chaosreg.scopes.unknown import known_fields
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, LOCKABLE, SECTION


@dataclass(frozen=True, slots=True)
class Statement:
    """What one level says that bears on a field."""

    setting: str
    """`images.tags.chaos-ddcr`."""
    value: str
    place: Place
    decides: bool
    remark: str = ""
    """Why it does not count, where that is not simply that a nearer level says otherwise."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One field of one infrastructure."""

    field: str
    value: str
    origin: Origin
    levels: tuple[tuple[Scope, tuple[Statement, ...]], ...]
    """Account first."""
    lock: Lock | None
    """What forbids the infrastructure to set what is `locked`."""
    locked: tuple[str, ...]
    """The settings behind the field that may not be set."""
    free: tuple[str, ...]
    """Those that may."""
    is_unknown: bool = False
    """Whether a wrong setting hides the value; that setting is the origin, then."""


_OF_A_REGISTRY = tuple(row.path for row in (IMAGE_REGISTRY.account, IMAGE_REGISTRY.type, IMAGE_REGISTRY.kind))


def explain(resolved: ResolvedConfig, name: str) -> Explanation | None:
    """None where the infrastructure has no such field, and there is no such setting."""
    field = next((field for field in known_fields(resolved) if field.name == name), None)
    field = field or field_of_setting(resolved, name)
    if field is None:
        return None
    infrastructure = resolved.infrastructure
    levels = tuple((scope, tuple(_statements(scope, field, resolved))) for scope in infrastructure.chain())
    own = [path for path in field.settings if path[0] != SECTION.registries.key]  # a definition is its owner's
    if resolved.registry.name:  # a chosen name is taken whole
        own = [path for path in own if path not in _OF_A_REGISTRY]
    locks = {path: lock_on(infrastructure, path) if path[0] in LOCKABLE else None for path in own}
    locked = tuple(".".join(path) for path, lock in locks.items() if lock)
    free = tuple(".".join(path) for path, lock in locks.items() if not lock)
    lock = next((lock for lock in locks.values() if lock), None)
    return Explanation(field.name, field.value, field.origin, levels, lock, locked, free, field.is_unknown)


def _statements(scope: Scope, field: Field, resolved: ResolvedConfig) -> list[Statement]:
    settings, origin = field.settings, field.origin
    said = [_statement(scope, path, origin, resolved) for path in settings if scope.value_at(path) is not None]
    registry = resolved.registry
    if registry.owner is scope and registry.name and any(path[0] == SECTION.image_registry.key for path in settings):
        said.append(_statement(scope, registry.base, origin, resolved))
    if field.is_unknown and scope is origin.scope and scope.value_at(origin.path) is None:
        said.append(Statement(".".join(origin.path), field.value, origin.place, decides=True))
    return said


def _statement(scope: Scope, path: Path, origin: Origin, resolved: ResolvedConfig) -> Statement:
    return Statement(
        setting=".".join(path),
        value=shown(scope.value_at(path)),
        place=scope.at(*path),
        decides=scope is origin.scope and path == origin.path,
        remark="belongs to another server" if _belongs_elsewhere(scope, path, resolved) else "",
    )


def _belongs_elsewhere(scope: Scope, path: Path, resolved: ResolvedConfig) -> bool:
    """Whether it is said of a registry that a nearer level does not choose."""
    chosen_by = resolved.registry.server.origin.scope
    of_server = (IMAGE_REGISTRY.type.path, IMAGE_REGISTRY.authentication.path)
    return path in of_server and chosen_by is not None and not scope.within(chosen_by)
