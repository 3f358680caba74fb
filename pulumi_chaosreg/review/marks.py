"""What a reviewer must not miss among many changes: older images, other bytes, other hosts, less trust, things gone."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.review.edits import Edits
from pulumi_chaosreg.review.facts import cluster_of, path_of
from pulumi_chaosreg.review.made import Pair
from pulumi_chaosreg.review.openness import opened
from pulumi_chaosreg.scopes.demand import FurtherImages
from pulumi_chaosreg.scopes.enforcing import Enforce
from pulumi_chaosreg.scopes.mirror_policy import MirrorPolicy
from pulumi_chaosreg.scopes.model import Level, Scope, nearest
from pulumi_chaosreg.scopes.moves import object_name
from pulumi_chaosreg.scopes.registry import definitions, is_same
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, SECTION


class Sign(StrEnum):
    """Of which kind a mark is."""

    EXPOSED = "credential in plain text"
    UNKNOWN = "not known"
    REMOVED = "infrastructure removed"
    RENAMED = "perhaps renamed"
    DOWNGRADE = "downgrade"
    OTHER_CONTENT = "same tag, new digest"
    UNPINNED = "digest removed"
    FOREIGN_HOST = "foreign host"
    LOCK_OPENED = "lock opened"
    WEAKER_SIGNATURES = "signatures weakened"
    PUBLIC = "private → public"
    ELSEWHERE = "cluster or namespace changed"
    DELETES = "destroy deletes images"


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that must not be missed."""

    sign: Sign
    text: str
    where: str
    """The path of the infrastructure or the level that it is about."""


def marks(edits: Edits, pairs: Iterable[Pair], unknown: Iterable[str]) -> tuple[Mark, ...]:
    """Every mark, by kind and where. `unknown` are the infrastructures of which nobody knows whether they are gone."""
    every = list(pairs)
    found = [Mark(Sign.UNKNOWN, "whether it is gone: its stack's file has errors", path) for path in unknown]
    found += [*_gone(every, edits.after.company.folder), *_of_levels(edits), *_of_mirrors(edits)]
    known = _hosts(edits)
    for was, now in every:
        if now:
            found += _of_images(was, now, known)
        if was and now:
            found += [*_of_place(was, now), *_of_access(was, now), *_of_allowance(was, now), *_of_enforcing(was, now)]
    order = list(Sign)
    return tuple(sorted(dict.fromkeys(found), key=lambda mark: (order.index(mark.sign), mark.text, mark.where)))


def _gone(pairs: list[Pair], folder: Path) -> Iterator[Mark]:
    """Infrastructures that disappear, with what their clusters lose, and the new one that one of them may be now."""
    added: dict[tuple[str, ...], list[str]] = {}
    removed: dict[tuple[str, ...], list[str]] = {}
    for was, now in pairs:
        if now and not was:
            added.setdefault(_place(now), []).append(now.infrastructure.path)
        elif was and not now:
            removed.setdefault(_place(was), []).append(was.infrastructure.path)
            scope, (cluster, namespace), objects = was.infrastructure, _place(was), ", ".join(_objects(was))
            text = f"cluster `{cluster}`, namespace `{namespace}` loses {objects}"
            if not (folder / f"Pulumi.{scope.stack}.yaml").exists():  # no `up` will do it
                text = f"{text} when stack `{scope.stack}`, which has no file now, is destroyed, and not before"
            yield Mark(Sign.REMOVED, text, scope.path)
    for place, paths in removed.items():
        others = added.get(place, [])
        if len(paths) == len(others) == 1:  # who it is can be told
            text = f"`{paths[0]}` is gone and `{others[0]}` is new in the same namespace: if they are the same, "
            yield Mark(
                Sign.RENAMED, f"{text}write `moved_from: {paths[0]}` in it, or its objects are replaced", others[0]
            )


def _place(config: ResolvedConfig) -> tuple[str, str]:
    return cluster_of(config), config.namespace.value


def _objects(config: ResolvedConfig) -> Iterator[str]:
    yield f"ConfigMap `{object_name(config.infrastructure)}`"
    made = (one.secret_name.value for one in config.deliveries if one.makes_secret and one.secret_name)
    yield from (f"Secret `{name}`" for name in dict.fromkeys(made))
    if config.enforce and config.enforce.value is not Enforce.OFF:
        yield "the policy that admits only its images"
    if config.secret_names and config.service_accounts.value:
        accounts = ", ".join(f"`{name}`" for name in config.service_accounts.value)
        yield f"the pull Secret's entry in ServiceAccount {accounts}"


def _of_place(was: ResolvedConfig, now: ResolvedConfig) -> Iterator[Mark]:
    """Whether its objects are made anew elsewhere: a cluster's lasting name counts where both sides say it."""
    old, new, scope = was.of_cluster(), now.of_cluster(), now.infrastructure
    if scope.is_unclear(SECTION.cluster) or scope.is_unclear(SECTION.namespace):
        return
    key = next((key for key in ("identifier", "context", "kubeconfig") if key in old and key in new), None)
    is_other = old[key] != new[key] if key else cluster_of(was) != cluster_of(now)
    if is_other or was.namespace != now.namespace:
        before, after = (f"`{cluster_of(one)}`, namespace `{one.namespace.value}`" for one in (was, now))
        yield Mark(Sign.ELSEWHERE, f"from {before} to {after}: its objects go there", now.infrastructure.path)


