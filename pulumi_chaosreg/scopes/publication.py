"""What is published of a level in Harness: one value, decided by plain settings, with all that makes it wrong.

Harness has one record for each level, and lets levels below inherit it. It knows a pull Secret's name and no
credential, one flag for overrides, and four images that have a key of their own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.delivery import Delivery, How
from pulumi_chaosreg.scopes.locks import is_open
from pulumi_chaosreg.scopes.model import Decided, Level, Origin, Scope, nearest
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import Field, ResolvedImage, shown
from pulumi_chaosreg.settings.grammars import ID
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import ALLOW_OVERRIDES, HARNESS, HARNESS_SAAS, IMAGE_REGISTRY, PULL_SECRET, SECTION

IMAGE_KEYS = {
    "chaos-log-watcher": ("logWatcher",),
    "chaos-ddcr": ("ddcr",),
    # the helper Pods' image is the faults' own where nobody says another one
    "chaos-ddcr-faults": ("ddcrLib", "ddcrFault"),
    "chaos-ddcr-lib": ("ddcrLib",),
}
"""Image → Harness's keys for it, the stronger ones last."""
THEIR_WORDS = {"logWatcher": "log_watcher", "ddcr": "ddcr", "ddcrLib": "ddcr_lib", "ddcrFault": "ddcr_fault"}


@dataclass(frozen=True, slots=True)
class Publication:
    """The record of one level."""

    scope: Scope
    account_id: Decided[str]
    organization: str
    project: str
    infrastructure: str
    """With its environment before it, where that is given; empty at wider levels."""
    endpoint: Decided[str]
    login: Decided[str] | None
    """NAME of the API key."""
    registry: Registry
    is_private: Decided[bool]
    secret_name: Decided[str] | None
    allow_overrides: Decided[bool]
    images: Mapping[str, Decided[str]] = field(default_factory=dict)
    """Harness's key → reference; without those of which Harness chooses the tag."""
    on_destroy: str = "reset"
    notes: tuple[str, ...] = ()
    """What whoever looks at a preview should know: what Harness cannot be told, and who sees to it instead."""

    @property
    def server(self) -> str:
        """The host, and nothing else."""
        return self.registry.server.value

    @property
    def account(self) -> str:
        """The path between the server and an image."""
        return self.registry.account.value.strip("/")

    @property
    def for_pulumi_harness(self) -> dict[str, Any]:
        """The same as the arguments of `harness.chaos.ImageRegistry` of pulumi-harness, which knows the account and the
        key by itself.
        """
        place = {"org_id": self.organization, "project_id": self.project, "infra_id": self.infrastructure}
        custom = {words: self.images[key].value for key, words in THEIR_WORDS.items() if key in self.images}
        return {
            **{key: value for key, value in place.items() if value},
            "registry_server": self.server,
            "registry_account": self.account,
            "is_private": self.is_private.value,
            "is_default": False,
            "is_override_allowed": self.allow_overrides.value,
            "use_custom_images": bool(custom),
            **({"secret_name": self.secret_name.value} if self.secret_name else {}),
            **({"custom_images": [custom]} if custom else {}),
        }

    def fields(self) -> Iterator[Field]:
        """All that is written into Harness, as people read it."""
        registry, choice = self.registry, IMAGE_REGISTRY.name.path
        where = "/".join(
            part for part in (self.account_id.value, self.organization, self.project, self.infrastructure) if part
        )
        yield _field("harness.scope", Decided(where, Origin(self.scope, HARNESS.publish.path)), SECTION.harness_id.path)
        yield _field("harness.endpoint", self.endpoint, HARNESS.endpoint.path)
        yield _field("harness.server", registry.server, IMAGE_REGISTRY.server.path, choice)
        yield _field("harness.account", registry.account, IMAGE_REGISTRY.account.path, choice)
        yield _field("harness.private", self.is_private, IMAGE_REGISTRY.type.path, PULL_SECRET.delivery.path)
        if self.secret_name:
            yield _field("harness.secret_name", self.secret_name, PULL_SECRET.name.path)
        yield _field("harness.allow_overrides", self.allow_overrides, SECTION.allow_overrides.path)
        for key, image in self.images.items():
            yield _field(f"harness.image.{key}", image)
        yield _field("harness.on_destroy", Decided(self.on_destroy, Origin()), HARNESS.on_destroy.path)
        if self.login:
            yield _field("harness.login", self.login, HARNESS.login.path)


def publishes(scope: Scope) -> bool:
    """Whether a level's registry is written into Harness; not inherited."""
    return scope.get(HARNESS.publish) is True


