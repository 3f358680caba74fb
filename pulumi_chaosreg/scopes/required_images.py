"""Which images an infrastructure needs, at which tags: custom image, then tag, then release."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.catalogue import Catalogue, Release
from pulumi_chaosreg.images.lockfile import pinned
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.further_images import digests
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope, merged, nearest
from pulumi_chaosreg.scopes.pinning import Pin
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedImage
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import IMAGES, SECTION

LIBRARY = "chaos-ddcr-lib"
"""The helper Pods' image: pulled only where a custom image is given for it."""


@dataclass(frozen=True, slots=True)
class _Needed:
    """An image before custom images and tags are looked at."""

    name: str
    """In the ConfigMap."""
    image: str
    """Last part of the repository."""
    tag: Decided[str] | None
    """What the list or the release says."""
    index: int | None = None
    """Where it stands in the list, if its tag is from there."""


def required_images(
    scope: Scope,
    registry: Registry,
    kind: Decided[str],
    catalogue: Catalogue,
    locked: Mapping[str, str],
    pin: Pin,
    further: Sequence[ResolvedImage] = (),
) -> tuple[tuple[ResolvedImage, ...], list[Finding]]:
    """Each image that an infrastructure below this scope pulls, and what is wrong (CHR0305, CHR0307). `further` are
    those that the registry's owner mirrors beside them: a custom image may be one.
    """
    if scope.is_unclear(SECTION.type):
        return (), []
    custom = custom_images(scope, catalogue)
    tags = merged(scope, IMAGES.tags)
    unclear = _unclear_images(scope, catalogue)
    listed, findings = _wanted(scope, kind, catalogue)
    wanted = {item.name: item for item in listed}
    if LIBRARY in custom:
        wanted.setdefault(LIBRARY, _Needed(LIBRARY, LIBRARY, None))
    images, untagged = [], []
    for item in wanted.values():
        if item.image in unclear:
            continue
        if item.image in custom:
            if item.name == item.image:  # and not for each of a release's two tags
                image = _custom(scope, item, custom[item.image], catalogue, locked, pin)
                images.append(_ours(image, further, registry, locked, pin))
            continue
        if item.image in tags and item.name != item.image:
            continue
        tag = tags.get(item.image) or item.tag
        if tag is None:
            untagged.append(item.name)
            continue
        images.append(_of_registry(item, tag, registry, locked, pin, deciding(scope, item.image, catalogue)))
    if untagged and not _release_is_wrong(scope, catalogue):
        findings.append(_no_tag(scope, untagged, kind, catalogue))
    return tuple(images), findings


def _custom(
    scope: Scope, item: _Needed, said: Decided[str], catalogue: Catalogue, locked: Mapping[str, str], pin: Pin
) -> ResolvedImage:
    reference = Reference.parse(said.value)
    known = pinned(reference, locked)
    return ResolvedImage(
        item.name,
        known if pin.in_references else reference,
        said.origin,
        is_custom=True,
        is_pinned=reference.digest is not None,
        digest=known.digest,
        settings=deciding(scope, item.image, catalogue),
    )


def _ours(
    image: ResolvedImage, further: Sequence[ResolvedImage], registry: Registry, locked: Mapping[str, str], pin: Pin
) -> ResolvedImage:
    """The custom image as the mirror copies it, where it is one that the registry's owner lists in `mirror.also`."""
    same = (one for one in further if one.reference.tagged == image.reference.tagged)
    found, policy = next(same, None), registry.policy
    if found is None or found.source is None or policy is None:
        return image
    source = found.source if found.is_pinned else found.source.with_digest(None)
    upstream, digest = digests(source, policy, locked)
    if image.is_pinned and image.reference.digest != digest:
        return image
    return replace(
        image,
        reference=image.reference
        if image.is_pinned
        else image.reference.with_digest(digest if pin.in_references else None),
        source=source.with_digest(upstream),
        is_pinned=found.is_pinned,
        digest=digest,
        platforms=policy.kept_platforms,
    )


def _of_registry(
    item: _Needed,
    tag: Decided[str],
    registry: Registry,
    locked: Mapping[str, str],
    pin: Pin,
    settings: tuple[Path, ...],
) -> ResolvedImage:
    reference, policy = Reference.parse(f"{registry.path}/{item.image}:{tag.value}"), registry.policy
    source = upstream = None
    digest = locked.get(reference.tagged)
    if policy and policy.source:
        source = Reference.parse(f"{policy.source.value}/{item.image}:{tag.value}")
        upstream, digest = digests(source, policy, locked)
    return ResolvedImage(
        item.name,
        reference.with_digest(digest if pin.in_references else None),
        tag.origin,
        source.with_digest(upstream) if source else None,
        digest=digest,
        platforms=policy.kept_platforms if policy and source else (),
        settings=settings,
        index=item.index if tag is item.tag else None,
    )


def deciding(scope: Scope, image: str, catalogue: Catalogue) -> tuple[Path, ...]:
    """The settings that an image's reference comes from, the strongest first; of the several keys that
    `custom_images` has for it those that somebody writes.
    """
    said = dict.fromkeys(key for level in scope.chain() for key in level.get(SECTION.custom_images) or ())
    custom = [key for key in said if catalogue.image_of(key) == image]
    return (
        *((*SECTION.custom_images.path, key) for key in custom),
        (*IMAGES.tags.path, image),
        SECTION.required_images.path,
        IMAGES.release.path,
    )


