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


JFROG = {"server": "acme.jfrog.io", "account": "docker-local", "type": "private"}


def of_jfrog(new_project: Any, secret: str = "v1:x", **authentication: Any) -> Made:
    """Its pull credential is made; two stacks pull, a third one has a login of its own."""
    registry = JFROG | {"authentication": {"type": "made", **authentication}}
    account = {"id": "acme", "allow_overrides": True, "registries": {"eu": registry}, "image_registry": "eu"}
    account |= {"images": {"release": "1.94.4", "pin": "off"}, "mirror": "off"}
    account |= {"repositories": {"create": True, "login": "jfrog"}}
    files: dict[str, Any] = {"acme": {"chaosreg:account": account, "chaosreg-credentials:jfrog": {"secure": secret}}}
    for name in ("prod", "test", "lab"):
        one: dict[str, Any] = {"cluster": {"context": name}}
        one |= {"image_registry": {"authentication": {"secret_name": "own"}}} if name == "lab" else {}
        files[name] = {"chaosreg:parent_stack": "acme", "chaosreg:infrastructures": {name: one}}
    reviewed = new_project().write(files).review()
    assert reviewed.errors == ()
    return Made(reviewed)


@pytest.mark.parametrize("after", [{"lifetime_days": 30}, {"lifetime_days": 90, "per": "stack"}])
def test_how_long_a_made_credential_lives_touches_who_makes_it_and_who_pulls_by_it(
    new_project: Any, after: dict[str, Any]
) -> None:
    found = touched(of_jfrog(new_project, lifetime_days=90), of_jfrog(new_project, **after))
    assert [(one.stack, one.wave) for one in found] == [("acme", 0), ("prod", 1), ("test", 1)]


def test_another_value_of_who_makes_them_touches_the_owner_alone(new_project: Any) -> None:
    found = touched(of_jfrog(new_project, lifetime_days=90), of_jfrog(new_project, "v1:y", lifetime_days=90))
    assert [one.stack for one in found] == ["acme"]


def test_what_is_not_made_touches_nobody(new_project: Any) -> None:
    assert stacks(new_project, {"create": False}, {"create": False, "tags": {"team": "x"}}) == []
