"""What an owner's mirror may and can copy: allowed sources, what a source carries, the lockfile, tags that move."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.images.lockfile import FILE_NAME
from pulumi_chaosreg.scopes.company import Company
from pulumi_chaosreg.scopes.model import Scope, nearest
from pulumi_chaosreg.scopes.registry import joined
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage


def check_mirrors(company: Company, configs: Iterable[ResolvedConfig], *, is_acting: bool) -> list[Finding]:
    """CHR0304, CHR0309, CHR0314 to CHR0316. `is_acting`: a program would copy or pull now."""
    findings: list[Finding] = []
    unlocked: list[Finding] = []
    seen: set[int] = set()
    owners: set[Scope] = set()
    for config in configs:
        owner = config.owner
        if owner is None or id(config.images) in seen:  # siblings share their images
            continue
        seen.add(id(config.images))
        if owner not in owners:
            owners.add(owner)
            findings += _mirrors_nothing(owner, config, company)
        for image in config.images:
            if image.source:
                problems = list(_source(image, owner, company))
                findings += problems
                unlocked += [] if problems else _unlocked(image, owner)
    if unlocked and not company.has_lockfile and not is_acting:
        return [*findings, _no_lockfile(company.folder)]
    return findings + unlocked


def _source(image: ResolvedImage, owner: Scope, company: Company) -> Iterator[Finding]:
    assert image.source is not None
    source = nearest(owner, ("mirror", "source"))
    assert source is not None
    allowed = nearest(owner, ("mirror", "allow_sources"))
    beginnings = allowed.value if allowed else list(company.catalogue.sources)
    if not any(f"{image.source.name}/".startswith(f"{text.rstrip('/')}/") for text in beginnings):
        said = "" if allowed else ", and nobody sets it: Harness's own are allowed"
        yield Finding(
            "CHR0309",
            f"`{source.value}` may not be mirrored: `mirror.allow_sources` does not name it{said}",
            (allowed or source).origin.place,
            notes=(("allowed", ", ".join(beginnings)),),
            help=f"correct `mirror.source`, or write `allow_sources: [{source.value}]`",
        )
    name = image.source.repository.rpartition("/")[2]
    if not company.catalogue.carries(source.value, name):
        carrying = [known for known in company.catalogue.sources if company.catalogue.carries(known, name)]
        yield Finding(
            "CHR0314",
            f"`{source.value}` does not carry `{name}`",
            source.origin.place,
            notes=(("carried by", ", ".join(carrying)),),
            help="mirror from one of these, or give the image under `custom_images`",
        )
    tag = image.reference.tag or ""
    immutable = nearest(owner, ("repositories", "immutable_tags"))
    if immutable and immutable.value and company.catalogue.is_floating(tag):
        yield Finding(
            "CHR0316",
            f"tag `{tag}` of `{name}` moves, and `repositories.immutable_tags` forbids that",
            image.origin.place,
            notes=(("immutable at", str(immutable.origin)),),
            help="write a release's tag, or set `immutable_tags: false`",
        )


def _unlocked(image: ResolvedImage, owner: Scope) -> Iterator[Finding]:
    """A mirrored image that the lockfile does not carry: no preview could tell what a cluster gets."""
    if image.source and image.source.digest is None:
        yield Finding(
            "CHR0304",
            f"the lockfile has no digest for `{image.source.tagged}`",
            image.origin.place,
            notes=(("mirrored by", f"stack `{owner.stack}`, {owner.title}"),),
            help=f"run `chaosreg lock` and commit stacks/{FILE_NAME} with this change",
        )


def _no_lockfile(folder: Path) -> Finding:
    return Finding(
        "CHR0304",
        f"nothing is locked yet: there is no {FILE_NAME}",
        Place(file=folder / FILE_NAME),
        help="run `chaosreg lock` before the first `pulumi preview`, and commit the file",
        severity="warning",
    )


def _mirrors_nothing(owner: Scope, config: ResolvedConfig, company: Company) -> Iterator[Finding]:
    """A registry of one's own that nobody fills: perhaps it is filled by other means."""
    path = joined(config.server, config.account)
    if nearest(owner, ("mirror", "source")) or path in company.catalogue.sources:
        return
    if all(image.is_custom for image in config.images):
        return
    yield Finding(
        "CHR0315",
        f"nobody mirrors the images of `{path}`: {owner.title} owns it and sets no `mirror.source`",
        config.server.origin.place,
        help="add `mirror: {source: docker.io/harness}`, unless something else fills this registry",
        severity="warning",
    )
