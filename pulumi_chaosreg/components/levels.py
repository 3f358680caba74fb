"""The four levels as components: `Account`, `Organization`, `Project`, `Infrastructure`.

They inherit from one another by the rules of `scopes/`; usable from Python with or without stack files. A scope that
another stack owns is drawn as a component without resources, so that URNs stay the same when a level moves.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi
from pulumi_kubernetes.provider import Provider

from pulumi_chaosreg.components.aliases import (
    aliases_of,
    component_type,
    image_aliases,
    mirror_aliases,
    mirror_name,
    object_aliases,
)
from pulumi_chaosreg.components.cluster import Cluster
from pulumi_chaosreg.components.image_mirror import ImageMirror
from pulumi_chaosreg.components.image_pull_secret_entry import ImagePullSecretEntry
from pulumi_chaosreg.components.mirrored_image import MirroredImage
from pulumi_chaosreg.errors import ChaosregError, Finding, Place, told
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.kubernetes.config_map import config_map
from pulumi_chaosreg.kubernetes.deliveries import DELIVERIES, Asked
from pulumi_chaosreg.kubernetes.objects import core_object, metadata
from pulumi_chaosreg.review.image_checks import check_images
from pulumi_chaosreg.review.mirror_checks import check_mirrors, check_without_lockfile
from pulumi_chaosreg.review.not_yet import not_yet
from pulumi_chaosreg.review.pull_checks import check_pulls
from pulumi_chaosreg.review.signer_checks import check_signers
from pulumi_chaosreg.scopes.delivery import Delivery
from pulumi_chaosreg.scopes.linking import linked
from pulumi_chaosreg.scopes.locks import check_locks
from pulumi_chaosreg.scopes.model import Decided, Level, Scope
from pulumi_chaosreg.scopes.moves import object_name
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolution import Resolver
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage, config_map_data
from pulumi_chaosreg.settings.checking import check_settings
from pulumi_chaosreg.settings.table import CLUSTER, MANAGED_BY
from pulumi_chaosreg.stacks.sections import CREDENTIALS
from pulumi_chaosreg.stacks.tree import check_id

Credentials = Mapping[str, pulumi.Input[Any]]
_LABEL = "chaosreg"
_WRAPPERS = {"Secret": "chaosreg:index:PullSecret", "ConfigMap": "chaosreg:index:ResolvedConfigMap"}
"""The components that were around an infrastructure's objects before 0.2."""


class _LevelComponent(pulumi.ComponentResource):
    """What the four levels share: a scope, the component above, credentials, and a mirror where it owns a registry."""

    def __init__(
        self,
        level: Level,
        name: str,
        above: "_LevelComponent | None",
        settings: Mapping[str, Any],
        credentials: Credentials | None,
        opts: pulumi.ResourceOptions | None,
        scope: Scope | None,
    ) -> None:
        self.scope = scope or _scope(level, name, above, settings)
        self.above = above
        ours = pulumi.ResourceOptions(parent=above, aliases=aliases_of(self.scope))
        super().__init__(
            component_type(level),
            self.scope.path,
            {},
            pulumi.ResourceOptions.merge(ours, opts),
        )
        self._credentials = dict(credentials or {})
        self._mirrors: dict[str, ImageMirror] = {}
        self._clusters: dict[Cluster, Provider] = {}

    @property
    def root(self) -> "_LevelComponent":
        """The account's component."""
        return self.above.root if self.above else self

    def owner_of(self, scope: Scope) -> "_LevelComponent | None":
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

    def mirror_into(self, registry: Registry) -> ImageMirror:
        """The mirror into a registry that this scope owns; registered when it is first asked for."""
        policy = registry.policy
        assert policy is not None
        if registry.path not in self._mirrors:
            self._mirrors[registry.path] = ImageMirror(
                mirror_name(self.scope.path, registry.path),
                policy=policy,
                credentials={named.value: self._mirror_login(named) for named in policy.credentials.values()},
                prefix="" if self.scope.level is Level.ACCOUNT else f"{self.scope.path}:",
                opts=pulumi.ResourceOptions(parent=self, aliases=mirror_aliases(self.scope, registry)),
            )
        return self._mirrors[registry.path]

    def mirrored(self, registry: Registry, image: ResolvedImage) -> MirroredImage:
        """The resource that keeps this image in a registry that this scope owns."""
        assert image.source is not None
        aliases = image_aliases(self.scope, registry, image.reference)
        return self.mirror_into(registry).image(image.source, image.reference, image.digest, aliases)

    def _mirror_login(self, named: Decided[str]) -> pulumi.Input[Any]:
        value = self.credential(named.value)
        if value is None:
            raise pulumi.RunError(str(_no_value(named.value, named.origin.place)))
        return value

    def provider_for(self, cluster: Cluster) -> Provider:
        """The one Provider of this cluster."""
        providers = self.root._clusters
        if cluster not in providers:
            providers[cluster] = cluster.provider()
        return providers[cluster]


