"""Everything that can be known offline about a company: what `validate` prints, what a program checks first."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.scopes.company import Company, load_company
from pulumi_chaosreg.scopes.model import Scope, nearest
from pulumi_chaosreg.scopes.resolution import resolve
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, object_name
from pulumi_chaosreg.scopes.yaml_file import locate


@dataclass(frozen=True, slots=True)
class Review:
    """A company, what each of its infrastructures ends up with, and every finding, sorted by file and line."""

    company: Company
    resolved: Mapping[Scope, ResolvedConfig]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that stop a program."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def mirrored_by(self, owner: Scope) -> list[ResolvedConfig]:
        """The infrastructures whose images the owner's stack mirrors."""
        return [resolved for resolved in self.resolved.values() if resolved.owner is owner]


def review(project: Path, stack: str | None = None, engine_config: Mapping[str, str] | None = None) -> Review:
    """Load, link, resolve and check the stack files of a project; never raises for what is written in them."""
    company, findings = load_company(project, stack, engine_config)
    resolved: dict[Scope, ResolvedConfig] = {}
    for infrastructure in company.infrastructures():
        config, more = resolve(
            infrastructure, company.locked, lambda scope, name: company.credential_stack(scope, name) is not None
        )
        resolved[infrastructure] = config
        findings += more
    for config in resolved.values():
        findings += _unlocked(config, company)
        findings += _sources_not_allowed(config)
    findings += _unknown_images(company)
    findings += _same_objects(resolved.values())
    findings += [finding for scope in company.scopes for finding in _not_yet(scope)]
    if any(finding.place and finding.place.keys[-2:] == ("images", "release") for finding in findings):
        findings = [finding for finding in findings if finding.code != "CHR0307"]  # its cause is told already
    unique = list(dict.fromkeys(findings))  # a mistake at the account is found once for each infrastructure below
    return Review(company, resolved, tuple(locate(unique)))


def _unlocked(config: ResolvedConfig, company: Company) -> list[Finding]:
    """Mirrored images that the lockfile does not carry: neither stack could tell what it gets."""
    owner = config.owner
    return [
        Finding(
            "CHR0304",
            f"the lockfile has no digest for `{image.source.tagged}`",
            image.origin.place,
            notes=(("mirrored by", f"stack `{owner.stack}`, {owner.title}"),) if owner else (),
            help="run `chaosreg lock` and commit stacks/chaosreg.lock.yaml with this change",
        )
        for image in config.images
        if image.source and image.source.digest is None
    ]


def _sources_not_allowed(config: ResolvedConfig) -> list[Finding]:
    """What `mirror.allow_sources` of the registry's owner does not name."""
    allowed = nearest(config.owner, ("mirror", "allow_sources")) if config.owner else None
    if allowed is None:
        return []
    return [
        Finding(
            "CHR0309",
            f"`{image.source.name}` may not be mirrored: `mirror.allow_sources` does not name it",
            allowed.origin.place,
            notes=(("allowed", ", ".join(allowed.value)),),
            help="correct `mirror.source`, or add the source to `allow_sources`",
        )
        for image in config.images
        if image.source
        and not any(f"{image.source.name}/".startswith(f"{text.rstrip('/')}/") for text in allowed.value)
    ]


def _unknown_images(company: Company) -> list[Finding]:
    """Names under `images.tags` that no infrastructure could ever need."""
    known = {name for names in load_catalogue().sets.values() for name in names}
    for scope in company.scopes:
        for text in scope.get(("required_images",)) or ():
            known.add(text.rpartition("/")[2].partition("@")[0].partition(":")[0])
    return [
        Finding(
            "CHR0310",
            f"`{name}` is no image that an infrastructure needs",
            scope.at("images", "tags", name),
            help=f"images: {', '.join([*get_close_matches(name, known), *sorted(known)][:4])}, …",
        )
        for scope in company.scopes
        for name in scope.get(("images", "tags")) or {}
        if name not in known
    ]


