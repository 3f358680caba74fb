"""What cannot be known of an infrastructure as long as a setting is wrong: it is left out, and what an outer level or
Harness's default says in its place is not what anybody meant.
"""

from collections.abc import Iterator
from dataclasses import replace

from pulumi_chaosreg.scopes.locks import lock_on
from pulumi_chaosreg.scopes.model import Origin, Scope
from pulumi_chaosreg.scopes.resolved import Field, ResolvedConfig
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import CLUSTER, IMAGE_REGISTRY, MIRROR, PULL_SECRET, SECTION

UNKNOWN = "unknown: see the error"

_WHICH_REGISTRY = (IMAGE_REGISTRY.server.path, IMAGE_REGISTRY.account.path, IMAGE_REGISTRY.name.path)
_FROM_IT = ("account", "type", "secret_name", "image.", "registry.", "pull_secret.", "mirror", "unverified")
"""How the names of fields begin that depend on which registry it is."""
_HOSTS = (MIRROR.source.path, SECTION.custom_images.path, PULL_SECRET.PATH, CLUSTER.provider.path)
"""What decides of hosts, beside the registry."""


def known_fields(config: ResolvedConfig) -> Iterator[Field]:
    """All fields; one that depends on a wrong setting says `UNKNOWN`, and its origin is that setting."""
    if not any(scope.left_out for scope in config.infrastructure.chain()):
        yield from config.fields()
        return
    registry = _wrong_registry(config)
    for field in config.fields():
        yield _known(config, field, registry if field.name.startswith(_FROM_IT) else None)


def known(config: ResolvedConfig, field: Field) -> Field:
    """The same of one that is not among its fields."""
    return _known(config, field, None)


def _known(config: ResolvedConfig, field: Field, wrong: Origin | None) -> Field:
    wrong = wrong or _wrong(config.infrastructure, _paths(config, field), field.origin.scope)
    return replace(field, value=UNKNOWN, origin=wrong, is_unknown=True) if wrong else field


def are_hosts_unknown(config: ResolvedConfig) -> bool:
    """Whether a setting is wrong that decides which hosts are asked."""
    return bool(_wrong_registry(config) or _wrong(config.infrastructure, _HOSTS, None))


def _paths(config: ResolvedConfig, field: Field) -> tuple[Path, ...]:
    return _of_registry(config) if field.name == "server" else field.settings


def _of_registry(config: ResolvedConfig) -> tuple[Path, ...]:
    """What says which registry it is: of one with a name also its definition."""
    return (*_WHICH_REGISTRY, config.registry.base) if config.registry.name else _WHICH_REGISTRY


def _wrong_registry(config: ResolvedConfig) -> Origin | None:
    scope = config.infrastructure
    owner = config.registry.owner if config.registry.name else config.registry.server.origin.scope
    return _wrong(scope, _of_registry(config), owner)


def _wrong(scope: Scope, paths: tuple[Path, ...], decided_by: Scope | None) -> Origin | None:
    """The nearest wrong setting about one of the paths, up to the level whose value counts; None for none. What a lock
    forbids is not meant: the value from above holds without it.
    """
    for level in reversed(scope.chain()):
        for said in sorted(level.left_out, key=str):
            path = tuple(map(str, said))
            if any(path[: len(one)] == one[: len(path)] for one in paths) and not (path and lock_on(level, path)):
                return Origin(level, path)
        if level is decided_by:
            return None
    return None
