"""Users that belong to somebody else than the path that they are to pull from."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.delivery import Delivery
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY


def check_robots(configs: Iterable[ResolvedConfig]) -> Iterator[Finding]:
    """CHR0550, once where the user is written."""
    told: set[tuple[int, Path, str]] = set()
    for config in configs:
        main = [(config.registry, config.delivery)] if config.delivery else []
        for registry, delivery in (*main, *((other.registry, other.delivery) for other in config.others)):
            written = delivery.authentication.origin
            here = (id(written.scope), written.path, registry.path)
            if here not in told:
                told.add(here)
                yield from _foreign(registry, delivery)


def _foreign(registry: Registry, delivery: Delivery) -> Iterator[Finding]:
    user, account, kind = delivery.username or "", registry.account.value, registry.kind
    owner = kind.foreign_robot(user, account) if account else ""
    if not owner:
        return
    needed = account.partition("/")[0]
    origin = delivery.authentication.origin
    yield Finding(
        "CHR0550",
        f"`{user}` is a robot of `{owner}`, and pulls nothing from `{registry.path}`",
        origin.scope.at(*origin.path, "username") if origin.scope else origin.place,
        help=f"write a robot of `{needed}`, such as `{kind.usual_user(registry.server.value, account)}`",
        follows=registry.is_unclear(IMAGE_REGISTRY.account),
    )
