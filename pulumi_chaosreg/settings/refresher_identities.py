"""Who a refresher may be, of each cloud: `pull_secret.identity` is one text, and its form says what it means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_chaosreg.settings.aws_grammars import ROLE
from pulumi_chaosreg.settings.kinds import Grammar

_GUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_PROVIDER = "projects/123456789012/locations/global/workloadIdentityPools/clusters/providers/prod-eu"
_ACCOUNT = "chaos-pull@PROJECT.iam.gserviceaccount.com"

_CLIENT = "00000000-1111-2222-3333-444444444444/55555555-6666-7777-8888-999999999999"


@dataclass(frozen=True, slots=True)
class IdentityForm:
    """One form of it."""

    what: str
    """As a message says it."""
    pattern: re.Pattern[str]
    cloud: str = ""
    """Whose identity it is; empty for keys, which several have."""
    cluster: str = ""
    """The `cluster.provider` whose like alone can give it to a Pod; empty where any cluster can."""


ROLE_FORM = IdentityForm("a role's ARN", re.compile(ROLE), "aws")
POD_IDENTITY = IdentityForm("`eks_pod_identity`", re.compile(r"eks_pod_identity"), "aws", cluster="eks")
SERVICE_ACCOUNT = IdentityForm(
    "a Google service account", re.compile(r"[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com"), "gcp", cluster="gke"
)
POOL_PROVIDER = IdentityForm(
    "a provider of a Google workload identity pool",
    re.compile(r"projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]{4,32}/providers/[a-z0-9-]{4,32}"),
    "gcp",
)
CLIENT = IdentityForm("an Azure client id", re.compile(_GUID), "azure", cluster="aks")
CLIENT_OF_TENANT = IdentityForm("an Azure client id with its tenant", re.compile(rf"{_GUID}/{_GUID}"), "azure")
KEYS = IdentityForm("the NAME of keys", re.compile(r"(?!AKIA|ASIA|eks-pod-identity|[0-9a-fA-F-]{28,}$)[A-Za-z0-9_.-]+"))
_FORMS = (ROLE_FORM, POD_IDENTITY, SERVICE_ACCOUNT, POOL_PROVIDER, CLIENT, CLIENT_OF_TENANT, KEYS)
"""In this order: the first that fits."""

KEY_PARTS: Mapping[str, tuple[str, ...]] = {
    "aws": ("access_key_id", "secret_access_key"),
    "azure": ("tenant_id", "client_id", "client_secret"),
}
"""Cloud → the parts of the value, where an identity is the NAME of keys. A Google key is no password of a refresher: to
sign with one takes more than Python's standard library has.
"""

ADVICE: Mapping[str, str] = {
    "aws": "write `pull_secret: {identity: <ARN of a role that trusts its ServiceAccount>}`, or the NAME of keys, or "
    "`eks_pod_identity`",
    "gcp": f"write `pull_secret: {{identity: {_PROVIDER}}}`, a provider that trusts this cluster, or, on GKE, a "
    "service account's address",
    "azure": "write `pull_secret: {identity: TENANT_ID/CLIENT_ID}`, of a client that trusts its ServiceAccount, or the "
    "NAME of keys",
}
"""Cloud → what to write where there is none that fits."""


EXAMPLES: Mapping[str, str] = {"aws": "arn:aws:iam::123456789012:role/chaos-pull", "gcp": _PROVIDER, "azure": _CLIENT}
"""Cloud → one that any cluster can give."""


def fits(identity: str, cloud: str | None) -> bool:
    """Whether it means something to this cloud."""
    form = identity_form(identity)
    return form.cloud == cloud or (form is KEYS and cloud in KEY_PARTS)


def identity_form(identity: str) -> IdentityForm:
    """Which form it has; whatever the grammar below does not take would be a NAME."""
    return next((form for form in _FORMS if form.pattern.fullmatch(identity)), KEYS)


def _advise(text: str) -> str:
    """For what is nearly one. Nothing of the text is repeated: it may be a key."""
    if re.match(r"projects/[0-9]+/locations/global/workloadIdentityPools/[^/]+/providers/[^/]+\Z", text):
        return "correct the pool's or the provider's id: Google's have 4 to 32 letters a-z, digits and `-`"
    if "workloadIdentityPools" in text or text.startswith(("principal", "//iam.googleapis.com", "projects/")):
        return f"write the provider's full name, with the project's number, as in `{_PROVIDER}`"
    if text.startswith("/subscriptions/"):
        return "write the managed identity's client id: `az identity show --ids … --query clientId`"
    if "@" in text:
        return f"write the service account's address alone, as in `{_ACCOUNT}`"
    if re.match(r"[0-9a-fA-F-]{28,}(?:/[0-9a-fA-F-]*)?\Z", text):
        return f"write an Azure client with its tenant, as in `{_CLIENT}`"
    return ""


REFRESHER_IDENTITY = Grammar(
    "CHR0529",
    "an identity for a refresher",
    re.compile(f"^(?:{'|'.join(form.pattern.pattern for form in _FORMS)})\\Z"),
    "AWS: write the ARN of a role, as in `arn:aws:iam::123456789012:role/chaos-pull`, or `eks_pod_identity`; Google: "
    f"`{_PROVIDER}`, or `{_ACCOUNT}` on GKE; Azure: `TENANT_ID/CLIENT_ID`, or `CLIENT_ID` on AKS; or the NAME of keys "
    "that `chaosreg-credentials:NAME` holds",
    advise=_advise,
    hides_value=True,
)
