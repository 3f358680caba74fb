"""What inheritance results in: plain frozen values, each decided one with its origin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_chaosreg.errors import Place
from pulumi_chaosreg.images.lockfile import subset_key
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.delivery import Delivery
from pulumi_chaosreg.scopes.enforcing import Enforce
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope
from pulumi_chaosreg.scopes.moves import object_name
from pulumi_chaosreg.scopes.other_logins import OtherLogin
from pulumi_chaosreg.scopes.pinning import Pin
from pulumi_chaosreg.scopes.refresher import refresher_name
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import CLUSTER, IMAGE_REGISTRY, IMAGES, MIRROR, NAMESPACE, PULL_SECRET, SECTION


@dataclass(frozen=True, slots=True)
class ResolvedImage:
    """One image as clusters will pull it: a required one, or one that an owner mirrors besides."""

    name: str
    """The image's name; with the tag behind it where a release needs a second tag of the same image."""
    reference: Reference
    """Pinned by digest where the lockfile has one, unless `images.pin` wants tags, or the setting itself names one."""
    origin: Origin
    """Who decided its tag."""
    source: Reference | None = None
    """Where the mirror copies it from, with the digest that the lockfile has for it; None where nobody mirrors it."""
    is_custom: bool = False
    """Whether it comes from `custom_images`."""
    is_pinned: bool = False
    """Whether the setting itself names a digest."""
    digest: str | None = None
    """What the lockfile, or the setting itself, says that it is; `images.pin` may keep it out of `reference`."""
    platforms: tuple[str, ...] = ()
    """What the mirror keeps of it, sorted; empty for all. The subset's digest is then another one than its source's."""
    settings: tuple[Path, ...] = ()
    """The paths of the settings that it comes from, the strongest first."""
    index: int | None = None
    """Where it stands in its setting, if that is a list of images."""

    @property
    def place(self) -> Place:
        """Where it is written, or its tag."""
        place = self.origin.place
        return place if self.index is None else replace(place, keys=(*place.keys, self.index))

    @property
    def image(self) -> str:
        """The last part of its repository at the source; of a custom image its own."""
        return (self.source or self.reference).image

    def is_kept_in(self, registry: Registry) -> bool:
        """Whether it is the registry's owner who has it there: who fills it copies it, or else nobody of us does."""
        if registry.policy:
            return self.source is not None
        return not self.is_custom and self.reference.name.startswith(f"{registry.path}/")

    @property
    def lock_key(self) -> str:
        """What the lockfile calls it."""
        source = self.source or self.reference
        if not self.platforms:
            return source.tagged
        return subset_key(source if self.is_pinned else source.with_digest(None), self.platforms)


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that was decided for an infrastructure, as people read it."""

    name: str
    value: str
    origin: Origin
    settings: tuple[Path, ...]
    """The paths of the settings that it comes from, the strongest first."""
    is_of_owner: bool = False
    """Whether nothing in the cluster follows from it: what the registry's owner does, what may be pulled at all."""
    is_unknown: bool = False
    """Whether the value only says that a wrong setting hides it."""