def publication(
    scope: Scope,
    registry: Registry,
    images: tuple[ResolvedImage, ...],
    delivered: Delivery | None,
    release: Decided[str] | None,
) -> tuple[Publication | None, list[Finding]]:
    """What is published of this level (CHR0801, CHR0803, CHR0804, CHR0806, CHR0807, CHR0808, CHR0809); None where that
    cannot be known. `delivered` is how the pull credential arrives, as far as this level says it.
    """
    account = nearest(scope, HARNESS.account_id) or _own_id(scope.chain()[0])
    findings = [*_levels(scope), *(_locked(scope) if publishes(scope) else ()), *_flag(scope)]
    if account is None and publishes(scope):
        findings.append(
            Finding(
                "CHR0801",
                f"{scope.title} is published to Harness, but no level sets `harness.account_id`",
                scope.at(HARNESS.publish),
                help="set it at the account: it follows `/account/` in the URLs of Harness's pages",
                follows=scope.is_unclear(HARNESS.account_id),
            )
        )
    login = nearest(scope, HARNESS.login)
    if login is None and publishes(scope):
        findings.append(
            Finding(
                "CHR0808",
                f"{scope.title} is published to Harness, but no level names the API key",
                scope.at(HARNESS.publish),
                help="write `harness: {login: NAME}` at the account, and run `pulumi config set --secret "
                f"chaosreg-credentials:NAME` in stack `{scope.stack}`"
                if scope.stack
                else "write `harness={'login': NAME}` at the account, and give it as `credentials={NAME: …}`",
                follows=scope.is_unclear(HARNESS.login),
            )
        )
    if not registry.account.value.strip("/"):
        findings.append(
            Finding(
                "CHR0809",
                f"{scope.title} is published to Harness, but `{registry.server.value}` has no `account`: Harness needs "
                "a path between server and image",
                registry.account_place,
                help="mirror below a path, as in `account: chaos`",
                follows=registry.is_unclear(IMAGE_REGISTRY.account),
            )
        )
    private, secret, nameless = _secret(scope, registry, delivered)
    findings += nameless
    if any(finding.severity == "error" for finding in findings):
        return None, findings
    ids = harness_ids(scope)
    environment = nearest(scope, SECTION.environment)
    infrastructure = ids.get(Level.INFRASTRUCTURE, "")
    tags = nearest(scope, HARNESS.tags)
    is_ours = tags is None or tags.value == "ours"
    on_destroy = nearest(scope, HARNESS.on_destroy)
    custom = references(images, ours=is_ours)
    return Publication(
        scope=scope,
        account_id=account or Decided("", Origin()),  # somebody else's provider knows it
        organization=ids.get(Level.ORGANIZATION, ""),
        project=ids.get(Level.PROJECT, ""),
        infrastructure=f"{environment.value}/{infrastructure}" if environment and infrastructure else infrastructure,
        endpoint=nearest(scope, HARNESS.endpoint) or Decided(HARNESS_SAAS, Origin()),
        login=login,
        registry=registry,
        is_private=private,
        secret_name=secret,
        allow_overrides=_allows(scope),
        images=custom,
        on_destroy=on_destroy.value if on_destroy else "reset",
        notes=(*_notes(registry, private, images, custom), *([] if is_ours else [_theirs(release)])),
    ), findings


def _own_id(account: Scope) -> Decided[str] | None:
    said = account.get(SECTION.harness_id)
    return Decided(said, Origin(account, SECTION.harness_id.path)) if said else None


def harness_ids(scope: Scope) -> dict[Level, str]:
    """How Harness calls this scope and those above it."""
    return {level.level: _harness_id(level) for level in scope.chain()}


def _harness_id(scope: Scope) -> str:
    return scope.get(SECTION.harness_id) or scope.id


def _levels(scope: Scope) -> Iterator[Finding]:
    """CHR0803: what Harness has no place for, and ids that it cannot have."""
    needed = {
        Level.PROJECT: (Level.ORGANIZATION,),
        Level.INFRASTRUCTURE: (Level.ORGANIZATION, Level.PROJECT),
    }.get(scope.level, ())
    there = {level.level: level for level in scope.chain()}
    for level in needed:
        if level not in there:
            yield Finding(
                "CHR0803",
                f"{scope.title} is published to Harness, but no {level} is above it: Harness has no place for it",
                scope.at(HARNESS.publish),
                help=f"put it below an {level}" if level is Level.ORGANIZATION else f"put it below a {level}",
            )
    named_by_environment = nearest(scope, SECTION.environment) is not None
    for level, above in there.items():
        is_of_platform = level in (Level.ORGANIZATION, Level.PROJECT) or (
            level is Level.INFRASTRUCTURE and named_by_environment
        )
        if is_of_platform and "-" in _harness_id(above):
            yield Finding(
                "CHR0803",
                f"`{_harness_id(above)}` cannot be the {above.level} identifier in Harness: it has a `-`",
                above.at(SECTION.harness_id) if above.get(SECTION.harness_id) else above.place,
                help=f"write `harness_id: {_harness_id(above).replace('-', '_')}`, as it is in Harness",
                follows=above.is_unclear(SECTION.harness_id) or not ID.match(above.id),  # which is told
            )


