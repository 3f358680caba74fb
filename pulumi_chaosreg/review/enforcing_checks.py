"""`enforce: deny` in a namespace that is another infrastructure's, too: the cluster asks the policies of both."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.review.allowance_checks import begins
from pulumi_chaosreg.review.facts import cluster_of
from pulumi_chaosreg.scopes.enforcing import Enforce
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.table import SECTION


def check_enforcing(configs: Iterable[ResolvedConfig]) -> Iterator[Finding]:
    """CHR0612: images of one infrastructure that another one's policy would refuse."""
    places: dict[tuple[str, str], list[ResolvedConfig]] = {}
    for config in configs:
        infrastructure = config.infrastructure
        if not (infrastructure.is_unclear(SECTION.namespace) or infrastructure.is_unclear(SECTION.cluster)):
            places.setdefault((cluster_of(config), config.namespace.value), []).append(config)
    for together in places.values():
        denying = [one for one in together if one.enforce and one.enforce.value is Enforce.DENY]
        for one in denying if len(together) > 1 else ():
            for other in together:
                if other is not one and (refused := _refused(one, other)):
                    yield _finding(one, other, refused)
                    break  # one cause, however many are there


def _refused(one: ResolvedConfig, other: ResolvedConfig) -> list[str]:
    """The other's images that this one's policy does not admit."""
    own = {image.reference.tagged for image in one.images}
    beginnings = one.allow_images.value if one.allow_images else ()
    references = [image.reference for image in other.images]
    return [each.tagged for each in references if each.tagged not in own and not begins(each, beginnings)]


def _finding(one: ResolvedConfig, other: ResolvedConfig, refused: list[str]) -> Finding:
    assert one.enforce is not None
    more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
    return Finding(
        "CHR0612",
        f"{one.infrastructure.title} refuses images of {other.infrastructure.title} in the same namespace "
        f"`{one.namespace.value}`: `{refused[0]}`{more}",
        one.enforce.origin.place,
        notes=(("the other one", str(other.infrastructure.place)),),
        help="give one of them another `namespace`, or add these images to `allow_images`",
        follows=any(each.infrastructure.is_unclear(SECTION.enforce) for each in (one, other)),
    )
