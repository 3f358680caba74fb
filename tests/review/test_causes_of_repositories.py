"""What `repositories` says is compared key by key, and each change has its edit as its cause."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulumi_chaosreg.review.difference import compare
from pulumi_chaosreg.review.made import Made

ACR = Path("examples/acr/stacks/Pulumi.acme.yaml")
ID = "66666666-7777-8888-9999-00000000000"


def made(new_project: Any, azure: dict[str, Any]) -> Made:
    config = yaml.safe_load(ACR.read_text("utf-8"))["config"]
    config["chaosreg:account"]["repositories"]["azure"] = azure
    return Made(new_project().write({"acme": config}).review())


def as_written() -> dict[str, Any]:
    azure: dict[str, Any] = yaml.safe_load(ACR.read_text("utf-8"))["config"]["chaosreg:account"]["repositories"][
        "azure"
    ]
    return deepcopy(azure)


@pytest.mark.parametrize(
    ("path", "value", "before", "after"),
    [
        (["permissions"], "rbac", "abac", "rbac"),
        (["resource_group"], "other", "chaos-images", "other"),
        (["principals", "push"], [f"{ID}9"], f"{ID}1", f"{ID}9"),
        (["principals", "push"], None, f"{ID}1", None),
        (["principals", "delete"], [f"{ID}9"], None, f"{ID}9"),
        (["tokens"], ["pull", "push"], "pull", "pull, push"),
        (["tokens"], None, "pull", None),
    ],
)
def test_one_key_is_one_change_with_its_cause(
    new_project: Any, path: list[str], value: Any, before: str | None, after: str | None
) -> None:
    azure = as_written()
    inner = azure[path[0]] if path[1:] else azure
    inner.pop(path[-1], None)
    inner |= {} if value is None else {path[-1]: value}
    (change,) = compare(made(new_project, as_written()), made(new_project, azure)).registries
    (field,) = change.fields
    assert (field.field, field.before, field.after) == (f"repositories.azure.{'.'.join(path)}", before, after)
    (edit,) = field.cause.edits
    assert edit.path == ("repositories", "azure", *path)


def test_keys_in_another_order_say_the_same(new_project: Any) -> None:
    turned = dict(reversed(as_written().items()))
    assert compare(made(new_project, as_written()), made(new_project, turned)).is_empty
