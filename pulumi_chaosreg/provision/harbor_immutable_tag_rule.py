"""The resource class of `HarborImmutableTagRule`; its life is in `provider/harbor_immutable_tag_rule.py`."""

from collections.abc import Sequence
from typing import Any

import pulumi

from pulumi_chaosreg.custom_resource import CustomResource
from pulumi_chaosreg.resources.harbor_immutable_tag_rule import HARBOR_IMMUTABLE_TAG_RULE


class HarborImmutableTagRule(CustomResource):
    """A rule of one project of a Harbor (2.10 or newer) by which tags stay: neither moved nor deleted.

    Either `tags` stay, or all but `excluded_tags`, in `repositories` (all by default): Harbor's patterns (doublestar),
    of paths below the project. Harbor takes 15 rules for a project. `login` is who makes it: `{"username": …,
    "password": …}`; never shown and never a diff; without it `HARBOR_USERNAME` and `HARBOR_PASSWORD` are read. A rule
    that says the same is taken over. Import by `server/project/number`.
    """

    rule_id: pulumi.Output[int]
    """Its number in Harbor."""

    def __init__(
        self,
        name: str,
        *,
        server: pulumi.Input[str],
        project: pulumi.Input[str],
        repositories: pulumi.Input[str] | None = None,
        tags: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        excluded_tags: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        disabled: pulumi.Input[bool] | None = None,
        login: pulumi.Input[Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = {
            "server": server,
            "project": project,
            "repositories": repositories,
            "tags": tags,
            "excluded_tags": excluded_tags,
            "disabled": disabled,
            "login": login,
        }
        super().__init__(HARBOR_IMMUTABLE_TAG_RULE, name, given, opts)
