"""The configuration of one provider: its flags, and when a change of it means another cluster."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.plugins.kubernetes import kubeconfig
from lab.plugins.kubernetes.errors import UnreachableError
from lab.plugins.kubernetes.kinds import IDENTITY, Kind
from lab.plugins.protocol.values import Object, Unknown, reveal

# Each flag and the variable that counts while the flag is unset; an explicit False wins over the variable.
_FLAGS = {
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enablePatchForce": "PULUMI_K8S_ENABLE_PATCH_FORCE",
    "upsertExistingObjects": "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
    "deleteUnreachable": "PULUMI_K8S_DELETE_UNREACHABLE",
}
_POINTERS = ("kubeconfig", "context", "cluster")  # together they choose the cluster


@dataclass(frozen=True)
class Settings:
    """What one Provider resource, or the stack's configuration for the default provider, asks for."""

    context: str = ""
    cluster: str = ""
    namespace: str = ""
    flags: frozenset[str] = frozenset()
    source: object = field(default="", repr=False)  # kubeconfig: a text, a path or an object: it holds credentials

    @classmethod
    def read(cls, config: Object, environment: Mapping[str, str]) -> "Settings":
        """Settings from `config`, as the engine sends it: everything but strings as JSON text, so `"true"`."""
        plain = reveal(config)

        def enabled(flag: str) -> bool:
            value = plain.get(flag)
            return (environment.get(_FLAGS[flag]) if value is None else value) in (True, "true")

        return cls(
            context=plain.get("context", ""),
            cluster=plain.get("cluster", ""),
            namespace=plain.get("namespace", ""),
            flags=frozenset(flag for flag in _FLAGS if enabled(flag)),
            source=plain.get("kubeconfig", ""),
        )

    def access(self, environment: Mapping[str, str]) -> kubeconfig.Access:
        """Address and credentials of the cluster that these settings point to."""
        config = kubeconfig.load(self.source) if self.source else kubeconfig.load_ambient(environment)
        return kubeconfig.access(config, self.context, self.cluster)

    def replacing_fields(self, kind: Kind, inputs: Object) -> tuple[str, ...]:
        """The fields of `kind` whose change replaces the object instead of updating it."""
        if kind.patch:
            return IDENTITY
        in_place = kind.mutable_flag in self.flags and inputs.get("immutable") is not True
        return IDENTITY + (kind.replaced_always if in_place else kind.replaced_by)


@dataclass(frozen=True)
class ConfigDiff:
    """What changed in a provider's configuration; `replaces` takes every object of the provider with it."""

    changed: tuple[str, ...]
    replaces: tuple[str, ...] = ()


def diff_config(old: Object, new: Object) -> ConfigDiff:
    """Compare two configurations of one provider.

    A cluster has no identity of its own, so the official plugin takes another active cluster in the kubeconfig for
    another cluster, unless `clusterIdentifier` says the opposite.
    """
    old, new = reveal(old), reveal(new)
    changed = tuple(sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key)))
    identifier = new.get("clusterIdentifier")
    if identifier and identifier == old.get("clusterIdentifier"):
        return ConfigDiff(changed)
    replaces = ["clusterIdentifier"] if identifier and old.get("clusterIdentifier") else []
    if "clusterIdentifier" not in changed:
        replaces = []
    unknown = [key for key in _POINTERS if isinstance(new.get(key), Unknown)]
    before, after = (None, None) if unknown else (_active_cluster(old), _active_cluster(new))
    if before and after and before != after:
        replaces += [key for key in _POINTERS if key in changed]
    # An unknown pointer may lead anywhere: the official plugin plans the worst.
    return ConfigDiff(changed, (*replaces, *unknown[:1]))


def _active_cluster(config: Object) -> Object:
    if not config.get("kubeconfig"):
        return {}
    try:
        loaded = kubeconfig.load(config["kubeconfig"])
    except UnreachableError:
        return {}
    return kubeconfig.active_cluster(loaded, config.get("context", ""), config.get("cluster", ""))
