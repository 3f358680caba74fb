"""Roles of IAM for those who push, pull or delete: each trusts just whom the settings name, and may do just its part.

The documents are plain values (`trust_policy`, `role_name`); `make_roles` makes resources of pulumi-aws. Whatever an
account has once, such as an OIDC provider, is there already.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pulumi_chaosreg.provision.protocol import OwnedRegistry, Provisioned, RepositorySettings
from pulumi_chaosreg.registries.aws import partition
from pulumi_chaosreg.scopes.trust import GithubWorkflow, PodIdentity, Roles, ServiceAccount, Trusted, WholeAccount

if TYPE_CHECKING:
    import pulumi
    from pulumi_aws import iam

_GITHUB = "token.actions.githubusercontent.com"
_AUDIENCE = "sts.amazonaws.com"
"""Whom a token must be meant for; what aws-actions/configure-aws-credentials and EKS ask for, in every partition."""
_MAX_NAME_LENGTH = 64
_DOES = {"push": "pushes to", "pull": "pulls from", "delete": "deletes from"}


@dataclass(frozen=True, slots=True)
class Home:
    """The account that a role is made in."""

    partition: str
    account: str

    @classmethod
    def of(cls, registry: OwnedRegistry) -> "Home":
        """The account that has the registry."""
        region, account = registry.kind.region(registry.server) or "", registry.kind.account_id(registry.server) or ""
        return cls(partition(region).name, account)

    def arn(self, what: str, account: str = "") -> str:
        """An ARN of IAM, of this account where no other is named."""
        return f"arn:{self.partition}:iam::{account or self.account}:{what}"


def role_name(registry: OwnedRegistry, who: str) -> str:
    """What the role is called. IAM has no regions, so that the name has both: `chaosreg-chaos-eu-west-1-push`. It stays
    when its owner's scope is renamed; what a name cannot have, or is too long, ends in a digest instead.
    """
    account, region = registry.account, registry.kind.region(registry.server) or ""
    plain = re.sub(r"[^\w.-]", "-", account)
    words = [word for word in ("chaosreg", plain, region, who) if word]
    name = "-".join(words)
    if plain == account and len(name) <= _MAX_NAME_LENGTH:
        return name
    whole = f"{registry.kind.identity(registry.server)}/{account}/{who}"
    digest = _digest(whole)
    room = _MAX_NAME_LENGTH - len("-".join(["chaosreg", "", region, who, digest]))
    return "-".join(["chaosreg", plain[:room].strip("-."), region, who, digest])


def role_arn(registry: OwnedRegistry, settings: RepositorySettings, who: str) -> str:
    """As IAM will call it."""
    return Home.of(registry).arn(f"role{settings.roles.path}{role_name(registry, who)}")


def trust_policy(whom: Sequence[Trusted], home: Home) -> str:
    """Who may become the role: one statement for each, and none that has a wildcard in its principal."""
    statements = [_statement(one, home) for one in whom]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"), sort_keys=True)


def make_roles(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    documents: Mapping[str, str],
    *,
    provider: "pulumi.ProviderResource | None",
    parent: "pulumi.Resource | None",
    before: Provisioned | None,
) -> "dict[str, iam.Role]":
    """A role for each identity that shall have one, with its document as a policy of its own. A role that was made
    `before`, for other images, gets another policy.
    """
    import pulumi
    from pulumi_aws import iam

    roles: dict[str, iam.Role] = {}
    for who, whom in settings.roles.trust.items():
        name, opts = f"{registry.name}/{who}", _options(settings, who, provider, parent)
        roles[who] = (
            cast("iam.Role", before.roles[who])
            if before
            else iam.Role(
                name,
                name=role_name(registry, who),
                path=settings.roles.path,
                description=f"{_DOES[who]} {registry.path} (pulumi-chaosreg, {registry.owner})",
                assume_role_policy=trust_policy(whom, Home.of(registry)),
                permissions_boundary=settings.roles.permissions_boundary or None,
                tags=dict(settings.tags) or None,
                opts=opts,
            )
        )
        policy = f"repositories-{_digest(documents[who])}" if before else "repositories"
        iam.RolePolicy(
            f"{name}/{policy}" if before else name,
            name=policy,
            role=roles[who].name,
            policy=documents[who],
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=roles[who])),
        )
    return roles


def _options(
    settings: RepositorySettings,
    who: str,
    provider: "pulumi.ProviderResource | None",
    parent: "pulumi.Resource | None",
) -> "pulumi.ResourceOptions":
    """A role goes as soon as nobody asks for it, so that no trust is left that nobody sees. One alone outlives its
    stack: where `destroy` keeps the images, who pulls them goes on.
    """
    import pulumi

    stays = parent if settings.retain and who == "pull" else None
    return pulumi.ResourceOptions(parent=parent, provider=provider, deleted_with=stays)


def _statement(whom: Trusted, home: Home) -> dict[str, Any]:
    match whom:
        case GithubWorkflow():
            return _web_identity(_GITHUB, whom.subject, home, is_pattern=whom.is_pattern)
        case ServiceAccount():
            return _web_identity(whom.provider, whom.subject, home)
        case Roles():
            return _allow({"AWS": sorted(whom.arns)})
        case WholeAccount():
            return _allow({"AWS": home.arn("root", whom.number)})
        case PodIdentity():
            tags = {"kubernetes-namespace": whom.namespace, "kubernetes-service-account": whom.service_account}
            tags |= {"eks-cluster-name": whom.cluster} if whom.cluster else {}
            asked = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
            return _allow(
                {"Service": "pods.eks.amazonaws.com"},
                ["sts:AssumeRole", "sts:TagSession"],
                {"StringEquals": asked},
            )


def _web_identity(provider: str, subject: str, home: Home, *, is_pattern: bool = False) -> dict[str, Any]:
    said, audience = {f"{provider}:sub": subject}, {f"{provider}:aud": _AUDIENCE}
    condition = {"StringEquals": audience, "StringLike": said} if is_pattern else {"StringEquals": audience | said}
    who = {"Federated": home.arn(f"oidc-provider/{provider}")}
    return _allow(who, "sts:AssumeRoleWithWebIdentity", condition)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _allow(
    principal: dict[str, Any], action: str | list[str] = "sts:AssumeRole", condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": action}
    return {**statement, "Condition": condition} if condition else statement
