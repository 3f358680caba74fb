"""How a repository that is there differs from the one that we would make. Pure: from values to values."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_chaosreg.adoption.protocol import Difference, Effect
from pulumi_chaosreg.provision.gar import DAY, cleanup
from pulumi_chaosreg.provision.protocol import RepositorySettings
from pulumi_chaosreg.registries.google import one_member

Bindings = Mapping[str, tuple[str, ...]]
"""`pull`, `push`, `delete` → who has that role on the repository, without a condition."""
_NOTHING, _OWN_KEY = "none", "Google's own"
_DOCKER, _STANDARD = "DOCKER", "STANDARD_REPOSITORY"


def differences(there: Mapping[str, Any], members: Bindings, settings: RepositorySettings) -> tuple[Difference, ...]:
    """Everything that is not as we would make it, what cannot be changed first. `there` is the repository as the API
    describes it.
    """
    return (
        *_kind(there),
        *_encryption(there, settings),
        *_immutable(there, settings),
        *_scanning(there, settings),
        *_expiry(there, settings),
        *_labels(there, settings),
        *_description(there),
        *_members(members, settings),
    )


def _kind(there: Mapping[str, Any]) -> Iterator[Difference]:
    """Of another format, or filled by itself: nothing can be mirrored into it."""
    for setting, key, ours in (("format", "format", _DOCKER), ("mode", "mode", _STANDARD)):
        found = str(there.get(key) or ours)
        if found != ours:
            yield Difference(setting, found, ours, Effect.REFUSE)


def _encryption(there: Mapping[str, Any], settings: RepositorySettings) -> Iterator[Difference]:
    theirs = str(there.get("kmsKeyName") or "")
    if theirs != settings.kms_key:
        keep = f"`kms_key: {theirs}`" if theirs else "no `kms_key`"
        yield Difference("kms_key", theirs or _OWN_KEY, settings.kms_key or _OWN_KEY, Effect.REFUSE, keep)


def _immutable(there: Mapping[str, Any], settings: RepositorySettings) -> Iterator[Difference]:
    theirs = bool((there.get("dockerConfig") or {}).get("immutableTags"))
    ours = settings.immutable_tags is not False
    if theirs != ours:
        keep = f"`immutable_tags: {_word(theirs)}`"
        yield Difference("immutable_tags", _word(theirs), _word(ours), Effect.UPDATE, keep)


def _scanning(there: Mapping[str, Any], settings: RepositorySettings) -> Iterator[Difference]:
    found = (there.get("vulnerabilityScanningConfig") or {}).get("enablementConfig")
    theirs, ours = found != "DISABLED", settings.scan_on_push is not False
    if theirs != ours:
        shown, wanted = ("as the project has it" if scans else "never" for scans in (theirs, ours))
        keep = f"`scan_on_push: {_word(theirs)}`"
        yield Difference("scan_on_push", shown, wanted, Effect.UPDATE, keep)


def _expiry(there: Mapping[str, Any], settings: RepositorySettings) -> Iterator[Difference]:
    setting, ours = "expire_untagged_after_days", f"{settings.expire_after}, untagged only"
    policies = [*(there.get("cleanupPolicies") or {}).values()]
    is_dry = bool(there.get("cleanupPolicyDryRun"))
    if not policies:
        yield Difference(setting, _NOTHING, ours, Effect.MAKE)
        return
    days = _days(policies)
    if days == settings.expire_after and not is_dry:
        return
    count = len(policies)
    shown = f"{days}, untagged only" if days else f"{count} other polic{'y' if count == 1 else 'ies'}"
    keep = f"`expire_untagged_after_days: {days}`" if days and not is_dry else ""
    yield Difference(setting, f"{shown}, a dry run" if is_dry else shown, ours, Effect.OVERWRITE, keep)


def _days(policies: list[Mapping[str, Any]]) -> int:
    """The days of a policy like ours, where it is the only one; 0 otherwise."""
    (first, *others) = policies
    condition = first.get("condition") or {}
    seconds = str(condition.get("olderThan") or "").removesuffix("s")
    days = int(seconds) // DAY if seconds.isdigit() else 0
    ours = cleanup(RepositorySettings(expire_untagged_after_days=days)) if days else None
    if others or ours is None or first.get("mostRecentVersions"):
        return 0
    alike = {"tag_state": condition.get("tagState"), "older_than": condition.get("olderThan")}
    more = {key for key, value in condition.items() if value} - {"tagState", "olderThan"}
    is_ours = first.get("id") == ours.get("id") and first.get("action") == "DELETE" and alike == ours.get("condition")
    return days if is_ours and not more else 0


def _labels(there: Mapping[str, Any], settings: RepositorySettings) -> Iterator[Difference]:
    """The provider goes by the labels that it is told, and leaves others."""
    labels: Mapping[str, str] = there.get("labels") or {}
    for key in sorted(labels.keys() | settings.tags.keys()):
        theirs, ours = labels.get(key), settings.tags.get(key)
        if theirs != ours:
            effect = Effect.MAKE if theirs is None else Effect.STAY if ours is None else Effect.UPDATE
            keep = "" if theirs is None else f"`tags: {{{json.dumps(key)}: {json.dumps(theirs)}}}`"
            shown, wanted = (_NOTHING if value is None else value for value in (theirs, ours))
            yield Difference(f"tags.{key}", shown, wanted, effect, keep if effect is Effect.UPDATE else "")


def _description(there: Mapping[str, Any]) -> Iterator[Difference]:
    if said := str(there.get("description") or ""):
        yield Difference("description", said, _NOTHING, Effect.REMOVE)


def _members(members: Bindings, settings: RepositorySettings) -> Iterator[Difference]:
    if not settings.members:
        return  # nobody was asked
    for who in ("pull", "push", "delete"):
        theirs = {one_member(one): one for one in members.get(who, ())}
        ours = {one_member(one): one for one in settings.members.get(who, ())}
        if new := [one for key, one in ours.items() if key not in theirs]:
            yield Difference(f"members.{who}", _NOTHING, ", ".join(new), Effect.MAKE)
        if others := [one for key, one in theirs.items() if key not in ours]:
            yield Difference(f"members.{who}", ", ".join(others), _NOTHING, Effect.STAY)


def _word(flag: bool) -> str:
    return "true" if flag else "false"
