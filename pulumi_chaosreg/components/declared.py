"""All that the running program has declared so far: checked as it grows, by the same list of checks as stack files."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import get_root_resource

from pulumi_chaosreg.components.other_setters import OtherSetters
from pulumi_chaosreg.components.owned_registries import Users
from pulumi_chaosreg.components.providers import Providers
from pulumi_chaosreg.components.reporting import refused_before, report
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.review.checks import Subject, check
from pulumi_chaosreg.review.ownership import Ownership
from pulumi_chaosreg.scopes.demand import FurtherImages
from pulumi_chaosreg.scopes.locks import check_exceptions
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.moves import check_moves
from pulumi_chaosreg.scopes.publication import Publication
from pulumi_chaosreg.scopes.registry import definitions
from pulumi_chaosreg.scopes.resolution import Resolver
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.stacks.tree import check_id, check_unique

Lookup = Callable[[str], pulumi.Input[Any] | None]
"""NAME → the credential's value, if there is one."""


class Declared:
    """The scopes and infrastructures of one program, and the Providers of its clusters.

    What is wrong is told where the program says it, once. What only a whole program can tell (that nobody needs an
    image whose tag is given) is told when its body has run.
    """

    def __init__(self) -> None:
        self.gate: list[pulumi.Input[pulumi.Resource]] = []
        """What the first resources wait for: where something is wrong, nothing is made."""
        self.providers = Providers(self.gate)
        self.other_setters = OtherSetters()
        self.users: Users = lambda registry: [""]
        """For which stacks pull credentials are made; of a program without stack files there is one, which is its own.
        """
        self._catalogue = load_catalogue()
        self.project = Path(pulumi.get_root_directory() or Path.cwd())
        self._resolver = Resolver(self._catalogue, {}, self._has_value, self.project)
        self._scopes: list[Scope] = []
        self._values: dict[Scope, Lookup] = {}
        self._configs: list[ResolvedConfig] = []
        self._further: list[FurtherImages] = []
        self._published: list[Publication] = []
        self._ownership = Ownership()
        self._told: set[Finding] = set()

    def add(self, scope: Scope, findings: Iterable[Finding], value: Lookup) -> None:
        """A scope that the program declares, with what is wrong with its settings and how its credentials are looked
        up; RunError with all that is wrong.
        """
        if not self._scopes and get_root_resource() is not None:
            self.gate.append(pulumi.Output.from_input(self._may_begin()))
            _: pulumi.Output[Any] = pulumi.Output.from_input(self._look_at_the_whole())  # a run waits for all Outputs
        self._scopes.append(scope)
        self._values[scope] = value
        further = [one for base in definitions(scope) if (one := self._resolver.further(scope, base))]
        self._further += further
        more = (check_id(scope.id, scope.place), self._check(scopes=(scope,), further=tuple(further)))
        self._tell([*findings, *(finding for of_one in more for finding in of_one)])
        self._tell([*check_unique(self._scopes), *check_moves(self._scopes)])

    def further(self, owner: Scope) -> list[FurtherImages]:
        """What the owner mirrors into its registries beside what infrastructures need."""
        return [one for one in self._further if one.owner is owner]

    def resolve(self, infrastructure: Scope) -> ResolvedConfig:
        """What an infrastructure ends up with; RunError where that cannot be."""
        resolved, findings = self._resolver.resolve(infrastructure)
        self._configs.append(resolved)
        self._tell([*findings, *self._check(configs=(resolved,))])
        return resolved

    def publication(self, scope: Scope) -> Publication | None:
        """What a level publishes in Harness; RunError where that cannot be."""
        record, findings = self._resolver.publication(scope)
        self._tell(findings)
        self._published += [record] if record else []
        return record

    def described(self, scope: Scope) -> Publication:
        """What a level would publish, whether it does or not; RunError where that cannot be."""
        record, findings = self._resolver.described(scope)
        report(findings)
        assert record
        return record

    def _check(
        self,
        scopes: tuple[Scope, ...] = (),
        configs: tuple[ResolvedConfig, ...] = (),
        further: tuple[FurtherImages, ...] = (),
    ) -> list[Finding]:
        subject = Subject(
            scopes,
            configs,
            self._catalogue,
            further,
            is_acting=True,
            is_whole=False,
            project=self.project,
            ownership=self._ownership,
        )
        return check(subject)

    async def _may_begin(self) -> Any:
        """Runs before the engine hears of anything: the event loop starts when the program's body has run. It runs
        earlier where a program waits for something itself: nobody can tell then, and it must not wait for us.
        """
        if _has_run(get_root_resource()):
            self._tell_of_the_whole()
        error = refused_before()
        if error:
            raise error

    async def _look_at_the_whole(self) -> Any:
        root = get_root_resource()
        while _has_run(root) is False:
            await asyncio.sleep(0.01)
        if _has_run(root):
            self._tell_of_the_whole()

    def _tell_of_the_whole(self) -> None:
        scopes, configs, further = tuple(self._scopes), tuple(self._configs), tuple(self._further)
        published = tuple(self._published)
        whole = Subject(scopes, configs, self._catalogue, further, is_acting=True, published=published)
        self._tell([*check(whole), *check_exceptions(scopes)])

    def _has_value(self, scope: Scope, name: str) -> bool:
        return self._values[scope](name) is not None

    def _tell(self, findings: list[Finding]) -> None:
        """What is shared by siblings is found with each of them, and told with the first."""
        new = [finding for finding in dict.fromkeys(findings) if finding not in self._told]
        self._told.update(new)
        report(new)


def _has_run(stack: pulumi.Resource | None) -> bool | None:
    """Whether the program's body has run: the stack's outputs are registered then. None with an SDK that hides it."""
    registered: bool | None = getattr(stack, "_outputs_registered", None)
    return registered


_BY_PROGRAM: WeakKeyDictionary[pulumi.Resource, Declared] = WeakKeyDictionary()
"""By the stack's own resource, of which a run has one."""


def declared_by_the_program() -> Declared:
    """What the running program has declared; a new one where no program runs (a unit test of a user's)."""
    root = get_root_resource()
    if root is None:
        return Declared()
    if root not in _BY_PROGRAM:
        _BY_PROGRAM[root] = Declared()
    return _BY_PROGRAM[root]
