"""What an edit changes for each infrastructure: the resolved configs before and after, and the cause of each change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from pulumi_chaosreg.errors import Place
from pulumi_chaosreg.images.lockfile import FILE_NAME
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.review.credential_texts import credential_texts
from pulumi_chaosreg.review.review import Review
from pulumi_chaosreg.scopes.model import Origin
from pulumi_chaosreg.scopes.moves import former_paths
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, config_map_data, shown
from pulumi_chaosreg.stacks.catalogue_additions import FILE_NAME as CATALOGUE_FILE


class Kind(Enum):
    """What a cause is, for code that looks for a deeper one."""

    EDIT = auto()  # what decides the field was written, removed, or says something else
    LOCKFILE = auto()  # the lockfile has another digest
    SAME_WORDS = auto()  # what decides the field says what it said: something else must have changed


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a field changes, and where that is written now."""

    text: str
    place: Place | None = None
    kind: Kind = Kind.EDIT


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one infrastructure; None for a side that does not have it."""

    field: str
    """A key of the ConfigMap, or a field that decides how it gets there."""
    before: str | None
    after: str | None
    cause: Cause


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one infrastructure."""

    kind: Literal["added", "removed", "changed"]
    path: str
    stack: str
    fields: tuple[FieldChange, ...]
    moved_from: str = ""
    """The path that it had before, where that is another one."""
    left_stack: str = ""
    """The stack whose file it stood in before, where that is another one: `chaosreg move` takes its resources along."""


def compare(before: Review, after: Review) -> list[Change]:
    """Every infrastructure that gets something else, sorted by path."""
    old = {resolved.infrastructure.path: resolved for resolved in before.resolved.values()}
    values = credential_texts(before), credential_texts(after)
    changes: list[Change] = []
    for resolved in after.resolved.values():
        scope = resolved.infrastructure
        former = next((path for path in (scope.path, *former_paths(scope)) if path in old), None)
        was = old.pop(former) if former else None
        fields = [*_field_changes(was, resolved)]
        if was:
            fields += _rotation((before, was, values[0]), (after, resolved, values[1]))
        moved = former if former and former != scope.path else ""
        left = was.infrastructure.stack if was and was.infrastructure.stack != scope.stack else ""
        if fields or moved or left:
            changes.append(Change("changed" if was else "added", scope.path, scope.stack, tuple(fields), moved, left))
    for path, was in old.items():
        changes.append(Change("removed", path, was.infrastructure.stack, tuple(_field_changes(was, None))))
    return sorted(changes, key=lambda change: change.path)


def _rotation(was: "_Looked", now: "_Looked") -> Iterator[FieldChange]:
    """Another value of the same credential: what stands in the files is compared, and never shown."""
    texts = [_credential(*looked) for looked in (was, now)]
    (name, before), (same, after) = texts
    if name and name == same and before != after:
        holder = now[0].company.credential_stack(now[1].infrastructure, name)
        cause = Cause(f"`chaosreg-credentials:{name}` has another value in stack `{holder}`")
        yield FieldChange("pull_secret.credential", name, f"{name}, another value", cause)


_Looked = tuple[Review, ResolvedConfig, Mapping[str, Mapping[str, object]]]
"""A review, one of its infrastructures, and what its files hold as credentials."""


def _credential(
    reviewed: Review, resolved: ResolvedConfig, texts: Mapping[str, Mapping[str, object]]
) -> tuple[str, object]:
    """The NAME of the infrastructure's pull credential, and what stands for it in the nearest file that has it."""
    if resolved.delivery is None or not resolved.delivery.needs_value:
        return "", None
    name = resolved.delivery.credential
    holder = reviewed.company.credential_stack(resolved.infrastructure, name)
    return name, texts.get(holder or "", {}).get(name)


def all_fields(resolved: ResolvedConfig) -> dict[str, str]:
    """The ConfigMap's data, and every field that decides how it gets there."""
    return {**config_map_data(resolved), **{field.name: field.value for field in resolved.fields()}}


