"""What an owner mirrors beside the images that infrastructures need: `mirror.also`."""

from collections.abc import Mapping

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
        upstream, digest = digests(source, policy, locked)
        image = ResolvedImage(
            source.image,
            target.with_digest(digest if pin.in_references else None),
            policy.also.origin,
            source.with_digest(upstream),
            is_pinned=source.digest is not None,
            digest=digest,
            platforms=policy.kept_platforms,
            settings=(policy.also.origin.path,),
            index=index,
        )
        images.append(image)
    return tuple(images)


def digests(source: Reference, policy: MirrorPolicy, locked: Mapping[str, str]) -> tuple[str | None, str | None]:
    """(what the source is, what its copy becomes by the policy), by the lockfile. The source names a digest where a
    setting does.
    """
    upstream, platforms = source.digest or locked.get(source.tagged), policy.kept_platforms
    return upstream, locked.get(subset_key(source, platforms)) if platforms else upstream
