"""The kinds that the stand-in knows. A kind more is a row more in `KINDS`; only a Job is waited for (jobs.py)."""

from dataclasses import dataclass

from lab.plugins.protocol.errors import unknown_kind

# Another name or namespace is another object.
IDENTITY = ("metadata.name", "metadata.namespace")


@dataclass(frozen=True)
class Kind:
    """One kind of object."""

    name: str
    plural: str
    group: str = ""  # empty for the core group
    namespaced: bool = True
    patch: bool = False  # XxxPatch: owns a few fields of an object that belongs to somebody else
    replaced_by: tuple[str, ...] = ()  # fields whose change replaces the object
    mutable_flag: str = ""  # the provider's flag that makes most of them ordinary updates
    replaced_always: tuple[str, ...] = ()  # what replaces even with the flag
    secret: tuple[str, ...] = ()  # top-level fields that are secret whatever the program says
    awaited: bool = False  # it is there only when it is complete: a Job

    @property
    def api_version(self) -> str:
        return f"{self.group}/v1" if self.group else "v1"


_NAMESPACE = Kind("Namespace", "namespaces", namespaced=False)
_SERVICE_ACCOUNT = Kind("ServiceAccount", "serviceaccounts")
_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"

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
    "kubernetes:batch/v1:CronJob": Kind("CronJob", "cronjobs", group="batch"),
    "kubernetes:batch/v1:Job": Kind(
        "Job",
        "jobs",
        group="batch",
        replaced_by=("spec.completions", "spec.parallelism", "spec.selector", "spec.template"),
        awaited=True,
    ),
    f"kubernetes:{_ADMISSION}/v1:ValidatingAdmissionPolicy": Kind(
        "ValidatingAdmissionPolicy", "validatingadmissionpolicies", group=_ADMISSION, namespaced=False
    ),
    f"kubernetes:{_ADMISSION}/v1:ValidatingAdmissionPolicyBinding": Kind(
        "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", group=_ADMISSION, namespaced=False
    ),
    f"kubernetes:{_RBAC}/v1:Role": Kind("Role", "roles", group=_RBAC),
    f"kubernetes:{_RBAC}/v1:RoleBinding": Kind("RoleBinding", "rolebindings", group=_RBAC, replaced_by=("roleRef",)),
}


def kind_of(token: str) -> Kind:
    """The kind behind a Pulumi type token."""
    try:
        return KINDS[token]
    except KeyError:
        raise unknown_kind("kubernetes", token, KINDS) from None
