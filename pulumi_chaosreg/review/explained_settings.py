"""Fields by the names that settings have in stack files, where `chaosreg resolve` calls them otherwise, or has none.

`image_registry.server` is the field `server`; `repositories.create` is none, and can be explained all the same.
"""

from collections.abc import Mapping
from typing import Any

from pulumi_chaosreg.scopes.model import Origin
from pulumi_chaosreg.scopes.resolved import Field, ResolvedConfig, shown
from pulumi_chaosreg.scopes.unknown import known, known_fields
from pulumi_chaosreg.settings.kinds import Kind, Named, Table, TextMap
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, MIRROR, REPOSITORIES, SETTINGS

UNSET = "not set"
_OF_OWNER = (*MIRROR.PATH, *REPOSITORIES.PATH)
_LOGIN = IMAGE_REGISTRY.authentication.path


def field_of_setting(config: ResolvedConfig, name: str) -> Field | None:
    """The field, or what a field would say, of a setting; None where there is no such setting."""
    path: Path = tuple(name.split("."))
    if path[0] == _LOGIN[-1]:  # as Harness's own page writes it
        path = (*_LOGIN, *path[1:])
    if not _is_setting(path):
        return None
    fields = [one for one in known_fields(config) if one.settings[:1] == (path,)]
    return fields[0] if len(fields) == 1 else known(config, _said(config, path))


def _said(config: ResolvedConfig, path: Path) -> Field:
    registry, scope, name = config.registry, config.infrastructure, ".".join(path)
    if path[: len(_LOGIN)] == _LOGIN and registry.authentication:
        login: Mapping[str, Any] = registry.authentication.value
        part = login.get(path[len(_LOGIN)]) if len(path) > len(_LOGIN) else login
        return Field(name, UNSET if part is None else shown(part), registry.authentication.origin, (_LOGIN,))
    own: Path = ()
    if path[0] in _OF_OWNER and registry.owner:
        scope, own = registry.owner, (*registry.base, *path) if registry.name else ()
    settings = (own, path) if own else (path,)
    for said in settings:
        for level in reversed(scope.chain()) if said == path else [scope]:
            if (value := level.value_at(said)) is not None:
                return Field(name, shown(value), Origin(level, said), settings)
    return Field(name, UNSET, Origin(), settings)


def _is_setting(path: Path) -> bool:
    kind: Kind = SETTINGS
    for key in path:
        if isinstance(kind, Table) and key in kind.fields:
            kind = kind.fields[key]
        elif isinstance(kind, Named):
            kind = kind.one
        else:
            return isinstance(kind, TextMap) and key == path[-1]
    return True
