"""What `chaosreg lock` asks about, and whom: a layout that was carried over an air gap first, then the registries."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pulumi_chaosreg.cli.side_by_side import side_by_side
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci.layout import Layout
from pulumi_chaosreg.review.review import Review
from pulumi_chaosreg.scopes.demand import by_images
from pulumi_chaosreg.scopes.resolved import ResolvedImage

Failures = dict[str, tuple[Finding, ...]]
"""Line of the lockfile → why it could not be read."""


def sources_of(reviewed: Review) -> list[Reference]:
    """What `images.pin` wants locked; unsaid: what mirrors copy, ours or somebody else's (`mirror: off`, read where it
    is then), and tags that move under a cluster's own pulls.
    """
    sources: dict[str, Reference] = {}
    for demand in by_images(reviewed.demands):
        for image in demand.images:
            floats = reviewed.company.catalogue.is_floating(image.reference.tag)
            is_filled = image.source is not None or (demand.registry.off is not None and not image.is_custom)
            wanted = demand.pinning.wants_locked(mirrored=is_filled, floating=floats)
            if wanted and not image.is_pinned:
                source = image.source or image.reference
                sources[source.tagged] = source.with_digest(None)
    return [sources[tagged] for tagged in sorted(sources)]


def subsets_of(reviewed: Review) -> dict[str, ResolvedImage]:
    """Key of the lockfile → image of which some platforms only are mirrored."""
    return {
        image.lock_key: image
        for demand in by_images(reviewed.demands)
        for image in demand.images
        if image.platforms and demand.pinning.uses_lockfile
    }


@dataclass(frozen=True, slots=True)
class Asking:
    """Those who are asked. Threads may share it."""

    registries: Mirror
    logins: MachineLogins
    layout: Mirror | None = None

    @classmethod
    @contextmanager
    def of(cls, logins: MachineLogins, layout: Path | None) -> Iterator[Self]:
        """Ready to ask, as long as the context lasts; ChaosregError (CHR043x) for what is no layout."""
        with Mirror() as registries:
            if layout is None:
                yield cls(registries, logins)
                return
            with Layout.open(layout) as opened, Mirror(read_from=opened.holding, write_to=opened.holding) as carried:
                yield cls(registries, logins, carried)

    def digests(
        self, sources: Sequence[Reference], locked: Mapping[str, str]
    ) -> tuple[dict[str, str | None], Failures]:
        """(tag → what it, or the reference's digest, stands for now, None for nothing; tag → why it was not read)."""

        def ask(source: Reference) -> str | None:
            asked = Reference(source.server, source.repository, digest=source.digest) if source.digest else source
            like = source.digest or locked.get(source.tagged)
            carried = self.layout.digest(asked, like=like) if self.layout else None
            return carried or self.registries.digest(asked, self.logins.of(source), like)

        found, failures = side_by_side(sources, ask)
        return (
            {source.tagged: digest for source, digest in found.items()},
            {source.tagged: tuple(error.findings) for source, error in failures.items()},
        )

    def carries(self, source: Reference) -> bool:
        """Whether the layout has it."""
        return self.layout is not None and self.layout.digest(source) is not None

    def subset(self, source: Reference, platforms: Sequence[str]) -> str:
        """What the image of the source's digest becomes with these platforms only."""
        asked = Reference(source.server, source.repository, digest=source.digest)
        if self.layout and self.carries(asked):
            return self.layout.subset_digest(source, platforms)
        return self.registries.subset_digest(source, platforms, self.logins.of(source))


def subset_digests(
    asking: Asking,
    subsets: Mapping[str, ResolvedImage],
    upstream: Mapping[str, str],
    locked: Mapping[str, str],
    *,
    upgrade: bool,
) -> tuple[dict[str, str], Failures]:
    """(key → what the image becomes, key → why that is not known), of those whose source's digest is known.

    Read from the source only where that is not locked, or `upgrade`. A subset that cannot be read is not locked: what
    was locked may be of another digest of the source.
    """

    def read(key: str) -> str:
        image = subsets[key]
        assert image.source
        source = image.source if image.is_pinned else image.source.with_digest(upstream[image.source.tagged])
        is_same = image.is_pinned or locked.get(source.tagged) == source.digest
        if key in locked and is_same and not (upgrade and asking.layout is None):
            return locked[key]
        return asking.subset(source, image.platforms)

    known = [key for key, image in subsets.items() if image.is_pinned or _source(image) in upstream]
    result, failures = side_by_side(known, read)
    kept = {
        key: locked[key]
        for key in failures
        if key in locked
        and (subsets[key].is_pinned or upstream[_source(subsets[key])] == locked.get(_source(subsets[key])))
    }
    return {**result, **kept}, {key: tuple(error.findings) for key, error in failures.items()}


def _source(image: ResolvedImage) -> str:
    assert image.source
    return image.source.tagged


def no_such_tag(tagged: str) -> Finding:
    """CHR0308."""
    return ChaosregError.of(
        "CHR0308",
        f"`{tagged}` does not exist",
        help="check `mirror.source`, `images.release`, `images.tags` and `custom_images`",
    ).findings[0]
