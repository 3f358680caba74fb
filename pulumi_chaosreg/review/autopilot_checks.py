"""What GKE Autopilot would not admit: references without a digest, and images with another digest than Harness's."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.scopes.autopilot import autopilot
from pulumi_chaosreg.scopes.demand import by_images
from pulumi_chaosreg.scopes.model import Decided
from pulumi_chaosreg.scopes.pinning import Pin
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.table import CLUSTER, IMAGES, MIRROR


def check_autopilot(configs: Iterable[ResolvedConfig]) -> Iterator[Finding]:
    """CHR0346 and CHR0347, each once for a setting that asks for it."""
    every = list(configs)
    found: dict[Finding, None] = {}
    for config in by_images(every):
        said = autopilot(config.infrastructure) if config.owner else None
        if said:
            found |= dict.fromkeys([*_tags(config, said), *_subset(config, said)])
    for config in every:  # of siblings with the same images not all need run there
        said = autopilot(config.infrastructure)
        if said and not config.owner and config.pinning is not Pin.STRICT:
            found |= dict.fromkeys(_custom(config, said))
    yield from found


def _custom(config: ResolvedConfig, cluster: Decided[str]) -> Iterator[Finding]:
    """Beside Harness's own registry, where tags are fine, nobody locks what a level names by itself."""
    for image in config.images:
        is_harness_s = image.reference.name.startswith(f"{config.registry.path}/")
        if image.is_custom and not image.reference.digest and not is_harness_s:
            yield Finding(
                "CHR0346",
                f"`{image.reference}` has no digest, by which alone GKE Autopilot admits chaos Pods",
                image.place,
                notes=((str(CLUSTER.provider), str(cluster.origin)),),
                help="write it with `@sha256:…`, or write `images: {pin: strict}` and run `chaosreg lock`",
                severity="warning",
            )


def _tags(config: ResolvedConfig, cluster: Decided[str]) -> Iterator[Finding]:
    if config.pin and not config.pinning.in_references:
        yield Finding(
            "CHR0346",
            f"`images.pin: {config.pin.value}` leaves tags in references, but GKE Autopilot admits chaos Pods by their "
            "images' digests only",
            _nearest(config.pin, cluster),
            notes=((str(IMAGES.pin), str(config.pin.origin)), (str(CLUSTER.provider), str(cluster.origin))),
            help="write `images: {pin: strict}` where these clusters are, or remove `images.pin`",
        )


def _subset(config: ResolvedConfig, cluster: Decided[str]) -> Iterator[Finding]:
    policy = config.registry.policy
    if policy and policy.kept_platforms and any(image.source for image in config.images):
        kept = ", ".join(policy.kept_platforms)
        yield Finding(
            "CHR0347",
            f"`{config.registry.path}` has images with {kept} alone, whose digests are not on the list by which GKE "
            "Autopilot admits chaos Pods",
            _nearest(policy.platforms, cluster),
            notes=((str(MIRROR.platforms), str(policy.platforms.origin)), (str(CLUSTER.provider), str(cluster.origin))),
            help="write `platforms: all` for this registry, or let these clusters choose another one under "
            "`registries` that has all platforms",
        )


def _nearest(one: Decided[object], cluster: Decided[str]) -> Place:
    """Where the lower level says it: what is above may be for others."""
    said, by = one.origin.scope, cluster.origin.scope
    return (one if by is None or (said and said.level.rank >= by.level.rank) else cluster).origin.place