def _field_changes(was: ResolvedConfig | None, now: ResolvedConfig | None) -> Iterator[FieldChange]:
    old, new = all_fields(was) if was else {}, all_fields(now) if now else {}
    if old == new:
        return
    old_origins, new_origins = _origins(was), _origins(now)
    for name in dict.fromkeys([*new, *old]):
        before, after = old.get(name), new.get(name)
        if before != after:
            decided = name.removeprefix("origin.")
            if was is None or now is None:
                cause = Cause("the infrastructure is new" if now else "the infrastructure is gone")
            else:
                cause = _cause(decided, before, after, old_origins.get(decided), new_origins.get(decided))
                cause = _of_registry(decided, was, now, cause)
            yield FieldChange(name, before, after, cause)


def _origins(resolved: ResolvedConfig | None) -> Mapping[str, Origin]:
    return {field.name: field.origin for field in resolved.fields()} if resolved else {}


def _cause(field: str, before: str | None, after: str | None, old: Origin | None, new: Origin | None) -> Cause:
    if new is None:
        return Cause(f"{_said(old)} no longer asks for it")
    if old is None:
        return Cause(f"{_said(new)} asks for it", _place(new))
    if str(old) == str(new) and old.path == new.path:
        was, now = _value(old), _value(new)
        if was != now:
            return Cause(f"{_said(new)}: {was} → {now}", _place(new))
        if field.startswith("digest.") or (field.startswith("image.") and _tagged(before) == _tagged(after)):
            return Cause(f"{FILE_NAME} has another digest", kind=Kind.LOCKFILE)
        if new.path == ("images", "release") and _tag(before) != _tag(after):
            return Cause(f"{CATALOGUE_FILE} has another tag for release {now}")
        return Cause(_said(new), _place(new), Kind.SAME_WORDS)
    is_nearer = old.scope is None or (new.scope is not None and new.scope.level.rank >= old.scope.level.rank)
    if is_nearer:
        return Cause(f"{_said(new)} is set now", _place(new))
    return Cause(f"{_said(old)} is set no more; {_said(new)} counts", _place(new))


def _of_registry(field: str, was: ResolvedConfig, now: ResolvedConfig, cause: Cause) -> Cause:
    """An image that only changes its server, path or way of pinning does so because of those."""
    if field.startswith("image.") and was.pinning != now.pinning and cause.kind is Kind.LOCKFILE:
        old, new = (said.pin.origin if said.pin else None for said in (was, now))
        return _cause("images.pin", None, None, old, new)
    if field.startswith(("image.", "digest.")) and cause.kind is Kind.LOCKFILE:
        kept = [said.registry.policy.platforms if said.registry.policy else None for said in (was, now)]
        values = [one.value if one else "all" for one in kept]
        if values[0] != values[1]:
            old, new = (one.origin if one else None for one in kept)
            return _cause("mirror.platforms", None, None, old, new)
    if field.startswith("image.") and cause.kind is Kind.SAME_WORDS:
        for name in ("server", "account"):
            before, after = getattr(was.registry, name), getattr(now.registry, name)
            if before.value != after.value:
                return _cause(name, before.value, after.value, before.origin, after.origin)
    return cause


def _said(origin: Origin | None) -> str:
    if origin is None or origin.scope is None:
        return "Harness's default"
    return f"{origin.scope.title} `{'.'.join(origin.path)}`"


def _value(origin: Origin) -> str:
    return shown(origin.scope.value_at(origin.path)) if origin.scope else ""


def _place(origin: Origin) -> Place | None:
    return origin.place if origin.scope else None


def _tag(reference: str | None) -> str | None:
    return Reference.parse(reference).tag if reference else None


def _tagged(reference: str | None) -> str:
    return Reference.parse(reference).tagged if reference else ""
