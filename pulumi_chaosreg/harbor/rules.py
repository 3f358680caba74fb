"""Rules of a project by which tags stay: neither moved to another image nor deleted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pulumi_chaosreg.harbor.client import Harbor
from pulumi_chaosreg.harbor.problems import HarborError, of_status, reading
from pulumi_chaosreg.harbor.projects import is_gone, path_of
from pulumi_chaosreg.refusals import Refusal

ALL = "**"


@dataclass(frozen=True, slots=True)
class Rule:
    """In which repositories which tags stay."""

    repositories: str = ALL
    """A pattern (doublestar) of their paths below the project."""
    tags: tuple[str, ...] = (ALL,)
    """Patterns: of those that stay, or that may move where `is_exclusion`."""
    is_exclusion: bool = False
    is_disabled: bool = False
    number: int = 0
    is_foreign: bool = False
    """Whether it has several selectors, or excludes repositories: only somebody else writes such rules."""

    @property
    def request(self) -> dict[str, Any]:
        """As Harbor takes it."""
        return {
            "id": self.number,
            "disabled": self.is_disabled,
            "action": "immutable",
            "template": "immutable_template",
            "tag_selectors": [_selector("excludes" if self.is_exclusion else "matches", _one(self.tags))],
            "scope_selectors": {"repository": [_selector("repoMatches", self.repositories)]},
        }

    @classmethod
    def of_answer(cls, answer: Mapping[str, Any]) -> "Rule":
        """The reverse. What we would not say is shown in words that are no pattern, and equals nothing of ours."""
        tags: list[Any] = answer.get("tag_selectors") or []
        scopes: list[Any] = (answer.get("scope_selectors") or {}).get("repository") or []
        is_foreign = len(tags) != 1 or len(scopes) != 1 or scopes[0].get("decoration") != "repoMatches"
        return cls(
            "; ".join(map(_shown, scopes)) if is_foreign else str(scopes[0].get("pattern")),
            tuple(map(_shown, tags)) if is_foreign else _many(str(tags[0].get("pattern"))),
            not is_foreign and tags[0].get("decoration") == "excludes",
            answer.get("disabled") is True,
            int(answer["id"]),
            is_foreign,
        )


def look(harbor: Harbor, project: str, number: int) -> Rule | None:
    """The rule as it is; None where there is none of that number, or the project is gone."""
    return next((rule for rule in _rules(harbor, project) if rule.number == number), None)


def make(harbor: Harbor, project: str, wanted: Rule) -> Rule:
    """The rule; one that is the same is taken over. Harbor makes none that is disabled: it is switched off afterwards,
    and where that fails it is on, and returned so.
    """
    made = _make(harbor, project, replace(wanted, is_disabled=False))
    if made.is_disabled == wanted.is_disabled:
        return made
    try:
        return change(harbor, project, replace(made, is_disabled=wanted.is_disabled))
    except HarborError:
        return made


def _make(harbor: Harbor, project: str, wanted: Rule) -> Rule:
    """As it is then: on, or as the one was that is taken over."""
    tried = 0
    while True:
        there = (rule for rule in _rules(harbor, project) if replace(rule, number=0, is_disabled=False) == wanted)
        if found := next(there, None):
            return found
        try:
            made = harbor.post(f"{path_of(project)}/immutabletagrules", wanted.request).made
        except HarborError as failure:
            if not harbor.waits(failure, tried):
                raise
            tried += 1
        else:
            if made.isdigit():
                return replace(wanted, number=int(made))
            if tried + 1 >= harbor.patience.tries:
                raise of_status(502, harbor.server, "POST immutabletagrules", "", user=harbor.user, said="no Location")
            tried += 1  # it was made without saying where: it is looked for


def change(harbor: Harbor, project: str, wanted: Rule) -> Rule:
    """Make it what is said. Harbor switches a rule on or off, or changes it, but not both at once."""
    for _ in range(2):
        harbor.put(f"{path_of(project)}/immutabletagrules/{wanted.number}", wanted.request)
        if look(harbor, project, wanted.number) == wanted:
            break
    return wanted


def remove(harbor: Harbor, project: str, number: int) -> None:
    """Take it away; what is gone already is fine."""
    harbor.delete(f"{path_of(project)}/immutabletagrules/{number}")


def _rules(harbor: Harbor, project: str) -> Iterator[Rule]:
    try:
        for one in harbor.every(f"{path_of(project)}/immutabletagrules"):
            with reading(harbor.server, "GET immutabletagrules"):
                rule = Rule.of_answer(one)
            yield rule
    except HarborError as refused:
        if refused.refusal is not Refusal.MISSING and not is_gone(harbor, project, refused):
            raise


def _shown(selector: Mapping[str, Any]) -> str:
    return f"{selector.get('decoration')} {selector.get('pattern')}"


def _selector(decoration: str, pattern: str) -> dict[str, str]:
    return {"kind": "doublestar", "decoration": decoration, "pattern": pattern}


def _one(patterns: tuple[str, ...]) -> str:
    """One pattern for all of them: `{latest,sha256-*}`."""
    return patterns[0] if len(patterns) == 1 else f"{{{','.join(patterns)}}}"


def _many(pattern: str) -> tuple[str, ...]:
    return tuple(sorted(pattern[1:-1].split(","))) if pattern[:1] == "{" and pattern[-1:] == "}" else (pattern,)