@dataclass(frozen=True, slots=True)
class ResolvedConfig:
    """Everything that one infrastructure ends up with."""

    infrastructure: Scope
    registry: Registry
    infrastructure_type: Decided[str]
    images: tuple[ResolvedImage, ...]
    delivery: Delivery | None
    """None where images of the registry are pulled without a credential."""
    namespace: Decided[str]
    create_namespace: Decided[bool]
    service_accounts: Decided[tuple[str, ...]]
    cluster: Mapping[str, Decided[str]] = field(default_factory=dict)
    """`context`, `kubeconfig`, `identifier` and `provider`, as far as they are given."""
    pin: Decided[Pin] | None = None
    """None where nobody says `images.pin`."""
    allow_images: Decided[tuple[str, ...]] | None = None
    """Where images may be pulled from, beside the registry; None where nobody says."""
    signatures: Decided[str] | None = None
    """What is said of signatures where the registry is defined, also where nothing is mirrored into it."""
    enforce: Decided[Enforce] | None = None
    """What the cluster does with Pods that use other images; None where nobody says."""
    labels: Mapping[str, Decided[str]] = field(default_factory=dict)
    """What the settings put on every object, beside our own labels."""
    annotations: Mapping[str, Decided[str]] = field(default_factory=dict)
    others: tuple[OtherLogin, ...] = ()
    """How the credentials of other registries arrive, which custom images are on."""
    harness: tuple[Field, ...] = ()
    """What the infrastructure's own record in Harness says; empty where it has none."""
    nowhere_known: tuple[Reference, ...] = ()
    """Custom images that are on no registry that the infrastructure can see."""

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """Of every credential, that of the registry first."""
        main = (self.delivery,) if self.delivery else ()
        return (*main, *(other.delivery for other in self.others)) if self.others else main

    @property
    def logins(self) -> tuple[tuple[Registry, Delivery], ...]:
        """The same with the registries that they are for."""
        main = ((self.registry, self.delivery),) if self.delivery else ()
        return (*main, *((other.registry, other.delivery) for other in self.others))

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The pull Secrets that Pods have to name, that of the registry first."""
        return tuple(dict.fromkeys(one.secret_name.value for one in self.deliveries if one.secret_name))

    @property
    def scope(self) -> Scope:
        """The infrastructure, as whoever wants its images."""
        return self.infrastructure

    @property
    def is_pull(self) -> bool:
        """True: its cluster pulls them."""
        return True

    @property
    def owner(self) -> Scope | None:
        """The scope that owns the registry: the one that defines it; None for Harness's default."""
        return self.registry.owner

    @property
    def pinning(self) -> Pin:
        """How firmly digests hold here."""
        return self.pin.value if self.pin else Pin.UNSAID

    @property
    def unverified(self) -> tuple[ResolvedImage, ...]:
        """Where signatures are required, the images whose signatures nobody looks at: what is not mirrored."""
        is_required = self.signatures is not None and self.signatures.value == "require"
        return tuple(image for image in self.images if image.source is None) if is_required else ()

    @property
    def secret_name(self) -> Decided[str] | None:
        """The pull Secret's name; None where there is none."""
        return self.delivery.secret_name if self.delivery else None

    def of_cluster(self) -> dict[str, str]:
        """`context`, `kubeconfig`, `identifier` and `provider` as plain values."""
        return {key: decided.value for key, decided in self.cluster.items()}

    def published(self) -> Iterator[Field]:
        """Everything that the cluster's ConfigMap says, in its order."""
        registry, choice = self.registry, IMAGE_REGISTRY.name.path
        yield _field("server", registry.server, IMAGE_REGISTRY.server.path, choice)
        yield _field("account", registry.account, IMAGE_REGISTRY.account.path, IMAGE_REGISTRY.server.path, choice)
        yield _field("type", registry.type, IMAGE_REGISTRY.type.path, choice)
        if self.secret_name:
            yield _field("secret_name", self.secret_name, IMAGE_REGISTRY.authentication.path, PULL_SECRET.name.path)
        if self.others and self.secret_names:
            said = self.others[0].delivery.authentication.origin
            yield Field("secret_names", ", ".join(self.secret_names), said, (SECTION.registries.path,))
        for image in self.images:
            yield Field(f"image.{image.name}", str(image.reference), image.origin, image.settings)

    def fields(self) -> Iterator[Field]:
        """Everything that was decided: what is published, then how it gets there."""
        yield from self.published()
        yield from self._of_registry()
        infrastructure, name = self.infrastructure, object_name(self.infrastructure)
        yield Field("config_map", name, Origin(infrastructure), (SECTION.moved_from.path,))
        yield _field("infrastructure_type", self.infrastructure_type, SECTION.type.path)
        if self.pin:
            yield _field("images.pin", self.pin, IMAGES.pin.path, CLUSTER.provider.path)
        for image in self.images:
            if image.digest and not image.reference.digest:  # the cluster does not see it; who reviews an edit does
                yield Field(f"digest.{image.name}", image.digest, image.origin, image.settings)
        for key, decided in self.cluster.items():
            yield _field(f"cluster.{key}", decided, (*CLUSTER.PATH, key))
        yield _field("namespace", self.namespace, NAMESPACE.name.path)
        yield _field("namespace.create", self.create_namespace, NAMESPACE.create.path)
        if self.service_accounts.value:
            yield _field("service_accounts", self.service_accounts, SECTION.service_accounts.path)
        if self.enforce:
            yield _field(SECTION.enforce.key, self.enforce, SECTION.enforce.path)
        for setting, given in ((SECTION.labels, self.labels), (SECTION.annotations, self.annotations)):
            for key, decided in given.items():
                yield _field(f"{setting.key}.{key}", decided, (*setting.path, key))
        if self.delivery:
            yield from _of_delivery(self.delivery, self.namespace)
        for other in self.others:
            yield from _of_other(other, self.namespace)
        yield from self._of_policy()
        yield from self._of_mirror()
        yield from self.harness

    def _of_policy(self) -> Iterator[Field]:
        """What may be pulled at all, and what of it nobody has verified."""
        if self.allow_images:
            said, settings = self.allow_images, (SECTION.allow_images.path,)
            yield Field(SECTION.allow_images.key, shown(said.value), said.origin, settings, is_of_owner=True)
        if unverified := self.unverified:
            names, first = ", ".join(image.name for image in unverified), unverified[0]
            yield Field("unverified", names, first.origin, first.settings, is_of_owner=True)

    def _of_registry(self) -> Iterator[Field]:
        """Which registry it is, where it has a name: who owns it is then another than who chose it."""
        if self.registry.name and self.registry.owner:
            origin, settings = self.registry.server.origin, (IMAGE_REGISTRY.name.path,)
            yield Field("registry.name", self.registry.name, origin, settings, is_of_owner=True)
            owner = self.registry.owner
            defined = (SECTION.registries.key, self.registry.name)
            yield Field("registry.owner", str(Origin(owner)), Origin(owner, defined), (defined,), is_of_owner=True)

    def _of_mirror(self) -> Iterator[Field]:
        """How the owner fills the registry."""
        registry, base = self.registry, self.registry.base if self.registry.name else ()
        if registry.off:
            settings = tuple(dict.fromkeys(((*base, *SECTION.mirror.path), SECTION.mirror.path)))
            yield Field(SECTION.mirror.key, "off", registry.off, settings, is_of_owner=True)
        for row in MIRROR.ROWS.values() if registry.policy else ():
            decided: Decided[Any] | None = getattr(registry.policy, row.key)
            if decided and decided.origin.scope:
                settings = tuple(dict.fromkeys(((*base, *row.path), row.path)))
                yield Field(str(row), shown(decided.value), decided.origin, settings, is_of_owner=True)


