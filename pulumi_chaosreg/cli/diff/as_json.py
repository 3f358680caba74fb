"""A difference as JSON, for tools: every change by itself, nothing folded or cut."""

import json
from typing import Any

from pulumi_chaosreg.cli.diff.rows import Shown, caused
from pulumi_chaosreg.review.difference import Change


def as_json(shown: Shown) -> str:
    """One document: `summary`, `marks`, `changes` (of infrastructures), `registries`, `overrides`, `credentials`."""
    found = shown.comparison
    kinds = [change.kind for change in found.infrastructures]
    document = {
        "base": shown.base,
        "incomplete": list(shown.warnings),
        "summary": {
            "infrastructures": {kind: kinds.count(kind) for kind in ("changed", "added", "removed")},
            "clusters": found.clusters,
            "up": shown.waves(),
            "reasons": {one.stack: list(one.reasons) for one in shown.stacks},
            "gone": list(shown.gone),
        },
        "marks": [{"mark": str(mark.sign), "text": mark.text, "where": mark.where} for mark in found.marks],
        "changes": [_plain("infrastructure", change) for change in found.infrastructures],
        "registries": [_plain("registry", change) for change in found.registries],
        "overrides": [_plain("level", change) for change in found.levels],
        "credentials": [
            {
                "credential": change.name,
                "stack": change.stack,
                "gets": list(change.gets),
                "loses": list(change.loses),
                "other_value": change.has_other_value,
                "plain_text": change.is_exposed,
            }
            for change in found.credentials
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _plain(subject: str, change: Change) -> dict[str, Any]:
    return {
        subject: change.path,
        "stack": change.stack,
        "kind": change.kind,
        **({"moved_from": change.moved_from} if change.moved_from else {}),
        **({"left_stack": change.left_stack} if change.left_stack else {}),
        "fields": [
            {"field": field.field, "before": field.before, "after": field.after, "cause": caused(field)}
            for field in change.fields
        ],
    }
