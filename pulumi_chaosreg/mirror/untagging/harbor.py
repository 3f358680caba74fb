"""Tags of Harbor's images, and the images without one, taken away by its API, with any login of it.

The distribution API deletes by digest there, with all tags, and as whoever may delete whole repositories; the API needs
`tag:delete` and `artifact:delete`. An image goes with the children that nothing else needs.
"""

from collections.abc import Collection
from urllib.parse import quote

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.mirror.untagging.protocol import Delete, Door, KeptError, Untag
from pulumi_chaosreg.oci.problems import Answer, RegistryError
from pulumi_chaosreg.registries.harbor_api import artifact_path

_KEPT = 412
"""The tag is immutable, or an index needs the image."""
_GONE = "NOT_FOUND"


def untagger(door: Door) -> Untag:
    """See UntaggerOfKind."""

    def untag(repository: str, tags: Collection[str]) -> None:
        for tag in tags:
            path = f"{artifact_path(repository, tag)}/tags/{quote(tag, safe='')}"
            subject = f"tag `{tag}`"
            try:
                answer = door.registry.ask_api(path, repository, subject, method="DELETE", ok=(200, 404))
            except RegistryError as failure:
                raise _told(door, repository, tag, failure) from None
            if not _is_harbors(answer):
                raise door.refused(
                    "there is no such API at this address",
                    f"let `/api/v2.0/` through beside `/v2/`, or remove {subject} of `{repository}` there",
                )

    return untag


def deleter(door: Door) -> Delete:
    """See DeleterOfKind."""

    def delete(repository: str, digest: str) -> bool:
        path, subject = artifact_path(repository, digest), f"manifest `{digest}`"
        try:
            return _is_harbors(door.registry.ask_api(path, repository, subject, method="DELETE", ok=(200, 404)))
        except RegistryError as failure:
            if not failure.is_denied and failure.status != _KEPT:
                raise
            return False  # without a tag it does no harm

    return delete


def _is_harbors(answer: Answer) -> bool:
    """Whether it has the form of Harbor's answers: a proxy that knows only `/v2/` says 404 to all else."""
    return answer.status != 404 or answer.errors()[0] == _GONE


def _told(door: Door, repository: str, tag: str, failure: RegistryError) -> ChaosregError:
    notes = failure.findings[0].notes
    if failure.status == _KEPT:
        refused = door.refused(
            f"tag `{tag}` of `{repository}` stays: it is immutable there",
            "exempt it from the project's immutability rules before anything is deleted",
            notes,
        )
        return KeptError(refused.findings)
    if failure.is_denied:
        advice = f"give it `tag:delete` and `artifact:delete` in project `{repository.partition('/')[0]}`"
        return door.refused("the registry does not allow it to this login", advice, notes)
    return failure
