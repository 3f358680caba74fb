"""`HarborProject`: one project of a Harbor."""

from pulumi_chaosreg.resources.harbor_server import HARBOR_SERVER
from pulumi_chaosreg.resources.table import Input, Output, ResourceTable, Shows, ValueType

SEVERITIES = ("off", "none", "low", "medium", "high", "critical")


HARBOR_PROJECT = ResourceTable(
    "chaosreg:index:HarborProject",
    inputs=(
        HARBOR_SERVER,
        Input("login", ValueType.ANY, Shows.NOTHING, secret=True),
        Input("project", shows=Shows.REPLACE, required=True, in_state=True, hint="the project's name"),
        Input("public", ValueType.FLAG, in_state=True, default=False, normal=bool),
        Input("autoScan", ValueType.FLAG, in_state=True, default=True, normal=bool),
        Input("preventVulnerable", ValueType.WORD, in_state=True, default="off", words=SEVERITIES),
        Input("quota", ValueType.NUMBER, in_state=True),
        Input("adopt", ValueType.FLAG, Shows.NOTHING),
    ),
    outputs=(Output("projectId", kept=True), Output("made", kept=True)),
)
"""`quota` counts bytes, -1 is no limit; where it is not given it is left as it is. `made`: whether the project was not
there before; what was is not deleted.
"""