def _of_access(was: ResolvedConfig, now: ResolvedConfig) -> Iterator[Mark]:
    types = [one.registry.type.value for one in (was, now)]
    is_unclear = now.infrastructure.is_unclear(IMAGE_REGISTRY.type) or now.registry.is_unclear(IMAGE_REGISTRY.type)
    if was.registry.path == now.registry.path and types == ["private", "public"] and not is_unclear:
        yield Mark(Sign.PUBLIC, f"`{now.registry.path}` can be pulled without a login", now.infrastructure.path)


def _of_allowance(was: ResolvedConfig, now: ResolvedConfig) -> Iterator[Mark]:
    """Whether images may come from more places than before; where signatures are required, also without one."""
    is_required = all(one.signatures is not None and one.signatures.value == "require" for one in (was, now))
    said = now.allow_images or was.allow_images
    if said is None or (was.allow_images is None and not is_required):  # from anywhere, with signatures or without
        return
    if now.infrastructure.is_unclear(SECTION.allow_images):
        return
    where = said.origin.scope.path if said.origin.scope else now.infrastructure.path
    if now.allow_images is None:
        yield Mark(Sign.LOCK_OPENED, "images may come from anywhere", where)
        return
    before = was.allow_images.value if was.allow_images else ()
    more = [one for one in now.allow_images.value if not any(f"{one}/".startswith(f"{other}/") for other in before)]
    if more:
        places = ", ".join(f"`{place}`" for place in more)
        sign = Sign.WEAKER_SIGNATURES if is_required else Sign.LOCK_OPENED
        yield Mark(sign, f"images may come from {places}{', unsigned, too' if is_required else ''}", where)


def _of_enforcing(was: ResolvedConfig, now: ResolvedConfig) -> Iterator[Mark]:
    """Whether its cluster lets Pods pull what it refused before, or warned of."""
    old, new = (one.enforce.value if one.enforce else Enforce.OFF for one in (was, now))
    if new.is_milder_than(old) and not now.infrastructure.is_unclear(SECTION.enforce):
        yield Mark(Sign.LOCK_OPENED, f"`enforce` {old} → {new}", now.infrastructure.path)


def _of_images(was: ResolvedConfig | None, now: ResolvedConfig, known: set[str]) -> Iterator[Mark]:
    where = now.infrastructure.path
    before = {image.name: image for image in was.images} if was else {}
    foreign: dict[str, list[str]] = {}
    for image in now.images:
        old, reference = before.get(image.name), image.reference
        if old:
            yield from _of_versions(old, image, where)
        is_default = now.owner is None and not image.is_custom  # Harness's own, where nobody says otherwise
        is_other = old.reference.server != reference.server if old else not is_default
        if is_other and reference.server not in known:
            foreign.setdefault(reference.server, []).append(f"`{image.name}`")
        if not _is_verified(now, image) and _is_less_verified(was, old, now, image):
            yield Mark(Sign.WEAKER_SIGNATURES, f"no signature is required for `{reference.tagged}`", where)
    loose = [f"`{new.name}`" for new in now.images if new.name in before and _is_unpinned(before[new.name], new)]
    if loose:
        yield Mark(Sign.UNPINNED, f"{', '.join(loose)} by tag only", where)
    for host, names in foreign.items():
        yield Mark(Sign.FOREIGN_HOST, f"{', '.join(names)} from `{host}`", where)


def _is_less_verified(
    was: ResolvedConfig | None, old: ResolvedImage | None, now: ResolvedConfig, image: ResolvedImage
) -> bool:
    """Whether an unverified image takes the place of one that was verified, or is new where signatures are required. A
    registry of which the owner requires less is told of the registry.
    """
    if was and old and _is_verified(was, old):
        return image.is_custom or was.registry.path != now.registry.path
    is_new = old is None or old.reference.name != image.reference.name  # and not only another tag of an exempt one
    return is_new and _requires(now.registry.policy)


def _is_unpinned(old: ResolvedImage, new: ResolvedImage) -> bool:
    return old.reference.digest is not None and new.reference.digest is None


def _of_versions(old: ResolvedImage, new: ResolvedImage, where: str) -> Iterator[Mark]:
    before, after = old.reference, new.reference
    same = before.repository.rpartition("/")[2] == after.repository.rpartition("/")[2]
    if same and _is_older(after.tag, before.tag):
        yield Mark(Sign.DOWNGRADE, f"`{new.name}` goes back from {before.tag} to {after.tag}", where)
    is_other = old.digest and new.digest and old.digest != new.digest
    if is_other and before.tagged == after.tagged and old.platforms == new.platforms:
        yield Mark(Sign.OTHER_CONTENT, f"`{new.name}:{after.tag}` has another digest", where)


