"""What a source has, read before anything is written: by a digest, never by a tag that may move meanwhile."""

from collections.abc import Sequence

from pulumi_chaosreg.errors import Cause, Finding
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror.image import Each, Image, read_image
from pulumi_chaosreg.mirror.one_algorithm import stands_for
from pulumi_chaosreg.mirror.platforms import read_subset
from pulumi_chaosreg.mirror.wanted import Wanted
from pulumi_chaosreg.oci.problems import RegistryError, problem
from pulumi_chaosreg.oci.store import Store


def digest_now(store: Store, source: Reference) -> str:
    """What the source's tag stands for."""
    name = source.tag or "latest"
    found = store.head_manifest(source.repository, name)
    if not found:
        raise problem(
            "CHR0405", server=source.server, repository=source.repository, subject=f"tag `{name}`", status=404
        )
    return found.digest


def pinned(store: Store, source: Reference) -> Reference:
    """The source with the digest that its tag stands for, unless it has one."""
    return source if source.digest else source.with_digest(digest_now(store, source))


def read_source(store: Store, source: Reference, digest: str | None, wanted: Wanted, each: Each) -> Image:
    """The source's image: whole, by its digest, or of some platforms only, which must have that digest then."""
    platforms = wanted.platforms
    upstream = (source.digest if platforms else digest) or digest_now(store, source)
    try:
        root = read_subset(store, source.repository, upstream, platforms) if platforms else None
        if root and digest and root.digest != digest:
            raise _other_subset(source, platforms, digest, root.digest)
        image = read_image(store, source.repository, upstream, each=each, root=root, keep_foreign=wanted.keep_foreign)
    except RegistryError as failure:
        raise (_moved(store, source, upstream) if failure.is_missing else None) or failure from None
    if image.root.is_index and not image.root.children:
        subject, cause = f"manifest `{upstream}`", "it is an index without images"
        raise problem("CHR0415", server=store.server, repository=source.repository, subject=subject, cause=cause)
    return image


def _other_subset(source: Reference, platforms: Sequence[str], wanted: str, found: str) -> RegistryError:
    finding = Finding(
        "CHR0333",
        f"`{source}` with only {', '.join(platforms)} is not what was expected",
        notes=(("expected", wanted), ("found", found)),
        help="run `chaosreg lock --upgrade`, look at what changed, and commit the lockfile",
    )
    return RegistryError(finding)


def _moved(store: Store, source: Reference, wanted: str) -> RegistryError | None:
    """The error of a digest that the source lacks because its tag has moved on; None where that is not why."""
    now = store.head_manifest(source.repository, source.tag) if source.tag else None
    if now is None or stands_for(store, source.repository, now, wanted):
        return None
    finding = Finding(
        "CHR0331",
        f"registry `{source.server}` no longer has `{source.repository}:{source.tag}` as it was locked",
        notes=(("locked", wanted), ("now", now.digest)),
        help="look at what changed upstream, then run `chaosreg lock --upgrade` and commit the lockfile",
        cause=Cause.MISSING,
    )
    return RegistryError(finding, status=404)
