"""Tags of Azure's registries, taken away by the registry's own API, `/acr/v1/…/_tags/…`, with any login of it.

The distribution API deletes by digest there. The token comes from the registry's endpoint, as for all else, with the
right to delete in this repository (azure-sdk, "containerregistry", `ContainerRegistry_DeleteTag`).
"""

from collections.abc import Collection

from pulumi_chaosreg.mirror.untagging.protocol import Door, KeptError, Untag
from pulumi_chaosreg.oci.problems import RegistryError

_LOCKED = 405
"""`DELETE` where `deleteEnabled` or `writeEnabled` of the tag, the image or the repository is false."""


def untagger(door: Door) -> Untag:
    """See UntaggerOfKind."""

    def untag(repository: str, tags: Collection[str]) -> None:
        for tag in tags:
            path = f"/acr/v1/{repository}/_tags/{tag}"
            try:
                door.registry.delete_at(path, repository, f"tag `{tag}`")
            except RegistryError as failure:
                raise _told(door, repository, tag, failure) from None

    return untag


def _told(door: Door, repository: str, tag: str, failure: RegistryError) -> Exception:
    notes = failure.findings[0].notes
    if failure.status == _LOCKED:
        image = f"{repository}:{tag}"
        unlock = f"az acr repository update --name {door.server.partition('.')[0]} --image {image}"
        refused = door.refused(
            f"tag `{tag}` of `{repository}` is locked", f"unlock it: `{unlock} --delete-enabled true`", notes
        )
        return KeptError(refused.findings)
    if failure.status in (401, 403):
        right = door.kind.rights["delete"][0]
        advice = f"give it `{right}`, or its scope map `content/delete`, on `{repository}`"
        return door.refused("the registry does not allow it to this login", advice, notes)
    return failure
