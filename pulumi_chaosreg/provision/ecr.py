"""Amazon ECR: a repository for each image, with the policies that keep it small and closed.

The decisions are plain values (`mutability`, `lifecycle`, `pull_policy`, `identity_policy`); `provision` makes them
resources of pulumi-aws. What each default is for: docs/registries/ecr.md.
"""

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pulumi_chaosreg.provision.aws_account import provider_for
from pulumi_chaosreg.provision.aws_nodes import node_identity
from pulumi_chaosreg.provision.aws_roles import make_roles, role_arn
from pulumi_chaosreg.provision.other_key import refuse_other_key
from pulumi_chaosreg.provision.protocol import (
    Access,
    ImageRepository,
    OwnedRegistry,
    Provisioned,
    Pullers,
    RepositorySettings,
)
from pulumi_chaosreg.registries.aws import partition

if TYPE_CHECKING:
    import pulumi

_COMPANIONS = "sha256-*"
"""Tags of cosign's signatures and the fallback lists of referrers: they are written again when one is added."""


class Mutability(NamedTuple):
    """Whether a repository's tags may move, and which may all the same."""

    setting: str
    excluded: tuple[str, ...] = ()


def provision(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    images: Sequence[ImageRepository],
    *,
    parent: "pulumi.Resource | None" = None,
    before: Provisioned | None = None,
) -> Provisioned:
    """A `Repository`, a `LifecyclePolicy` and, where others pull, a `RepositoryPolicy` for each image's path; a `Role`
    for each identity that shall have one.
    """
    provider = provider_for(registry, settings, parent)
    rights = registry.kind.rights
    arns = [repository_arn(registry, image.path) for image in images]
    documents = {who: identity_policy(rights["login"], rights[who], arns) for who in ("pull", "push", "delete")}
    roles = make_roles(registry, settings, documents, provider=provider, parent=parent, before=before)
    named = [role for who, role in roles.items() if role_arn(registry, settings, who) in settings.pullers.roles]
    made = {image.path: _repository(registry, settings, image, parent, provider, named) for image in images}
    pull, push, delete = (
        Access(rights[who], document, principal=roles[who].arn if who in roles else None)
        for who, document in documents.items()
    )
    nodes = node_identity(registry.server, pull.principal)
    return Provisioned(made, pull, push, delete, roles=roles, node_identity=nodes)


def _repository(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    image: ImageRepository,
    parent: "pulumi.Resource | None",
    provider: "pulumi.ProviderResource | None",
    named: Sequence["pulumi.Resource"],
) -> "pulumi.Resource":
    """The repository of one image, with its policies; `named` are roles of this run that its policy names."""
    import pulumi
    from pulumi_aws import ecr

    region = registry.kind.region(registry.server)
    name = resource_name(registry, image.path)
    keep = pulumi.ResourceOptions(
        parent=parent,
        provider=provider,
        retain_on_delete=settings.retain,
        protect=settings.protect or None,
        # What ECR cannot change would make the engine plan another repository of the same name, and delete this one
        # first. It is compared below instead; and whatever else would replace it, what is there is never the first
        # to go: ECR refuses a second of its name.
        ignore_changes=["encryptionConfigurations"],
        delete_before_replace=False,
    )
    tags = mutability(settings, image)
    repository = ecr.Repository(
        name,
        name=image.path,
        region=region,
        image_tag_mutability=tags.setting,
        image_tag_mutability_exclusion_filters=[
            {"filter": pattern, "filter_type": "WILDCARD"} for pattern in tags.excluded
        ]
        or None,
        image_scanning_configuration={"scan_on_push": settings.scan_on_push is not False},
        encryption_configurations=[{"encryption_type": "KMS", "kms_key": settings.kms_key}]
        if settings.kms_key
        else [{"encryption_type": "AES256"}],
        force_delete=False,
        tags=dict(settings.tags) or None,
        opts=keep,
    )
    repository.encryption_configurations.apply(partial(_compare_keys, registry, settings, image.path))
    # They go with their repository, and stay with it; alone they go when nobody says them any more.
    below = pulumi.ResourceOptions(
        parent=repository, provider=provider, deleted_with=repository, retain_on_delete=False, protect=False
    )
    rules = lifecycle(settings.expire_after)
    # its text is replaced, never updated; there is one for each repository: the old one goes first
    first = pulumi.ResourceOptions.merge(below, pulumi.ResourceOptions(delete_before_replace=True))
    ecr.LifecyclePolicy(name, repository=repository.name, region=region, policy=rules, opts=first)
    if settings.pullers:
        # IAM needs a while to know a new role everywhere: pulumi-aws tries again for two minutes where ECR answers
        # "Invalid repository policy provided" (internal/service/ecr/repository_policy.go, propagationTimeout)
        waiting = pulumi.ResourceOptions.merge(below, pulumi.ResourceOptions(depends_on=[*named]))
        policy = pull_policy(settings.pullers, registry.kind.rights["pull"], partition(region or "").name)
        ecr.RepositoryPolicy(name, repository=repository.name, region=region, policy=policy, opts=waiting)
    return repository


