"""`HarborRobot`: a robot of one project of a Harbor, as a Pulumi custom resource.

What its inputs are, and what a change of them means, says its table (`resources/harbor_robot.py`). Its secret is never
lost: what was interrupted before anybody knew it is made anew, and what an import cannot know is given another one.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pulumi_chaosreg.clock import now, today
from pulumi_chaosreg.harbor.problems import HarborError
from pulumi_chaosreg.harbor.robots import ACCESS, NAME, NEVER, Robot, anew, change, find, look, make, mark_of, remove
from pulumi_chaosreg.provider.harbor_access import HarborAccess, ident_of, looked, place_of
from pulumi_chaosreg.provider.resource import Found, Occasion
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.unknown import is_unknown
from pulumi_chaosreg.resources.harbor_robot import HARBOR_ROBOT
from pulumi_chaosreg.resources.table import Failure, Properties, ResourceChange

_BOTH = "and `ends` exclude each other: write one of them"
_ANEW = "robot `{}` was made anew, with another secret: {}. Whoever still has the former one cannot log in any more"
_MOST_DAYS = 2**31 - 1
_LONGEST_NAME = 200
"""Harbor has 255 for the name with its prefix and project."""


class HarborRobot:
    """The life of the resource, on plain values."""

    def __init__(self, run: Run, access: HarborAccess | None = None) -> None:
        self._access = access or HarborAccess(run)

    @classmethod
    def of_run(cls, run: Run) -> "HarborRobot":
        """The object that serves a run."""
        return cls(run)

    def check(self, inputs: Properties) -> tuple[dict[str, Any], list[Failure]]:
        """The inputs with defaults, and what is wrong with them. Unknown values pass."""
        failures = HARBOR_ROBOT.failures(inputs, is_unknown)
        wrong = {key for key, _ in failures}
        name, days, access, ends = (inputs.get(key) for key in ("robot", "days", "access", "ends"))
        if isinstance(name, str) and not (NAME.fullmatch(name) and len(name) <= _LONGEST_NAME):
            failures.append(("robot", f"must be lowercase letters and digits, with single `._-` between: `{name}`"))
        if "days" not in wrong and isinstance(days, int | float) and days != NEVER and not 0 < days < _MOST_DAYS:
            failures.append(("days", "must be a number of days, 1 or more; -1 for a robot that never expires"))
        if (days is None) == (ends is None):
            failures.append(("days", "is missing: write either `days` or `ends`" if days is None else _BOTH))
        if "ends" not in wrong and isinstance(ends, str) and not is_unknown(ends) and _day(ends) is None:
            failures.append(("ends", "must be a day, as in `2027-01-31`"))
        elif "ends" not in wrong and isinstance(ends, str) and not is_unknown(ends) and not _is_ahead(ends):
            failures.append(("ends", f"must be a day that is still to come: `{ends}`"))
        if "access" not in wrong and isinstance(access, list):
            bad = [one for one in access if isinstance(one, str) and not ACCESS.fullmatch(one)]
            failures += [("access", f"must be a list of `resource:action`, not `{bad[0]}`")] if bad else []
        self._access.keep(inputs)
        return HARBOR_ROBOT.with_defaults(inputs), failures

    def diff(self, state: Properties, inputs: Properties) -> ResourceChange:
        """What `up` would do. One that has expired is as good as none; one whose secret is not known gets another."""
        change = HARBOR_ROBOT.change(state, inputs)
        ends = state.get("expiresAt", NEVER)
        if ends != NEVER and ends <= time.time():
            return replace(change, replaces=(*change.replaces, "expiresAt"))
        return change if state.get("secret") else replace(change, updates=(*change.updates, "secret"))

    def preview(self, inputs: Properties) -> Mapping[str, Any]:
        """Its name and its secret are Harbor's."""
        return {}

    def look_ahead(self, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Nothing: what is wrong Harbor says when it is made, before anything depends on it."""

    def create(self, inputs: Properties, occasion: Occasion) -> tuple[str, dict[str, Any]]:
        """Make it, in place of one that an interrupted run of this resource has left."""
        wanted = _wanted(inputs, occasion.urn)
        robot = make(self._access.client(inputs), wanted)
        if wanted.is_disabled and not robot.is_disabled:
            occasion.warn(f"robot `{robot.username}` was made, but could not be disabled: the next `up` tries again")
        if robot.is_anew:
            occasion.warn(_ANEW.format(robot.username, "an earlier run had made it, and its secret is not known"))
        return _ident(inputs), _outputs(inputs, robot)

    def update(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> dict[str, Any]:
        """Make it what is said; with another secret where nobody knows the one that it has."""
        harbor, number = self._access.client(inputs), int(state["robotId"])
        found = look(harbor, inputs["project"], inputs["robot"], number)
        if found is None:
            return self.create(inputs, occasion)[1]
        wanted = replace(
            _wanted(inputs, occasion.urn),
            days=_days_of(found, inputs),
            number=number,
            username=found.username,
            created=found.created,
            secret=state.get("secret") or "",
        )
        wanted = replace(wanted, expires_at=found.expires_at if wanted.days == found.days else int(wanted.end))
        if wanted.has_expired:
            occasion.warn(_ANEW.format(found.username, "this end of the one before lies behind us"))
            return _outputs(inputs, anew(harbor, found, _wanted(inputs, occasion.urn)))
        try:
            return _outputs(inputs, change(harbor, wanted, renew=not wanted.secret))
        except HarborError as refused:
            if refused.status != 403 or refused.word == "DENIED" or wanted.is_disabled:
                raise
        # Harbor lets a robot make and delete robots, but change none (goharbor/harbor#22632)
        occasion.warn(_ANEW.format(found.username, f"`{harbor.user}` may not change robots"))
        return _outputs(inputs, anew(harbor, found, _wanted(inputs, occasion.urn)))

    def read(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> Found | None:
        """The robot as it is, with the secret that the state knows; None where there is none. An import's id is
        `server/project/robot`.
        """
        server, project, name = place_of(ident, 3)
        known = {**inputs, **state} or {"server": server, "project": project}

        def found() -> Found | None:
            harbor = self._access.client(known)
            number = state.get("robotId")
            robot = look(harbor, project, name, int(number)) if number else find(harbor, project, name)
            if robot is None:
                return None
            ends = {"ends": _seen_end(robot, state["ends"])} if state.get("ends") else {}
            robot = replace(robot, name=name, secret=state.get("secret") or "")
            outputs = _outputs({"server": state.get("server") or server, **ends}, robot)
            _tell_of_end(robot, occasion)
            said = HARBOR_ROBOT.outputs_of_inputs
            return Found(ident, inputs or {key: outputs[key] for key in said if key in outputs}, outputs)

        return looked(ident, state, inputs, occasion, found)

    def delete(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Take it away: whoever still logs in with it cannot any more."""
        number = state.get("robotId")
        if number:
            harbor = self._access.deleting(state, inputs)
            remove(harbor, state["project"], state["robot"], int(number))


def _tell_of_end(robot: Robot, occasion: Occasion) -> None:
    if robot.has_expired:
        end = datetime.fromtimestamp(robot.expires_at, UTC)
        occasion.warn(f"robot `{robot.username}` expired on {end:%Y-%m-%d}: the next `up` makes another one")


def _ident(inputs: Properties) -> str:
    return ident_of(inputs, inputs["robot"])


def _wanted(inputs: Properties, urn: str) -> Robot:
    return Robot(
        inputs["project"],
        inputs["robot"],
        tuple(sorted(set(inputs["access"]))),
        _days(inputs, now()),
        inputs.get("description") or "",
        mark_of(urn),
        inputs.get("disabled") is True,
    )


def _days(inputs: Properties, today: date) -> int:
    """From today on: Harbor counts them from the robot's making."""
    end = _day(inputs.get("ends") or "")
    return int(inputs["days"]) if end is None else max(1, (end - today).days)


def _days_of(found: Robot, inputs: Properties) -> int:
    """From the making of one that is there. A day's end is right to the day: Harbor has it to the second."""
    ends = inputs.get("ends") or ""
    end = _day(ends)
    if end is None:
        return int(inputs["days"])
    if _seen_end(found, ends) == ends:
        return found.days
    return (end - datetime.fromtimestamp(found.created, UTC).date()).days


def _is_ahead(ends: str) -> bool:
    """By the machine's day, or by the one that a preview is for: no robot of Harbor lives shorter than a day."""
    end = _day(ends)
    return end is not None and end > min(now(), today())


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _seen_end(robot: Robot, said: str) -> str:
    """The day that was said, unless somebody has moved the end: Harbor has it to the second, at the hour of making."""
    if robot.expires_at == NEVER:
        return "never"
    end, wanted = datetime.fromtimestamp(robot.expires_at, UTC).date(), _day(said)
    return said if wanted and abs(end - wanted) <= timedelta(days=1) else end.isoformat()


def _outputs(inputs: Properties, robot: Robot) -> dict[str, Any]:
    until = {"ends": inputs["ends"]} if inputs.get("ends") else {"days": robot.days}
    outputs = {
        "server": inputs["server"],
        "project": robot.project,
        "robot": robot.name,
        "access": list(robot.access),
        **until,
        "description": robot.description,
        "disabled": robot.is_disabled,
        "robotId": robot.number,
        "username": robot.username,
        "expiresAt": robot.expires_at,
    }
    return {**outputs, "secret": robot.secret} if robot.secret else outputs
