"""`HarnessImageRegistry`: the record of one level in Harness."""

from typing import Any

from pulumi_chaosreg.resources.table import Input, Output, ResourceTable, Shows, ValueType
from pulumi_chaosreg.settings.table import HARNESS_SAAS


def _text(said: Any) -> str:
    return str(said or "")


def _setting(name: str, hint: str = "", *, required: bool = False) -> Input:
    return Input(name, required=required, in_state=True, hint=hint, normal=_text)


HARNESS_IMAGE_REGISTRY = ResourceTable(
    "chaosreg:index:HarnessImageRegistry",
    inputs=(
        Input("accountId", shows=Shows.REPLACE, required=True, in_state=True, hint="the account's identifier"),
        Input("organization", shows=Shows.REPLACE, in_state=True),
        Input("project", shows=Shows.REPLACE, in_state=True),
        Input("infrastructure", shows=Shows.REPLACE, in_state=True),
        Input("endpoint", in_state=True, default=HARNESS_SAAS),
        Input("apiKey", ValueType.ANY, Shows.NOTHING, secret=True),
        _setting("server", "the registry's host", required=True),
        _setting("account", "the path between the registry's host and an image", required=True),
        Input("private", ValueType.FLAG, in_state=True, normal=bool),
        _setting("secretName"),
        Input("isDefault", ValueType.FLAG, in_state=True, normal=bool),
        Input("allowOverrides", ValueType.FLAG, in_state=True, normal=bool),
        _setting("logWatcher"),
        _setting("ddcr"),
        _setting("ddcrLib"),
        _setting("ddcrFault"),
        Input("onDestroy", ValueType.WORD, in_state=True, default="reset", words=("reset", "retain")),
    ),
    outputs=(Output("scope", kept=True),),
)
"""The key never causes a diff and is never an output: a rotation is no change of the record. `organization`, `project`
and `infrastructure` say which level it is, as far down as they are given.
"""
