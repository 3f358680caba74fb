"""What an owner's mirror may and can copy: allowed sources, what a source carries, the lockfile, tags that move."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import Cause, Finding, Place, told
from pulumi_chaosreg.images.catalogue import Catalogue, load_catalogue
from pulumi_chaosreg.images.lockfile import FILE_NAME
from pulumi_chaosreg.images.reference import COMPANION_TAG
from pulumi_chaosreg.scopes.mirror_policy import own_or_inherited
from pulumi_chaosreg.scopes.pinning import Pin
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage, by_images
from pulumi_chaosreg.settings.setting import Setting
from pulumi_chaosreg.settings.table import MIRROR, REPOSITORIES, SECTION
from pulumi_chaosreg.stacks.company import Company


def check_mirrors(catalogue: Catalogue, configs: Iterable[ResolvedConfig]) -> list[Finding]:
    """CHR0309, CHR0314 to CHR0316 and CHR0318."""
    findings: list[Finding] = []
    for config in by_images(configs):
        findings += _mirrors_nothing(config, catalogue)
        for image in config.images:
            findings += _source(image, config.registry, catalogue)
    return findings


def check_lockfile(company: Company, configs: Iterable[ResolvedConfig], *, is_acting: bool) -> list[Finding]:
    """CHR0304: what must have a digest and has none. `is_acting`: a program would copy or pull now."""
    unlocked = [
        finding
        for config in by_images(configs)
        for image in config.images
        for finding in _unlocked(image, config, company.catalogue, is_acting=is_acting)
    ]
    certain = [finding for finding in unlocked if not finding.follows]
    if certain and company.lockfile == "missing" and not is_acting:
        in_common = set.intersection(*(set(finding.follows_from) for finding in certain))
        return [_no_lockfile(company.folder, tuple(in_common))]
    return unlocked


def check_without_lockfile(config: ResolvedConfig) -> list[Finding]:
    """CHR0330: what a program without stack files, and so without a lockfile, cannot keep of `images.pin`."""
    lacking = [image for image in config.images if image.digest is None]
    if not config.pin or not lacking or config.pinning is Pin.OFF:
        return []
    names = ", ".join(f"`{image.name}`" for image in lacking)
    return [
        Finding(
            "CHR0330",
            f"`images.pin: {config.pin.value}` needs a lockfile, and a program without stack files has none: {names}",
            config.pin.origin.place,
            help="leave `images.pin` out: digests are then found at `up`, and references carry them; `off` for tags",
            severity="error" if config.pinning is Pin.STRICT else "warning",
        )
    ]


def _source(image: ResolvedImage, registry: Registry, catalogue: Catalogue) -> Iterator[Finding]:
    """Nothing for an image that is not mirrored."""
    owner, policy = registry.owner, registry.policy
    if image.source is None or owner is None or policy is None:
        return
    source, allowed = policy.source, policy.allow_sources
    beginnings = allowed.value if allowed else tuple(load_catalogue().sources)  # a project's own are not trusted by it
    if not any(f"{image.source.name}/".startswith(f"{text.rstrip('/')}/") for text in beginnings):
        said = "" if allowed else ", and nobody sets it: Harness's own are allowed"
        yield Finding(
            "CHR0309",
            f"`{source.value}` may not be mirrored: `mirror.allow_sources` does not name it{said}",
            (allowed or source).origin.place,
            notes=(("allowed", ", ".join(beginnings)),),
            help=f"correct `mirror.source`, or write `allow_sources: [{source.value}]`",
            follows=registry.is_unclear(MIRROR.allow_sources),
        )
    name = image.source.repository.rpartition("/")[2]
    if not catalogue.carries(source.value, name):
        carrying = [known for known in catalogue.sources if catalogue.carries(known, name)]
        yield Finding(
            "CHR0314",
            f"`{source.value}` does not carry `{name}`",
            source.origin.place,
            notes=(("carried by", ", ".join(carrying)),),
            help="mirror from one of these, or give the image under `custom_images`",
        )
    tag = image.reference.tag or ""
    if COMPANION_TAG.fullmatch(tag):
        yield Finding(
            "CHR0318",
            f"tag `{tag}` of `{name}` is of the form that signatures have",
            image.origin.place,
            help="give the image another tag: this one would be overwritten by, or overwrite, a signature's",
        )
    immutable = own_or_inherited(owner, registry.base, REPOSITORIES.immutable_tags)
    if immutable and immutable.value and catalogue.is_floating(tag):
        yield Finding(
            "CHR0316",
            f"tag `{tag}` of `{name}` moves, and `repositories.immutable_tags` forbids that",
            image.origin.place,
            notes=(("immutable at", str(immutable.origin)),),
            help="write a release's tag, or set `immutable_tags: false`",
        )


def _unlocked(
    image: ResolvedImage, config: ResolvedConfig, catalogue: Catalogue, *, is_acting: bool
) -> Iterator[Finding]:
    """An image that the lockfile should carry and does not: no preview could tell what a cluster gets."""
    is_mirrored, floats = image.source is not None, catalogue.is_floating(image.reference.tag)
    said = config.infrastructure
    for_others: tuple[Setting[Any], ...] = (SECTION.mirror, SECTION.image_registry)
    unclear = (MIRROR.platforms, MIRROR.source) if is_mirrored else for_others
    if image.digest or not config.pinning.wants_locked(mirrored=is_mirrored, floating=floats):
        return
    if not is_mirrored and floats and config.pinning is not Pin.STRICT:
        return  # that it moves is told
    # where references stay tags, the program is true without: it copies what a fixed tag stands for
    is_warning = config.pinning.may_copy_unlocked(floating=floats and is_acting)
    notes = (
        [("mirrored by", f"stack `{config.owner.stack}`, {config.owner.title}")]
        if image.source and config.owner
        else []
    )
    if config.pin:
        notes.append(("images.pin", f"{config.pin.value}, by {config.pin.origin}"))
    yield Finding(
        "CHR0304",
        f"the lockfile has no digest for `{image.lock_key}`",
        image.origin.place,
        notes=tuple(notes),
        help=f"run `chaosreg lock` and commit stacks/{FILE_NAME} with this change",
        severity="warning" if is_warning else "error",
        cause=Cause.NO_DIGEST,
        # else nobody knows what would have to be locked
        follows=any(said.is_unclear(setting) or config.registry.is_unclear(setting) for setting in unclear)
        or _has_wrong_source(image, config, catalogue),
        # a section that nobody reads may be the one that says where images come from
        follows_from=(Cause.DAMAGED_LOCKFILE, *(() if is_mirrored else (Cause.UNKNOWN_SECTION,))),
    )


def _has_wrong_source(image: ResolvedImage, config: ResolvedConfig, catalogue: Catalogue) -> bool:
    return bool(told(_source(image, config.registry, catalogue)))


def _no_lockfile(folder: Path, follows_from: tuple[Cause, ...]) -> Finding:
    return Finding(
        "CHR0304",
        f"nothing is locked yet: there is no {FILE_NAME}",
        Place(file=folder / FILE_NAME),
        help="run `chaosreg lock` before the first `pulumi preview`, and commit the file",
        severity="warning",
        cause=Cause.NO_DIGEST,
        follows_from=follows_from,
    )


def _mirrors_nothing(config: ResolvedConfig, catalogue: Catalogue) -> Iterator[Finding]:
    """A registry of one's own that nobody fills, where nobody says that this is meant so."""
    owner, registry = config.owner, config.registry
    if owner is None or registry.policy or registry.off or registry.path in catalogue.sources:
        return
    if own_or_inherited(owner, registry.base, MIRROR.source):
        return
    if all(image.is_custom for image in config.images):
        return
    yield Finding(
        "CHR0315",
        f"nobody mirrors the images of `{registry.path}`: {owner.title} owns it and sets no `mirror.source`",
        registry.place,
        help="add `mirror: {source: docker.io/harness}`, or `mirror: off` where something else fills this registry",
        severity="warning",
        follows=registry.is_unclear(SECTION.mirror),
    )
