"""Why a field has its value: what each level says about it, which of them decides, and who may change it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from pulumi_chaosreg.errors import Place
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.scopes.locks import lock_above, locks_explicitly
from pulumi_chaosreg.scopes.model import Origin, Scope
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.table import LOCKABLE

Path = tuple[str, ...]

_PATHS: dict[str, tuple[Path, ...]] = {
    "server": (("image_registry", "server"),),
    "account": (("image_registry", "account"), ("image_registry", "server")),
    "type": (("image_registry", "type"),),
    "secret_name": (("image_registry", "authentication"), ("pull_secret", "name")),
    "pull_secret.create": (("image_registry", "authentication"), ("pull_secret", "create")),
    "pull_secret.credential": (("image_registry", "authentication"),),
    "pull_secret.username": (("image_registry", "authentication"),),
    "pull_secret.password_env": (("image_registry", "authentication"),),
    "infrastructure_type": (("type",),),
    "namespace": (("namespace", "name"),),
}
"""Field → the settings that it comes from, where it is not simply the setting of its own name."""


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
    locked_by: Scope | None
    """The level that forbids the infrastructure, and perhaps levels above it, to set what is `locked`."""
    locked: tuple[str, ...]
    """The settings behind the field that may not be set."""
    free: tuple[str, ...]
    """Those that may."""


def explain(resolved: ResolvedConfig, field: str, catalogue: Catalogue) -> Explanation | None:
    """None where the infrastructure has no such field."""
    found = next(((value, origin) for name, value, origin in resolved.fields() if name == field), None)
    if found is None:
        return None
    value, origin = found
    chain = resolved.infrastructure.chain()
    paths = [_settings_of(field, scope, catalogue) for scope in chain]
    levels = tuple(
        (scope, tuple(_statement(scope, path, origin, resolved) for path in of_scope if scope.get(path) is not None))
        for scope, of_scope in zip(chain, paths, strict=True)
    )
    lock = lock_above(resolved.infrastructure)
    settings = dict.fromkeys(path for of_scope in paths for path in of_scope)
    locked = tuple(".".join(path) for path in settings if lock and path[0] in LOCKABLE)
    free = tuple(".".join(path) for path in settings if not lock or path[0] not in LOCKABLE)
    return Explanation(field, value, origin, levels, lock if locked else None, locked, free)


def _settings_of(field: str, scope: Scope, catalogue: Catalogue) -> list[Path]:
    kind, _, image = field.partition(".")
    if kind not in ("image", "digest"):
        return list(_PATHS.get(field, (tuple(field.split(".")),)))
    if image not in catalogue.names:  # a second tag of one image stands behind its name
        image = next((name for name in catalogue.names if image.startswith(f"{name}.")), image)
    custom = [key for key in scope.get(("custom_images",)) or () if catalogue.image_of(key) == image]
    return [
        *(("custom_images", key) for key in custom),
        ("images", "tags", image),
        ("required_images",),
        ("images", "release"),
    ]


def _statement(scope: Scope, path: Path, origin: Origin, resolved: ResolvedConfig) -> Statement:
    owner = resolved.owner
    belongs_elsewhere = path[-1] in ("type", "authentication") and len(path) > 1 and owner and not scope.within(owner)
    return Statement(
        setting=".".join(path),
        value=shown(scope.get(path)),
        place=scope.at(*path),
        decides=scope is origin.scope and path == origin.path,
        remark="belongs to another server" if belongs_elsewhere else "",
    )


def shown(value: object) -> str:
    """A setting's value on one line, as people write it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {item}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def locks_in(chain: tuple[Scope, ...]) -> Iterator[tuple[Scope, str]]:
    """(scope, how) for each scope of a chain that locks what is below it."""
    for above, below in pairwise(chain):
        if lock_above(below) is above:
            yield (
                above,
                "allow_overrides: false" if locks_explicitly(above) else "sets them without allow_overrides: true",
            )
