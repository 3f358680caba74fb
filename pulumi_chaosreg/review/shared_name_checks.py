"""The one repository that all images of a registry share, where the kind has such: whether its name can be one."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.registries.artifactory import is_nowhere, sounds_named, too_far_above
from pulumi_chaosreg.registries.made_repositories import SharedName
from pulumi_chaosreg.scopes.demand import Demand, by_images
from pulumi_chaosreg.scopes.mirror_policy import own_or_inherited
from pulumi_chaosreg.scopes.model import Decided, Scope
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, REPOSITORIES

_UNCLEAR = (IMAGE_REGISTRY.server, IMAGE_REGISTRY.account, IMAGE_REGISTRY.kind, REPOSITORIES.create)


def check_shared_names(demands: Iterable[Demand]) -> Iterator[Finding]:
    """CHR0476 to CHR0479, once for each registry."""
    of_registry: dict[tuple[Scope, str], Registry] = {}
    for demand in by_images(demands):
        if demand.owner is not None:
            of_registry.setdefault((demand.owner, demand.registry.path), demand.registry)
    found: dict[Finding, None] = {}
    for (owner, _), registry in of_registry.items():
        names = registry.kind.made.shared_name
        if names and not any(registry.is_unclear(row) for row in (*_UNCLEAR, REPOSITORIES.repository_key)):
            found |= dict.fromkeys(_of_registry(owner, registry, names))
    yield from found


def _of_registry(owner: Scope, registry: Registry, names: SharedName) -> Iterator[Finding]:
    said = own_or_inherited(owner, registry.base, REPOSITORIES.repository_key)
    create = own_or_inherited(owner, registry.base, REPOSITORIES.create)
    is_made, server = create is not None and create.value, registry.server.value
    if said and not _is_its_own(owner, registry, said):
        yield Finding(
            "CHR0476",
            f"`repository_key: {said.value}` does not count for `{server}`: each registry has its own",
            registry.place,
            notes=(("it stands", str(said.origin.place)),),
            help="move it to where the registry is defined, or give the registry's `account` the repository's key",
        )
        return
    key = said.value if said else registry.account.value.strip("/").partition("/")[0]
    place = said.origin.place if said else registry.account_place
    if is_made and not key:
        yield Finding(
            "CHR0476",
            f"nobody says which repository of `{server}` is to be made: there is no path",
            registry.place,
            help="write `account: REPOSITORY`; if the host or the port stands for one repository, "
            "`repositories: {repository_key: REPOSITORY}` beside it",
        )
    elif said and is_made and (above := too_far_above(server, key)):
        yield Finding(
            "CHR0476",
            f"`{server}` does not tell where JFrog's API is: without `{key}` it would be `{above}`",
            place,
            help=f"write the host of Artifactory itself as `server`, `account: {key}`, and no `repository_key`",
        )
    elif said and is_made and is_nowhere(server, registry.account.value, key):
        yield Finding(
            "CHR0479",
            f"repository `{key}` would be made, but images go to `{registry.path}`: neither host nor path names it",
            place,
            help=f"write `account: {key}`, or remove `repository_key` if the path begins with the repository",
        )
    elif is_made and (problem := names.problem(key)):
        yield Finding(
            "CHR0477",
            f"`{key}` cannot be a repository that is made at {registry.kind.title}: {problem}",
            place,
            help=_FILLED if names.sounds_filled(key) else "choose another name",
        )
    elif is_made and not said and (sounds := sounds_named(server)):
        yield Finding(
            "CHR0479",
            f"repository `{key}` would be made at `{server}`, but that host may itself stand for `{sounds}`",
            registry.account_place,
            help=f"write `repositories: {{repository_key: {sounds}}}` if it does, or `{{repository_key: {key}}}`",
            severity="warning",
        )
    elif key and (is_made or registry.policy):
        yield from _sounds_filled(registry, names, key, place, is_made=bool(is_made))


def _sounds_filled(
    registry: Registry, names: SharedName, key: str, place: Place, *, is_made: bool
) -> Iterator[Finding]:
    if word := names.sounds_filled(key) if is_made else names.refuses_pushes(key):
        what = "made as a local repository" if is_made else "pushed to"
        yield Finding(
            "CHR0478",
            f"`{key}` at `{registry.server.value}` is {what}, but its name says `{word}`: such a repository takes "
            "images from elsewhere",
            place,
            help=_FILLED,
            severity="warning",
        )


_FILLED = 'if it is there already, write `mirror: "off"` and `repositories: {create: false}`; else choose another name'


def _is_its_own(owner: Scope, registry: Registry, said: Decided[str]) -> bool:
    """Whether it stands beside the registry: it is one repository's name."""
    base = registry.base if registry.name else ()
    return said.origin.scope is owner and said.origin.path == (*base, *REPOSITORIES.repository_key.path)
