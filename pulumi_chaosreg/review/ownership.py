"""What two infrastructures or two owners cannot both have: an object of a cluster, a cluster's name, a repository."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.moves import object_name
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, by_images
from pulumi_chaosreg.settings.table import SECTION
from pulumi_chaosreg.settings.yaml_file import Lines

_ELSEWHERE = "give one of them another `namespace`"


def check_ownership(configs: Iterable[ResolvedConfig]) -> list[Finding]:
    """What would have two owners (CHR0311, CHR0602, CHR0603)."""
    return Ownership().claim(configs)


class Ownership:
    """Who owns what so far."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, ...], tuple[Scope, object]] = {}

    def claim(self, configs: Iterable[ResolvedConfig]) -> list[Finding]:
        """What these infrastructures, or their registries' owners, would own beside somebody else."""
        every = list(configs)
        owned = [thing for config in every for thing in _of_cluster(config)]
        owned += [thing for config in by_images(every) for thing in _of_registry(config)]
        findings: list[Finding] = []
        lines = Lines()
        for code, thing, owner, content, advice in owned:
            first, expected = self._first.setdefault(thing, (owner, content))
            if first is owner or (content is not None and content == expected):
                continue
            message = f"{owner.title} and {first.title} would both own {_named(thing)}"
            notes = (("the other one", str(lines.located(first.place))),)
            findings.append(Finding(code, message, owner.place, notes=notes, help=advice))
        return findings


_Owned = tuple[str, tuple[str, ...], Scope, object, str]
"""(code, thing, owner, content, advice): a thing may have several owners only where all give it the same content."""


def _of_cluster(config: ResolvedConfig) -> Iterable[_Owned]:
    infrastructure = config.infrastructure
    if infrastructure.is_unclear(SECTION.namespace) or infrastructure.is_unclear(SECTION.cluster):
        return  # where it is, is not known
    reached = config.of_cluster()
    cluster = reached.get("identifier") or reached.get("context") or "cluster"
    place = (cluster, config.namespace.value)
    way = (reached.get("kubeconfig"), reached.get("context"))
    yield (
        "CHR0603",
        ("the cluster name", cluster),
        infrastructure,
        way,
        "give each cluster its own `cluster.identifier`",
    )
    yield "CHR0602", ("ConfigMap", *place, object_name(infrastructure)), infrastructure, None, _ELSEWHERE
    if config.delivery is None or config.secret_name is None:
        return
    if config.delivery.makes_secret:
        advice = f"{_ELSEWHERE}, or another `pull_secret.name`"
        yield "CHR0602", ("Secret", *place, config.secret_name.value), infrastructure, None, advice


def _of_registry(config: ResolvedConfig) -> Iterator[_Owned]:
    for image in config.images:
        if image.source and config.owner:
            thing = ("the repository", image.reference.name)
            yield "CHR0311", thing, config.owner, None, _one_definition(config.registry)


def _one_definition(registry: Registry) -> str:
    """The entry to write once, where both may choose it: filled in."""
    said = {"server": registry.server.value, "account": registry.account.value, "type": registry.type.value}
    said |= {"kind": registry.kind.name} if registry.kind.sayable and registry.kind.name != "generic" else {}
    login = registry.authentication.value if registry.authentication else {}
    if login:
        said["authentication"] = f"{{{', '.join(f'{key}: {value}' for key, value in login.items())}}}"
    entry = ", ".join(f"{key}: {value}" for key, value in said.items() if value)
    return (
        "define it once, at a level above both, as `registries: {shared: {" + entry + "}}`, and write "
        "`image_registry: shared` in both; or give one of them another `account`"
    )


def _named(thing: tuple[str, ...]) -> str:
    kind, *names = thing
    cluster = f" in cluster `{names.pop(0)}`" if len(names) > 1 else ""
    return f"{kind} `{'/'.join(names)}`{cluster}"
