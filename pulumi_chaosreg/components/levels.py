"""The levels as components: `Account`, `Organization`, `Project`, and what `Infrastructure` has in common with them.

They inherit from one another by the rules of `scopes/`; usable from Python with or without stack files. A scope that
another stack owns is drawn as a component without resources, so that URNs stay the same when a level moves.
"""

from collections.abc import Mapping
from typing import Any, Self, Unpack

import pulumi

from pulumi_chaosreg.components.aliases import aliases_of, object_aliases
from pulumi_chaosreg.components.argument_types import level_argument, wrong_types
from pulumi_chaosreg.components.arguments import LevelArgs
from pulumi_chaosreg.components.arguments_checking import declared_scope, wrong_arguments
from pulumi_chaosreg.components.calls import called_from
from pulumi_chaosreg.components.declared import Declared, declared_by_the_program
from pulumi_chaosreg.components.harness_image_registry import HarnessImageRegistry
from pulumi_chaosreg.components.owned_registries import OwnedRegistries, no_value
from pulumi_chaosreg.components.published_level import published_level
from pulumi_chaosreg.components.reporting import refusal, report
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.resources.harness_image_registry import HARNESS_IMAGE_REGISTRY
from pulumi_chaosreg.scopes.component_names import component_type
from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.scopes.publication import Publication
from pulumi_chaosreg.stacks.sections import CREDENTIALS

Credentials = Mapping[str, pulumi.Input[Any]]


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
        self.owned = OwnedRegistries(self, scope, self.credential, self._declared.users)

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
        self.notes = published.notes
        self._record = published_level(
            published,
            key,
            parent=self,
            after=[*([above] if above else []), pulumi.Output.from_input(self._mirror_of(published)), *self._needed],
            aliases=object_aliases(self.scope, self.urn, HARNESS_IMAGE_REGISTRY.type, None),
        )

    async def _mirror_of(self, published: Publication) -> Any:
        """What its images come by, if this program copies them. It runs when the program's body has: an infrastructure
        asks for images, and comes after the level. Where a program waits for something, it has those of before.
        """
        self._declared.other_setters.refuse(published)
        owner = self.owner_of(published.registry.owner) if published.registry.owner else None
        return owner.owned.made_mirror(published.registry) if owner else None

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
        above = one_of(Level.ORGANIZATION, account=(account, Account))
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
        above = one_of(Level.PROJECT, organization=(organization, Organization), account=(account, Account))
        self._declare(Level.PROJECT, name, above, settings, credentials, opts)


def one_of(level: Level, **above: tuple[LevelComponent | None, type[LevelComponent]]) -> LevelComponent:
    """The component that is given as the one directly above; a program that gives none or several is told."""
    place = called_from(str(level))
    wanted = {name: (given, level_argument(name, type_)) for name, (given, type_) in above.items()}
    report(wrong_types(place, wanted))
    given = [component for component, _ in above.values() if component is not None]
    if len(given) != 1:
        ways = ", ".join(f"`{name}=`" for name in above)
        message = f"this {level} is given {len(given) or 'no'} levels directly above it, but needs exactly one"
        report([Finding("CHR0205", message, place, help=f"give one of {ways}")])
    return given[0]
