"""`HarborProject`: one project of a Harbor, as a Pulumi custom resource; its table is `resources/harbor_project.py`."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pulumi_chaosreg.harbor.problems import HarborError
from pulumi_chaosreg.harbor.projects import Project, change, look, make, remove
from pulumi_chaosreg.provider.harbor_access import HarborAccess, ident_of, looked, place_of
from pulumi_chaosreg.provider.resource import Found, Occasion
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.unknown import is_unknown
from pulumi_chaosreg.refusals import Refusal
from pulumi_chaosreg.resources.harbor_project import HARBOR_PROJECT
from pulumi_chaosreg.resources.table import Failure, Properties, ResourceChange

_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_LONGEST = 255


class HarborProject:
    """The life of the resource, on plain values."""

    def __init__(self, run: Run, access: HarborAccess | None = None) -> None:
        self._run, self._access = run, access or HarborAccess(run)

    @classmethod
    def of_run(cls, run: Run) -> "HarborProject":
        """The object that serves a run."""
        return cls(run)

    def check(self, inputs: Properties) -> tuple[dict[str, Any], list[Failure]]:
        """The inputs with defaults, and what is wrong with them. Unknown values pass."""
        failures = HARBOR_PROJECT.failures(inputs, is_unknown)
        name, quota = inputs.get("project"), inputs.get("quota")
        if isinstance(name, str) and not (_NAME.fullmatch(name) and len(name) <= _LONGEST):
            failures.append(("project", f"must be lowercase letters and digits, with single `._-` between: `{name}`"))
        if isinstance(quota, int | float) and quota < 1 and quota != -1:
            failures.append(("quota", "must be a number of bytes, or -1 for no limit"))
        checked = HARBOR_PROJECT.with_defaults(inputs)
        if not failures and isinstance(name, str) and isinstance(inputs.get("server"), str):
            self._run.keep(("harbor", ident_of(checked)))
        self._access.keep(inputs)
        return checked, failures

    def diff(self, state: Properties, inputs: Properties) -> ResourceChange:
        """What `up` would do. A quota that nobody says is left alone."""
        said = {key: value for key, value in state.items() if key != "quota" or inputs.get("quota") is not None}
        return HARBOR_PROJECT.change(said, inputs)

    def preview(self, inputs: Properties) -> Mapping[str, Any]:
        """The outputs are the inputs; its number is Harbor's."""
        return {}

    def look_ahead(self, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Nothing: what is wrong Harbor says when it is made, before anything depends on it."""

    def create(self, inputs: Properties, occasion: Occasion) -> tuple[str, dict[str, Any]]:
        """Make it, or take over the one that is there where that is wanted."""
        wanted = _wanted(inputs)
        made, is_new = make(self._access.client(inputs), wanted, adopt=inputs.get("adopt") is True)
        if is_new and wanted.quota is not None and made.quota is None:
            occasion.tell(f"whether project `{made.name}` has its quota is not seen: the login lacks `quota:read`")
            made = replace(made, quota=wanted.quota)
        elif is_new and wanted.quota != made.quota:
            occasion.warn(
                f"project `{made.name}` was made, but without this quota, which only an administrator of Harbor can "
                "set: the next `up` asks for it again"
            )
        if not is_new:
            occasion.tell(f"took over project `{made.name}`, which was there; `destroy` leaves it")
        return ident_of(inputs), _outputs(inputs, made, made_here=is_new)

    def update(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> dict[str, Any]:
        """Make it what is said."""
        harbor, wanted = self._access.client(inputs), _wanted(inputs)
        found = look(harbor, wanted.name, with_quota=wanted.quota is not None)
        if found is None:  # somebody has deleted it: what is there then is ours
            made, _ = make(harbor, wanted, adopt=False)
            return _outputs(inputs, made, made_here=True)
        if wanted.quota is not None:
            found = _as_far_as_seen(found, state)
        made_here = state.get("made") is True and _is_same(found, state)
        return _outputs(inputs, change(harbor, found, wanted), made_here=made_here)

    def read(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> Found | None:
        """The project as it is; None where there is none. An import's id is `server/project`."""
        server, name = place_of(ident, 2)
        known = {**inputs, **state} or {"server": server, "project": name}

        def found() -> Found | None:
            with_quota = not state or state.get("quota") is not None
            project = look(self._access.client(known), name, with_quota=with_quota)
            if project is None:
                return None
            project = _as_far_as_seen(project, state)
            made_here = state.get("made") is True and _is_same(project, state)
            outputs = _outputs({"server": state.get("server") or server}, project, made_here=made_here)
            said = HARBOR_PROJECT.outputs_of_inputs
            return Found(ident, inputs or {key: outputs[key] for key in said if key in outputs}, outputs)

        return looked(ident, state, inputs, occasion, found)

    def delete(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Take it away, unless it was there before us, or another resource of this run has it now."""
        if self._run.is_kept(("harbor", ident_of(state))):
            return
        if state.get("made") is not True:
            occasion.tell(f"left project `{state['project']}`, which was there before this")
            return
        harbor = self._access.deleting(state, inputs)
        there = look(harbor, state["project"], with_quota=False)
        if there is None:
            return
        if not _is_same(there, state):
            occasion.warn(f"left project `{state['project']}`: it is not the one that this made, but a later one")
            return
        try:
            remove(harbor, state["project"])
        except HarborError as refused:
            if refused.refusal is not Refusal.UNMET:
                raise
            occasion.warn(
                f"left project `{state['project']}`, which has images that this stack did not write\n{refused}"
            )


def _as_far_as_seen(there: Project, state: Properties) -> Project:
    """With the quota that was said last where this login may not see it: nothing is to be done about it then."""
    said = state.get("quota")
    return there if there.quota is not None or said is None else replace(there, quota=int(said))


def _is_same(there: Project, state: Properties) -> bool:
    """Whether it is the one that the state knows: somebody may have made another one of its name since."""
    return not state.get("projectId") or there.number == int(state["projectId"])


def _wanted(inputs: Properties) -> Project:
    quota = inputs.get("quota")
    return Project(
        inputs["project"],
        inputs.get("public") is True,
        inputs.get("autoScan") is not False,
        inputs.get("preventVulnerable") or "off",
        None if quota is None else int(quota),
    )


def _outputs(inputs: Properties, project: Project, *, made_here: bool) -> dict[str, Any]:
    outputs = {
        "server": inputs["server"],
        "project": project.name,
        "public": project.is_public,
        "autoScan": project.auto_scan,
        "preventVulnerable": project.prevent_vulnerable,
        "projectId": project.number,
        "made": made_here,
    }
    return outputs if project.quota is None else {**outputs, "quota": project.quota}
