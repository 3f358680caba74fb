"""The four levels as components: `Account`, `Organization`, `Project`, `Infrastructure`.

They inherit from one another by the rules of `scopes/`; usable from Python with or without stack files. A scope that
another stack owns is drawn as a component without resources, so that URNs stay the same when a level moves.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, Unpack

import pulumi

from pulumi_chaosreg.components.aliases import aliases_of, object_aliases
from pulumi_chaosreg.components.argument_types import level_argument, wrong_types
from pulumi_chaosreg.components.arguments import ClusterArgs, InfrastructureArgs, LevelArgs
from pulumi_chaosreg.components.arguments_checking import cluster_and_settings, declared_scope, wrong_arguments
from pulumi_chaosreg.components.calls import called_from
from pulumi_chaosreg.components.cluster import Cluster
from pulumi_chaosreg.components.declared import Declared, declared_by_the_program
from pulumi_chaosreg.components.enforced import enforced
from pulumi_chaosreg.components.harness_image_registry import HarnessImageRegistry
from pulumi_chaosreg.components.image_pull_secret_entry import ImagePullSecretEntry
from pulumi_chaosreg.components.labels import own_labels, plain
from pulumi_chaosreg.components.lacking import no_image, no_way_to
from pulumi_chaosreg.components.owned_registries import OwnedRegistries, no_value
from pulumi_chaosreg.components.providers import Reached
from pulumi_chaosreg.components.published_level import published_level
from pulumi_chaosreg.components.pull_logins import delivered
from pulumi_chaosreg.components.reporting import refusal, report
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.kubernetes.config_map import config_map
from pulumi_chaosreg.kubernetes.deliveries import DELIVERIES, Asked, Options
from pulumi_chaosreg.kubernetes.objects import core_object, metadata, token
from pulumi_chaosreg.kubernetes.pull_secret import OneLogin
from pulumi_chaosreg.provision.protocol import SERVICE_ACCOUNT_ANNOTATIONS
from pulumi_chaosreg.resources.harness_image_registry import HARNESS_IMAGE_REGISTRY
from pulumi_chaosreg.scopes.component_names import component_type
from pulumi_chaosreg.scopes.delivery import Delivery, How
from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.scopes.moves import object_name
from pulumi_chaosreg.scopes.other_logins import OtherLogin
from pulumi_chaosreg.scopes.publication import Publication
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage, config_map_data
from pulumi_chaosreg.stacks.sections import CREDENTIALS

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import LocalObjectReferenceArgsDict  # slow to import

Credentials = Mapping[str, pulumi.Input[Any]]
_SECRET, _CONFIG_MAP = token("core/v1", "Secret"), token("core/v1", "ConfigMap")
_WRAPPERS = {_SECRET: "chaosreg:index:PullSecret", _CONFIG_MAP: "chaosreg:index:ResolvedConfigMap"}
"""The components that were around an infrastructure's objects before 0.2."""


