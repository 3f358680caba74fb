"""What an owner wants of its project at Harbor that works against itself."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.demand import Demand, by_images
from pulumi_chaosreg.scopes.making import is_made, said_of
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, REPOSITORIES

_LEAST_DAYS = 2


def check_harbors(demands: Iterable[Demand]) -> Iterator[Finding]:
    """CHR0488, once for each registry whose project is made."""
    owned = {demand.registry.path: demand.registry for demand in by_images(demands) if demand.owner}
    found: dict[Finding, None] = {}  # one setting may be meant for many registries
    for registry in owned.values():
        if is_made(registry) and registry.kind.made.is_taken(REPOSITORIES.harbor.key):
            found |= dict.fromkeys(_project(registry))
    yield from found


def _project(registry: Registry) -> Iterator[Finding]:
    said, scan = said_of(registry, REPOSITORIES.harbor), said_of(registry, REPOSITORIES.scan_on_push)
    if not said:
        return
    if said.value.get("prevent_vulnerable", "off") != "off" and scan and not scan.value:
        yield Finding(
            "CHR0488",
            "with `prevent_vulnerable` and without `scan_on_push` no image could be pulled: Harbor gives out none that "
            "was not scanned",
            scan.origin.place,
            help="remove `scan_on_push: false`, or `prevent_vulnerable`",
        )
    if said.value.get("robot_days", _LEAST_DAYS) < _LEAST_DAYS:
        yield Finding(
            "CHR0488",
            f"`robot_days` is {said.value['robot_days']}, but a robot that is renewed at half of its life needs 2 days",
            said.origin.place,
            help="write 2 or more; the default is 30",
        )
    is_public = registry.type.value == "public" and not registry.is_unclear(IMAGE_REGISTRY.type)
    if said.value.get("public") is False and is_public and registry.authentication is None:
        yield Finding(
            "CHR0488",
            f"`harbor.public` is false, but clusters are to pull from `{registry.path}` without a credential",
            said.origin.place,
            help="remove it, or write `type: private` with an `authentication`",
        )
