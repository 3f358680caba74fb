"""The resource class of `HarborRobot`; its life is in `provider/harbor_robot.py`."""

from collections.abc import Sequence
from typing import Any

import pulumi

from pulumi_chaosreg.custom_resource import CustomResource
from pulumi_chaosreg.resources.harbor_robot import HARBOR_ROBOT


class HarborRobot(CustomResource):
    """A robot of one project of a Harbor (2.10 or newer), which may do just what `access` lists.

    `robot` is its name, as in `pull`; Harbor puts a prefix and the project before it. `access` has
    `resource:action`, as in `repository:pull`. It lives for so many `days` (-1: always), or until the
    day `ends` (`2027-01-31`). `login` is
    who makes it: `{"username": …, "password": …}`; never shown and never a diff; without it `HARBOR_USERNAME` and
    `HARBOR_PASSWORD` are read. One that has expired is replaced. Import by `server/project/robot`; nobody can read its
    secret, so that the next `up` gives it another one.
    """

    robot_id: pulumi.Output[int]
    """Its number in Harbor."""
    username: pulumi.Output[str]
    """To log in with, as in `robot$chaos+pull`."""
    secret: pulumi.Output[str]
    """The password; a secret."""
    expires_at: pulumi.Output[int]
    """When it ends, in seconds since 1970; -1 for never."""

    def __init__(
        self,
        name: str,
        *,
        server: pulumi.Input[str],
        project: pulumi.Input[str],
        robot: pulumi.Input[str],
        access: pulumi.Input[Sequence[pulumi.Input[str]]],
        days: pulumi.Input[int] | None = None,
        ends: pulumi.Input[str] | None = None,
        login: pulumi.Input[Any] | None = None,
        description: pulumi.Input[str] | None = None,
        disabled: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = {
            "server": server,
            "project": project,
            "robot": robot,
            "access": access,
            "days": days,
            "ends": ends,
            "login": login,
            "description": description,
            "disabled": disabled,
        }
        super().__init__(HARBOR_ROBOT, name, given, opts)