def _unclear_images(scope: Scope, catalogue: Catalogue) -> set[str]:
    """Images whose tag or custom reference is told to be wrong, or probably meant by a misspelt name: what follows from
    its lack misleads.
    """
    said = {path for above in scope.chain() for path in above.left_out}
    tags, custom = IMAGES.tags.path, SECTION.custom_images.path
    unclear = {str(path[2]) for path in said if path[:2] == tags and len(path) > 2}
    unclear |= {catalogue.image_of(str(path[1])) or "" for path in said if path[:1] == custom and len(path) > 1}
    if said & {SECTION.images.path, tags, custom}:
        unclear |= {*catalogue.names, *catalogue.custom_keys.values()}
    unknown = [name for name in merged(scope, IMAGES.tags) if name not in catalogue.names]
    return unclear | {near for name in unknown for near in get_close_matches(name, catalogue.names, n=1)}


def _release_is_wrong(scope: Scope, catalogue: Catalogue) -> bool:
    """Whether some level says a release that is told to be wrong: images without a tag only follow from that."""
    said = nearest(scope, IMAGES.release)
    is_unknown = said is not None and said.value not in catalogue.releases
    return is_unknown or scope.is_unclear(IMAGES.release)


def custom_images(scope: Scope, catalogue: Catalogue) -> dict[str, Decided[str]]:
    """Image name → custom reference; the several keys of one image are one field."""
    custom: dict[str, Decided[str]] = {}
    for level in scope.chain():
        for key, value in (level.get(SECTION.custom_images) or {}).items():
            name = catalogue.image_of(key)
            if name:
                custom[name] = Decided(value, Origin(level, (*SECTION.custom_images.path, key)))
    return custom


def _wanted(scope: Scope, kind: Decided[str], catalogue: Catalogue) -> tuple[list[_Needed], list[Finding]]:
    explicit = nearest(scope, SECTION.required_images)
    release = _release(scope, catalogue)
    images = release.value.images(kind.value) if release else {}
    if explicit:
        known = release.value.listable(kind.value, catalogue.groups) if release else {}
        listed: dict[Reference, int] = {}
        for number, image in _parsed(explicit.value):  # what is wrong with the list is found in its own check
            listed.setdefault(image, number)
        is_all = explicit.origin.scope is None or not explicit.origin.scope.is_unclear(SECTION.required_images)
        return [_from_list(image, explicit, release, known, listed[image] if is_all else None) for image in listed], []
    if scope.is_unclear(IMAGES.release):
        return [], []
    if release and not images:
        return [], [_no_such_images(scope, kind, release, catalogue)]
    wanted = []
    for name in images or catalogue.sets[kind.value]:
        first, *others = images.get(name, ("",))
        wanted.append(_Needed(name, name, Decided(first, release.origin) if release else None))
        more = others if release else []
        wanted += [_Needed(f"{name}.{tag}", name, Decided(tag, release.origin) if release else None) for tag in more]
    return wanted, []


def _from_list(
    image: Reference,
    listed: Decided[list[str]],
    release: Decided[Release] | None,
    images: Mapping[str, tuple[str, ...]],
    index: int | None,
) -> _Needed:
    name = image.image
    from_release = Decided(images[name][0], release.origin) if release and name in images else None
    if not image.tag:
        return _Needed(name, name, from_release)
    return _Needed(name, name, Decided(image.tag, listed.origin), index)


def _parsed(listed: list[str]) -> Iterator[tuple[int, Reference]]:
    for number, text in enumerate(listed):
        image = Reference.parse(text)
        if not names_place(text, image):
            yield number, image


def names_place(text: str, image: Reference) -> bool:
    """Whether an entry of `required_images` has a server or a digest of its own, which it may not."""
    return bool(image.digest) or image.server != "docker.io" or text.startswith("docker.io/")


def _release(scope: Scope, catalogue: Catalogue) -> Decided[Release] | None:
    decided = nearest(scope, IMAGES.release)
    release = catalogue.releases.get(decided.value) if decided else None
    return Decided(release, decided.origin) if decided and release else None


def _no_such_images(scope: Scope, kind: Decided[str], release: Decided[Release], catalogue: Catalogue) -> Finding:
    version = release.value.version
    return Finding(
        "CHR0305",
        f"release `{version}` has no images for {kind.value} infrastructures",
        (kind.origin if kind.origin.scope else release.origin).place,
        notes=(("release from", str(release.origin)), ("newest that has", catalogue.newest_with(kind.value))),
        help="move to `type: ddcr`, or set `images.release` to a release that still has them",
    )


def _no_tag(scope: Scope, names: list[str], kind: Decided[str], catalogue: Catalogue) -> Finding:
    """One finding at the top, however many are below: that is where a release belongs."""
    listed = nearest(scope, SECTION.required_images)
    newest = catalogue.newest_with(kind.value)
    has_all = set(names) <= catalogue.releases[newest].images(kind.value).keys()
    tags = ", ".join(f"{name}: <tag>" for name in names)
    return Finding(
        "CHR0307",
        f"no level gives a tag to {', '.join(f'`{name}`' for name in names)}: none sets `images.release` to a release "
        f"that has {'it' if len(names) == 1 else 'them'}",
        listed.origin.place if listed else scope.chain()[0].place,
        notes=(("newest known release", newest),) if has_all else (),
        help=f'write `images: {{release: "{newest}"}}` at the account, or a tag under `images.tags`'
        if has_all
        else f"no known release has all of them: write `images: {{tags: {{{tags}}}}}`",
    )
