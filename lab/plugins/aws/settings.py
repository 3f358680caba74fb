"""The configuration of one provider: who we are, where, and which tags everything gets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.plugins.protocol.errors import PluginError
from lab.plugins.protocol.values import Object, Unknown, contains, reveal

_TEXTS = ("region", "profile", "accessKey", "secretKey", "token")
# Known to the official plugin, and of no meaning for these kinds and a stand-in's calls.
_WITHOUT_EFFECT = (
    "skipMetadataApiCheck",
    "skipRegionValidation",
    "skipRequestingAccountId",
    "version",
    "pluginDownloadURL",
)
_UNDERSTOOD = (
    *_TEXTS,
    "allowedAccountIds",
    "assumeRoles",
    "defaultTags",
    "endpoints",
    "forbiddenAccountIds",
    "skipCredentialsValidation",
)
_REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


@dataclass(frozen=True)
class Settings:
    """What one Provider resource, or the stack's configuration for the default provider, asks for."""

    region: str = ""
    profile: str = ""
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    assume_roles: tuple[Object, ...] = ()
    default_tags: Mapping[str, str] = field(default_factory=dict)
    endpoints: Mapping[str, str] = field(default_factory=dict)
    allowed_accounts: tuple[str, ...] = ()
    forbidden_accounts: tuple[str, ...] = ()
    validates: bool = True
    """Whether the credentials are tried before anything else."""
    known: bool = True
    """False in a preview in which the configuration comes from a resource that is not there yet."""

    @classmethod
    def read(cls, config: Object, environment: Mapping[str, str]) -> "Settings":
        """Settings from `config`, as the engine sends it: everything but strings as JSON text, so `"true"`."""
        plain = {key: _value(key, value) for key, value in reveal(config).items()}
        strange = sorted(plain.keys() - set(_UNDERSTOOD) - set(_WITHOUT_EFFECT))
        if strange:
            raise PluginError(
                f"the lab's stand-in for the aws plugin does not know the provider's setting {', '.join(strange)}; "
                f"it knows {', '.join(_UNDERSTOOD)}"
            )
        if contains(plain, Unknown):
            return cls(known=False)
        return cls(
            region=plain.get("region") or region_of(environment),
            profile=plain.get("profile", ""),
            access_key=plain.get("accessKey", ""),
            secret_key=plain.get("secretKey", ""),
            token=plain.get("token", ""),
            assume_roles=tuple(plain.get("assumeRoles") or ()),
            default_tags=(plain.get("defaultTags") or {}).get("tags") or {},
            endpoints={name: url for entry in plain.get("endpoints") or () for name, url in entry.items()},
            allowed_accounts=tuple(plain.get("allowedAccountIds") or ()),
            forbidden_accounts=tuple(plain.get("forbiddenAccountIds") or ()),
            validates=plain.get("skipCredentialsValidation") is not True,
        )


def region_of(environment: Mapping[str, str]) -> str:
    """The region that counts where the configuration names none."""
    return next((environment[name] for name in _REGION_VARIABLES if environment.get(name)), "")


def changed_settings(old: Object, new: Object) -> tuple[str, ...]:
    """What differs. Nothing replaces a provider: another region is a difference of each resource."""
    old, new = reveal(old), reveal(new)
    return tuple(sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key)))


def _value(key: str, value: Any) -> Any:
    if key in _TEXTS or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
