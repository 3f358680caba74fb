"""Why a field has its value: what each level says about it, which of them decides, and who may change it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from pulumi_chaosreg.errors import Place
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.scopes.locks import lock_above
from pulumi_chaosreg.scopes.model import Origin, Scope
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.scopes.settings import LOCKABLE

Path = tuple[str, ...]

_PATHS: dict[str, tuple[Path, ...]] = {
    "server": (("image_registry", "server"),),
    "account": (("image_registry", "account"),),
    "type": (("image_registry", "type"),),
    "secret_name": (("image_registry", "authentication"), ("pull_secret", "name")),
    "pull_secret.create": (("image_registry", "authentication"), ("pull_secret", "create")),
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
    """The level that forbids the infrastructure, and perhaps levels above it, to set the field."""


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
    lockable = any(path[0] in LOCKABLE for of_scope in paths for path in of_scope)
    return Explanation(field, value, origin, levels, lock_above(resolved.infrastructure) if lockable else None)


def _settings_of(field: str, scope: Scope, catalogue: Catalogue) -> list[Path]:
    if not field.startswith("image."):
        return list(_PATHS.get(field, (tuple(field.split(".")),)))
    image = field.removeprefix("image.")
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
        value=_shown(scope.get(path)),
        place=scope.at(*path),
        decides=scope is origin.scope and path == origin.path,
        remark="belongs to another server" if belongs_elsewhere else "",
    )


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {item}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def locks_in(chain: tuple[Scope, ...]) -> Iterator[tuple[Scope, str]]:
    """(scope, how) for each scope of a chain that locks what is below it."""
    for above, below in pairwise(chain):
        if lock_above(below) is above:
            said = above.settings.get("allow_overrides") is False
            yield above, "allow_overrides: false" if said else "sets them without allow_overrides: true"
