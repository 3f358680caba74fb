"""What inheritance results in: plain frozen values, each decided one with its origin."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pulumi_chaosreg.images.lockfile import subset_key
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope
from pulumi_chaosreg.scopes.moves import original_id
from pulumi_chaosreg.scopes.pinning import Pin


def object_name(infrastructure: Scope) -> str:
    """What an infrastructure's ConfigMap is called in its cluster, and its pull Secret where nobody names one.

    A renamed infrastructure keeps its objects: they are named after the id that it had first.
    """
    return f"chaos-image-registry-{original_id(infrastructure)}"


@dataclass(frozen=True, slots=True)
class ResolvedImage:
    """One required image as the cluster will pull it."""

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

    @property
    def lock_key(self) -> str:
        """What the lockfile calls it."""
        source = self.source or self.reference
        return subset_key(source, self.platforms) if self.platforms else source.tagged


@dataclass(frozen=True, slots=True)
class ResolvedSecret:
    """The pull Secret of one infrastructure; whether it exists is decided by plain settings only."""

    name: str
    name_origin: Origin
    create: bool
    create_origin: Origin
    credential: str
    """NAME in `chaosreg-credentials:NAME`."""
    username: str | None = None
    password_env: str | None = None


@dataclass(frozen=True, slots=True)
class ResolvedConfig:
    """Everything that one infrastructure ends up with."""

    infrastructure: Scope
    server: Decided[str]
    account: Decided[str]
    type: Decided[str]
    infrastructure_type: Decided[str]
    images: tuple[ResolvedImage, ...]
    secret: Decided[ResolvedSecret] | None
    namespace: Decided[str]
    create_namespace: Decided[bool]
    service_accounts: Decided[tuple[str, ...]]
    cluster: Mapping[str, Decided[str]] = field(default_factory=dict)
    """`context`, `kubeconfig` and `identifier`, as far as they are given."""
    pin: Decided[Pin] | None = None
    """None where nobody says `images.pin`."""

    @property
    def owner(self) -> Scope | None:
        """The scope that owns the registry: the one that sets its server; None for Harness's default."""
        return self.server.origin.scope

    @property
    def pinning(self) -> Pin:
        """How firmly digests hold here."""
        return self.pin.value if self.pin else Pin.UNSAID

    def of_cluster(self) -> dict[str, str]:
        """`context`, `kubeconfig` and `identifier` as plain values."""
        return {key: decided.value for key, decided in self.cluster.items()}

    def published(self) -> Iterator[tuple[str, str, Origin]]:
        """(field, value, origin) of everything that the cluster's ConfigMap says, in its order."""
        yield "server", self.server.value, self.server.origin
        yield "account", self.account.value, self.account.origin
        yield "type", self.type.value, self.type.origin
        if self.secret:
            yield "secret_name", self.secret.value.name, self.secret.value.name_origin
        for image in self.images:
            yield f"image.{image.name}", str(image.reference), image.origin

    def fields(self) -> Iterator[tuple[str, str, Origin]]:
        """(field, value, origin) of everything that was decided: what is published, then how it gets there."""
        yield from self.published()
        yield "config_map", object_name(self.infrastructure), Origin(self.infrastructure)
        yield "infrastructure_type", self.infrastructure_type.value, self.infrastructure_type.origin
        if self.pin:
            yield "images.pin", self.pin.value, self.pin.origin
        for image in self.images:
            if image.digest and not image.reference.digest:  # the cluster does not see it; who reviews an edit does
                yield f"digest.{image.name}", image.digest, image.origin
        for key, decided in self.cluster.items():
            yield f"cluster.{key}", decided.value, decided.origin
        yield "namespace", self.namespace.value, self.namespace.origin
        yield "namespace.create", _word(self.create_namespace.value), self.create_namespace.origin
        if self.service_accounts.value:
            yield "service_accounts", ", ".join(self.service_accounts.value), self.service_accounts.origin
        if self.secret:
            secret, origin = self.secret.value, self.secret.origin
            yield "pull_secret.create", _word(secret.create), secret.create_origin
            if secret.create:
                yield "pull_secret.credential", secret.credential, origin
            if secret.create and secret.username:
                yield "pull_secret.username", secret.username, origin
            if secret.create and secret.password_env:
                yield "pull_secret.password_env", secret.password_env, origin


def by_images(configs: Iterable[ResolvedConfig]) -> Iterator[ResolvedConfig]:
    """One config for each list of images: siblings that say nothing of their own share one."""
    seen: set[int] = set()
    for config in configs:
        if id(config.images) not in seen:
            seen.add(id(config.images))
            yield config


def mirrored(configs: Iterable[ResolvedConfig]) -> list[ResolvedImage]:
    """What owners mirror for these, each target once and sorted.

    Where one infrastructure wants the lockfile's digest and another leaves it to the copy, the digest holds for both.
    """
    chosen: dict[str, ResolvedImage] = {}
    for config in by_images(configs):
        for image in config.images:
            if image.source and config.owner:
                other = chosen.setdefault(image.reference.tagged, image)
                if other.digest is None:
                    chosen[image.reference.tagged] = image
    return [chosen[target] for target in sorted(chosen)]


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def config_map_data(resolved: ResolvedConfig) -> dict[str, str]:
    """The ConfigMap's data: one short string per key, so that a preview's diff reads as a sentence. No credential."""
    published = list(resolved.published())
    values = {name: value for name, value, _ in published}
    return values | {f"origin.{name}": str(origin) for name, _, origin in published}
