"""What an edit changes: for each infrastructure, each registry, each level's locks and each credential, with the cause.

Both companies are worked out whole and compared fact by fact; only then is asked which edits a change comes from.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from pulumi_chaosreg.review.causes import Cause, Causes
from pulumi_chaosreg.review.credential_changes import CredentialChange, credential_changes
from pulumi_chaosreg.review.edits import Edits, Undone
from pulumi_chaosreg.review.facts import (
    CREDENTIAL,
    UNVERIFIED,
    Facts,
    cluster_of,
    of_infrastructure,
    of_level,
    of_registry,
    path_of,
)
from pulumi_chaosreg.review.made import Made, Pair
from pulumi_chaosreg.review.marks import Mark, Sign, marks
from pulumi_chaosreg.review.siblings import CauseOf, Siblings
from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.scopes.registry import definitions
from pulumi_chaosreg.scopes.resolution import Resolver
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.stacks.sections import CREDENTIALS

Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One fact of one subject; None for a side that does not have it."""

    field: str
    """A key of the ConfigMap, a field that decides how it gets there, or a setting of a registry or a level."""
    before: str | None
    after: str | None
    cause: Cause


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one infrastructure, to one registry of an owner, or to what one level locks."""

    kind: Kind
    path: str
    """Of the infrastructure or the level; of the owner, and the registry's `server/account` behind it."""
    stack: str
    fields: tuple[FieldChange, ...]
    moved_from: str = ""
    """The path that it had before, where that is another one."""
    left_stack: str = ""
    """The stack whose file it stood in before, where that is another one: `chaosreg move` takes its resources along."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that differs, each list sorted by path."""

    infrastructures: tuple[Change, ...]
    registries: tuple[Change, ...]
    """What is mirrored from where, how it is trusted, and how repositories are made."""
    levels: tuple[Change, ...]
    """Who may override."""
    credentials: tuple[CredentialChange, ...]
    """Who gets which."""
    marks: tuple[Mark, ...]
    """What must not be missed."""
    clusters: int
    """How many clusters the infrastructures that change are in, before or after."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not (self.infrastructures or self.registries or self.levels or self.credentials)


def compare(before: Made, after: Made) -> Comparison:
    """What differs between two companies."""
    edits = Edits(before.reviewed, after.reviewed)
    siblings = Siblings(edits)
    pairs = list(_pairs(before, after, edits))
    unknown = [scope.path for scope in before.reviewed.resolved if edits.is_unknown(scope)]
    infrastructures = [change for pair in pairs if (change := _of_infrastructure(before, after, edits, siblings, pair))]
    registries = [*_of_registries(edits)]
    levels = [*_of_levels(edits)]
    changed = {change.path for change in infrastructures}
    clusters = {cluster_of(config) for pair in pairs for config in pair if config and _path_of_pair(pair) in changed}
    credentials = credential_changes(before, after, edits, pairs)
    exposed = [Mark(Sign.EXPOSED, *told) for told in _exposed(after, credentials)]
    return Comparison(
        _sorted(infrastructures),
        _sorted(registries),
        _sorted(levels),
        credentials,
        (*exposed, *marks(edits, pairs, unknown)),
        len(clusters),
    )


def _exposed(after: Made, changes: Iterable[CredentialChange]) -> Iterator[tuple[str, str]]:
    """What is told of credentials that stand in plain text now, and where."""
    for change in changes:
        if change.is_exposed:
            scopes = after.reviewed.company.of_stack(change.stack)
            text = f"`{CREDENTIALS}:{change.name}` of stack `{change.stack}` can be read by everybody: change it"
            yield text, scopes[0].path if scopes else change.stack


def _sorted(changes: list[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: change.path))


def _path_of_pair(pair: Pair) -> str:
    was, now = pair
    config = now or was
    return config.infrastructure.path if config else ""


def _pairs(before: Made, after: Made, edits: Edits) -> Iterator[Pair]:
    for scope, now in after.reviewed.resolved.items():
        was = edits.was(scope)
        yield before.reviewed.resolved.get(was) if was else None, now
    for scope, resolved in before.reviewed.resolved.items():
        if edits.is_gone(scope):
            yield resolved, None


def _of_infrastructure(before: Made, after: Made, edits: Edits, siblings: Siblings, pair: Pair) -> Change | None:
    was, now = pair
    if now is None or was is None:
        config, facts = (now, after.facts(now)) if now else (was, before.facts(was) if was else {})
        assert config
        scope = config.infrastructure
        return Change("added" if now else "removed", scope.path, scope.stack, _alone(facts, is_new=bool(now)))
    old, new = before.facts(was), after.facts(now)
    if now.signatures is None or now.signatures.value != "require":
        old = {name: fact for name, fact in old.items() if name != UNVERIFIED}  # fewer are exempt: nothing is verified
    then, scope = was.infrastructure, now.infrastructure
    fields = []
    if old != new:

        def without(undone: Undone) -> Facts:
            built = edits.without(then, scope, undone)
            resolved = edits.resolver(undone).resolve(built)[0]
            name = resolved.delivery.credential if resolved.delivery and resolved.delivery.needs_value else ""
            return of_infrastructure(resolved, edits.holder(built, name, undone) if name else None)

        causes = Causes(edits.between(then, scope, (was, now)), old, without)
        fields = _fields(old, new, siblings.causes(then, scope, old, causes.of))
    fields += _rotation(before, after, was, now)
    moved = then.path if then.path != scope.path else ""
    left = then.stack if then.stack != scope.stack else ""
    return Change("changed", scope.path, scope.stack, tuple(fields), moved, left) if fields or moved or left else None


def _of_registries(edits: Edits) -> Iterator[Change]:
    """Each registry that some level defines: the same as before by where it is defined, or else by where it is."""
    gone = {(scope, base) for scope in edits.before.company.scopes for base in definitions(scope)}
    for owner in edits.after.company.scopes:
        was = edits.was(owner)
        mine = [*definitions(owner)]
        for base in mine:
            path = path_of(owner, base)
            named = [other for holder, other in gone if holder is was]
            twins = [other for other in named if other not in mine and was and path_of(was, other) == path]
            old = base if was and (was, base) in gone else next(iter(sorted(twins)), None)
            if old and was:
                gone.discard((was, old))
            change = _of_registry(edits, (was, old) if was and old else None, (owner, base))
            if change.fields:
                yield change
    for owner, base in gone:
        if edits.is_unknown(owner):
            continue
        facts = _registry_facts(edits, owner, base, before=True)
        yield Change("removed", _title(owner, base), owner.stack, _alone(facts, is_new=False, what="registry"))


def _of_registry(edits: Edits, old: tuple[Scope, Path] | None, new: tuple[Scope, Path]) -> Change:
    owner, base = new
    facts = _registry_facts(edits, owner, base)
    title = _title(owner, base)
    if old is None:
        return Change("added", title, owner.stack, _alone(facts, is_new=True, what="registry"))
    was, former = old
    before = _registry_facts(edits, was, former, before=True)
    if before == facts:
        return Change("changed", title, owner.stack, ())

    def without(undone: Undone) -> Facts:
        built = edits.without(was, owner, undone)
        return _facts_of(edits.resolver(undone), built, base if built.value_at(base) is not None else former)

    sides = (edits.resolver_before.further(was, former), edits.resolver(frozenset()).further(owner, base))
    further = [one for one in sides if one]
    causes = Causes([*edits.between(was, owner, further), edits.keys], before, without)
    moved = _title(was, former)
    return Change(
        "changed", title, owner.stack, tuple(_fields(before, facts, causes.of)), moved if moved != title else ""
    )


def _registry_facts(edits: Edits, owner: Scope, base: Path, *, before: bool = False) -> Facts:
    return _facts_of(edits.resolver_before if before else edits.resolver(frozenset()), owner, base)


def _facts_of(resolver: Resolver, owner: Scope, base: Path) -> Facts:
    policy = resolver.policy_of(owner, base, path_of(owner, base))
    return of_registry(owner, base, policy, resolver.further(owner, base))


def _title(owner: Scope, base: Path) -> str:
    return f"{owner.path}: {path_of(owner, base)}"


def _of_levels(edits: Edits) -> Iterator[Change]:
    """Each level that has something below it to lock."""
    for scope in edits.after.company.scopes:
        if scope.level is Level.INFRASTRUCTURE:
            continue
        was, new = edits.was(scope), of_level(scope, edits.after.published.get(scope))
        old: Facts = _level_before(edits, was) if was else {}
        if was is None and new:
            yield Change("added", scope.path, scope.stack, _alone(new, is_new=True, what=str(scope.level)))
        elif was and old != new:
            causes = Causes(edits.between(was, scope), old, _levels_without(edits, was, scope))
            yield Change("changed", scope.path, scope.stack, tuple(_fields(old, new, causes.of)))
    for was in edits.before.company.scopes:
        if was.level is not Level.INFRASTRUCTURE and edits.is_gone(was) and (old := _level_before(edits, was)):
            yield Change("removed", was.path, was.stack, _alone(old, is_new=False, what=str(was.level)))


def _levels_without(edits: Edits, was: Scope, now: Scope) -> Callable[[Undone], Facts]:
    def without(undone: Undone) -> Facts:
        built = edits.without(was, now, undone)
        return of_level(built, edits.resolver(undone).publication(built)[0])

    return without


def _level_before(edits: Edits, was: Scope) -> Facts:
    return of_level(was, edits.before.published.get(was))


def _fields(before: Facts, after: Facts, cause_of: CauseOf) -> list[FieldChange]:
    names = [name for name in dict.fromkeys([*after, *before]) if before.get(name) != after.get(name)]
    return [
        FieldChange(name, _value(before, name), _value(after, name), cause_of(name, after.get(name))) for name in names
    ]


def _alone(facts: Facts, *, is_new: bool, what: str = "infrastructure") -> tuple[FieldChange, ...]:
    cause = Cause(f"the {what} is {'new' if is_new else 'gone'}")
    values = ((name, fact.value) for name, fact in facts.items())
    return tuple(
        FieldChange(name, None if is_new else value, value if is_new else None, cause) for name, value in values
    )


def _value(facts: Facts, name: str) -> str | None:
    return facts[name].value if name in facts else None


def _rotation(before: Made, after: Made, was: ResolvedConfig, now: ResolvedConfig) -> list[FieldChange]:
    """Another value of the same credential: what stands in the files is compared, and never shown."""
    old, new = before.credentials(was), after.credentials(now)
    main = after.credential(now)[0]
    changes = []
    for name, holder in new.items():
        if name in old and before.text(old[name], name) != after.text(holder, name):
            cause = Cause(f"`chaosreg-credentials:{name}` has a new value in stack `{holder or old[name]}`")
            field = CREDENTIAL if name == main else f"{CREDENTIAL}.{name}"
            changes.append(FieldChange(field, name, f"{name}, another value", cause))
    return changes
