"""A project of Harbor: what we say of one, and how it is looked at, made, changed and taken away."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from pulumi_chaosreg.harbor.client import Harbor
from pulumi_chaosreg.harbor.problems import HarborError, exists, reading
from pulumi_chaosreg.refusals import Refusal

OFF = "off"
SEVERITIES = (OFF, "none", "low", "medium", "high", "critical")
"""From which severity on an image with a vulnerability is not given out; `none` is the least."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project, as far as it is ours to say."""

    name: str
    is_public: bool = False
    auto_scan: bool = True
    prevent_vulnerable: str = OFF
    """One of SEVERITIES."""
    quota: int | None = None
    """Bytes, -1 for no limit; None where it is nobody's to say."""
    number: int = 0
    """By which Harbor knows it; 0 before it is there."""
    created: str = field(default="", compare=False)
    """When, as Harbor writes it."""

    @property
    def metadata(self) -> dict[str, str]:
        """As Harbor has it: all of them texts."""
        prevents = self.prevent_vulnerable != OFF
        said = {
            "public": _flag(self.is_public),
            "auto_scan": _flag(self.auto_scan),
            "prevent_vul": _flag(prevents),
        }
        return {**said, "severity": self.prevent_vulnerable} if prevents else said

    @classmethod
    def of_answer(cls, answer: Mapping[str, Any]) -> "Project":
        """The reverse; without the quota, which is another answer."""
        said = answer.get("metadata") or {}
        severity = str(said.get("severity") or "low") if _is_set(said, "prevent_vul") else OFF
        return cls(
            str(answer["name"]),
            _is_set(said, "public"),
            _is_set(said, "auto_scan"),
            severity,
            number=int(answer["project_id"]),
            created=str(answer.get("creation_time") or ""),
        )


def path_of(project: str) -> str:
    """Its address below the API's root."""
    return f"/projects/{quote(project, safe='')}"


def look(harbor: Harbor, name: str, *, with_quota: bool) -> Project | None:
    """The project as it is; None where Harbor says that there is none."""
    try:
        answer = harbor.get(path_of(name))
        with reading(harbor.server, f"GET {path_of(name)}"):
            found = Project.of_answer(answer)
        return replace(found, quota=_quota(harbor, name)) if with_quota else found
    except HarborError as refused:
        if refused.refusal is Refusal.MISSING or is_gone(harbor, name, refused):
            return None
        raise


def is_gone(harbor: Harbor, name: str, refused: HarborError) -> bool:
    """Whether what Harbor forbids below a project it forbids because there is no such project.

    It says so to its administrators; to all others a project that is missing is forbidden, too (goharbor/harbor#21800),
    but whether a name is taken everybody may ask.
    """
    return refused.status == 403 and bool(refused.word) and not harbor.has("/projects", project_name=name)


def seen(harbor: Harbor, name: str, *, with_quota: bool) -> Project | None:
    """The project where this login is shown it."""
    try:
        return look(harbor, name, with_quota=with_quota)
    except HarborError as refused:
        if refused.status != 403:
            raise
        return None


def make(harbor: Harbor, wanted: Project, *, adopt: bool) -> tuple[Project, bool]:
    """The project as it is then, and whether it was not there before.

    One that is there is taken over with `adopt` only. HarborError (CHR0487) without. Once it is made nothing raises: an
    administrator of projects alone gets the default quota, whatever was asked for, and the caller sees it.
    """
    with_quota, tried = wanted.quota is not None, 0
    if found := seen(harbor, wanted.name, with_quota=with_quota):
        if not adopt:
            raise _exists(harbor, wanted.name, found.created)
        return change(harbor, found, wanted), False
    while True:
        try:
            made = harbor.post("/projects", _request(wanted)).made
            break
        except HarborError as failure:
            # after a lost answer: it was not there a moment ago, so that it is ours
            lost = failure.refusal is Refusal.UNREACHABLE or (tried and failure.refusal is Refusal.CONFLICT)
            if lost and (found := seen(harbor, wanted.name, with_quota=with_quota)):
                return found, True
            if failure.refusal is Refusal.CONFLICT:
                raise _exists(harbor, wanted.name) from None
            if not harbor.waits(failure, tried):
                raise
            tried += 1
    try:
        found = look(harbor, wanted.name, with_quota=with_quota)
    except HarborError:
        found = None
    return found or replace(wanted, number=int(made) if made.isdigit() else 0), True


def change(harbor: Harbor, found: Project, wanted: Project) -> Project:
    """Make it what is said: only what differs is asked for."""
    wanted = replace(wanted, number=found.number)
    if found.metadata != wanted.metadata:
        harbor.put(path_of(wanted.name), {"metadata": wanted.metadata})
    if wanted.quota is not None and wanted.quota != found.quota:
        _set_quota(harbor, found.number, wanted.quota)
    return wanted


def remove(harbor: Harbor, name: str) -> None:
    """Take it away, with the repositories that nothing is left in. HarborError (UNMET) where something is."""
    try:
        there = harbor.every(f"{path_of(name)}/repositories")
        empty = [one.get("name", "") for one in there if not one.get("artifact_count")]
        for repository in empty:
            below = str(repository).removeprefix(f"{name}/")
            # twice, as Harbor's own pages do: the path of a request is read once before it is taken apart
            harbor.delete(f"{path_of(name)}/repositories/{quote(quote(below, safe=''), safe='')}")
        harbor.delete(path_of(name))
    except HarborError as refused:
        if refused.refusal is not Refusal.MISSING:
            raise


def _request(wanted: Project) -> dict[str, Any]:
    quota = {} if wanted.quota is None else {"storage_limit": wanted.quota}
    return {"project_name": wanted.name, "metadata": wanted.metadata, **quota}


def _quota(harbor: Harbor, name: str) -> int | None:
    """Its limit in bytes; None where it has none of its own, or may not be seen."""
    said = harbor.get(f"{path_of(name)}/summary") or {}
    with reading(harbor.server, f"GET {path_of(name)}/summary"):
        limit = ((said.get("quota") or {}).get("hard") or {}).get("storage")
        return None if limit is None else int(limit)


def _set_quota(harbor: Harbor, number: int, limit: int) -> None:
    for quota in harbor.every("/quotas", reference="project", reference_id=number):
        harbor.put(f"/quotas/{quota.get('id')}", {"hard": {"storage": limit}})


def _exists(harbor: Harbor, name: str, created: str = "") -> HarborError:
    when = f", at {created}" if created else ""
    return exists(
        f"project `{name}` on `{harbor.server}`",
        f"if an `up` that was interrupted has just made it{when}, delete it in Harbor and run `up` again; to take it "
        "over with all that is in it, write `repositories: {harbor: {adopt: true}}` (in a program `adopt=True`), or "
        "import it; or give the registry another `account`",
    )


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _is_set(said: Mapping[str, Any], key: str) -> bool:
    return str(said.get(key, "")).lower() == "true"
