"""`HarborImmutableTagRule`: a rule of one project of a Harbor by which tags stay."""

from typing import Any

from pulumi_chaosreg.resources.harbor_server import HARBOR_SERVER
from pulumi_chaosreg.resources.table import Input, Output, ResourceTable, Shows, ValueType


def _patterns(said: Any) -> tuple[str, ...]:
    return tuple(sorted(set(said or ())))


_PATTERNS = "patterns of tags, as in `v*` or `**`"

HARBOR_IMMUTABLE_TAG_RULE = ResourceTable(
    "chaosreg:index:HarborImmutableTagRule",
    inputs=(
        HARBOR_SERVER,
        Input("login", ValueType.ANY, Shows.NOTHING, secret=True),
        Input("project", shows=Shows.REPLACE, required=True, in_state=True, hint="the project's name"),
        Input("repositories", in_state=True, default="**"),
        Input("tags", ValueType.TEXTS, in_state=True, hint=_PATTERNS, normal=_patterns),
        Input("excludedTags", ValueType.TEXTS, in_state=True, hint=_PATTERNS, normal=_patterns),
        Input("disabled", ValueType.FLAG, in_state=True, normal=bool),
    ),
    outputs=(Output("ruleId", kept=True),),
)
"""Either `tags` stay, or all but `excludedTags`. Patterns are Harbor's (doublestar)."""