def _same_objects(configs: Iterable[ResolvedConfig]) -> list[Finding]:
    """What two infrastructures would both own: an object of one cluster, a Provider's name, a target tag."""
    findings: list[Finding] = []
    seen: dict[tuple[str, ...], tuple[Scope, object]] = {}
    for config in configs:
        for code, thing, content, advice in _owned(config):
            first, expected = seen.setdefault(thing, (config.infrastructure, content))
            if first is config.infrastructure or (content is not None and content == expected):
                continue
            findings.append(
                Finding(
                    code,
                    f"{config.infrastructure.title} and {first.title} would both own {_named(thing)}",
                    config.infrastructure.place,
                    notes=(("the other one", str(first.place)),),
                    help=advice,
                )
            )
    return findings


def _named(thing: tuple[str, ...]) -> str:
    kind, *names = thing
    cluster = f" in cluster `{names.pop(0)}`" if len(names) > 1 else ""
    return f"{kind} `{'/'.join(names)}`{cluster}"


def _owned(config: ResolvedConfig) -> Iterator[tuple[str, tuple[str, ...], object, str]]:
    """(code, thing, content, advice): a thing may have several owners only where all give it the same content."""
    reached = tuple(config.cluster.get(key, "") for key in ("kubeconfig", "context"))
    cluster = config.cluster.get("identifier") or config.cluster.get("context") or "cluster"
    place = (cluster, config.namespace)
    elsewhere = "give one of them another `namespace`, or another `pull_secret.name`"
    yield "CHR0603", ("the cluster name", cluster), reached, "give each cluster its own `cluster.identifier`"
    yield "CHR0602", ("ConfigMap", *place, object_name(config.infrastructure)), None, elsewhere
    if config.secret and config.secret.value.create:
        yield "CHR0602", ("Secret", *place, config.secret.value.name), None, elsewhere
    for account in config.service_accounts if config.secret else ():
        secret = config.secret.value.name if config.secret else ""
        advice = "a ServiceAccount's list has one owner: give one of them another account or namespace"
        yield "CHR0602", ("ServiceAccount", *place, account), secret, advice
    for image in config.images:
        if image.source and config.owner:
            advice = "let one scope own the registry, or give one of them another `image_registry.account`"
            yield "CHR0311", ("the mirrored tag", image.reference.tagged), config.owner.place, advice


def _not_yet(scope: Scope) -> list[Finding]:
    """Settings that are part of the format and that this version does nothing about: said, never passed over."""
    said = ((path, scope.get(path), without_effect, why) for path, (without_effect, why) in _NOT_YET.items())
    return [
        Finding(
            "CHR0111",
            f"`{'.'.join(path)}` has no effect in this version: {why}",
            scope.at(*path),
            help="remove it" if value in _UNSAFE else "it may stay; a later version acts on it",
            severity="error" if value in _UNSAFE else "warning",
        )
        for path, value, without_effect, why in said
        if without_effect(value)
    ]


_NOT_YET: Mapping[tuple[str, ...], tuple[Callable[[object], bool], str]] = {
    ("repositories", "create"): (lambda value: value is True, "make them in the registry first"),
    ("repositories", "immutable_tags"): (lambda value: value is not None, "repositories are not configured yet"),
    ("repositories", "scan_on_push"): (lambda value: value is not None, "repositories are not configured yet"),
    ("repositories", "expire_untagged_after_days"): (
        lambda value: value is not None,
        "repositories are not configured yet",
    ),
    ("mirror", "signatures"): (
        lambda value: value in ("copy", "require"),
        "signatures are neither copied nor verified",
    ),
    ("mirror", "platforms"): (lambda value: isinstance(value, list), "all platforms are mirrored"),
    ("mirror", "delete"): (lambda value: value is not None, "nothing is pruned yet"),
}
"""Path → (which values ask for something, why nothing comes of it)."""

_UNSAFE = ("require",)
"""Values that promise a protection which is not there: they stop the run."""
