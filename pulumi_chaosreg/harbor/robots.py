"""Robots of one project: users for programs, each with few rights, a secret that is shown once, and an end.

A robot is made under a mark in its description. Whoever finds one with its own mark and knows no secret of it has been
interrupted: nothing can depend on it yet, so it is deleted and made anew.
"""

import hashlib
import re
import secrets
import string
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from pulumi_chaosreg.harbor.client import Harbor
from pulumi_chaosreg.harbor.problems import HarborError, exists, reading
from pulumi_chaosreg.harbor.projects import look as look_at_project
from pulumi_chaosreg.refusals import Refusal

NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
"""Of a robot, without the prefix and the project (Harbor's `validateName`)."""
ACCESS = re.compile(r"[a-z-]+:[a-z-]+")
NEVER = -1
"""The duration of a robot that does not end."""
_MARK = re.compile(r" ?\[pulumi-chaosreg ([0-9a-f]{16})\]\Z")
_SECRET_LENGTH = 32
_DAY = 86400
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Robot:
    """A robot, as far as it is ours to say, and what Harbor says."""

    project: str
    name: str
    """Without prefix and project."""
    access: tuple[str, ...]
    """`resource:action`, sorted."""
    days: int
    """From its making to its end; NEVER for none."""
    description: str = ""
    mark: str = ""
    """Whose it is."""
    is_disabled: bool = False
    number: int = 0
    username: str = ""
    """To log in with, as in `robot$chaos+pull`: the prefix is a setting of the whole Harbor."""
    expires_at: int = NEVER
    """In seconds since 1970."""
    secret: str = field(default="", repr=False)
    """Known where this has just made it."""
    created: float = 0
    """In seconds since 1970; from then on Harbor counts its days, whenever they are changed."""
    is_anew: bool = False
    """Whether making it has ended one of its name, which an earlier run had made."""

    @property
    def has_expired(self) -> bool:
        """Whether nobody can log in with it any more."""
        return self.expires_at != NEVER and self.expires_at <= time.time()

    @property
    def end(self) -> float:
        """When it expires by its days; NEVER for not at all."""
        return NEVER if self.days == NEVER else self.created + self.days * _DAY

    def request(self, effect: str = "") -> dict[str, Any]:
        """As Harbor takes it."""
        said = f"{self.description} [pulumi-chaosreg {self.mark}]".strip() if self.mark else self.description
        return {
            "name": self.name,
            "description": said,
            "level": "project",
            "duration": self.days,
            "disable": self.is_disabled,
            "permissions": [
                {"kind": "project", "namespace": self.project, "access": [_right(one, effect) for one in self.access]}
            ],
        }

    @classmethod
    def of_answer(cls, answer: Mapping[str, Any], project: str) -> "Robot":
        """The reverse."""
        said, username = str(answer.get("description") or ""), str(answer["name"])
        mark = _MARK.search(said)
        return cls(
            project,
            username.rpartition("+")[2],
            tuple(sorted({right for one in answer.get("permissions") or () for right in _rights(one, project)})),
            int(answer.get("duration") or NEVER),
            _MARK.sub("", said),
            mark[1] if mark else "",
            answer.get("disable") is True,
            int(answer["id"]),
            username,
            int(answer.get("expires_at") or NEVER),
            created=_seconds(str(answer.get("creation_time") or "")),
        )


def mark_of(urn: str) -> str:
    """The mark of a resource's robot: the same in every run, and none that another resource has."""
    return hashlib.sha256(urn.encode()).hexdigest()[:16]


def look(harbor: Harbor, project: str, name: str, number: int) -> Robot | None:
    """The robot as it is; None where Harbor says that there is none, or has given its number to another one: after it
    was installed anew, or an older database came back, numbers start anew.
    """
    try:
        answer = harbor.get(f"/robots/{number}")
        with reading(harbor.server, f"GET /robots/{number}"):
            robot = Robot.of_answer(answer, project)  # first: what is no robot at all is not another one
            return robot if _is_that(answer, project, name) else None
    except HarborError as refused:
        if refused.refusal is Refusal.MISSING:
            return None
        raise


def find(harbor: Harbor, project: str, name: str) -> Robot | None:
    """The project's robot of this name; None where there is none, nor such a project."""
    of = look_at_project(harbor, project, with_quota=False)
    asked = f"Level=project,ProjectID={of.number if of else 0}"
    for one in harbor.every("/robots", q=asked) if of else ():
        with reading(harbor.server, "GET /robots"):
            robot = Robot.of_answer(one, project)
        if robot.name == name:
            return robot
    return None


def make(harbor: Harbor, wanted: Robot) -> Robot:
    """The robot with its secret. HarborError (CHR0487) where there is one of its name with another mark.

    Harbor makes none that is disabled: it is switched off afterwards. Where that fails it is on, and returned so: its
    secret would be lost otherwise.
    """
    made = replace(_make(harbor, wanted), is_disabled=False)
    if not wanted.is_disabled:
        return made
    try:
        return change(harbor, replace(made, is_disabled=True), renew=False)
    except HarborError:
        return made


