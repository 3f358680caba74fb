"""Which stacks an edit touches: those whose resources would get other inputs, in the order of their `up`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_chaosreg.review.facts import HOLDER, of_record
from pulumi_chaosreg.review.made import Made
from pulumi_chaosreg.review.review import Review
from pulumi_chaosreg.scopes.demand import by_images
from pulumi_chaosreg.scopes.made_by_owner import made_at
from pulumi_chaosreg.scopes.making import making_login
from pulumi_chaosreg.scopes.mirror_policy import MirrorPolicy, repositories_said
from pulumi_chaosreg.scopes.model import Scope, nearest
from pulumi_chaosreg.scopes.moves import former_paths
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.table import REPOSITORIES, SECTION


@dataclass(frozen=True, slots=True)
class Touched:
    """A stack to bring `up`."""

    stack: str
    wave: int
    """Stacks of one wave do not depend on one another; a wave needs the ones before it. From 0."""
    reasons: tuple[str, ...]


def touched(before: Made, after: Made, *, all_because: str = "") -> list[Touched]:
    """The stacks, by wave and name. With `all_because` every stack that makes anything, for this reason."""
    old, new = _Inputs(before), _Inputs(after)
    waves = _waves(after.reviewed)
    result = []
    for stack in after.reviewed.company.files:
        reasons = [what for what, inputs in new.of(stack).items() if old.of(stack).get(what) != inputs]
        reasons += [f"no longer: {what}" for what in old.of(stack) if what not in new.of(stack)]
        if all_because and new.of(stack):
            reasons.append(all_because)
        if reasons:
            result.append(Touched(stack, waves.get(stack, 0), tuple(reasons)))
    return sorted(result, key=lambda one: (one.wave, one.stack))


def gone(before: Made, after: Made) -> dict[str, list[str]]:
    """Stacks that made something and have no file any more → the stacks that hold their scopes now. Where those are
    none, somebody must destroy the stack; otherwise its resources must move first.
    """
    inputs = _Inputs(before)
    company, former = after.reviewed.company, before.reviewed.company
    now = {path: scope.stack for scope in company.scopes for path in (scope.path, *former_paths(scope))}
    result: dict[str, list[str]] = {}
    for stack, file in former.files.items():
        there = (company.folder / file.path.name).exists()
        if stack not in company.files and not there and inputs.of(stack):
            held = (now.get(scope.path) for scope in former.of_stack(stack))
            result[stack] = sorted({other for other in held if other})
    return result


class _Inputs:
    """What each stack makes its resources from: what they are → a value that differs when they would."""

    def __init__(self, made: Made) -> None:
        self._of: dict[str, dict[str, Any]] = {}
        reviewed = made.reviewed
        mirrored: dict[tuple[Scope, str], tuple[Registry, set[tuple[str, str]]]] = {}
        for scope, resolved in reviewed.resolved.items():
            inputs: dict[str, Any] = {
                "fields": _of_cluster(made, resolved),
                "ids": [(above.level, above.id) for above in scope.chain()],
                "moved": former_paths(scope),
            }
            for delivery in resolved.deliveries:
                holder = reviewed.company.holder_of(scope, delivery) if delivery.needs_value else None
                if holder:
                    name, life = delivery.credential, delivery.made.lifetime_days if delivery.made else None
                    value = made.text(holder, name) if life is None else life
                    inputs[f"credential {name}"] = value
                    self._add(holder, f"credential {name}", value)
            self._add(scope.stack, f"infrastructure {scope.path}", inputs)
            file = reviewed.company.files.get(scope.stack)
            if file and file.environments:
                self._add(scope.stack, "ESC environments", file.environments)
        for demand in by_images(reviewed.demands):
            registry = demand.registry
            if registry.owner and registry.policy:
                pairs = {(str(image.source), str(image.reference)) for image in demand.images if image.source}
                mirrored.setdefault((registry.owner, registry.path), (registry, set()))[1].update(pairs)
        for (owner, path), (registry, images) in mirrored.items():
            if images and registry.policy:  # the owner's path is in the names of its resources
                named = registry.policy.credentials.items()
                logins = {key: made.login_of_owner(owner, one.value) for key, one in named}
                inputs = {"images": images, "paths": [owner.path, *former_paths(owner)]}
                inputs |= {"policy": _of_policy(registry.policy), "logins": logins}
                self._add(owner.stack, f"mirror of {owner.title} into {path}", inputs)

        for owner in reviewed.company.scopes:
            for registry, kept in reviewed.kept_by(owner):
                if said := _of_repositories(owner, registry):
                    inputs = {
                        "images": [str(image) for image in kept],
                        "paths": [owner.path, *former_paths(owner)],
                        "key": made.login_of_owner(owner, login.value) if (login := making_login(registry)) else None,
                        **said,
                    }
                    self._add(owner.stack, f"repositories of {owner.title} at {registry.path}", inputs)
        for scope, record in reviewed.published.items():
            inputs = {"record": {name: fact.value for name, fact in of_record(record).items()}}
            if record.login:
                inputs["key"] = made.text(scope.stack, record.login.value)
            self._add(scope.stack, f"{scope.title} in Harness", inputs)

    def of(self, stack: str) -> Mapping[str, Any]:
        return self._of.get(stack, {})

    def _add(self, stack: str, what: str, inputs: Any) -> None:
        self._of.setdefault(stack, {})[what] = inputs


_DECIDING = ("infrastructure_type", "images.pin", "cluster.provider", HOLDER)
"""Facts that decide others and are in no resource themselves: where those others stay, nothing is to be done."""


def _of_cluster(made: Made, resolved: ResolvedConfig) -> dict[str, str]:
    """What the infrastructure's own stack makes of it: how the owner mirrors is the owner's."""
    unused = {*_DECIDING, *([] if resolved.secret_names else [SECTION.service_accounts.key])}
    unused |= {f"digest.{image.name}" for image in resolved.images}  # that the cluster does not get
    facts = made.facts(resolved).items()
    return {name: fact.value for name, fact in facts if name not in unused and not fact.is_checked_only}


def _of_policy(policy: MirrorPolicy) -> tuple[object, ...]:
    """What the images are made with; what may be copied at all is checked, and is in no resource."""
    said = (policy.foreign_layers, policy.signatures, policy.wait_for_scan, policy.on_destroy)
    return policy.kept_platforms, policy.signers, [one.value if one else None for one in said]


def _of_repositories(owner: Scope, registry: Registry) -> dict[str, object]:
    """What the repositories of a registry are made with; empty where none are made."""
    said = {key: one.value for key, one in repositories_said(owner, registry.base).items()}
    destroys, pulls = nearest(owner, SECTION.on_destroy), made_at(registry)
    inputs = {
        SECTION.on_destroy.key: destroys.value if destroys else None,
        "type": registry.type.value,  # a project of Harbor's is as public as pulls from it
        "pull credential": (pulls.lifetime_days, pulls.per_stack) if pulls else None,
    }
    makes = registry.kind.provisions and said.get(REPOSITORIES.create.key)
    return {**said, **inputs} if makes else {}


def _waves(reviewed: Review) -> dict[str, int]:
    """How many stacks must be `up` before each one: the owner of its registry, who holds its credential, and the
    levels above that are published in Harness.
    """
    needs: dict[str, set[str]] = {}
    for scope, resolved in reviewed.resolved.items():
        needed = {resolved.owner.stack} if resolved.owner else set()
        holders = {reviewed.company.holder_of(scope, one) for one in resolved.deliveries if one.credential}
        needs.setdefault(scope.stack, set()).update(needed | {holder for holder in holders if holder})
    for scope, record in reviewed.published.items():  # Harness takes a level after those above it
        above = {other.stack for other in scope.chain()[:-1] if other in reviewed.published}
        owner = {record.registry.owner.stack} if record.registry.owner else set()
        needs.setdefault(scope.stack, set()).update(above | owner)
    waves: dict[str, int] = {}

    def wave(stack: str) -> int:
        if stack not in waves:  # what a stack needs is above it: there is no ring
            waves[stack] = 1 + max((wave(other) for other in needs.get(stack, set()) - {stack}), default=-1)
        return waves[stack]

    for stack in sorted(needs):
        wave(stack)
    return waves
