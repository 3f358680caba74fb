"""What an owner's mirror may and can copy: allowed sources, what a source carries, tags that move."""

from collections.abc import Iterable, Iterator, Sequence

from pulumi_chaosreg.errors import Finding, Place, told
from pulumi_chaosreg.images.catalogue import Catalogue, load_catalogue
from pulumi_chaosreg.images.reference import COMPANION_TAG
from pulumi_chaosreg.scopes.mirror_policy import own_or_inherited
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage, by_images
from pulumi_chaosreg.settings.table import MIRROR, REPOSITORIES, SECTION


def check_mirrors(catalogue: Catalogue, configs: Iterable[ResolvedConfig]) -> list[Finding]:
    """CHR0309, CHR0314 to CHR0316 and CHR0318."""
    findings: list[Finding] = []
    every = list(by_images(configs))
    for config in every:
        findings += _mirrors_nothing(config, every, catalogue)
        for image in config.images:
            findings += _source(image, config.registry, catalogue)
    return findings + _not_carried(every, catalogue)


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
            help="correct `mirror.source`, or "
            + (f"add `{source.value}` to it" if allowed else f"write `allow_sources: [{source.value}]`"),
            follows=registry.is_unclear(MIRROR.allow_sources),
        )
    name = image.image
    tag = image.reference.tag or ""
    if COMPANION_TAG.fullmatch(tag):
        yield Finding(
            "CHR0318",
            f"tag `{tag}` of `{name}` is of the form that signatures have",
            image.origin.place,
            help="give the image another tag: this one would be overwritten by, or overwrite, a signature's",
        )
    immutable = own_or_inherited(owner, registry.base, REPOSITORIES.immutable_tags)
    excludes = registry.kind.provisions  # a repository that we make leaves just this tag out
    if immutable and immutable.value and catalogue.is_floating(tag) and not excludes:
        yield Finding(
            "CHR0316",
            f"tag `{tag}` of `{name}` moves, and `repositories.immutable_tags` forbids that",
            image.origin.place,
            notes=(("immutable at", str(immutable.origin)),),
            help="write a release's tag, or set `immutable_tags: false`",
        )


def _not_carried(configs: Iterable[ResolvedConfig], catalogue: Catalogue) -> list[Finding]:
    """One finding for each `mirror.source`, whatever it lacks."""
    lacking: dict[tuple[str, Place], dict[str, None]] = {}
    for config in configs:
        for image in config.images:
            if (policy := config.registry.policy) and _is_lacking(image, config, catalogue):
                names = lacking.setdefault((policy.source.value, policy.source.origin.place), {})
                names[image.image] = None
    return [
        Finding(
            "CHR0314",
            f"`{source}` does not carry {', '.join(f'`{name}`' for name in names)}",
            place,
            notes=(("carried by", _carrying(names, catalogue)),),
            help="mirror from one of these, or give the images under `custom_images`",
        )
        for (source, place), names in lacking.items()
    ]


def _is_lacking(image: ResolvedImage, config: ResolvedConfig, catalogue: Catalogue) -> bool:
    policy = config.registry.policy
    return bool(image.source and policy and not catalogue.carries(policy.source.value, image.image))


def _carrying(names: Iterable[str], catalogue: Catalogue) -> str:
    known = (source for source in catalogue.sources if all(catalogue.carries(source, name) for name in names))
    return ", ".join(known) or "none of them has all"


def has_wrong_source(image: ResolvedImage, config: ResolvedConfig, catalogue: Catalogue) -> bool:
    """Whether something is wrong with where the image is mirrored from, or with its tag there."""
    return bool(told(_source(image, config.registry, catalogue))) or _is_lacking(image, config, catalogue)


def _mirrors_nothing(
    config: ResolvedConfig, every: Sequence[ResolvedConfig], catalogue: Catalogue
) -> Iterator[Finding]:
    """A registry of one's own that nobody fills, where nobody says that this is meant so."""
    owner, registry = config.owner, config.registry
    if owner is None or registry.policy or registry.off or registry.path in catalogue.sources:
        return
    if all(image.is_custom for image in config.images):
        return
    source = own_or_inherited(owner, registry.base, MIRROR.source)
    if source and any(one.registry.policy and one.registry.policy.source.origin == source.origin for one in every):
        return  # it is what others are filled from
    why = "it is its own `mirror.source`" if source else f"{owner.title} owns it and sets no `mirror.source`"
    verb = "write" if source else "add"
    yield Finding(
        "CHR0315",
        f"nobody mirrors the images of `{registry.path}`: {why}",
        source.origin.place if source else registry.place,
        help=f"{verb} `mirror: {{source: docker.io/harness}}`, or `mirror: off` where something else fills it",
        severity="warning",
        follows=registry.is_unclear(SECTION.mirror),
    )