class Account(_LevelComponent):
    """The company's account: the widest level. Settings are those of a stack file's section."""

    def __init__(
        self,
        name: str,
        *,
        credentials: Credentials | None = None,
        opts: pulumi.ResourceOptions | None = None,
        _scope: Scope | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(Level.ACCOUNT, name, None, settings, credentials, opts, _scope)


class Organization(_LevelComponent):
    """An organization of the account."""

    def __init__(
        self,
        name: str,
        *,
        account: Account,
        credentials: Credentials | None = None,
        opts: pulumi.ResourceOptions | None = None,
        _scope: Scope | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(Level.ORGANIZATION, name, account, settings, credentials, opts, _scope)


class Project(_LevelComponent):
    """A project, in an organization or directly in the account."""

    def __init__(
        self,
        name: str,
        *,
        organization: Organization | None = None,
        account: Account | None = None,
        credentials: Credentials | None = None,
        opts: pulumi.ResourceOptions | None = None,
        _scope: Scope | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(
            Level.PROJECT,
            name,
            _one_of(organization=organization, account=account),
            settings,
            credentials,
            opts,
            _scope,
        )


class Infrastructure(_LevelComponent):
    """An infrastructure: the namespace, pull Secret, ServiceAccount entries and ConfigMap in its cluster."""

    secret_name: str | None
    """The pull Secret's name; None where the registry is public."""
    config_map_name: str
    namespace: str

    def __init__(
        self,
        name: str,
        *,
        project: Project | None = None,
        organization: Organization | None = None,
        account: Account | None = None,
        cluster: Cluster | Mapping[str, str] | None = None,
        credentials: Credentials | None = None,
        opts: pulumi.ResourceOptions | None = None,
        _scope: Scope | None = None,
        _resolved: ResolvedConfig | None = None,
        _owner_here: bool = True,
        **settings: Any,
    ) -> None:
        above = _one_of(project=project, organization=organization, account=account)
        if isinstance(cluster, Mapping):  # as in a stack file
            cluster = Cluster(**cluster)
        if cluster is not None:
            settings["cluster"] = {"context": cluster.name}
        super().__init__(Level.INFRASTRUCTURE, name, above, settings, credentials, opts, _scope)
        self._resolved = resolved = _resolved or _resolve(self.scope)
        reached = {key: value for key, value in resolved.of_cluster().items() if key != CLUSTER.provider.key}
        cluster = cluster or Cluster(**reached)
        self.namespace = resolved.namespace.value
        self.config_map_name = object_name(self.scope)
        self.secret_name = resolved.secret_name.value if resolved.secret_name else None
        owner = self.owner_of(resolved.owner) if resolved.owner and _owner_here else None
        self._mirrored = {
            image.name: owner.mirrored(resolved.registry, image) for image in resolved.images if owner and image.source
        }
        self._deliver(resolved, cluster)
        # No outputs are registered: the ConfigMap has them, and the engine would write its whole state once more.

    @property
    def images(self) -> Mapping[str, pulumi.Output[str]]:
        """Image name → full reference, as the cluster will pull it; known when it is there, if we copy it."""
        return {image.name: pulumi.Output.from_input(self._reference(image)) for image in self._resolved.images}

    def _reference(self, image: ResolvedImage) -> pulumi.Input[str]:
        made = self._mirrored.get(image.name)
        if made is None:
            return str(image.reference)
        return made.reference if self._resolved.pinning.in_references else made.target

    def _deliver(self, resolved: ResolvedConfig, cluster: Cluster) -> None:
        """Namespace, then what the credential is delivered by, then whatever names the Secret."""
        name, provider = self.scope.path, self.provider_for(cluster)
        labels = {**_plain(resolved.labels), **_labels(self.scope)}
        annotations = _plain(resolved.annotations)
        before: list[pulumi.Resource] = []
        if resolved.create_namespace.value:
            # a patch makes a missing namespace, and leaves it alone when the infrastructure is removed
            opts = pulumi.ResourceOptions(parent=self, provider=provider)
            given = metadata(self.namespace, labels=_plain(resolved.labels), annotations=annotations)
            before = [core_object("NamespacePatch", name, {"metadata": given}, opts)]
        if resolved.delivery:
            asked = Asked(
                name=name,
                namespace=self.namespace,
                delivery=resolved.delivery,
                server=resolved.registry.server.value,
                images=[image.reference.tagged for image in resolved.images],
                options=lambda kind: self._opts(kind, provider, before),
                labels=labels,
                annotations=annotations,
                credential=self._pull_credential(resolved.delivery),
            )
            before = [*DELIVERIES[resolved.delivery.how.value](asked)] or before
        config_map(
            name,
            config_map_name=self.config_map_name,
            namespace=self.namespace,
            data={**config_map_data(resolved), **self._unknown_images()},
            labels=labels,
            annotations=annotations,
            opts=self._opts("ConfigMap", provider, [*before, *self._mirrored.values()]),
        )
        for account in resolved.service_accounts.value if self.secret_name else ():
            self._entry(account, cluster, before)

    def _entry(self, account: str, cluster: Cluster, before: Sequence[pulumi.Resource]) -> ImagePullSecretEntry:
        """The pull Secret's name in the account's list; our plugin does it, and knows no Provider's settings."""
        if cluster.context is None and cluster.kubeconfig is None:
            raise pulumi.RunError(str(_no_way_to(cluster, self.scope, account)))
        return ImagePullSecretEntry(
            f"{self.scope.path}/{account}",
            service_account=account,
            secret_name=self.secret_name or "",
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
        unknown = (image for image in self._resolved.images if image.name in self._mirrored and image.digest is None)
        return {f"image.{image.name}": self._reference(image) for image in unknown}

    def _opts(self, kind: str, provider: Provider, before: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        aliases = object_aliases(self.scope, self.urn, f"kubernetes:core/v1:{kind}", _WRAPPERS[kind])
        return pulumi.ResourceOptions(parent=self, provider=provider, depends_on=before, aliases=aliases)

    def _pull_credential(self, delivery: Delivery) -> pulumi.Input[Any] | None:
        if not delivery.needs_value:
            return None
        value = self.credential(delivery.credential)
        if value is None:
            raise pulumi.RunError(str(_no_value(delivery.credential, delivery.authentication.origin.place)))
        return value


def _one_of(**above: _LevelComponent | None) -> _LevelComponent:
    given = [component for component in above.values() if component is not None]
    if len(given) != 1:
        raise pulumi.RunError(f"give exactly one of: {', '.join(above)}")
    return given[0]


def _scope(level: Level, name: str, above: _LevelComponent | None, settings: Mapping[str, Any]) -> Scope:
    """A scope from a Python program's arguments, checked like a section of a stack file."""
    place = Place(f"{level} `{name}`")
    checked, findings, _ = check_settings(dict(settings), place)
    scope, more_findings = linked(Scope(level, name, checked, above.scope if above else None, place))
    findings += more_findings
    more = (check_id(name, place), check_locks([scope]), check_images(scope, load_catalogue()), not_yet(scope))
    _report([*findings, *(finding for of_one in more for finding in of_one)])
    return scope


def _resolve(scope: Scope) -> ResolvedConfig:
    catalogue = load_catalogue()
    project = Path(pulumi.get_root_directory() or Path.cwd())
    resolved, findings = Resolver(catalogue, {}, project=project).resolve(scope)
    # a digest is found at `up` here: there is no lockfile to ask for
    findings += [*check_mirrors(catalogue, [resolved]), *check_pulls(catalogue, [resolved], is_acting=False)]
    _report([*findings, *check_without_lockfile(resolved), *check_signers([resolved])])
    return resolved


def _report(found: Iterable[Finding]) -> None:
    findings = told(found)
    for finding in findings:
        if finding.severity == "warning":
            pulumi.log.warn(str(finding))
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise pulumi.RunError(str(ChaosregError(errors)))


def _no_way_to(cluster: Cluster, scope: Scope, account: str) -> Finding:
    return Finding(
        "CHR0601",
        f"{scope.title} does not say how cluster `{cluster.name}` is reached, and ServiceAccount `{account}` needs it",
        scope.place,
        help="give `context`, or a `kubeconfig`, in `Cluster(…)`: beside a Provider of your own, too",
    )


def _no_value(name: str, place: Place) -> Finding:
    return Finding(
        "CHR0501",
        f"credential `{name}` has no value",
        place,
        help=f"run `pulumi config set --secret chaosreg-credentials:{name}` in the stack that holds this setting",
        hides_value=True,
    )


def _plain(decided: Mapping[str, Decided[str]]) -> dict[str, str]:
    return {key: one.value for key, one in decided.items()}


def _labels(scope: Scope) -> dict[str, str]:
    ids = {f"{_LABEL}/{above.level}": above.id for above in scope.chain()}
    return {MANAGED_BY: "pulumi-chaosreg", **ids}