def shown(value: object) -> str:
    """A setting's value on one line, as people write it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_inner(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return ", ".join(_inner(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _inner(value: object) -> str:
    return f"[{shown(value)}]" if isinstance(value, list | tuple) else shown(value)


def _of_delivery(delivery: Delivery, namespace: Decided[str]) -> Iterator[Field]:
    authentication = IMAGE_REGISTRY.authentication.path
    how, origin, renews = delivery.how, delivery.named_by, delivery.refresher
    settings = (authentication, PULL_SECRET.create.path, PULL_SECRET.delivery.path, CLUSTER.provider.path)
    yield _field("pull_secret.delivery", how, *settings)
    if renews:
        yield _field("pull_secret.identity", renews.identity, PULL_SECRET.identity.path)
        yield from _subject("pull_secret.refresher", delivery, namespace)
        yield _field("pull_secret.refresher_image", renews.image, PULL_SECRET.refresher_image.path)
        for key, value in renews.environment.items():
            yield _field(f"pull_secret.refresher_environment.{key}", value, PULL_SECRET.refresher_environment.path)
    if delivery.needs_value:
        yield Field(
            "pull_secret.credential",
            delivery.credential,
            origin,
            (PULL_SECRET.identity.path if renews else authentication,),
        )
    for key in ("username", "password_env", "key_file") if delivery.needs_value and not renews else ():
        if said := getattr(delivery, key):
            yield Field(f"pull_secret.{key}", said, origin, (authentication,))


def _subject(name: str, delivery: Delivery, namespace: Decided[str]) -> Iterator[Field]:
    """Whom a role has to trust."""
    if delivery.secret_name:
        account = f"system:serviceaccount:{namespace.value}:{refresher_name(delivery.secret_name.value)}"
        yield Field(name, account, delivery.how.origin, (NAMESPACE.name.path, PULL_SECRET.name.path))


def _of_other(other: OtherLogin, namespace: Decided[str]) -> Iterator[Field]:
    delivery, settings = other.delivery, (SECTION.registries.path, SECTION.custom_images.path, CLUSTER.provider.path)
    yield _field(f"other_login.{other.key}", delivery.how, *settings)
    if delivery.refresher:
        yield from _subject(f"other_login.{other.key}.refresher", delivery, namespace)
    if delivery.needs_value:
        yield Field(f"other_login.{other.key}.credential", delivery.credential, delivery.named_by, settings)


def _field(name: str, decided: Decided[Any], *settings: Path) -> Field:
    said = decided.origin.path  # perhaps a setting that only implies it
    every = settings if not said or said in settings else (*settings, said)
    return Field(name, shown(decided.value), decided.origin, every)


def config_map_data(resolved: ResolvedConfig) -> dict[str, str]:
    """The ConfigMap's data: one short string per key, so that a preview's diff reads as a sentence. No credential."""
    published = list(resolved.published())
    values = {field.name: field.value for field in published}
    return values | {f"origin.{field.name}": str(field.origin) for field in published}
