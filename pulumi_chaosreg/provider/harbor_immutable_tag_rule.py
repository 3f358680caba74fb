"""`HarborImmutableTagRule`: a rule by which tags of a project stay, as a Pulumi custom resource; its table is
`resources/harbor_immutable_tag_rule.py`.
"""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

from pulumi_chaosreg.harbor.rules import ALL, Rule, change, look, make, remove
from pulumi_chaosreg.provider.harbor_access import HarborAccess, ident_of, looked, place_of
from pulumi_chaosreg.provider.resource import Found, Occasion
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.unknown import has_unknown, is_unknown
from pulumi_chaosreg.registries.servers import canonical_server
from pulumi_chaosreg.resources.harbor_immutable_tag_rule import HARBOR_IMMUTABLE_TAG_RULE
from pulumi_chaosreg.resources.table import Failure, Properties, ResourceChange


class HarborImmutableTagRule:
    """The life of the resource, on plain values."""

    def __init__(self, run: Run, access: HarborAccess | None = None) -> None:
        self._run, self._access = run, access or HarborAccess(run)

    @classmethod
    def of_run(cls, run: Run) -> "HarborImmutableTagRule":
        """The object that serves a run."""
        return cls(run)

    def check(self, inputs: Properties) -> tuple[dict[str, Any], list[Failure]]:
        """The inputs with defaults, and what is wrong with them. Unknown values pass."""
        failures = HARBOR_IMMUTABLE_TAG_RULE.failures(inputs, is_unknown)
        given = [key for key in ("tags", "excludedTags") if inputs.get(key) is not None]
        if len(given) != 1:
            failures.append(("tags", "is missing: write either `tags` or `excludedTags`" if not given else _BOTH))
        patterns = [one for key in given if isinstance(inputs[key], list) for one in inputs[key]]
        if any(isinstance(one, str) and set("{},") & set(one) for one in patterns):
            failures.append((given[0], "must be patterns without braces and commas; write each by itself"))
        checked = HARBOR_IMMUTABLE_TAG_RULE.with_defaults(inputs)
        if not failures and not has_unknown({**checked, "login": None}):
            self._run.keep(_key(checked))
        self._access.keep(inputs)
        return checked, failures

    def diff(self, state: Properties, inputs: Properties) -> ResourceChange:
        """What `up` would do."""
        return HARBOR_IMMUTABLE_TAG_RULE.change(state, inputs)

    def preview(self, inputs: Properties) -> Mapping[str, Any]:
        """The outputs are the inputs; its number is Harbor's."""
        return {}

    def look_ahead(self, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Nothing: what is wrong Harbor says when it is made."""

    def create(self, inputs: Properties, occasion: Occasion) -> tuple[str, dict[str, Any]]:
        """Make it; one that says the same is taken over."""
        wanted = _wanted(inputs)
        rule = make(self._access.client(inputs), inputs["project"], wanted)
        if rule.is_disabled != wanted.is_disabled:
            occasion.warn(f"rule {rule.number} is there, but could not be switched: the next `up` tries again")
        return ident_of(inputs, rule.number), _outputs(inputs, rule)

    def update(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> dict[str, Any]:
        """Make it what is said; anew where somebody has deleted it. Its id keeps the number that it had at first."""
        harbor, project = self._access.client(inputs), inputs["project"]
        wanted = replace(_wanted(inputs), number=int(state["ruleId"]))
        if look(harbor, project, wanted.number) is None:
            return _outputs(inputs, make(harbor, project, replace(wanted, number=0)))
        return _outputs(inputs, change(harbor, project, wanted))

    def read(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> Found | None:
        """The rule as it is; None where there is none. An import's id is `server/project/number`."""
        server, project, number = place_of(ident, 3)
        known = {**inputs, **state} or {"server": server, "project": project}

        def found() -> Found | None:
            known_by = state.get("ruleId") or (number if number.isdigit() else 0)  # the engine's numbers are floats
            rule = look(self._access.client(known), project, int(known_by)) if known_by else None
            if rule is None or (rule.is_foreign and not state):
                return None
            outputs = _outputs({"server": state.get("server") or server, "project": project}, rule)
            said = HARBOR_IMMUTABLE_TAG_RULE.outputs_of_inputs
            return Found(ident, inputs or {key: outputs[key] for key in said if key in outputs}, outputs)

        return looked(ident, state, inputs, occasion, found)

    def delete(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Take it away: its tags may move and go then. Not where another resource of this run says the same: Harbor
        has one rule for both.
        """
        if self._run.is_kept(_key(state)):
            return
        harbor = self._access.deleting(state, inputs)
        number = int(state["ruleId"])
        there = look(harbor, state["project"], number)
        if there and replace(there, is_disabled=False) != replace(_wanted(state), is_disabled=False, number=number):
            occasion.warn(f"left rule {number} of project `{state['project']}`: it says something else now")
        elif there:
            remove(harbor, state["project"], number)


_BOTH = "and `excludedTags` exclude each other: write one of them"


def _key(inputs: Properties) -> Hashable:
    """What is one rule at Harbor, whichever resource says it."""
    content = replace(_wanted(inputs), is_disabled=False, number=0)
    return "rule", canonical_server(inputs["server"]), inputs["project"], content


def _wanted(inputs: Properties) -> Rule:
    excluded = inputs.get("excludedTags")
    patterns = excluded if excluded is not None else inputs["tags"]
    return Rule(
        inputs.get("repositories") or ALL,
        tuple(sorted(set(patterns))),
        excluded is not None,
        inputs.get("disabled") is True,
    )


def _outputs(inputs: Properties, rule: Rule) -> dict[str, Any]:
    return {
        "server": inputs["server"],
        "project": inputs["project"],
        "repositories": rule.repositories,
        ("excludedTags" if rule.is_exclusion else "tags"): list(rule.tags),
        "disabled": rule.is_disabled,
        "ruleId": rule.number,
    }
