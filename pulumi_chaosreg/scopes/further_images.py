"""What an owner mirrors beside the images that infrastructures need: `mirror.also`."""

from collections.abc import Mapping
from dataclasses import replace

from pulumi_chaosreg.images.lockfile import subset_key
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.mirror_policy import MirrorPolicy
from pulumi_chaosreg.scopes.pinning import Pin
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedImage


def further_images(registry: Registry, locked: Mapping[str, str], pin: Pin) -> tuple[ResolvedImage, ...]:
    """Each of them, in the order in which they are written; without those that have no tag, which is told."""
    policy = registry.policy
    if policy is None or policy.also is None:
        return ()
    images = []
    for index, source in enumerate(map(Reference.parse, policy.also.value)):
        if source.tag is None:
            continue
        target = Reference.parse(f"{registry.path}/{source.image}:{source.tag}")
        origin = policy.also.origin
        image = ResolvedImage(source.image, target, origin, settings=(origin.path,), index=index)
        image = copied(image, source, policy, locked)
        images.append(replace(image, reference=target.with_digest(image.digest if pin.in_references else None)))
    return tuple(images)


def copied(image: ResolvedImage, source: Reference, policy: MirrorPolicy, locked: Mapping[str, str]) -> ResolvedImage:
    """The image as a mirror copies it from the source, which names a digest where a setting does: with what the
    lockfile says of both.
    """
    upstream, platforms = source.digest or locked.get(source.tagged), policy.kept_platforms
    return replace(
        image,
        source=source.with_digest(upstream),
        digest=locked.get(subset_key(source, platforms)) if platforms else upstream,
        platforms=platforms,
        is_pinned=source.digest is not None,
    )