class LevelComponent(pulumi.ComponentResource):
    """What the four levels share: a scope, the component above, credentials, and a mirror where it owns a registry."""

    scope: Scope
    above: "LevelComponent | None"
    owned: OwnedRegistries
    """What its stack does for the registries that it defines."""
    notes: tuple[str, ...]
    """What its record in Harness does not say; empty where it has none."""

    @classmethod
    def of_scope(
        cls, scope: Scope, above: "LevelComponent | None" = None, credentials: Credentials | None = None
    ) -> Self:
        """The component of a scope that stack files declare, and that is checked already."""
        made = cls.__new__(cls)
        made._begin(above, credentials)
        made._register(scope, None)
        return made

    def _declare(
        self,
        level: Level,
        name: str,
        above: "LevelComponent | None",
        said: Mapping[str, Any],
        credentials: Credentials | None,
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        """Make it of what a program says; RunError with all that is wrong with that."""
        place = called_from(f"{level} `{name}`" if isinstance(name, str) else str(level))
        report(wrong_arguments(name, credentials, opts, place))
        self._begin(above, credentials)
        scope, findings = declared_scope(level, name, above.scope if above else None, said, place)
        self._declared.add(scope, findings, self.credential)
        waiting = pulumi.ResourceOptions(depends_on=[*self._declared.gate]) if above is None else None
        self._register(scope, pulumi.ResourceOptions.merge(waiting, opts))
        for further in self._declared.further(scope):
            self.owned.provisioned(further.registry, [image.reference for image in further.images])
            for image in further.images:
                self.owned.mirrored(further.registry, image)
        if level is not Level.INFRASTRUCTURE:
            self._publish_declared()

    def _publish_declared(self) -> None:
        """What a program publishes; of stack files that is known already."""
        if record := self._declared.publication(self.scope):
            self.publish(record)

    def _begin(self, above: "LevelComponent | None", credentials: Credentials | None) -> None:
        self.above = above
        self._declared: Declared = above._declared if above else declared_by_the_program()
        self._credentials = dict(credentials or {})
        self._record: HarnessImageRegistry | None = None
        self.notes = ()
        self._needed: list[pulumi.Resource] = []
        """What must be there before Harness is told of it."""

    def _register(self, scope: Scope, opts: pulumi.ResourceOptions | None) -> None:
        self.scope = scope
        ours = pulumi.ResourceOptions(parent=self.above, aliases=aliases_of(scope))
        super().__init__(component_type(scope.level), scope.path, {}, pulumi.ResourceOptions.merge(ours, opts))
        self.owned = OwnedRegistries(self, scope, self.credential)

    def publish(self, published: Publication) -> None:
        """Write its registry into Harness, after the record of the nearest published level above it in this program,
        and after what Harness's Pods will need: the images, and the infrastructure's Secret.
        """
        assert published.login is not None
        key = self.credential(published.login.value)
        if key is None:
            raise refusal(no_value(published.login.value, published.login.origin.place))
        above = self.above._nearest_record() if self.above else None
        if pulumi.runtime.is_dry_run():
            for note in dict.fromkeys(published.notes).keys() - self._notes_above():
                pulumi.log.info(f"record in Harness: {note}", self)
        owner = self.owner_of(published.registry.owner) if published.registry.owner else None
        images = owner.owned.made_mirror(published.registry) if owner else None
        self.notes = published.notes
        self._record = published_level(
            published,
            key,
            parent=self,
            after=[*([above] if above else []), *([images] if images else []), *self._needed],
            aliases=object_aliases(self.scope, self.urn, HARNESS_IMAGE_REGISTRY.type, None),
        )

    @property
    def for_pulumi_harness(self) -> dict[str, Any]:
        """The level's registry as the arguments of `harness.chaos.ImageRegistry` of pulumi-harness, for who publishes
        by that: a level with `publish` is published already (RunError where nothing can be published of it).
        """
        return self._declared.described(self.scope).for_pulumi_harness

    def _notes_above(self) -> set[str]:
        return {*self.above.notes, *self.above._notes_above()} if self.above else set()

    def _nearest_record(self) -> HarnessImageRegistry | None:
        if self._record:
            return self._record
        return self.above._nearest_record() if self.above else None

    def owner_of(self, scope: Scope) -> "LevelComponent | None":
        """The component of a scope at or above this one."""
        if self.scope is scope:
            return self
        return self.above.owner_of(scope) if self.above else None

    def credential(self, name: str) -> pulumi.Input[Any] | None:
        """A credential's value: given to the nearest component, or configured as `chaosreg-credentials:<name>`."""
        if name in self._credentials:
            return self._credentials[name]
        if self.above:
            return self.above.credential(name)
        return pulumi.Config(CREDENTIALS).get_secret(name)


class Account(LevelComponent):
    """The company's account: the widest level. Settings are those of a stack file's section."""

    def __init__(
        self,
        name: str,
        *,
        credentials: Credentials | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[LevelArgs],
    ) -> None:
        """`credentials` are the values of NAMEs that settings mention; each may be an Output."""
        self._declare(Level.ACCOUNT, name, None, settings, credentials, opts)


class Organization(LevelComponent):
    """An organization of the account."""

    def __init__(
        self,
        name: str,
        *,
        account: Account,
        credentials: Credentials | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[LevelArgs],
    ) -> None:
        above = _one_of(Level.ORGANIZATION, account=(account, Account))
        self._declare(Level.ORGANIZATION, name, above, settings, credentials, opts)


class Project(LevelComponent):
    """A project, in an organization or directly in the account."""

    def __init__(
        self,
        name: str,
        *,
        organization: Organization | None = None,
        account: Account | None = None,
        credentials: Credentials | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[LevelArgs],
    ) -> None:
        above = _one_of(Level.PROJECT, organization=(organization, Organization), account=(account, Account))
        self._declare(Level.PROJECT, name, above, settings, credentials, opts)


class Infrastructure(LevelComponent):
    """An infrastructure: the namespace, pull Secret, ServiceAccount entries and ConfigMap in its cluster."""

    secret_name: str | None
    """The name of its registry's pull Secret; None where it has none."""
    secret_names: tuple[str, ...]
    """The same with those of other registries, which custom images are on."""
    config_map_name: str
    namespace: str
    resolved: ResolvedConfig
    """What its settings, and those of the levels above, end up as."""

    def __init__(
        self,
        name: str,
        *,
        project: Project | None = None,
        organization: Organization | None = None,
        account: Account | None = None,
        cluster: Cluster | ClusterArgs | None = None,
        credentials: Credentials | None = None,
        opts: pulumi.ResourceOptions | None = None,
        **settings: Unpack[InfrastructureArgs],
    ) -> None:
        """A `Cluster` is taken whole; of a mapping, as in a stack file, levels above may say a part."""
        above = _one_of(
            Level.INFRASTRUCTURE,
            project=(project, Project),
            organization=(organization, Organization),
            account=(account, Account),
        )
        own, said = cluster_and_settings(cluster)
        self._declare(Level.INFRASTRUCTURE, name, above, {**settings, **said}, credentials, opts)
        self._settle(self._declared.resolve(self.scope), is_owner_here=True)
        self._deliver(own or Cluster.of_settings(self.resolved.of_cluster()))
        self._publish_declared()

    @classmethod
    def of_resolved(
        cls, resolved: ResolvedConfig, above: LevelComponent, credentials: Credentials | None, *, is_owner_here: bool
    ) -> Self:
        """The component of an infrastructure that stack files declare. `is_owner_here`: the running stack mirrors for
        it.
        """
        made = cls.__new__(cls)
        made._begin(above, credentials)
        made._register(resolved.infrastructure, None)
        made._settle(resolved, is_owner_here=is_owner_here)
        made._deliver(Cluster.of_settings(resolved.of_cluster()))
        return made

    def _settle(self, resolved: ResolvedConfig, *, is_owner_here: bool) -> None:
        self.resolved = resolved
        self.namespace = resolved.namespace.value
        self.config_map_name = object_name(self.scope)
        self.secret_name = resolved.secret_name.value if resolved.secret_name else None
        self.secret_names = resolved.secret_names
        owner = self.owner_of(resolved.owner) if resolved.owner and is_owner_here else None
        if owner:  # all at once: each further question would be one more policy of every role
            kept = [one.reference for one in resolved.images if one.is_kept_in(resolved.registry)]
            owner.owned.provisioned(resolved.registry, kept)
        self._mirrored = {
            image.name: owner.owned.mirrored(resolved.registry, image)
            for image in resolved.images
            if owner and image.source
        }

    @property
    def images(self) -> Mapping[str, pulumi.Output[str]]:
        """Image name → full reference, as the cluster will pull it; known when it is there, if we copy it."""
        return {image.name: pulumi.Output.from_input(self._reference(image)) for image in self.resolved.images}

    def image(self, name: str) -> pulumi.Output[str]:
        """The full reference of one image, for a Pod of one's own; RunError (CHR0611) where it needs none so."""
        images = self.images
        if name not in images:
            raise refusal(no_image(name, self.resolved))
        return images[name]

    @property
    def image_pull_secrets(self) -> "list[LocalObjectReferenceArgsDict]":
        """What a Pod's `imagePullSecrets` are, for these images; empty where they are pulled without a Secret."""
        return [{"name": name} for name in self.secret_names]

    @property
    def service_account_annotations(self) -> Mapping[str, pulumi.Input[str]]:
        """What a Pod's ServiceAccount says to pull these images as a role of its own, where this program makes it;
        empty where Pods pull as their node, or with a Secret.
        """
        owner, delivery = self.resolved.owner, self.resolved.delivery
        above = self.owner_of(owner) if owner else None
        if above is None or delivery is None or delivery.how.value is not How.NODE_IDENTITY:
            return {}
        said: Any = above.owned.node_identity(self.resolved.registry).get(SERVICE_ACCOUNT_ANNOTATIONS)
        return dict(said or {})

    def _reference(self, image: ResolvedImage) -> pulumi.Input[str]:
        made = self._mirrored.get(image.name)
        if made is None:
            return str(image.reference)
        return made.reference if self.resolved.pinning.in_references else made.target

    def _enforced(self, image: ResolvedImage) -> pulumi.Input[str]:
        """The reference with its digest, also where `images.pin` keeps that from the cluster."""
        digest = image.digest or image.reference.digest
        if digest is None and image.name in self._mirrored:
            return self._reference(image)
        return str(image.reference.with_digest(digest))

    def _deliver(self, cluster: Cluster) -> None:
        """Namespace, then what the credential is delivered by, then whatever names the Secret.

        No outputs are registered: the ConfigMap has them, and the engine would write its whole state once more.
        """
        name, resolved, reached = self.scope.path, self.resolved, self._declared.providers.reach(cluster)
        labels = {**plain(resolved.labels), **own_labels(self.scope)}
        annotations = plain(resolved.annotations)
        before: list[pulumi.Input[pulumi.Resource]] = [*reached.before]
        if resolved.create_namespace.value:
            # a patch makes a missing namespace, and leaves it alone when the infrastructure is removed
            opts = pulumi.ResourceOptions(parent=self, provider=reached.provider, depends_on=before)
            given = metadata(self.namespace, labels=plain(resolved.labels), annotations=annotations)
            before = [core_object("NamespacePatch", name, {"metadata": given}, opts)]
        asked = [
            Asked(
                name=f"{name}{one.suffix}",
                namespace=self.namespace,
                delivery=one.delivery,
                server=one.server,
                key=one.key,
                images=one.images,
                options=self._options(reached, before, one.suffix),
                labels=labels,
                annotations=annotations,
                credential=self._pull_credential(one.delivery),
                beside=[self._login(other) for other in one.beside],
            )
            for one in delivered(resolved)
        ]
        before = [made for one in asked for made in DELIVERIES[one.delivery.how.value](one)] or before
        made = config_map(
            name,
            config_map_name=self.config_map_name,
            namespace=self.namespace,
            data={**config_map_data(resolved), **self._unknown_images()},
            labels=labels,
            annotations=annotations,
            opts=self._opts(_CONFIG_MAP, reached, [*before, *self._mirrored.values()]),
        )
        enforced(
            resolved,
            [self._enforced(image) for image in resolved.images],
            metadata("", labels=labels, annotations=annotations),
            self._options(reached, [*before, *self._mirrored.values()], ""),
        )
        self._needed = [made]
        for secret in resolved.secret_names:
            suffix = "" if secret == self.secret_name else f"/{secret}"
            for account in resolved.service_accounts.value:
                self._entry(f"{name}/{account}{suffix}", account, secret, cluster, before)

    def _entry(
        self,
        name: str,
        account: str,
        secret: str,
        cluster: Cluster,
        before: Sequence[pulumi.Input[pulumi.Resource]],
    ) -> ImagePullSecretEntry:
        """A pull Secret's name in the account's list; our plugin does it, and knows no Provider's settings."""
        if cluster.context is None and cluster.kubeconfig is None:
            raise refusal(no_way_to(cluster, self.scope, account))
        return ImagePullSecretEntry(
            name,
            service_account=account,
            secret_name=secret,
            namespace=self.namespace,
            context=cluster.context,
            kubeconfig=cluster.kubeconfig,
            cluster_identifier=cluster.name,
            opts=pulumi.ResourceOptions(parent=self, depends_on=before),
        )

    def _unknown_images(self) -> dict[str, pulumi.Input[str]]:
        """ConfigMap key → reference of each image whose digest the copy will find. The others are plain text: the state
        would say of every output once more what it depends on.
        """
        return {f"image.{image.name}": self._reference(image) for image in self._copied()}

    @property
    def unknown_references(self) -> Mapping[str, pulumi.Input[str]]:
        """The same by the reference without its digest."""
        return {str(image.reference): self._reference(image) for image in self._copied()}

    def _copied(self) -> Iterator[ResolvedImage]:
        """The images whose digests the copy will find."""
        return (image for image in self.resolved.images if image.name in self._mirrored and image.digest is None)

    def _options(self, reached: Reached, before: Sequence[pulumi.Input[pulumi.Resource]], after: str) -> Options:
        """Those of a delivery whose resources are called so after the infrastructure."""

        def options(type_: str, suffix: str = "") -> pulumi.ResourceOptions:
            return self._opts(type_, reached, before, f"{after}{suffix}")

        return options

    def _opts(
        self, type_: str, reached: Reached, before: Sequence[pulumi.Input[pulumi.Resource]], suffix: str = ""
    ) -> pulumi.ResourceOptions:
        wrapper = None if suffix else _WRAPPERS.get(type_)
        aliases = object_aliases(self.scope, self.urn, type_, wrapper, suffix)
        ours = pulumi.ResourceOptions(parent=self, provider=reached.provider, depends_on=before, aliases=aliases)
        if type_ == _SECRET and not reached.secrets_are_mutable:
            ours.protect = True  # made anew it would be away for a while: better that `up` stops and says so
        return ours

    def _login(self, other: OtherLogin) -> OneLogin:
        delivery = other.delivery
        credential = self._pull_credential(delivery)
        assert credential is not None
        return OneLogin(delivery.credential, credential, other.key, delivery.username, other.images)

    def _pull_credential(self, delivery: Delivery) -> pulumi.Input[Any] | None:
        if not delivery.needs_value:
            return None
        value = self.credential(delivery.credential)
        if value is None:
            raise refusal(no_value(delivery.credential, delivery.named_by.place))
        return value


def _one_of(level: Level, **above: tuple[LevelComponent | None, type[LevelComponent]]) -> LevelComponent:
    place = called_from(str(level))
    wanted = {name: (given, level_argument(name, type_)) for name, (given, type_) in above.items()}
    report(wrong_types(place, wanted))
    given = [component for component, _ in above.values() if component is not None]
    if len(given) != 1:
        ways = ", ".join(f"`{name}=`" for name in above)
        message = f"this {level} is given {len(given) or 'no'} levels directly above it, and has exactly one"
        report([Finding("CHR0205", message, place, help=f"give one of {ways}")])
    return given[0]
