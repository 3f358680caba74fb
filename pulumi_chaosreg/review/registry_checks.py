"""Registries that nobody uses, that cannot be what they look like, or that take no such paths; logins in vain."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.registries.kinds import resembled_kind
from pulumi_chaosreg.scopes.demand import Demand, FurtherImages, by_images
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.registry import Definition, Registry
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, SECTION


def check_registries(
    scopes: Iterable[Scope], configs: Iterable[ResolvedConfig], further: Iterable[FurtherImages]
) -> Iterator[Finding]:
    """CHR0216: a hint, since a name may be written before it is needed."""
    every = list(configs)
    if any(config.infrastructure.is_unclear(SECTION.image_registry) for config in every):
        return  # who would choose it is told to be wrong
    used = {(config.owner, config.registry.name) for config in every}
    used |= {(other.registry.owner, other.registry.name) for config in every for other in config.others}
    used |= {(one.owner, one.registry.name) for one in further if one.is_asked_for}
    for scope in scopes:
        for name in scope.get(SECTION.registries) or ():
            below = any(config.infrastructure.within(scope) for config in every)
            if below and (scope, name) not in used:
                yield Finding(
                    "CHR0216",
                    f"registry `{name}` is not used, so nothing is made or mirrored for it",
                    scope.at(*Definition(scope, name).base),
                    help=f"use it with `image_registry: {name}`, or remove it",
                    severity="hint",
                )


def check_forms(demands: Iterable[Demand]) -> Iterator[Finding]:
    """CHR0424 to CHR0427 and CHR0520."""
    for config in by_images(demands):
        registry, said = config.registry, config.scope
        if said.is_unclear(SECTION.image_registry) or any(registry.is_unclear(row) for row in _FORM):
            continue  # what is wrong is told
        yield from _no_such_host(registry)
        yield from _kind_in_vain(registry)
        yield from _path(config)
        yield from _login_in_vain(registry)


_FORM = (IMAGE_REGISTRY.server, IMAGE_REGISTRY.account, IMAGE_REGISTRY.type, IMAGE_REGISTRY.kind)


def _no_such_host(registry: Registry) -> Iterator[Finding]:
    kind = None if registry.said_kind else resembled_kind(registry.server.value)
    if kind:
        forms = ", ".join(f"`{form.shown}`" for form in kind.hosts)
        yield Finding(
            "CHR0424",
            f"`{registry.server.value}` looks like {kind.title}, but is not one of its hosts",
            registry.place,
            notes=(("its hosts", forms), *([("locations", kind.locations)] if kind.locations else [])),
            help="correct the server, or write `kind: generic` beside it if it is another registry",
        )


def _kind_in_vain(registry: Registry) -> Iterator[Finding]:
    """A host that tells its kind is believed, whatever the settings say."""
    said, server = registry.said_kind, registry.server.value
    if said and said.value != registry.kind.name:
        yield Finding(
            "CHR0427",
            f"`kind: {said.value}` has no effect: `{server}` is {registry.kind.title}",
            said.origin.place,
            help="remove `kind`, or correct the server",
            severity="warning",
        )


def _path(config: Demand) -> Iterator[Finding]:
    registry = config.registry
    server, account, kind = registry.server.value, registry.account.value, registry.kind
    if problem := kind.account_problem(server, account):
        path = "/".join(kind.path_on(server))
        advice = f"write `account: {path}` with the names there"
        yield Finding("CHR0425", problem, registry.account_place, help=advice)
        return
    own = dict.fromkeys(image.reference.repository for image in config.images if not image.is_custom)
    problems = [problem for repository in own if (problem := kind.repository_problem(repository))]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        advice = "give the registry another `account`"
        yield Finding("CHR0426", f"{problems[0]}{more}", registry.account_place, help=advice)


def _login_in_vain(registry: Registry) -> Iterator[Finding]:
    """Who says `public` below whoever gave the login takes it back: that is no mistake."""
    login, said = registry.authentication, registry.type.origin
    if login is None or registry.type.value != "public" or said.path == IMAGE_REGISTRY.server.path:
        return  # with the path of the server nobody says a type, which is told
    who = login.origin.scope
    if who is not None and (said.scope is None or registry.name or who.within(said.scope)):
        yield Finding(
            "CHR0520",
            f"the authentication has no effect: `{registry.server.value}` is `public`, so no Secret is made or used",
            login.origin.place,
            help="write `type: private`, or remove the authentication",
        )
