"""Google Artifact Registry: one Docker repository for all images of an owner, closed, with tags that stay.

The decisions are plain values (`named`, `cleanup`); `provision` makes them resources of pulumi-gcp. What each default
is for: docs/registries/gar.md.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pulumi_chaosreg.provision.other_key import refuse_other_key
from pulumi_chaosreg.provision.protocol import (
    Access,
    ImageRepository,
    MadeCredential,
    MadeLogin,
    OwnedRegistry,
    Provisioned,
    RepositorySettings,
)
from pulumi_chaosreg.registries.google import GooglePlace, google_place, one_member

if TYPE_CHECKING:
    import pulumi
    from pulumi_gcp.artifactregistry import RepositoryCleanupPolicyArgsDict

DAY = 86_400
"""Seconds."""
_OWN_PULLS = "iam.gke.io/enable-wi-image-pull"
"""On a ServiceAccount: its Pods pull as itself (kubernetes/cloud-provider-gcp#1202)."""


def provision(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    images: Sequence[ImageRepository],
    *,
    parent: "pulumi.Resource | None" = None,
    before: Provisioned | None = None,
) -> Provisioned:
    """A `Repository`, and a `RepositoryIamMember` for each of `settings.members`."""
    repository = _repository(registry, settings, parent)
    pull, push, delete = (Access(registry.kind.rights[who]) for who in ("pull", "push", "delete"))
    return Provisioned(
        pull=pull,
        push=push,
        delete=delete,
        node_identity=node_identity(registry),
        logins=_logins(registry, settings.made, repository),
        shared=repository,
    ).serving(images)


def _repository(
    registry: OwnedRegistry, settings: RepositorySettings, parent: "pulumi.Resource | None"
) -> "pulumi.Resource":
    import pulumi
    from pulumi_gcp import artifactregistry

    at = named(registry)
    keep = pulumi.ResourceOptions(
        parent=parent,
        retain_on_delete=settings.retain,
        protect=settings.protect or None,
        # The key never changes: the engine would plan another repository of the same name. It is compared below.
        ignore_changes=["kmsKeyName"],
        delete_before_replace=False,
    )
    repository = artifactregistry.Repository(
        registry.name,
        project=at.project,
        location=at.location,
        repository_id=at.repository,
        format="DOCKER",
        docker_config={"immutable_tags": settings.immutable_tags is not False},
        cleanup_policies=[cleanup(settings)],
        cleanup_policy_dry_run=False,
        vulnerability_scanning_config={
            "enablement_config": "DISABLED" if settings.scan_on_push is False else "INHERITED"
        },
        kms_key_name=settings.kms_key or None,
        labels=dict(settings.tags) or None,
        deletion_policy="PREVENT" if settings.retain else "DELETE",
        opts=keep,
    )
    # No key is nothing in the state, which a preview takes for unknown; `registry_uri` is known of what is there.
    known = pulumi.Output.all(repository.registry_uri, repository.kms_key_name.future())
    known.apply(lambda found: _compare_keys(registry, settings, found[1]))
    below = pulumi.ResourceOptions(parent=repository, deleted_with=repository, retain_on_delete=False, protect=False)
    for who, members in settings.members.items():
        (role,) = registry.kind.rights[who]
        for member in {one_member(one): one for one in reversed(members)}.values():
            artifactregistry.RepositoryIamMember(
                member_name(registry, who, member),
                project=at.project,
                location=at.location,
                repository=repository.repository_id,
                role=role,
                member=member,
                opts=below,
            )
    return repository


def node_identity(registry: OwnedRegistry) -> "dict[str, pulumi.Input[Any]]":
    """What nodes need to pull without a Secret: this role on this repository. And what a ServiceAccount says whose Pods
    pull as itself, where GKE asks so; without a role of its own it could pull nothing then, so nobody gets it unasked.
    """
    (role,) = registry.kind.rights["pull"]
    return {"role": role, "repository": named(registry).name, "workload_identity_annotations": {_OWN_PULLS: "true"}}


def member_name(registry: OwnedRegistry, who: str, member: str) -> str:
    """What the resource is called that gives somebody a role."""
    return f"{registry.name}/{who}/{member}"


def named(registry: OwnedRegistry) -> GooglePlace:
    """The repository that the registry's host and path stand for."""
    return google_place(registry.server, registry.kind.region(registry.server) or "", registry.account)


def cleanup(settings: RepositorySettings) -> "RepositoryCleanupPolicyArgsDict":
    """The policy that takes what has no tag for so many days. What an image index needs stays as long as the index:
    Google refuses to delete it (GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE).
    """
    older = f"{settings.expire_after * DAY}s"
    return {"id": "untagged", "action": "DELETE", "condition": {"tag_state": "UNTAGGED", "older_than": older}}


def _compare_keys(registry: OwnedRegistry, settings: RepositorySettings, found: str | None) -> None:
    if (found or "") != settings.kms_key:
        refuse_other_key(registry, settings, registry.path, found or "", vendor="Google", own="Google's own key")


def _logins(
    registry: OwnedRegistry, made: Sequence[MadeCredential], repository: "pulumi.Resource"
) -> dict[tuple[str, str], MadeLogin]:
    """A service account for all, or for each stack, that may read this repository alone, and two keys of it.

    A key has no end of its own: it is made anew when its turn comes again, and the one before it is gone then.
    """
    import pulumi
    from pulumi_gcp import artifactregistry, serviceaccount

    at, (role,) = named(registry), registry.kind.rights["pull"]
    # who may pull ends with who makes it: a key that nobody renews is not left behind
    opts = pulumi.ResourceOptions(parent=repository, retain_on_delete=False, protect=False)
    accounts: dict[str, serviceaccount.Account] = {}
    logins = {}
    for one in made:
        if one.stack not in accounts:
            name = "/".join(filter(None, (registry.name, "pull", one.stack)))
            accounts[one.stack] = serviceaccount.Account(
                name,
                project=at.project,
                account_id=account_id(name),
                display_name=f"pulls chaos images: {name}"[:100],
                opts=opts,
            )
            artifactregistry.RepositoryIamMember(
                name,
                project=at.project,
                location=at.location,
                repository=at.repository,
                role=role,
                member=accounts[one.stack].member,
                opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[repository])),
            )
        key = serviceaccount.Key(
            f"{registry.name}/{one.suffix}",
            service_account_id=accounts[one.stack].name,
            keepers={"turn": str(one.turn)},
            opts=opts,
        )
        text = key.private_key.apply(lambda encoded: base64.b64decode(encoded).decode())
        logins[one.stack, one.slot] = MadeLogin(registry.kind.key_user, pulumi.Output.secret(text))
    return logins


def account_id(name: str) -> str:
    """What Google calls a service account that is made for `name`: 6 to 30 characters, and no name of ours fits."""
    return f"chaos-pull-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
