"""An infrastructure as a component: what its cluster gets, from the namespace to the ConfigMap."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, Unpack

import pulumi

from pulumi_chaosreg.components.aliases import object_aliases
from pulumi_chaosreg.components.arguments import ClusterArgs, InfrastructureArgs
from pulumi_chaosreg.components.arguments_checking import cluster_and_settings
from pulumi_chaosreg.components.cluster import Cluster
from pulumi_chaosreg.components.enforced import enforced
from pulumi_chaosreg.components.image_pull_secret_entry import ImagePullSecretEntry
from pulumi_chaosreg.components.labels import own_labels, plain
from pulumi_chaosreg.components.lacking import no_image, no_way_to
from pulumi_chaosreg.components.levels import Account, Credentials, LevelComponent, Organization, Project, one_of
from pulumi_chaosreg.components.owned_registries import no_value
from pulumi_chaosreg.components.providers import Reached
from pulumi_chaosreg.components.pull_logins import PullLogin, delivered
from pulumi_chaosreg.components.reporting import refusal
from pulumi_chaosreg.kubernetes.config_map import config_map
from pulumi_chaosreg.kubernetes.deliveries import DELIVERIES, Asked, Options
from pulumi_chaosreg.kubernetes.objects import core_object, metadata, token
from pulumi_chaosreg.kubernetes.pull_secret import OneLogin
from pulumi_chaosreg.provision.protocol import SERVICE_ACCOUNT_ANNOTATIONS
from pulumi_chaosreg.scopes.delivery import Delivery, How
from pulumi_chaosreg.scopes.model import Level
from pulumi_chaosreg.scopes.moves import object_name
from pulumi_chaosreg.scopes.other_logins import OtherLogin
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage, config_map_data
from pulumi_chaosreg.stacks.key_file import read_key_file

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import LocalObjectReferenceArgsDict  # slow to import

_SECRET, _CONFIG_MAP = token("core/v1", "Secret"), token("core/v1", "ConfigMap")
_WRAPPERS = {_SECRET: "chaosreg:index:PullSecret", _CONFIG_MAP: "chaosreg:index:ResolvedConfigMap"}
"""The components that were around an infrastructure's objects before 0.2."""


class Infrastructure(LevelComponent):
    """An infrastructure: the namespace, pull Secret, ServiceAccount entries and ConfigMap in its cluster."""

    secret_name: str | None
    """The name of its registry's pull Secret; None where it has none."""
    secret_names: tuple[str, ...]
    """The same with those of other registries, which custom images are on."""
    config_map_name: str
    namespace: str
    _handed_down: Mapping[str, PullLogin] = MappingProxyType({})
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
        above = one_of(
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
        cls,
        resolved: ResolvedConfig,
        above: LevelComponent,
        credentials: Credentials | None,
        *,
        is_owner_here: bool,
        handed_down: Mapping[str, PullLogin] | None = None,
    ) -> Self:
        """The component of an infrastructure that stack files declare. `is_owner_here`: the running stack mirrors for
        it. `handed_down`: the credentials that another stack has made, by their names.
        """
        made = cls.__new__(cls)
        made._begin(above, credentials)
        made._handed_down = handed_down or {}
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
                credential=login.credential if login else None,
                ends=login.ends if login else None,
                beside=[self._login(other) for other in one.beside],
            )
            for one in delivered(resolved)
            for login in [self._pull_login(one.registry, one.delivery)]
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
        login = self._pull_login(other.registry, delivery)
        assert login is not None
        return OneLogin(
            delivery.credential, login.credential, other.key, delivery.username, other.images, ends=login.ends
        )

    def _pull_login(self, registry: Registry, delivery: Delivery) -> PullLogin | None:
        if not delivery.needs_value:
            return None
        if not delivery.made:
            return PullLogin(self._value(delivery))
        if delivery.credential in self._handed_down:
            return self._handed_down[delivery.credential]
        owner = self.owner_of(delivery.made.owner)
        assert owner
        return owner.owned.pull_login(registry, delivery.made, self.scope.stack)

    def _value(self, delivery: Delivery) -> pulumi.Input[Any]:
        value = self.credential(delivery.credential)
        if value is None and delivery.key_file:
            # what is wrong with the file is told by the checks
            key = read_key_file(self._declared.project, delivery.key_file, delivery.key_file_place)
            value = pulumi.Output.secret(key.text) if key else None
        if value is None:
            raise refusal(no_value(delivery.credential, delivery.named_by.place))
        return value
