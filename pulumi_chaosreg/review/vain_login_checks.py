"""What is said of logins in vain: a region where none is asked for, a refresher where nothing has to be renewed."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.setting import Setting
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, PULL_SECRET

_OF_REFRESHER: tuple[Setting[object], ...] = (
    PULL_SECRET.identity,
    PULL_SECRET.refresher_image,
    PULL_SECRET.refresher_environment,
)
_HAS_REGIONS = "aws_ecr"
"""The authentication type of registries whose logins are for a region."""


def check_vain_logins(scopes: Iterable[Scope], configs: Iterable[ResolvedConfig]) -> Iterator[Finding]:
    """CHR0499, where no infrastructure below takes it."""
    every = list(configs)
    yield from dict.fromkeys(finding for config in every for finding in _region(config))
    said = {scope: rows for scope in scopes if (rows := [row for row in _OF_REFRESHER if scope.get(row) is not None])}
    below: dict[Scope, list[ResolvedConfig]] = {scope: [] for scope in said}
    for config in every:
        for above in config.infrastructure.chain():
            if above in below:
                below[above].append(config)
    for scope, here in below.items():
        if (
            here
            and all(map(_is_known, here))
            and not any(one.refresher for config in here for one in config.deliveries)
        ):
            yield from (_unrenewed(scope, row, here) for row in said[scope])


def _is_known(config: ResolvedConfig) -> bool:
    """Whether there is a login, or surely none: who says no type of his server is told that."""
    said = config.registry.type
    return config.delivery is not None or (
        said.value == "public" and said.origin.path[-1:] != IMAGE_REGISTRY.server.path[-1:]
    )


def _region(config: ResolvedConfig) -> Iterator[Finding]:
    for registry, delivery in config.logins:
        said = delivery.authentication
        if "region" in said.value and _HAS_REGIONS not in registry.kind.authentication and said.origin.scope:
            yield Finding(
                "CHR0499",
                f"`authentication.region` has no effect: a login at {registry.kind.title} is for no region",
                said.origin.scope.at(*said.origin.path, "region"),
                help="remove `region`",
                severity="warning",
            )


def _unrenewed(scope: Scope, row: Setting[object], below: list[ResolvedConfig]) -> Finding:
    types = {config.delivery.authentication.value["type"]: None for config in below if config.delivery}
    return Finding(
        "CHR0499",
        f"`{row}` has no effect: at {scope.title} no pull Secret is renewed by a Job in the cluster",
        scope.at(row),
        notes=(("logins there", ", ".join(f"`type: {type_}`" for type_ in types) or "none: pulls are public"),),
        help="remove it, or let the cloud's tokens be renewed: an `authentication` of the cloud's `type` alone",
        severity="warning",
    )
