"""How a repository that is there differs from the one that we would make. Pure: from values to values."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_chaosreg.adoption.protocol import Difference, Effect
from pulumi_chaosreg.provision.ecr import Mutability, lifecycle, mutability, pull_policy
from pulumi_chaosreg.provision.protocol import ImageRepository, OwnedRegistry, Pullers, RepositorySettings
from pulumi_chaosreg.registries.aws import partition

_NOTHING = "none"
_OWN_KEY = "AES256"
_KMS = "KMS"


@dataclass(frozen=True, slots=True)
class Description:
    """A repository as ECR's API describes it."""

    mutability: Mutability
    scans_on_push: bool = False
    encryption: str = _OWN_KEY
    kms_key: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    """Without those that AWS itself sets."""
    lifecycle: str = ""
    """The lifecycle policy's text; empty where there is none, as for the repository's own policy."""
    policy: str = ""


def differences(
    there: Description, registry: OwnedRegistry, settings: RepositorySettings, image: ImageRepository
) -> tuple[Difference, ...]:
    """Everything that is not as we would make it, what cannot be changed first."""
    return (
        *_encryption(there, settings),
        *_tags_that_move(there, settings, image),
        *_scanning(there, settings),
        *_expiry(there, settings),
        *_tags(there, settings),
        *_pullers(there, registry, settings),
    )


def has_our_rules(there: Description, settings: RepositorySettings) -> bool:
    """Whether its lifecycle policy is ours already. Any other is not changed but replaced by the provider: a new one
    that is put over it does the same at once.
    """
    return _rules(there.lifecycle) == _rules(lifecycle(settings.expire_after))


def _encryption(there: Description, settings: RepositorySettings) -> Iterator[Difference]:
    ours = (_KMS, settings.kms_key) if settings.kms_key else (_OWN_KEY, "")
    theirs = (there.encryption, there.kms_key if there.encryption != _OWN_KEY else "")
    if theirs == ours:
        return
    keep = {_KMS: f"`kms_key: {there.kms_key}`", _OWN_KEY: "no `kms_key`"}.get(there.encryption, "")
    shown = " ".join(filter(None, theirs))
    yield Difference("kms_key", shown, " ".join(filter(None, ours)), Effect.REFUSE, keep)


def _tags_that_move(there: Description, settings: RepositorySettings, image: ImageRepository) -> Iterator[Difference]:
    ours = mutability(settings, image)
    if there.mutability != ours:
        keep = "`immutable_tags: false`" if there.mutability == Mutability("MUTABLE") else ""
        yield Difference("immutable_tags", _moving(there.mutability), _moving(ours), Effect.UPDATE, keep)


def _scanning(there: Description, settings: RepositorySettings) -> Iterator[Difference]:
    ours = settings.scan_on_push is not False
    if there.scans_on_push != ours:
        theirs = _word(there.scans_on_push)
        yield Difference("scan_on_push", theirs, _word(ours), Effect.UPDATE, f"`scan_on_push: {theirs}`")


def _expiry(there: Description, settings: RepositorySettings) -> Iterator[Difference]:
    setting, ours = "expire_untagged_after_days", f"{settings.expire_after}, untagged only"
    if not there.lifecycle:
        yield Difference(setting, _NOTHING, ours, Effect.MAKE)
    elif not has_our_rules(there, settings):
        shown, keep = _shown_rules(there.lifecycle)
        yield Difference(setting, shown, ours, Effect.OVERWRITE, keep)


def _tags(there: Description, settings: RepositorySettings) -> Iterator[Difference]:
    for key in sorted(there.tags.keys() | settings.tags.keys()):
        theirs, ours = there.tags.get(key), settings.tags.get(key)
        if theirs == ours:
            continue
        effect = Effect.MAKE if theirs is None else Effect.REMOVE if ours is None else Effect.UPDATE
        keep = "" if theirs is None else f"`tags: {{{_quoted(key)}: {_quoted(theirs)}}}`"
        shown, wanted = (_NOTHING if value is None else value for value in (theirs, ours))
        yield Difference(f"tags.{key}", shown, wanted, effect, keep)


def _pullers(there: Description, registry: OwnedRegistry, settings: RepositorySettings) -> Iterator[Difference]:
    theirs = _shown_policy(there.policy) if there.policy else _NOTHING
    if not settings.pullers:
        if there.policy:
            yield Difference("pullers", theirs, _NOTHING, Effect.STAY)
        return
    region = registry.kind.region(registry.server) or ""
    ours = pull_policy(settings.pullers, registry.kind.rights["pull"], partition(region).name)
    shown = _shown_pullers(settings.pullers)
    if not there.policy:
        yield Difference("pullers", theirs, shown, Effect.MAKE)
    elif _policy(there.policy) != _policy(ours):
        yield Difference("pullers", theirs, shown, Effect.UPDATE)


# --- how values are shown


def _moving(tags: Mutability) -> str:
    return f"{tags.setting} ({', '.join(tags.excluded)})" if tags.excluded else tags.setting


def _word(flag: bool) -> str:
    return "true" if flag else "false"


def _quoted(text: str) -> str:
    """As YAML reads it, whatever it looks like."""
    return json.dumps(text, ensure_ascii=False)


def _shown_rules(text: str) -> tuple[str, str]:
    """The rules in few words, and the setting that keeps them, where one does."""
    rules = (_rules(text) or {}).get("rules") or []
    if len(rules) != 1:
        return f"another policy, {len(rules)} rules", ""
    selection = rules[0].get("selection") or {}
    days = selection.get("countNumber")
    if isinstance(days, int) and _rules(lifecycle(days)) == {"rules": rules}:
        return f"{days}, untagged only", f"`expire_untagged_after_days: {days}`"
    return f"another policy, for {selection.get('tagStatus')} images", ""


def _shown_policy(text: str) -> str:
    count = len(_statements(_parsed(text)))
    return f"another policy, {count} statement{'' if count == 1 else 's'}"


def _shown_pullers(pullers: Pullers) -> str:
    names = [*pullers.accounts, *pullers.roles, *filter(None, [pullers.organization])]
    return ", ".join(names)


# --- when two documents are the same


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _rules(text: str) -> dict[str, Any] | None:
    """A lifecycle policy whose rules stand in their order; None where it cannot be read as one."""
    rules = _parsed(text).get("rules")
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        return None
    return {"rules": sorted(rules, key=lambda rule: int(rule.get("rulePriority") or 0))}


def _statements(document: Mapping[str, Any]) -> list[Any]:
    said = document.get("Statement") or []
    return said if isinstance(said, list) else [said]


def _policy(text: str) -> Any:
    """A policy without what makes no difference: the order of what is listed, and lists of one."""
    document = _parsed(text)
    return _canonical({**document, "Statement": _statements(document)})


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list):
        inside = sorted((_canonical(each) for each in value), key=lambda each: json.dumps(each, sort_keys=True))
        return inside[0] if len(inside) == 1 else inside
    return value
