"""What an owner's mirror may and can copy: allowed sources, what a source carries, tags that move."""

from collections.abc import Iterable, Iterator, Sequence

from pulumi_chaosreg.errors import Finding, Place, told
from pulumi_chaosreg.images.catalogue import Catalogue, load_catalogue
from pulumi_chaosreg.images.reference import COMPANION_TAG, Reference
from pulumi_chaosreg.registries.servers import identity
from pulumi_chaosreg.scopes.demand import Demand, FurtherImages, by_images
from pulumi_chaosreg.scopes.mirror_policy import MirrorPolicy, own_or_inherited
from pulumi_chaosreg.scopes.model import Decided
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage
from pulumi_chaosreg.settings.table import MIRROR, REPOSITORIES, SECTION


def check_mirrors(
    catalogue: Catalogue, configs: Iterable[ResolvedConfig], further: Iterable[FurtherImages]
) -> list[Finding]:
    """CHR0309, CHR0314 to CHR0316 and CHR0318."""
    findings: list[Finding] = []
    every = list(by_images(configs))
    for config in every:
        findings += _mirrors_nothing(config, every, catalogue)
    demands: list[Demand] = [*every, *further]
    for demand in demands:
        once: dict[str, ResolvedImage] = {}  # of several tags of one source the first
        for image in demand.images:
            if image.source and not image.is_custom:  # one that an owner mirrors is looked at where that one lists it
                once.setdefault(image.source.name, image)
                findings += _tag(image, demand.registry, catalogue)
        for image in once.values():
            findings += _source(image, demand.registry)
    return findings + _not_carried(every, catalogue)


def _source(image: ResolvedImage, registry: Registry) -> Iterator[Finding]:
    """Nothing for an image that is not mirrored, or that would be copied onto itself, which is told."""
    policy = registry.policy
    if image.source is None or policy is None or goes_onto_itself(image):
        return
    allowed = policy.allow_sources
    beginnings = allowed.value if allowed else tuple(load_catalogue().sources)  # a project's own are not trusted by it
    if not _is_below(image.source.name, beginnings):
        said = "" if allowed else ", by default Harness's own registries"
        source = _required_source(image, policy)
        asked = [source.value] if source else _sources(policy)
        by_whom = "correct `mirror.source`" if source else f"take `{image.source.tagged}` out of `mirror.also`"
        refused = source.value if source else image.source.name
        yield Finding(
            "CHR0309",
            f"`{refused}` may not be mirrored: it is not in `mirror.allow_sources`{said}",
            (allowed or source).origin.place if source else image.place,
            notes=(("allowed", ", ".join(beginnings)),),
            help=f"{by_whom}, or "
            + (
                f"add `{refused}` to `mirror.allow_sources`"
                if allowed
                else f"write `mirror: {{allow_sources: [{', '.join(asked)}]}}`"
            ),
            follows=registry.is_unclear(MIRROR.allow_sources),
        )


def _tag(image: ResolvedImage, registry: Registry, catalogue: Catalogue) -> Iterator[Finding]:
    """Nothing for an image that is not mirrored."""
    if image.source is None or registry.owner is None:
        return
    name = image.image
    tag = image.reference.tag or ""
    if COMPANION_TAG.fullmatch(tag):
        yield Finding(
            "CHR0318",
            f"tag `{tag}` of `{name}` has the form of a signature's tag",
            image.place,
            help="give the image another tag: this one would be overwritten by, or overwrite, a signature's",
        )
    immutable = own_or_inherited(registry.owner, registry.base, REPOSITORIES.immutable_tags)
    create = own_or_inherited(registry.owner, registry.base, REPOSITORIES.create)
    excludes = registry.kind.provisions and create and create.value  # what we make leaves just this tag out
    if immutable and immutable.value and catalogue.is_floating(tag) and not excludes:
        yield Finding(
            "CHR0316",
            f"tag `{tag}` of `{name}` moves, but `repositories.immutable_tags` forbids that",
            image.place,
            notes=(("immutable at", str(immutable.origin)),),
            help="write a release's tag, or set `immutable_tags: false`",
        )


