"""An edit of how repositories are made touches the stack that makes them: a pull request must not pass it over."""

from typing import Any

import pytest

from pulumi_chaosreg.review.made import Made
from pulumi_chaosreg.review.touched import touched

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def made(new_project: Any, repositories: dict[str, Any], **more: Any) -> Made:
    registry = {"server": ECR, "account": "chaos", "type": "private", "authentication": {"type": "aws_ecr"}}
    account = {"id": "acme", "registries": {"eu": registry}, "image_registry": "eu", "cluster": {"provider": "eks"}}
    account |= {"images": {"release": "1.94.4"}, "mirror": "off", "repositories": repositories, **more}
    below = {"chaosreg:parent_stack": "acme", "chaosreg:infrastructures": {"eu": {"cluster": {"context": "eu"}}}}
    return Made(new_project().write({"acme": {"chaosreg:account": account}, "prod": below}).review())


def stacks(new_project: Any, before: dict[str, Any], after: dict[str, Any], **more: Any) -> list[str]:
    return [one.stack for one in touched(made(new_project, before), made(new_project, after, **more))]


@pytest.mark.parametrize(
    "after",
    [
        {"create": False},
        {"create": True, "immutable_tags": False},
        {"create": True, "pullers": {"organization": "o-a1b2c3d4e5"}},
        {"create": True, "tags": {"team": "x"}},
        {"create": True, "identities": {"push": {"trust": {"github": {"repository": "a/b", "ref": "refs/heads/dev"}}}}},
    ],
)
def test_the_owner_s_stack_is_touched_and_no_other(new_project: Any, after: dict[str, Any]) -> None:
    assert stacks(new_project, {"create": True}, after) == ["acme"]


def test_on_destroy_is_how_they_are_kept(new_project: Any) -> None:
    assert stacks(new_project, {"create": True}, {"create": True}, on_destroy="delete") == ["acme"]


def test_what_is_not_made_touches_nobody(new_project: Any) -> None:
    assert stacks(new_project, {"create": False}, {"create": False, "tags": {"team": "x"}}) == []
