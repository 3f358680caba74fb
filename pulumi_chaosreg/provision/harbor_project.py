"""The resource class of `HarborProject`; its life is in `provider/harbor_project.py`."""

from typing import Any, Literal

import pulumi

from pulumi_chaosreg.custom_resource import CustomResource
from pulumi_chaosreg.resources.harbor_project import HARBOR_PROJECT


class HarborProject(CustomResource):
    """One project of a Harbor (2.10 or newer): closed, scanned, and never emptied by a rule.

    `login` is who makes it: `{"username": …, "password": …}`; never shown and never a diff; without it
    `HARBOR_USERNAME` and `HARBOR_PASSWORD` are read. `prevent_vulnerable` is the severity from which on images are not
    given out, `off` by default; images that are not scanned yet are not given out either then. `quota` counts bytes, -1
    is no limit; it needs an administrator of Harbor and is left as it is without. A project that is there is taken over
    with `adopt` only, and left by `destroy` then. Import by `server/project`.
    """

    project: pulumi.Output[str]
    """Its name."""
    project_id: pulumi.Output[int]
    """Its number in Harbor."""
    made: pulumi.Output[bool]
    """Whether it was not there before."""

    def __init__(
        self,
        name: str,
        *,
        server: pulumi.Input[str],
        project: pulumi.Input[str],
        login: pulumi.Input[Any] | None = None,
        public: pulumi.Input[bool] | None = None,
        auto_scan: pulumi.Input[bool] | None = None,
        prevent_vulnerable: pulumi.Input[Literal["off", "none", "low", "medium", "high", "critical"]] | None = None,
        quota: pulumi.Input[int] | None = None,
        adopt: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = {
            "server": server,
            "project": project,
            "login": login,
            "public": public,
            "auto_scan": auto_scan,
            "prevent_vulnerable": prevent_vulnerable,
            "quota": quota,
            "adopt": adopt,
        }
        super().__init__(HARBOR_PROJECT, name, given, opts)
