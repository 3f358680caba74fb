"""What a `refresher` is: the Job in a cluster that renews a Secret before its token ends, decided by settings only."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.registries.kinds import registry_kind
from pulumi_chaosreg.registries.servers import identity as registry_identity
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope, merged, nearest
from pulumi_chaosreg.scopes.registry import Definition, Registry, visible
from pulumi_chaosreg.settings.refresher_identities import (
    ADVICE,
    CLIENT,
    EXAMPLES,
    KEY_PARTS,
    KEYS,
    POD_IDENTITY,
    ROLE_FORM,
    SERVICE_ACCOUNT,
    IdentityForm,
    fits,
    identity_form,
)
from pulumi_chaosreg.settings.table import CLUSTER, DEFAULT_REFRESHER_IMAGE, IMAGE_REGISTRY, PULL_SECRET

_MAX_NAME_LENGTH = 52
"""Of a CronJob's name: the Jobs that it makes have eleven characters more."""


_ONLY_THERE = {
    POD_IDENTITY: ("CHR0533", "Pod Identity needs EKS", "give the refresher a role's ARN or the NAME of keys"),
    SERVICE_ACCOUNT: (
        "CHR0536",
        "only GKE gives a ServiceAccount a Google service account",
        f"name a workload identity provider that trusts this cluster, as in `{EXAMPLES['gcp']}`",
    ),
    CLIENT: (
        "CHR0537",
        "only AKS tells a Pod the tenant of its client",
        "write the tenant, too: `TENANT_ID/CLIENT_ID`",
    ),
}
"""Form of an identity → code, why it needs its cloud's own cluster, and the way without."""


def keys_of(identity: str) -> str:
    """The NAME of keys, where it is one; empty where it is something that the cloud knows by itself."""
    return identity if identity_form(identity) is KEYS else ""


@dataclass(frozen=True, slots=True)
class Refresher:
    """Of one Secret."""

    identity: Decided[str]
    """As `settings/refresher_identities` reads it."""
    image: Decided[str]
    environment: Mapping[str, Decided[str]] = field(default_factory=dict)
    """What the user adds."""

    key_parts: tuple[str, ...] = ()
    """Of its keys, where it has some, for the registry's cloud."""

    @property
    def form(self) -> IdentityForm:
        """Which form its identity has."""
        return identity_form(self.identity.value)

    @property
    def role(self) -> str:
        """The ARN of the role that it assumes with its ServiceAccount's token; empty where it is another way."""
        return self.identity.value if self.form is ROLE_FORM else ""

    @property
    def keys(self) -> str:
        """The NAME of its keys; empty where it has none."""
        return keys_of(self.identity.value)


def refresher(infrastructure: Scope, registry: Registry, why: Place) -> tuple[Refresher | None, list[Finding]]:
    """The one that renews this infrastructure's Secret for the registry; None where nobody says who it is (CHR0529).
    `why` is where stands what makes it necessary.
    """
    said = nearest(infrastructure, PULL_SECRET.identity)
    image = nearest(infrastructure, PULL_SECRET.refresher_image) or Decided(DEFAULT_REFRESHER_IMAGE, Origin())
    problems = [*_of_image(image, infrastructure, registry)]
    if said is None:
        unclear = infrastructure.is_unclear(PULL_SECRET.identity) or infrastructure.is_unclear(CLUSTER.provider)
        return None, [_nobody(registry, why, follows=unclear), *problems]
    if misfit := _misfit(said, registry):
        return None, [misfit, *problems]
    environment = merged(infrastructure, PULL_SECRET.refresher_environment)
    parts = KEY_PARTS.get(registry.kind.cloud or "", ()) if keys_of(said.value) else ()
    return Refresher(said, image, environment, parts), [*_elsewhere(said, infrastructure, registry), *problems]


def refresher_name(secret_name: str) -> str:
    """What everything is called that renews a Secret: its ServiceAccount, too, whom a role has to trust."""
    name = f"{secret_name}-refresher"
    if len(name) <= _MAX_NAME_LENGTH:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _MAX_NAME_LENGTH - 9].rstrip('-.')}-{digest}"


def _nobody(registry: Registry, why: Place, *, follows: bool) -> Finding:
    nodes = next(iter(registry.kind.node_identity_on), "")
    without = f"; on {nodes} nodes, `cluster: {{provider: {nodes}}}` needs none" if nodes else ""
    return Finding(
        "CHR0529",
        f"the pull Secret of `{registry.server.value}` must be renewed by a Job in the cluster, but "
        "`pull_secret.identity` is not set",
        why,
        help=f"{ADVICE[registry.kind.cloud or '']}{without}",
        follows=follows,
    )


def _misfit(said: Decided[str], registry: Registry) -> Finding | None:
    """An identity that means nothing to the registry's cloud."""
    form, kind = identity_form(said.value), registry.kind
    advice = ADVICE[kind.cloud or ""]
    if fits(said.value, kind.cloud):
        return None
    if form is not KEYS:
        return Finding(
            "CHR0534",
            f"`pull_secret.identity` is {form.what}, but `{registry.server.value}` ({kind.title}) cannot know it",
            said.origin.place,
            help=f"{advice}; where other infrastructures need this one, at each infrastructure",
        )
    return Finding(
        "CHR0535",
        f"`pull_secret.identity` is the NAME of keys, but a refresher cannot use keys of {kind.title}",
        said.origin.place,
        help=f"a key lasts, and needs no refresher: write `authentication: {{type: {kind.cloud_authentication}, "
        f"key_file: FILE}}` and remove `identity`; without a key, {advice}",
        hides_value=True,
    )


def _elsewhere(said: Decided[str], infrastructure: Scope, registry: Registry) -> Iterator[Finding]:
    """An identity that another cluster than its cloud's own cannot give."""
    form, provider = identity_form(said.value), nearest(infrastructure, CLUSTER.provider)
    if form.cluster and not (provider and registry.kind.has_nodes_on(provider.value)):
        code, why, instead = _ONLY_THERE[form]
        yield Finding(
            code,
            f"`cluster.provider` of {infrastructure.title} is not `{form.cluster}`, and {why}",
            said.origin.place,
            help=f"write `cluster: {{provider: {form.cluster}}}`, or {instead}",
            follows=infrastructure.is_unclear(CLUSTER.provider),
        )


def _of_image(image: Decided[str], infrastructure: Scope, registry: Registry) -> Iterator[Finding]:
    """Whoever makes the Secret cannot wait for it, and names no other."""
    server = Reference.parse(image.value).server
    private = [one.get(IMAGE_REGISTRY.server) for one in visible(infrastructure) if _is_private(one)]
    same = {registry_identity(one) for one in (registry.server.value, *private) if one}
    needs_login = registry_kind(server).refresher or registry_identity(server) in same  # ECR's are never public
    if needs_login:
        yield Finding(
            "CHR0530",
            f"the refresher's image is on the private registry `{server}`, but its Pod has no pull Secret yet",
            image.origin.place,
            help="use an image that needs no login, or remove `refresher_image`",
        )


def _is_private(definition: Definition) -> bool:
    return definition.get(IMAGE_REGISTRY.type) == "private"
