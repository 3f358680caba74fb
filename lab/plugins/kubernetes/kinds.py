"""The kinds that the stand-in knows. A kind more is a row more in `KINDS`, as long as it needs no waiting."""

from __future__ import annotations

from dataclasses import dataclass

from lab.plugins.protocol.errors import unknown_kind

# Another name or namespace is another object.
IDENTITY = ("metadata.name", "metadata.namespace")


@dataclass(frozen=True)
class Kind:
    """One kind of object of the API group core/v1."""

    name: str
    plural: str
    namespaced: bool = True
    patch: bool = False  # XxxPatch: owns a few fields of an object that belongs to somebody else
    replaced_by: tuple[str, ...] = ()  # fields whose change replaces the object
    mutable_flag: str = ""  # the provider's flag that makes most of them ordinary updates
    replaced_always: tuple[str, ...] = ()  # what replaces even with the flag
    secret: tuple[str, ...] = ()  # top-level fields that are secret whatever the program says

    @property
    def api_version(self) -> str:
        return "v1"


_NAMESPACE = Kind("Namespace", "namespaces", namespaced=False)
_SERVICE_ACCOUNT = Kind("ServiceAccount", "serviceaccounts")

KINDS: dict[str, Kind] = {
    "kubernetes:core/v1:Namespace": _NAMESPACE,
    "kubernetes:core/v1:NamespacePatch": Kind("Namespace", "namespaces", namespaced=False, patch=True),
    "kubernetes:core/v1:Secret": Kind(
        "Secret",
        "secrets",
        replaced_by=("type", "data", "stringData"),
        mutable_flag="enableSecretMutable",
        replaced_always=("type",),
        secret=("data", "stringData"),
    ),
    "kubernetes:core/v1:ConfigMap": Kind(
        "ConfigMap",
        "configmaps",
        replaced_by=("data", "binaryData"),
        mutable_flag="enableConfigMapMutable",
    ),
    "kubernetes:core/v1:ServiceAccount": _SERVICE_ACCOUNT,
    "kubernetes:core/v1:ServiceAccountPatch": Kind("ServiceAccount", "serviceaccounts", patch=True),
}


def kind_of(token: str) -> Kind:
    """The kind behind a Pulumi type token."""
    try:
        return KINDS[token]
    except KeyError:
        raise unknown_kind("kubernetes", token, KINDS) from None