def _make(harbor: Harbor, wanted: Robot) -> Robot:
    tried, is_anew = 0, False
    while True:
        try:
            return replace(_posted(harbor, wanted), is_anew=is_anew)
        except HarborError as failure:
            known = failure.refusal in (Refusal.CONFLICT, Refusal.UNREACHABLE)
            left = find(harbor, wanted.project, wanted.name) if known else None
            if left and left.mark != wanted.mark:
                raise _exists(harbor, wanted) from None
            if left:  # its secret was on its way to somebody who is no more, unless it was there before we asked
                was_there = tried == 0 and failure.refusal is Refusal.CONFLICT
                is_anew = is_anew or (was_there and not left.has_expired)
                harbor.delete(f"/robots/{left.number}")
            if not (left and tried < harbor.patience.tries) and not harbor.waits(failure, tried):
                raise
            tried += 1


def _posted(harbor: Harbor, wanted: Robot) -> Robot:
    made = _permitted(lambda effect: harbor.post("/robots", wanted.request(effect))).body
    with reading(harbor.server, "POST /robots"):
        return replace(
            wanted,
            number=int(made["id"]),
            username=str(made["name"]),
            secret=str(made["secret"]),
            expires_at=int(made.get("expires_at") or NEVER),
            created=_seconds(str(made.get("creation_time") or "")),
        )


def change(harbor: Harbor, wanted: Robot, *, renew: bool) -> Robot:
    """Make it what is said; with `renew` also give it another secret, which ends the one that it had.

    The secret is ours: whatever happens to an answer, the one that Harbor has is the one that is returned.
    """
    named = {"name": wanted.username, "id": wanted.number}
    _permitted(lambda effect: harbor.put(f"/robots/{wanted.number}", {**wanted.request(effect), **named}))
    if not renew:
        return wanted
    secret = _new_secret()
    harbor.patch(f"/robots/{wanted.number}", {"secret": secret}, secret)
    return replace(wanted, secret=secret)


def anew(harbor: Harbor, found: Robot, wanted: Robot) -> Robot:
    """Another one in its place, with another secret: what it is cannot be changed into what is said.

    It is asked for while the one is still there: Harbor looks whether it may be made before it looks whether there is
    one, so that whoever may not make it has not deleted anything.
    """
    try:
        return _posted(harbor, wanted)
    except HarborError as refused:
        if refused.refusal is not Refusal.CONFLICT:
            raise
    harbor.delete(f"/robots/{found.number}")
    return make(harbor, wanted)


def remove(harbor: Harbor, project: str, name: str, number: int) -> None:
    """Take it away; what is gone already is fine, and another one's number is not its."""
    if look(harbor, project, name, number):
        harbor.delete(f"/robots/{number}")


def _is_that(answer: Mapping[str, Any], project: str, name: str) -> bool:
    """Whether this is the project's robot of that name. Its prefix is anything, and may end in letters of a project's
    name, so that the rights tell, too; those of a robot that was made halfway are none.
    """
    where = {str(one.get("namespace")) for one in answer.get("permissions") or ()}
    is_named = str(answer.get("name")).endswith(f"{project}+{name}")
    return answer.get("level") == "project" and is_named and (not where or project in where)


def _new_secret() -> str:
    """8 to 128 letters, at least one of each kind (Harbor's `IsValidSec`)."""
    letters = string.ascii_letters + string.digits
    while True:
        secret = "".join(secrets.choice(letters) for _ in range(_SECRET_LENGTH))
        if all(any(letter in kind for letter in secret) for kind in (string.ascii_lowercase, string.digits)) and any(
            letter in string.ascii_uppercase for letter in secret
        ):
            return secret


def _seconds(moment: str) -> float:
    """Of a moment as Harbor writes it; now where it does not say."""
    try:
        return datetime.fromisoformat(moment).timestamp()
    except ValueError:
        return time.time()


def _exists(harbor: Harbor, wanted: Robot) -> HarborError:
    return exists(
        f"robot `{wanted.name}` of project `{wanted.project}` on `{harbor.server}`",
        "delete it in Harbor if nobody uses it, or import it, which gives it a new secret",
    )


def _permitted(ask: Callable[[str], T]) -> T:
    """What is asked with rights without an effect, or with one. They mean the same, but where a robot asks, Harbor
    compares them word for word with that robot's own, which were written either way.
    """
    try:
        return ask("")
    except HarborError as refused:
        if refused.word != "DENIED":
            raise
    return ask("allow")


def _right(text: str, effect: str) -> dict[str, str]:
    resource, _, action = text.partition(":")
    return {"resource": resource, "action": action, **({"effect": effect} if effect else {})}


def _rights(permission: Mapping[str, Any], project: str) -> Iterable[str]:
    """Those of another project, which only somebody else can have given it, with its name."""
    where = str(permission.get("namespace") or project)
    prefix = "" if where == project else f"{where}/"
    for one in permission.get("access") or ():
        yield f"{prefix}{one.get('resource')}:{one.get('action')}"
