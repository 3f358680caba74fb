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
from pulumi_chaosreg.settings.aws_grammars import EKS_POD_IDENTITY
from pulumi_chaosreg.settings.table import CLUSTER, DEFAULT_REFRESHER_IMAGE, IMAGE_REGISTRY, PULL_SECRET

_MAX_NAME_LENGTH = 52
"""Of a CronJob's name: the Jobs that it makes have eleven characters more."""


def role_of(identity: str) -> str:
    """The ARN, where an identity of a refresher is a role; empty where it is another one."""
    return identity if identity.startswith("arn:") else ""


def keys_of(identity: str) -> str:
    """The NAME of keys, where it is one; empty where it is a role, or what EKS gives."""
    return "" if role_of(identity) or identity == EKS_POD_IDENTITY else identity


@dataclass(frozen=True, slots=True)
class Refresher:
    """Of one Secret."""

    identity: Decided[str]
    """The ARN of a role, `eks_pod_identity`, or the NAME of keys."""
    image: Decided[str]
    environment: Mapping[str, Decided[str]] = field(default_factory=dict)
    """What the user adds."""

    @property
    def role(self) -> str:
        """The ARN of the role that it assumes with its ServiceAccount's token; empty where it is another way."""
        return role_of(self.identity.value)

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
    return Refresher(said, image, merged(infrastructure, PULL_SECRET.refresher_environment)), [
        *_of_pod_identity(said, infrastructure),
        *problems,
    ]


def refresher_name(secret_name: str) -> str:
    """What everything is called that renews a Secret: its ServiceAccount, too, whom a role has to trust."""
    name = f"{secret_name}-refresher"
    if len(name) <= _MAX_NAME_LENGTH:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: _MAX_NAME_LENGTH - 9].rstrip('-.')}-{digest}"


def _nobody(registry: Registry, why: Place, *, follows: bool) -> Finding:
    nodes = " or ".join(registry.kind.node_identity_on)
    without = f"; on {nodes} nodes, `cluster: {{provider: {nodes}}}` needs none" if nodes else ""
    return Finding(
        "CHR0529",
        f"the pull Secret of `{registry.server.value}` must be renewed by a Job in the cluster, but "
        "`pull_secret.identity` is not set",
        why,
        help="write `pull_secret: {identity: <ARN of a role that trusts its ServiceAccount>}`, or the NAME of keys, or "
        f"`eks_pod_identity`{without}",
        follows=follows,
    )


def _of_pod_identity(said: Decided[str], infrastructure: Scope) -> Iterator[Finding]:
    provider = nearest(infrastructure, CLUSTER.provider)
    if said.value == EKS_POD_IDENTITY and (provider is None or provider.value != "eks"):
        yield Finding(
            "CHR0533",
            f"`cluster.provider` of {infrastructure.title} is not `eks`, and Pod Identity needs EKS",
            said.origin.place,
            help="write `cluster: {provider: eks}`, or give the refresher a role's ARN or the NAME of keys",
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
