"""What an edit does to records in Harness is told, and touches the stacks that publish them, the widest first."""

from copy import deepcopy
from typing import Any

import pytest

from pulumi_chaosreg.review.difference import compare
from pulumi_chaosreg.review.made import Made
from pulumi_chaosreg.review.touched import touched

KEY = "chaosreg-credentials:key"
FILES: dict[str, Any] = {
    "acme": {
        "chaosreg:account": {
            "id": "acme",
            "allow_overrides": True,
            "image_registry": {"server": "harbor.example", "account": "chaos", "type": "public"},
            "mirror": "off",
            "images": {"release": "1.94.4", "pin": "off"},
            "harness": {"publish": True, "account_id": "acc", "login": "key"},
        },
        KEY: {"secure": "v1:one"},
    },
    "pay": {
        "chaosreg:parent_stack": "acme",
        "chaosreg:organization": {"id": "payments", "harness": {"publish": True}},
        KEY: {"secure": "v1:one"},
    },
    "prod": {
        "chaosreg:parent_stack": "pay",
        "chaosreg:project": {"id": "checkout"},
        "chaosreg:infrastructures": {"eu": {"cluster": {"context": "eu"}, "harness": {"publish": True}}},
        KEY: {"secure": "v1:one"},
    },
}


@pytest.fixture
def made(new_project: Any) -> Any:
    """The company, with something else at one place."""

    def made(*path: str, value: Any = None) -> Made:
        files = deepcopy(FILES)
        inner = files
        for key in path[:-1]:
            inner = inner[key]
        if path:
            inner[path[-1]] = value
        reviewed = new_project().write(files).review()
        assert [str(error) for error in reviewed.errors] == []
        return Made(reviewed)

    return made


def test_another_path_of_the_account_is_another_record_at_each_level(made: Any) -> None:
    before, after = made(), made("acme", "chaosreg:account", "image_registry", "account", value="images")
    assert [(one.stack, one.wave) for one in touched(before, after)] == [("acme", 0), ("pay", 1), ("prod", 2)]
    levels = compare(before, after).levels
    fields = {change.path: {one.field: (one.before, one.after) for one in change.fields} for change in levels}
    assert fields["payments"]["harness.account"] == ("chaos", "images")
    assert fields["acme"]["harness.image.ddcr"][1] == "harbor.example/images/chaos-ddcr:1.94.0"
    assert all(one.cause.edits for change in levels for one in change.fields)


def test_a_rotated_key_touches_the_stack_that_holds_it_and_no_other(made: Any) -> None:
    rotated = made("pay", KEY, value={"secure": "v1:two"})
    assert [(one.stack, one.reasons) for one in touched(made(), rotated)] == [
        ("pay", ("organization `payments` in Harness",))
    ]


def test_a_level_that_is_no_longer_published_is_told(made: Any) -> None:
    before, after = made(), made("pay", "chaosreg:organization", "harness", "publish", value=False)
    assert [one.stack for one in touched(before, after)] == ["pay"]
    (change,) = compare(before, after).levels
    assert {one.field: one.after for one in change.fields}["harness.scope"] is None