def _locked(scope: Scope) -> Iterator[Finding]:
    """CHR0806: a level above that is published, too, and then lets Harness refuse this one."""
    for above in reversed(scope.chain()[:-1]):
        if publishes(above) and not _allows(above).value and not above.is_unclear(SECTION.allow_overrides):
            yield Finding(
                "CHR0806",
                f"{scope.title} is published to Harness, which will refuse it: {above.title} is published, too, and "
                "allows no overrides",
                scope.at(HARNESS.publish),
                notes=(("locked by", str(above.at(SECTION.allow_overrides))),),
                help=f"remove `publish` here: what {above.title} publishes applies here, too; or set `allow_overrides: "
                f"true` in {above.title}",
            )
            return


def _allows(scope: Scope) -> Decided[bool]:
    """Harness's one flag. At an infrastructure nothing is below that it could be about."""
    said = scope.get(SECTION.allow_overrides)
    value = scope.level is not Level.INFRASTRUCTURE and (bool(said) if isinstance(said, dict) else is_open(scope))
    return Decided(value, Origin(scope, SECTION.allow_overrides.path))


def _flag(scope: Scope) -> Iterator[Finding]:
    """CHR0807, a warning."""
    if isinstance(scope.get(SECTION.allow_overrides), dict) and scope.level is not Level.INFRASTRUCTURE:
        keys = ", ".join(f"`{key}`" for key in ALLOW_OVERRIDES.ROWS if scope.value_at((*ALLOW_OVERRIDES.PATH, key)))
        yield Finding(
            "CHR0807",
            f"Harness has no {keys} of `allow_overrides`: there, everything may be overridden below {scope.title}",
            scope.at(SECTION.allow_overrides),
            help="the locks in stack files still hold; users who may edit image registries in Harness itself are not "
            "held back",
            severity="warning",
        )


def _secret(
    scope: Scope, registry: Registry, delivered: Delivery | None
) -> tuple[Decided[bool], Decided[str] | None, list[Finding]]:
    """(whether Harness is told that it is private, the Secret's name, CHR0804)."""
    if registry.type.value != "private":
        return Decided(False, registry.type.origin), None, []
    if delivered and delivered.how.value is How.NODE_IDENTITY:
        return Decided(False, delivered.how.origin), None, []
    private = Decided(True, registry.type.origin)
    named = nearest(scope, PULL_SECRET.name)
    said = registry.authentication.value.get("secret_name") if registry.authentication else None
    if named:
        return private, named, []
    if said and registry.authentication:
        return private, Decided(said, registry.authentication.origin), []
    if scope.level is Level.INFRASTRUCTURE:
        return private, delivered.secret_name if delivered else None, []
    finding = Finding(
        "CHR0804",
        f"{scope.title} is published to Harness with a private registry, but its pull Secret has a different name at "
        "each infrastructure",
        scope.at(HARNESS.publish),
        help="write one name for all below, `pull_secret: {name: chaos-pull}`; if the registry trusts the nodes' own "
        "identity, `pull_secret: {delivery: node_identity}`",
        follows=scope.is_unclear(PULL_SECRET.name) or scope.is_unclear(IMAGE_REGISTRY.authentication),
    )
    return private, None, [finding]


def references(images: tuple[ResolvedImage, ...], *, ours: bool) -> dict[str, Decided[str]]:
    """Harness's key → reference: custom images always; the others where the tags are ours. Tags only: a digest is
    published where a custom image says one itself.
    """
    found: dict[str, Decided[str]] = {}
    for name, keys in IMAGE_KEYS.items():
        image = next((one for one in images if one.name == name), None)
        if image and (ours or image.is_custom):
            reference = str(image.reference) if image.is_pinned else image.reference.tagged
            found |= dict.fromkeys(keys, Decided(reference, image.origin))
    return found


def _notes(
    registry: Registry,
    private: Decided[bool],
    images: tuple[ResolvedImage, ...],
    custom: Mapping[str, Decided[str]],
) -> Iterator[str]:
    if registry.type.value == "private" and not private.value:
        yield (
            "it is published as public: nodes pull by their own identity, which Harness cannot express, and there is "
            "no Secret to name"
        )
    others = sorted({image.name.partition(".")[0] for image in images} - IMAGE_KEYS.keys())
    if others:
        yield (
            f"this record has no setting for {', '.join(others)}: set them where they are deployed (docs/harness.md)"
        )
    if custom and len({*custom} & {"logWatcher", "ddcr", "ddcrLib", "ddcrFault"}) < 4:
        yield "Harness chooses the tags of images that it does not list"


def _theirs(release: Decided[str] | None) -> str:
    held = f"release {release.value}" if release else "no release that is written down"
    return f"tags are Harness's choice (`harness.tags: theirs`), but the mirror has {held}: mirror a newer one first"


def _field(name: str, decided: Decided[object], *settings: Path) -> Field:
    said = decided.origin.path
    every = settings if not said or said in settings else (*settings, said)
    return Field(name, shown(decided.value), decided.origin, every)
