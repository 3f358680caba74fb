"""Another NAME for what an owner logs in with: who loses the one and gets the other, and whose `up` it takes."""

from typing import Any

import pytest

from pulumi_chaosreg.review.difference import compare
from pulumi_chaosreg.review.made import Made
from pulumi_chaosreg.review.touched import touched

NAMES = {"push": "pusher", "pull": "reader", "delete": "pruner", "login": "admin", "harness": "key"}
AT = "acme.jfrog.io/docker-local"


def made(new_project: Any, *, has_values: bool = True, **other: str) -> Made:
    names = NAMES | other
    account = {
        "id": "acme",
        "image_registry": {
            "server": "acme.jfrog.io",
            "account": "docker-local",
            "type": "private",
            "authentication": {"secret_name": "theirs"},
        },
        "images": {"release": "1.94.4", "pin": "off"},
        "mirror": {"source": "docker.io/harness"} | {key: names[key] for key in ("push", "pull", "delete")},
        "repositories": {"create": True, "login": names["login"]},
        "harness": {"publish": True, "account_id": "abc", "login": names["harness"]},
    }
    secrets = {f"chaosreg-credentials:{name}": {"secure": f"v1:{name}"} for name in {*NAMES.values(), *other.values()}}
    config = {"chaosreg:account": account} | (secrets if has_values else {})
    below = {"chaosreg:parent_stack": "acme", "chaosreg:infrastructures": {"eu": {"cluster": {"context": "eu"}}}}
    return Made(new_project().write({"acme": config, "prod": below}).review())


@pytest.mark.parametrize("has_values", [True, False])
@pytest.mark.parametrize(
    ("key", "who"),
    [
        ("push", f"mirror.push of acme into {AT}"),
        ("pull", f"mirror.pull of acme into {AT}"),
        ("delete", f"mirror.delete of acme into {AT}"),
        ("login", f"repositories.login of acme at {AT}"),
        ("harness", "harness.login of acme"),
    ],
)
def test_another_name_is_lost_by_one_and_got_by_the_other(
    new_project: Any, key: str, who: str, has_values: bool
) -> None:
    before, after = made(new_project, has_values=has_values), made(new_project, has_values=has_values, **{key: "other"})
    changes = [(one.name, one.stack, one.gets, one.loses) for one in compare(before, after).credentials]
    assert changes == sorted([(NAMES[key], "acme", (), (who,)), ("other", "acme", (who,), ())])
    assert [one.stack for one in touched(before, after)] == ["acme"]