def resource_name(registry: OwnedRegistry, path: str) -> str:
    """What the stack calls a repository, and the policies that belong to it."""
    return f"{registry.name}/{path.rpartition('/')[2]}"


def mutability(settings: RepositorySettings, image: ImageRepository) -> Mutability:
    """Tags do not move but those that are meant to, each by its name, and those of signatures."""
    if settings.immutable_tags is False:
        return Mutability("MUTABLE")
    excluded = (*image.moving_tags, *((_COMPANIONS,) if settings.with_signatures else ()))
    return Mutability("IMMUTABLE_WITH_EXCLUSION", excluded) if excluded else Mutability("IMMUTABLE")


def lifecycle(days: int) -> str:
    """The policy that takes what has no tag for so many days. Nothing with a tag ever goes by a rule: no cluster is
    asked whether it still runs it.
    """
    rule = {
        "rulePriority": 1,
        "description": f"untagged for {days} days",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": days,
        },
        "action": {"type": "expire"},
    }
    return _json({"rules": [rule]})


def pull_policy(pullers: Pullers, actions: Iterable[str], partition: str) -> str:
    """The repository policy by which others pull: accounts, roles, or all of an organization of AWS.

    `ecr:GetAuthorizationToken` is no right on a repository: whoever pulls has it of its own account.
    """
    named = [f"arn:{partition}:iam::{account}:root" for account in pullers.accounts]
    named += pullers.roles
    statements: list[dict[str, Any]] = []
    if named:
        statements.append(
            {"Sid": "PullByName", "Effect": "Allow", "Principal": {"AWS": sorted(named)}, "Action": sorted(actions)}
        )
    if pullers.organization:
        # everybody, and of them only whoever is in the organization: a condition that no key outside of it can meet
        statements.append(
            {
                "Sid": "PullInOrganization",
                "Effect": "Allow",
                "Principal": "*",
                "Action": sorted(actions),
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": pullers.organization}},
            }
        )
    return _json({"Version": "2012-10-17", "Statement": statements})


def identity_policy(login: Iterable[str], actions: Iterable[str], arns: Iterable[str]) -> str:
    """The policy document of an identity that does just this, in just these repositories."""
    statements = [
        {"Sid": "Login", "Effect": "Allow", "Action": sorted(login), "Resource": "*"},
        {"Sid": "Repositories", "Effect": "Allow", "Action": sorted(actions), "Resource": sorted(arns)},
    ]
    return _json({"Version": "2012-10-17", "Statement": statements})


def repository_arn(registry: OwnedRegistry, path: str) -> str:
    """As ECR will call the repository."""
    region, account = registry.kind.region(registry.server) or "", registry.kind.account_id(registry.server) or ""
    return f"arn:{partition(region).name}:ecr:{region}:{account}:repository/{path}"


def other_key(wanted: str, found: Sequence[Any] | None) -> str | None:
    """What a repository is encrypted with where that is not what is `wanted`: the ARN of a key, empty for ECR's own
    (AES256). None where it is, or where that cannot be told: an alias is no key's ARN.
    """
    for one in found or ():
        key = (one.kms_key or "") if (one.encryption_type or "AES256") != "AES256" else ""
        if bool(key) != bool(wanted) or (":key/" in wanted and key != wanted):
            return key
    return None


def _compare_keys(
    registry: OwnedRegistry, settings: RepositorySettings, path: str, found: Sequence[Any] | None
) -> None:
    other = other_key(settings.kms_key, found)
    if other is not None:
        refuse_other_key(registry, settings, path, other, vendor="ECR", own="ECR's own key (AES256)")


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"), sort_keys=True)