_VERSION = re.compile(r"v?(\d+(?:\.\d+)+)\Z")


def _is_older(tag: str | None, other: str | None) -> bool:
    """Whether both are versions, and the first is the lower one; other tags have no order."""
    versions = [_VERSION.match(text or "") for text in (tag, other)]
    numbers = [tuple(map(int, found[1].split("."))) for found in versions if found]
    if len(numbers) < 2:
        return False
    longest = max(map(len, numbers))
    first, second = (one + (0,) * (longest - len(one)) for one in numbers)  # 1.94 is 1.94.0
    return first < second


def _is_verified(config: ResolvedConfig, image: ResolvedImage) -> bool:
    return image.source is not None and _requires(config.registry.policy)


def _requires(policy: MirrorPolicy | None) -> bool:
    return bool(policy and policy.signatures and policy.signatures.value == "require")


def _hosts(edits: Edits) -> set[str]:
    """The servers of registries that the company had before."""
    scopes = edits.before.company.scopes
    return {path_of(scope, base).partition("/")[0] for scope in scopes for base in definitions(scope)}


def _of_levels(edits: Edits) -> Iterator[Mark]:
    for scope in edits.after.company.scopes:
        was = edits.was(scope)
        if was and scope.level is not Level.INFRASTRUCTURE and opened(was, scope):
            yield Mark(Sign.LOCK_OPENED, f"levels below {scope.title} may set more than before", scope.path)


def _of_mirrors(edits: Edits) -> Iterator[Mark]:
    """What owners trust, for each registry that they defined before, too, or define now."""
    # Harness's own alone: what the project's catalogue adds is what a reviewer is to hear of
    sources = {source.partition("/")[0] for source in load_catalogue().sources} | _hosts(edits)
    for owner in edits.after.company.scopes:
        was = edits.was(owner)
        for base in definitions(owner):
            path = path_of(owner, base)
            policy = edits.resolver(frozenset()).policy_of(owner, base, path)
            former = (was, base) if was and was.value_at(base) else _by_path(edits, path)
            had = edits.resolver_before.policy_of(*former, path_of(*former)) if former else None
            where = owner.path
            if _destroys(owner) and not (was and was.value_at(base) and _destroys(was)):
                yield Mark(Sign.DELETES, f"`{path}`: `on_destroy: delete`", where)
            for host in sorted(_asked(policy) - _asked(had) - sources):
                yield Mark(Sign.FOREIGN_HOST, f"`{path}` may be mirrored from `{host}`", where)
            if had:
                yield from _of_signatures(had, policy, path, where)
            further = edits.resolver(frozenset()).further(owner, base)
            if former and further:
                yield from _of_further(edits.resolver_before.further(*former), further, where)


def _of_further(was: FurtherImages | None, now: FurtherImages, where: str) -> Iterator[Mark]:
    before = {image.reference.tagged: image for image in (was.images if was else ())}
    for image in now.images:
        if old := before.get(image.reference.tagged):
            yield from _of_versions(old, image, where)


def _by_path(edits: Edits, path: str) -> tuple[Scope, tuple[str, ...]] | None:
    """Where the same registry was defined, under another name or by another scope."""
    every = ((scope, base) for scope in edits.before.company.scopes for base in definitions(scope))
    return next((one for one in every if is_same(path_of(*one), path)), None)


def _destroys(owner: Scope) -> bool:
    said = nearest(owner, SECTION.on_destroy)
    return said is not None and said.value == "delete"


def _asked(policy: MirrorPolicy | None) -> set[str]:
    """The hosts that may be copied from."""
    if policy is None:
        return set()
    allowed = policy.allow_sources.value if policy.allow_sources else ()
    further = [Reference.parse(text).server for text in (policy.also.value if policy.also else ())]
    source = [policy.source.value] if policy.source else []
    return {*further, *(source.partition("/")[0] for source in (*source, *allowed))}


_RANKS = {"skip": 0, "copy": 1, "require": 2}


def _of_signatures(had: MirrorPolicy, policy: MirrorPolicy | None, path: str, where: str) -> Iterator[Mark]:
    words = [one.signatures.value if one and one.signatures else "copy" for one in (had, policy)]
    if policy is None:
        if _requires(had):
            yield Mark(Sign.WEAKER_SIGNATURES, f"`{path}` is no longer mirrored: signatures are not checked", where)
    elif _RANKS[words[1]] < _RANKS[words[0]]:
        yield Mark(Sign.WEAKER_SIGNATURES, f"`{path}`: `mirror.signatures` {words[0]} → {words[1]}", where)
    elif had.signers and policy.signers:
        old, new = had.signers, policy.signers
        more = set(new.public_keys) - set(old.public_keys), set(new.identities) - set(old.identities)
        if any(more) or (old.trusted_root != new.trusted_root and new.identities):
            yield Mark(Sign.WEAKER_SIGNATURES, f"`{path}`: another signer's signature counts, too", where)
        if old.each_platform and not new.each_platform:
            yield Mark(Sign.WEAKER_SIGNATURES, f"`{path}`: not every platform must be signed now", where)
