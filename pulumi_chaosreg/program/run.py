"""`run()`: a whole Pulumi program from the stack files.

A stack makes the resources of the scopes in its own file; the levels above are drawn without resources. An owner's
stack also mirrors what the infrastructures below, in whatever file, will pull.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi

from pulumi_chaosreg.components.declared import declared_by_the_program
from pulumi_chaosreg.components.infrastructure import Infrastructure
from pulumi_chaosreg.components.levels import Account, Organization, Project
from pulumi_chaosreg.components.pull_logins import PullLogin
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.program.credentials import OUTPUT, OUTPUT_ENDS, OUTPUT_NAMES, CredentialValues
from pulumi_chaosreg.review.review import Review, review
from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.settings.yaml_file import locate
from pulumi_chaosreg.stacks.project_file import find_project

Component = Account | Organization | Project | Infrastructure


def run() -> None:
    """Build everything that the running stack's file declares; one RunError with all findings if something is wrong."""
    try:
        project = find_project(Path(pulumi.get_root_directory() or Path.cwd()))
        reviewed = review(project, pulumi.get_stack(), _engine_config())
        for finding in reviewed.findings:
            if finding.severity == "warning":
                pulumi.log.warn(str(finding))
        if reviewed.errors:
            raise ChaosregError(reviewed.errors)
        _Builder(reviewed, pulumi.get_stack()).build()
    except ChaosregError as error:
        raise pulumi.RunError(str(error)) from None


