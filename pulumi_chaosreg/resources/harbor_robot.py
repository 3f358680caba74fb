"""`HarborRobot`: a robot of one project of a Harbor."""

from typing import Any

from pulumi_chaosreg.resources.harbor_server import HARBOR_SERVER
from pulumi_chaosreg.resources.table import Input, Output, ResourceTable, Shows, ValueType


def _rights(said: Any) -> tuple[str, ...]:
    return tuple(sorted(set(said or ())))


def _text(said: Any) -> str:
    return str(said or "")


HARBOR_ROBOT = ResourceTable(
    "chaosreg:index:HarborRobot",
    inputs=(
        HARBOR_SERVER,
        Input("login", ValueType.ANY, Shows.NOTHING, secret=True),
        Input("project", shows=Shows.REPLACE, required=True, in_state=True, hint="the project's name"),
        Input("robot", shows=Shows.REPLACE, required=True, in_state=True, hint="as in `pull`"),
        Input(
            "access",
            ValueType.TEXTS,
            required=True,
            in_state=True,
            hint="`resource:action`, as in `repository:pull`",
            normal=_rights,
        ),
        Input("days", ValueType.NUMBER, in_state=True),
        Input("ends", in_state=True),
        Input("description", in_state=True, normal=_text),
        Input("disabled", ValueType.FLAG, in_state=True, normal=bool),
    ),
    outputs=(
        Output("robotId", kept=True),
        Output("username", kept=True),
        Output("secret", secret=True, kept=True),
        Output("expiresAt"),
    ),
)
"""Harbor shows the secret once: it is in the state, as a secret, and a refresh leaves it there. Where the state lacks
it, after an import, an update gives the robot another one. It lives for so many `days` from its making, or until the
day `ends`; another end leaves it its secret. One that has expired is replaced.
"""
