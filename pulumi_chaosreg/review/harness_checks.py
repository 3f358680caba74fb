"""What a level publishes in Harness, beside what the infrastructures below end up with that take it from there."""

from collections.abc import Collection, Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.delivery import How
from pulumi_chaosreg.scopes.demand import Demand, mirrored
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.publication import THEIR_WORDS, Publication, references
from pulumi_chaosreg.scopes.registry import is_same
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.table import HARNESS, SECTION


def check_published(
    scopes: Iterable[Scope],
    configs: Iterable[ResolvedConfig],
    published: Iterable[Publication],
    demands: Iterable[Demand],
) -> Iterator[Finding]:
    """CHR0805, CHR0819 and CHR0822."""
    published = list(published)
    by_scope = {one.scope: one for one in published}
    told: dict[tuple[Scope, str], list[ResolvedConfig]] = {}
    for config in configs:
        chain = reversed(config.infrastructure.chain())
        nearest = next((by_scope[scope] for scope in chain if scope in by_scope), None)
        if nearest is None or config.infrastructure.get(HARNESS.publish) is not None:
            continue  # or it says that something else sees to it
        if nearest.scope is not config.infrastructure and (differs := _difference(nearest, config)):
            told.setdefault((nearest.scope, differs), []).append(config)
    for (scope, differs), every in told.items():
        yield _differ(scope, differs, every)
    copies = {image.reference.tagged for image in mirrored(demands)}
    misled = {scope for scope, _ in told}  # once that is put right, it may be another one
    for one in published:
        if one.scope not in misled:
            yield from _uncopied(one, copies)
    yield from _vain(list(scopes))


def _difference(published: Publication, config: ResolvedConfig) -> str:
    """What an infrastructure that takes its registry from Harness would be told wrong; "" for nothing."""
    if not is_same(published.registry.path, config.registry.path):
        return f"it pulls from `{config.registry.path}`"
    return _other_secret(published, config) or _other_image(published, config)


def _other_secret(published: Publication, config: ResolvedConfig) -> str:
    delivered = config.delivery
    if delivered is None:
        return ""
    if delivered.how.value is How.NODE_IDENTITY:
        return "its nodes pull by their own identity, without a Secret" if published.is_private.value else ""
    name = delivered.secret_name.value if delivered.secret_name else ""
    said = published.secret_name.value if published.secret_name else ""
    return "" if name == said else f"its pull Secret is `{name}`"


def _other_image(published: Publication, config: ResolvedConfig) -> str:
    """Dedicated infrastructures take no image from there."""
    if config.infrastructure_type.value != "ddcr":
        return ""
    always, ours = references(config.images, ours=False), references(config.images, ours=True)
    for key, reference in ours.items():
        said = published.images.get(key)
        if (said or key in always) and (said is None or said.value != reference.value):
            return f"its `{THEIR_WORDS[key]}` is `{reference.value}`"
    return ""


def _uncopied(published: Publication, copies: Collection[str]) -> Iterator[Finding]:
    """CHR0822: images that the mirror fills its registry with for others, and not for this record."""
    policy, path = published.registry.policy, f"{published.registry.path}/"
    if policy is None or policy.source is None:
        return
    said = [one.value for one in published.images.values() if one.origin.path[:1] != SECTION.custom_images.path]
    lacking = [one for one in dict.fromkeys(said) if one.startswith(path) and one not in copies]
    if lacking:
        sources = ", ".join(f"{policy.source.value}/{one.removeprefix(path)}" for one in lacking)
        more = f" (and {len(lacking) - 1} more)" if len(lacking) > 1 else ""
        yield Finding(
            "CHR0822",
            f"{published.scope.title} publishes `{lacking[0]}`{more} to Harness, and nothing mirrors it: no "
            "infrastructure below pulls it",
            published.scope.at(HARNESS.publish),
            help=f"where infrastructures that only Harness knows pull them, write `mirror: {{also: [{sources}]}}`; or "
            "publish only where infrastructures are",
            severity="warning",
        )


def _differ(scope: Scope, differs: str, every: list[ResolvedConfig]) -> Finding:
    first, others = every[0].infrastructure, len(every) - 1
    more = f" (and {others} more)" if others else ""
    return Finding(
        "CHR0805",
        f"{first.title}{more} has its registry in Harness from {scope.title}, but {differs}",
        first.place,
        notes=(("published at", str(scope.at(HARNESS.publish))),),
        help="add `harness: {publish: true}` there (`publish: false` if something else sets it), or make both "
        f"agree: `pull_secret: {{name: …}}` or the images at {scope.title}, `cluster: {{provider: …}}` or "
        "`pull_secret: {delivery: …}`",
    )


def _vain(scopes: list[Scope]) -> Iterator[Finding]:
    """CHR0819: settings for Harness, where no level at or below is published."""
    publishing = [scope for scope in scopes if scope.get(HARNESS.publish) is True]
    for scope in scopes:
        said = [row for row in (*HARNESS.ROWS.values(), SECTION.environment, SECTION.harness_id) if _says(scope, row)]
        if said and not any(one.within(scope) for one in publishing) and not _is_unclear(scopes, scope):
            yield Finding(
                "CHR0819",
                f"`{said[0]}` has no effect: neither {scope.title} nor anything below it is published to Harness",
                scope.at(said[0]),
                help="add `harness: {publish: true}` to each level to publish, or remove it",
                severity="hint",
            )


def _says(scope: Scope, row: object) -> bool:
    return row is not HARNESS.publish and scope.get(row) is not None  # type: ignore[arg-type]


def _is_unclear(scopes: list[Scope], scope: Scope) -> bool:
    return any(one.is_unclear(HARNESS.publish) for one in scopes if one.within(scope))