def _is_below(name: str, beginnings: Iterable[str]) -> bool:
    return any(f"{name}/".startswith(f"{text.rstrip('/')}/") for text in beginnings)


def _required_source(image: ResolvedImage, policy: MirrorPolicy) -> Decided[str] | None:
    """`mirror.source`, where the image is copied from there; None where `mirror.also` says where it is."""
    source = policy.source
    is_there = source and image.source and image.source.name == f"{source.value}/{image.image}"
    return source if is_there else None


def _sources(policy: MirrorPolicy) -> list[str]:
    """All that the owner copies from, as `allow_sources` would name it: the fewest beginnings."""
    source = [policy.source.value] if policy.source else []
    further = [Reference.parse(text).name for text in (policy.also.value if policy.also else ())]
    return list(dict.fromkeys([*source, *(name for name in further if not _is_below(name, source))]))


def _not_carried(configs: Iterable[ResolvedConfig], catalogue: Catalogue) -> list[Finding]:
    """One finding for each `mirror.source`, whatever it lacks."""
    lacking: dict[tuple[str, Place], dict[str, None]] = {}
    for config in configs:
        for image in config.images:
            source = _lacking_source(image, config.registry, catalogue)
            if source:
                names = lacking.setdefault((source.value, source.origin.place), {})
                names[image.image] = None
    return [
        Finding(
            "CHR0314",
            f"`{source}` has no {', '.join(f'`{name}`' for name in names)}",
            place,
            notes=(("carried by", _carrying(names, catalogue)),),
            help="mirror from one of these, or give the images under `custom_images`",
        )
        for (source, place), names in lacking.items()
    ]


def _lacking_source(image: ResolvedImage, registry: Registry, catalogue: Catalogue) -> Decided[str] | None:
    """The `mirror.source` that the image is to come from, where it is known not to have it."""
    source = _required_source(image, registry.policy) if registry.policy else None
    return source if source and not catalogue.carries(source.value, image.image) else None


def _carrying(names: Iterable[str], catalogue: Catalogue) -> str:
    known = (source for source in catalogue.sources if all(catalogue.carries(source, name) for name in names))
    return ", ".join(known) or "none of them has all"


def has_wrong_source(image: ResolvedImage, registry: Registry, catalogue: Catalogue) -> bool:
    """Whether something is wrong with where the image is mirrored from, or with its tag there."""
    wrong = [*_source(image, registry), *_tag(image, registry, catalogue)]
    return bool(told(wrong) or _lacking_source(image, registry, catalogue)) or goes_onto_itself(image)


def goes_onto_itself(image: ResolvedImage) -> bool:
    """Whether its source is the repository that it would be copied to, by whatever name of the registry."""
    source, target = image.source, image.reference
    if source is None or source.repository != target.repository:
        return False
    return identity(source.server) == identity(target.server)


def _mirrors_nothing(
    config: ResolvedConfig, every: Sequence[ResolvedConfig], catalogue: Catalogue
) -> Iterator[Finding]:
    """A registry of one's own that nobody fills, where nobody says that this is meant so."""
    owner, registry = config.owner, config.registry
    is_filled = registry.policy is not None and registry.policy.source is not None
    if owner is None or is_filled or registry.off or registry.path in catalogue.sources:
        return
    if all(image.is_custom for image in config.images):
        return
    source = own_or_inherited(owner, registry.base, MIRROR.source)
    others = (one.registry.policy.source for one in every if one.registry.policy)
    if source and any(other and other.origin == source.origin for other in others):
        return  # it is what others are filled from
    why = "it is its own `mirror.source`" if source else f"{owner.title} owns it and sets no `mirror.source`"
    verb = "write" if source else "add"
    yield Finding(
        "CHR0315",
        f"the images of `{registry.path}` are not mirrored: {why}",
        source.origin.place if source else registry.place,
        help=f"{verb} `mirror: {{source: docker.io/harness}}`, or `mirror: off` if something else fills it",
        severity="warning",
        follows=registry.is_unclear(SECTION.mirror),
    )
