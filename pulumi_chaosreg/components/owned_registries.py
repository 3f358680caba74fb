"""What a scope's stack does for the registries that the scope owns: it makes repositories, and mirrors into them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pulumi

from pulumi_chaosreg.components.aliases import image_aliases, mirror_aliases, repositories_aliases
from pulumi_chaosreg.components.day_of_run import day_of_run
from pulumi_chaosreg.components.image_mirror import ImageMirror
from pulumi_chaosreg.components.mirrored_image import MirroredImage
from pulumi_chaosreg.components.pull_logins import PullLogin
from pulumi_chaosreg.components.reporting import refusal
from pulumi_chaosreg.components.repositories import Repositories
from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.provision.owned import owned_registry, repository_settings
from pulumi_chaosreg.provision.protocol import Provisioned, RepositorySettings
from pulumi_chaosreg.scopes.component_names import mirror_name
from pulumi_chaosreg.scopes.made_by_owner import MadeByOwner
from pulumi_chaosreg.scopes.making import is_made, making_login
from pulumi_chaosreg.scopes.model import Decided, Level, Scope
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedImage

Users = Callable[[Registry], Iterable[str]]
"""The stacks whose infrastructures pull from a registry with a credential that its owner makes."""


class OwnedRegistries:
    """Those of one scope. Each thing is registered when it is first asked for, below the scope's component."""

    def __init__(
        self,
        component: pulumi.ComponentResource,
        scope: Scope,
        credential: Callable[[str], pulumi.Input[Any] | None],
        users: Users,
    ) -> None:
        """`credential` looks the value of a NAME up; `users` tells for which stacks pull credentials are made."""
        self._component, self._scope, self._credential, self._users = component, scope, credential, users
        self._mirrors: dict[str, ImageMirror] = {}
        self._repositories: dict[str, Repositories] = {}

    def mirrored(self, registry: Registry, image: ResolvedImage) -> MirroredImage:
        """The resource that keeps this image there, after its repository."""
        assert image.source is not None
        aliases = image_aliases(self._scope, registry, image.reference)
        self.provisioned(registry, [image.reference])
        repositories = self._repositories.get(registry.path)
        after = repositories.of(image.reference) if repositories else None
        return self.mirror_into(registry).image(image.source, image.reference, image.digest, aliases, after=after)

    def provisioned(self, registry: Registry, images: Sequence[Reference]) -> Provisioned | None:
        """What these images go to; None where nothing is made, or everything was."""
        if registry.path not in self._repositories:
            settings = self._settings(registry)
            if settings is None:
                return None
            name = mirror_name(self._scope.path, registry.path)
            self._repositories[registry.path] = Repositories(
                name,
                registry=owned_registry(self._scope, registry, name),
                settings=settings,
                opts=pulumi.ResourceOptions(
                    parent=self._component, aliases=repositories_aliases(self._scope, registry)
                ),
            )
        return self._repositories[registry.path].add(images)

    def _settings(self, registry: Registry) -> RepositorySettings | None:
        """How its repositories are made; None where they are not."""
        if not is_made(registry):
            return None
        login = making_login(registry)
        value = self._login(login) if login else None
        return repository_settings(self._scope, registry, day_of_run(), value, self._users(registry))

    def pull_login(self, registry: Registry, made: MadeByOwner, stack: str) -> PullLogin:
        """The pull credential of this turn that was made for a stack."""
        turn, _ = made.turns(day_of_run())
        self.provisioned(registry, [])
        login = self._repositories[registry.path].login(stack if made.per_stack else "", turn.slot)
        return PullLogin({"username": login.username, "password": login.password}, turn.ends.isoformat())

    def node_identity(self, registry: Registry) -> Mapping[str, pulumi.Input[Any]]:
        """What nodes and ServiceAccounts need that pull from it without a Secret, as far as it was made here."""
        repositories = self._repositories.get(registry.path)
        return repositories.node_identity if repositories else {}

    def made_mirror(self, registry: Registry) -> ImageMirror | None:
        """The mirror into one of them, if something has asked for an image of it."""
        return self._mirrors.get(registry.path)

    def mirror_into(self, registry: Registry) -> ImageMirror:
        """The mirror into one of them."""
        policy = registry.policy
        assert policy is not None
        repositories = self._repositories.get(registry.path)
        if registry.path not in self._mirrors:
            self._mirrors[registry.path] = ImageMirror(
                mirror_name(self._scope.path, registry.path),
                policy=policy,
                credentials={named.value: self._login(named) for named in policy.credentials.values()},
                made=repositories.fillers if repositories else {},
                prefix="" if self._scope.level is Level.ACCOUNT else f"{self._scope.path}:",
                opts=pulumi.ResourceOptions(parent=self._component, aliases=mirror_aliases(self._scope, registry)),
            )
        return self._mirrors[registry.path]

    def _login(self, named: Decided[str]) -> pulumi.Input[Any]:
        value = self._credential(named.value)
        if value is None:
            raise refusal(no_value(named.value, named.origin.place))
        return value


def no_value(name: str, place: Place) -> Finding:
    """CHR0501: nobody gave a credential's value."""
    return Finding(
        "CHR0501",
        f"credential `{name}` has no value",
        place,
        help=f"run `pulumi config set --secret chaosreg-credentials:{name}` in the stack that holds this setting",
        hides_value=True,
    )
