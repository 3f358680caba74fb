"""What a cluster pulls without a mirror of ours: tags that move, and hosts that its Secret has no login for."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pulumi_chaosreg.errors import Cause, Finding, Place
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.review.allowance_checks import is_allowed
from pulumi_chaosreg.scopes.demand import Demand, FurtherImages, by_images
from pulumi_chaosreg.scopes.making import making_login
from pulumi_chaosreg.scopes.model import Decided, Scope
from pulumi_chaosreg.scopes.pinning import Pin
from pulumi_chaosreg.scopes.publication import Publication
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, PULL_SECRET


def check_pulls(catalogue: Catalogue, configs: Iterable[ResolvedConfig], *, is_acting: bool) -> list[Finding]:
    """CHR0313 and CHR0511. `is_acting`: a program would hand these images to a cluster now."""
    every = list(configs)
    findings = [finding for config in by_images(every) for finding in _floating(config, catalogue, is_acting=is_acting)]
    return findings + [
        finding
        for config in every  # each has a Secret of its own
        for image in config.images
        if image.is_custom
        for finding in _without_login(image, config)
    ]


class _Power(NamedTuple):
    """What a credential is for that no cluster may have."""

    scope: Scope
    """Who uses it."""
    login: Decided[str]
    can: str


def check_powers(
    configs: Iterable[ResolvedConfig], further: Iterable[FurtherImages], published: Iterable[Publication]
) -> Iterator[Finding]:
    """CHR0518: what a mirror pushes or deletes with, or makes repositories, would be handed to clusters because a level
    names it for both; a warning where that is the owner, or above it.
    """
    every = list(configs)
    demands: list[Demand] = [*every, *further]
    registries = {(one.registry.owner, one.registry.base): one.registry for one in demands}
    powers = [*_powers(registries.values()), *_powers_in_harness(published)]
    for delivery in (delivery for one in every for delivery in one.deliveries if delivery.needs_value):
        said = delivery.named_by.scope
        if said is None:
            continue
        for power in powers:
            if power.login.value != delivery.credential or not (power.scope.within(said) or said.within(power.scope)):
                continue
            yield Finding(
                "CHR0518",
                f"credential `{delivery.credential}` {power.can}, but clusters would pull with it",
                delivery.named_by.place,
                notes=(("named by", str(power.login.origin)),),
                help="name one that can only pull: every cluster has it",
                severity="warning" if power.scope.within(said) else "error",
            )


def _powers(registries: Iterable[Registry]) -> Iterator[_Power]:
    """Of each registry the strongest for a NAME, so that it is told once."""
    for registry in registries:
        owner, policy, makes = registry.owner, registry.policy, making_login(registry)
        named = [(makes, "makes repositories at")] if makes else []
        named += [(one, "can push to") for one in (policy.push, policy.delete) if one] if policy else []
        strongest = {login.value: (login, can) for login, can in reversed(named)}
        if owner:
            yield from (_Power(owner, login, f"{can} `{registry.path}`") for login, can in strongest.values())


def _powers_in_harness(published: Iterable[Publication]) -> Iterator[_Power]:
    for record in published:
        if record.login:
            yield _Power(record.scope, record.login, f"edits registries in Harness for {record.scope.title}")


def _floating(config: ResolvedConfig, catalogue: Catalogue, *, is_acting: bool) -> Iterator[Finding]:
    """One for all elements of one list of which the same is said, at the first one; it names the others."""
    alike: dict[tuple[Place, str | None, bool], list[ResolvedImage]] = {}
    for image in config.images:
        reference = image.reference
        if image.source or reference.digest or not catalogue.is_floating(reference.tag) or config.pinning is Pin.STRICT:
            continue  # what strict lacks is told of every image that is not locked
        is_known = image.digest is not None
        alike.setdefault((image.origin.place, reference.tag, is_known), []).append(image)
    yield from (_moves(images, config.pinning, is_acting=is_acting) for images in alike.values())


def _moves(images: Sequence[ResolvedImage], pin: Pin, *, is_acting: bool) -> Finding:
    first, *others = images
    reference = first.reference
    tag = f"tag `{reference.tag}` moves" if reference.tag else "no tag means `latest`, which moves"
    chosen = pin is Pin.OFF or first.digest is not None  # somebody wants tags and knows what that means
    why = f"`images.pin: {pin}` keeps the tag" if chosen else "the lockfile has no digest for it"
    advice = "or run `chaosreg lock` and commit the lockfile" if not chosen else "or remove `images.pin`"
    what = f"and {len(others)} more may be other images" if others else "may be another image"
    also = ", ".join(f"{'.'.join(map(str, one.place.keys[-2:]))}: `{one.reference}`" for one in others)
    return Finding(
        "CHR0313",
        f"`{reference}` {what} tomorrow: {tag}, and {why}",
        first.place,
        notes=(("also", also),) if others else (),
        help=f"write a release's tag, {advice}",
        severity="error" if is_acting and not chosen else "warning",
        follows_from=() if chosen else (Cause.DAMAGED_LOCKFILE,),
    )


def _without_login(image: ResolvedImage, config: ResolvedConfig) -> Iterator[Finding]:
    """The kubelet looks a login up by host, port and path."""
    server = config.registry.server.value
    if config.delivery and config.delivery.makes_secret and image.reference in config.nowhere_known:
        yield Finding(
            "CHR0511",
            f"`{image.reference.tagged}` would be pulled without a login: the pull Secret has one for `{server}` only",
            image.origin.place,
            help="fine where that image is public; otherwise mirror it (`mirror.also`), or define "
            f"`{image.reference.server}` under `registries:` at this level or above, with its `authentication`",
            severity="warning",
            follows=any(map(config.infrastructure.is_unclear, (IMAGE_REGISTRY.server, PULL_SECRET.delivery)))
            or not is_allowed(image, config),
        )
