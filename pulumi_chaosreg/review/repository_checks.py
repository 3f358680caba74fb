"""How an owner wants its repositories made, where the kind of registry would refuse it."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.scopes.demand import Demand, by_images
from pulumi_chaosreg.scopes.making import is_made, said_of
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.registry import Registry, setting
from pulumi_chaosreg.scopes.resolved import ResolvedImage
from pulumi_chaosreg.settings.table import MIRROR, REPOSITORIES


def check_repositories(catalogue: Catalogue, demands: Iterable[Demand]) -> Iterator[Finding]:
    """CHR0443 to CHR0446, CHR0498 and CHR0548, once for each registry whose repositories are made."""
    of_registry: dict[tuple[Scope, str], list[Demand]] = {}
    for demand in by_images(demands):
        if demand.owner is not None and is_made(demand.registry):
            of_registry.setdefault((demand.owner, demand.registry.path), []).append(demand)
    found: dict[Finding, None] = {}  # one setting may be meant for many registries
    for alike in of_registry.values():
        registry = alike[0].registry
        images = [image for demand in alike for image in demand.images if not image.is_custom]
        found |= dict.fromkeys([*_moving_tags(registry, images, catalogue), *_days(registry), *_tags(registry)])
        found |= dict.fromkeys([*_key(registry), *_login(registry), *_deleted(registry)])
    yield from found


def _moving_tags(registry: Registry, images: Iterable[ResolvedImage], catalogue: Catalogue) -> Iterator[Finding]:
    """Each of them is one exception of a repository whose tags stay, and the tags of signatures are one more."""
    limit, immutable = registry.kind.made.moving_tags, said_of(registry, REPOSITORIES.immutable_tags)
    if limit is None or (immutable and not immutable.value) or _is_unclear(registry):
        return
    signed = registry.policy is None or registry.policy.copies_signatures
    room = max(limit - signed, 0)
    of_repository: dict[str, dict[str, ResolvedImage]] = {}
    for image in images:
        tag = image.reference.tag
        if tag and catalogue.is_floating(tag):
            of_repository.setdefault(image.reference.repository, {})[tag] = image
    for repository, moving in sorted(of_repository.items()):
        if len(moving) > room:
            others = ", besides that for signatures" if signed and limit else ""
            move = "tags move" if len(moving) > 1 else "tag moves"
            most = f"at most {room} exceptions" if limit else "no exceptions"
            yield Finding(
                "CHR0443",
                f"{len(moving)} {move} in repository `{repository}`, but {registry.kind.title} allows {most} from "
                f"immutable tags{others}",
                moving[max(moving)].place,
                notes=(("moving", ", ".join(f"`{tag}`" for tag in sorted(moving))),),
                help="write releases' tags, or set `repositories: {immutable_tags: false}`",
            )


def _is_unclear(registry: Registry) -> bool:
    return registry.is_unclear(MIRROR.signatures) or registry.is_unclear(REPOSITORIES.immutable_tags)


def _days(registry: Registry) -> Iterator[Finding]:
    days, least = said_of(registry, REPOSITORIES.expire_untagged_after_days), registry.kind.made.untagged_days
    if days is not None and days.value < least:
        yield Finding(
            "CHR0446",
            f"{registry.kind.title} keeps untagged images for at least {least} day, not {days.value}",
            days.origin.place,
            help=f"write {least} or more; the default is 14",
        )


def _deleted(registry: Registry) -> Iterator[Finding]:
    """A `destroy`, or a new release, that would stop in the middle."""
    if not registry.kind.made.keeps_immutable or _is_unclear(registry) or registry.policy is None:
        return
    immutable, wanted = said_of(registry, REPOSITORIES.immutable_tags), registry.policy.on_destroy
    if wanted and wanted.value == "delete" and (immutable is None or immutable.value):
        yield Finding(
            "CHR0498",
            f"`on_destroy: delete` cannot remove images of `{registry.path}`: {registry.kind.title} keeps every tag of "
            "a repository with immutable tags",
            wanted.origin.place,
            help="write `repositories: {immutable_tags: false}` for this registry, or `on_destroy: retain`",
        )


def _tags(registry: Registry) -> Iterator[Finding]:
    tags, limits = said_of(registry, REPOSITORIES.tags), registry.kind.made.tags
    for key, problem in limits.problems(tags.value) if tags and limits else ():
        place = tags.origin.place if tags else None
        if tags and tags.origin.scope and key:
            place = tags.origin.scope.at(*tags.origin.path, key)
        yield Finding(
            "CHR0444",
            f"{registry.kind.title} does not accept these `repositories.tags`: {problem}",
            place,
            help="correct the tag, or remove it",
        )


def _key(registry: Registry) -> Iterator[Finding]:
    key, form = said_of(registry, REPOSITORIES.kms_key), registry.kind.made.key
    if not key or not form:
        return
    here, there = registry.kind.region(registry.server.value), form.region(key.value)
    shown = form.shown.replace("REGION", here or "REGION")
    subject = f"`repositories.kms_key` cannot encrypt repositories at `{registry.server.value}`"
    if not form.fits(key.value):
        yield Finding(
            "CHR0445",
            f"{subject}: it is not of the form `{form.shown}`",
            key.origin.place,
            help=f"write the key's own {form.called}, `{shown}`",
        )
    elif there and here and there != here:
        yield Finding(
            "CHR0445",
            f"{subject}: it is in `{there}`",
            key.origin.place,
            help=f"write a key of that region, `{shown}`; registries under `registries` can have one each",
        )


def _login(registry: Registry) -> Iterator[Finding]:
    """Where no cloud's identity makes them, somebody must be named."""
    create = said_of(registry, REPOSITORIES.create)
    is_named = registry.is_unclear(REPOSITORIES.login) or said_of(registry, REPOSITORIES.login) is not None
    if registry.kind.made.login and create and not is_named:
        yield Finding(
            "CHR0548",
            f"nobody is named who makes repositories at `{registry.server.value}` ({registry.kind.title})",
            create.origin.place,
            help=f"add `login: NAME` below `repositories`, and set its value with `{setting(registry.owner, 'NAME')}`",
        )
