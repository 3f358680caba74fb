"""What the lockfile should carry and does not: no preview could tell what a cluster gets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import Cause, Finding, Place
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.images.lockfile import FILE_NAME
from pulumi_chaosreg.review.mirror_checks import has_wrong_source
from pulumi_chaosreg.scopes.demand import Demand, by_images
from pulumi_chaosreg.scopes.model import Decided
from pulumi_chaosreg.scopes.pinning import Pin
from pulumi_chaosreg.scopes.resolved import ResolvedImage
from pulumi_chaosreg.settings.setting import Setting
from pulumi_chaosreg.settings.table import IMAGES, MIRROR, SECTION
from pulumi_chaosreg.stacks.company import Company


def check_lockfile(company: Company, demands: Sequence[Demand], *, is_acting: bool) -> list[Finding]:
    """CHR0304: what must have a digest and has none. `is_acting`: a program would copy or pull now."""
    lacking = [
        found
        for demand in by_images(demands)
        for image in demand.images
        if (found := _lacking(image, demand, company.catalogue, is_acting=is_acting))
    ]
    certain = [one.about for one in lacking if not one.about.follows]
    if certain and company.lockfile == "missing" and not is_acting:
        in_common = set.intersection(*(set(one.follows_from) for one in certain))
        is_strict = any(demand.pinning is Pin.STRICT for demand in demands)
        return [_no_lockfile(company.folder, tuple(in_common), is_strict=is_strict)]
    return _by_cause(lacking)


def check_without_lockfile(config: Demand) -> list[Finding]:
    """CHR0330: what a program without stack files, and so without a lockfile, cannot keep of `images.pin`."""
    lacking = [image for image in config.images if image.digest is None]
    if not config.pin or config.pinning is Pin.OFF:
        return []
    is_said = config.pin.origin.path == IMAGES.pin.path
    if not is_said:  # by the cluster, which gets the digest of what is mirrored when that is there
        lacking = [image for image in lacking if image.source is None]
    if not lacking:
        return []
    names = ", ".join(f"`{image.name}`" for image in lacking)
    if not is_said:
        return [_by_digest_only(config.pin, names)]
    return [
        Finding(
            "CHR0330",
            f"`images.pin: {config.pin.value}` needs a lockfile, but a program without stack files has none: {names}",
            config.pin.origin.place,
            help="remove `images.pin`: digests are then found at `up`; or write `off` to pull by tag",
            severity="error" if config.pinning is Pin.STRICT else "warning",
        )
    ]


def _by_digest_only(pin: Decided[Pin], names: str) -> Finding:
    return Finding(
        "CHR0330",
        f"GKE Autopilot takes images by digest, and nobody knows the digest of what is not mirrored: {names}",
        pin.origin.place,
        help="mirror them, or write references with their digests under `custom_images`",
    )


@dataclass(frozen=True, slots=True)
class _Lacking:
    """An image that the lockfile lacks."""

    key: str
    about: Finding
    """All of its finding but the words."""
    mirrored_by: str
    pinned_by: str


def _by_cause(lacking: list[_Lacking]) -> list[Finding]:
    """A line that the lockfile lacks is told once, whoever needs it, and so is a setting that asks for several."""
    first: dict[tuple[str, Finding], Finding] = {}
    told: dict[Finding, list[_Lacking]] = {}
    for one in lacking:
        alike = first.setdefault((one.key, replace(one.about, place=None)), one.about)
        told.setdefault(alike, []).append(one)
    return [_finding(about, every) for about, every in told.items()]


def _finding(about: Finding, every: list[_Lacking]) -> Finding:
    named, *others = dict.fromkeys(one.key for one in every)
    notes = (
        ("and for", ", ".join(f"`{key}`" for key in others)),
        ("mirrored by", "; ".join(dict.fromkeys(one.mirrored_by for one in every if one.mirrored_by))),
        ("images.pin", "; ".join(dict.fromkeys(one.pinned_by for one in every if one.pinned_by))),
    )
    more = f" and {len(others)} more" if others else ""
    message = f"the lockfile has no digest for `{named}`{more}"
    return replace(about, message=message, notes=tuple((label, text) for label, text in notes if text))


def _lacking(image: ResolvedImage, config: Demand, catalogue: Catalogue, *, is_acting: bool) -> _Lacking | None:
    is_mirrored, floats = image.source is not None, catalogue.is_floating(image.reference.tag)
    said, owner = config.scope, config.owner
    for_others: tuple[Setting[Any], ...] = (SECTION.mirror, SECTION.image_registry)
    unclear = (MIRROR.platforms, MIRROR.source) if is_mirrored else for_others
    if image.digest or not config.pinning.wants_locked(mirrored=is_mirrored, floating=floats):
        return None
    if not is_mirrored and floats and config.pinning is not Pin.STRICT:
        return None  # that it moves is told
    # where references stay tags, the program is true without: it copies what a fixed tag stands for
    is_warning = config.pinning.may_copy_unlocked(floating=floats and is_acting)
    about = Finding(
        "CHR0304",
        "",
        image.place,
        help=f"run `chaosreg lock` and commit stacks/{FILE_NAME} with this change",
        severity="warning" if is_warning else "error",
        cause=Cause.NO_DIGEST,
        # else nobody knows what would have to be locked
        follows=any(said.is_unclear(setting) or config.registry.is_unclear(setting) for setting in unclear)
        or has_wrong_source(image, config.registry, catalogue),
        # a section that nobody reads may be the one that says where images come from
        follows_from=(Cause.DAMAGED_LOCKFILE, *(() if is_mirrored else (Cause.UNKNOWN_SECTION,))),
    )
    mirrored_by = f"stack `{owner.stack}`, {owner.title}" if is_mirrored and owner else ""
    return _Lacking(
        image.lock_key, about, mirrored_by, f"{config.pin.value}, by {config.pin.origin}" if config.pin else ""
    )


def _no_lockfile(folder: Path, follows_from: tuple[Cause, ...], *, is_strict: bool) -> Finding:
    """A hint, since a new project is not wrong before its first `chaosreg lock`; where it must be, it is said."""
    return Finding(
        "CHR0304",
        f"nothing is locked yet: there is no {FILE_NAME}",
        Place(file=folder / FILE_NAME),
        help="run `chaosreg lock` before the first `pulumi preview`, and commit the file",
        severity="warning" if is_strict else "hint",
        cause=Cause.NO_DIGEST,
        follows_from=follows_from,
    )