class _Builder:
    def __init__(self, reviewed: Review, stack: str) -> None:
        self.reviewed = reviewed
        self.stack = stack
        self.values = CredentialValues(reviewed.project, reviewed.company, stack)
        self.components: dict[Scope, Component] = {}
        self.credentials: dict[Scope, dict[str, pulumi.Input[Any]]] = {}
        self.handed_down: dict[Scope, dict[str, PullLogin]] = {}
        """The pull credentials that other stacks have made."""
        self.policies: dict[str, dict[str, pulumi.Input[str]]] = {}
        """Registry → what an identity needs that pulls, pushes or deletes there."""
        self.identities: dict[str, dict[str, pulumi.Input[str]]] = {}
        """Registry → who was made to be one of them."""
        self.node_identity: dict[str, Mapping[str, pulumi.Input[Any]]] = {}
        """Registry → what nodes need that pull there without a Secret."""

    def build(self) -> None:
        owned = self.reviewed.company.of_stack(self.stack)
        declared_by_the_program().users = self._users
        if not owned:
            pulumi.log.warn(f"stack `{self.stack}` has no section of ours in its file: nothing to do")
        self._look_up_credentials(owned)
        for scope in owned:
            for each in scope.chain():  # what is above first
                if each not in self.components:
                    # Few calls deep: the engine keeps the stack trace of every resource.
                    self.components[each] = self._component(each)
            self._mirror(scope, self.components[scope])
        self._publish()
        infrastructures = [c for c in self.components.values() if isinstance(c, Infrastructure)]
        pulumi.export("infrastructures", {c.scope.path: _summary(c) for c in infrastructures})
        for name in ("policies", "identities", "node_identity"):
            if said := getattr(self, name):
                pulumi.export(name, said)
        made = self._made_for_others()
        credentials = {**self.values.for_others(self.reviewed), **{name: one.credential for name, one in made.items()}}
        if made:
            pulumi.export(OUTPUT_ENDS, {name: one.ends for name, one in made.items()})
        if credentials:
            pulumi.export(OUTPUT, pulumi.Output.secret(credentials))
            pulumi.export(OUTPUT_NAMES, sorted(credentials))

    def _look_up_credentials(self, owned: list[Scope]) -> None:
        """All of them before anything is made; one ChaosregError with every one that is missing."""
        findings: list[Finding] = []
        for scope in owned:
            resolved = self.reviewed.resolved.get(scope)
            for delivery in resolved.deliveries if resolved else ():
                if delivery.made:
                    if delivery.made.owner.stack != self.stack:
                        login = self.values.made_elsewhere(delivery)
                        self.handed_down.setdefault(scope, {})[delivery.credential] = login
                elif delivery.needs_value:
                    try:
                        self.credentials.setdefault(scope, {}).update(self.values.of(scope, delivery))
                    except ChaosregError as error:
                        findings += error.findings
        findings += self.values.missing_for_mirrors(self.reviewed, owned)
        findings += self.values.missing_for_harness(self.reviewed)
        if findings:
            raise ChaosregError(locate(list(dict.fromkeys(findings))))

    def _publish(self) -> None:
        """The widest levels first: those below come after them."""
        mine = {scope: record for scope, record in self.reviewed.published.items() if scope.stack == self.stack}
        for scope, record in mine.items():
            self.components[scope].publish(record)
        if mine:
            notes = dict.fromkeys(note for record in mine.values() for note in record.notes)
            pulumi.export("harness", {"published": [scope.path for scope in mine], "notes": list(notes)})

    def _component(self, scope: Scope) -> Component:
        """The scope's component; the one above is there already."""
        above = self.components[scope.parent] if scope.parent else None
        if above is None or scope.level is Level.ACCOUNT:
            return Account.of_scope(scope)
        if scope.level is Level.ORGANIZATION:
            return Organization.of_scope(scope, above)
        if scope.level is Level.PROJECT:
            return Project.of_scope(scope, above)
        resolved = self.reviewed.resolved[scope]
        is_owner_here = bool(resolved.owner and resolved.owner.stack == self.stack)
        return Infrastructure.of_resolved(
            resolved,
            above,
            self.credentials.get(scope),
            is_owner_here=is_owner_here,
            handed_down=self.handed_down.get(scope),
        )

    def _provision(self, component: Component, registry: Registry, images: list[Reference]) -> None:
        """The repositories first, all at once: what moves in one of them is known then."""
        made = component.owned.provisioned(registry, images)
        if made:
            access = {"pull": made.pull, "push": made.push, "delete": made.delete}
            self.policies[registry.path] = {who: one.document for who, one in access.items() if one.document}
            if made.roles:
                made_for = {who: one.principal for who, one in access.items() if one.principal}
                self.identities[registry.path] = made_for
            if made.node_identity:
                self.node_identity[registry.path] = made.node_identity

    def _users(self, registry: Registry) -> list[str]:
        """The stacks whose infrastructures pull from it with a credential that is made."""
        return [
            scope.stack
            for scope, resolved in self.reviewed.resolved.items()
            if any(delivery.made and one.path == registry.path for one, delivery in resolved.logins)
        ]

    def _made_for_others(self) -> dict[str, PullLogin]:
        """Name → each pull credential that this stack makes for another one."""
        made: dict[str, PullLogin] = {}
        for scope, resolved in self.reviewed.resolved.items():
            for registry, delivery in resolved.logins:
                if delivery.made and delivery.made.owner.stack == self.stack != scope.stack:
                    owner = self.components[delivery.made.owner]
                    made[delivery.credential] = owner.owned.pull_login(registry, delivery.made, scope.stack)
        return made

    def _mirror(self, owner: Scope, component: Component) -> None:
        """Every image that an infrastructure below pulls from a registry that this scope owns and fills, and those that
        it fills them with besides.
        """
        unknown = []
        for registry, kept in self.reviewed.kept_by(owner):
            self._provision(component, registry, kept)
        for registry, images in self.reviewed.filled_by(owner):
            for image in images:
                component.owned.mirrored(registry, image)
            unknown += [str(image.source) for image in images if image.digest is None]
        if unknown and pulumi.runtime.is_dry_run():
            pulumi.log.info(
                f"`images.pin` lets `up` resolve the digests of these tags: {', '.join(unknown)}", component
            )


def _summary(infrastructure: Infrastructure) -> dict[str, Any]:
    summary = {"namespace": infrastructure.namespace, "config_map": infrastructure.config_map_name}
    return {**summary, **({"secret": infrastructure.secret_name} if infrastructure.secret_name else {})}


def _engine_config() -> dict[str, str]:
    """The configuration as the engine gave it: full key → text."""
    config: dict[str, str] = json.loads(os.environ.get("PULUMI_CONFIG") or "{}")
    return config
