"""For every kind of which nothing is made: says what has to exist, and which rights each identity needs."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pulumi_chaosreg.provision.protocol import Access, ImageRepository, OwnedRegistry, Provisioned, RepositorySettings

if TYPE_CHECKING:
    import pulumi


def provision(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    images: Sequence[ImageRepository],
    *,
    parent: "pulumi.Resource | None" = None,
    before: Provisioned | None = None,
) -> Provisioned:
    """Makes nothing, whatever the settings say."""
    rights = registry.kind.rights
    return Provisioned(
        pull=Access(rights.get("pull", ())),
        push=Access(rights.get("push", ())),
        delete=Access(rights.get("delete", ())),
        must_exist=tuple(_must_exist(registry, images)),
    )


def _must_exist(registry: OwnedRegistry, images: Sequence[ImageRepository]) -> Iterator[str]:
    """Most registries make a repository when it is first pushed to, below something that they do not make."""
    kind, server = registry.kind, registry.server
    if kind.each_image:
        yield from (f"repository `{image.path}` on `{server}`" for image in images)
    elif words := kind.path_on(server):
        beginning = "/".join(registry.account.split("/")[: len(words)])
        yield f"{words[-1].lower()} `{beginning}` on `{server}`"
