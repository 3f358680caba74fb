"""What `image_transform` makes of the values that the engine hands to it, called as the engine calls it."""

import inspect
from typing import Any

import pulumi
import pytest

import pulumi_chaosreg as chaosreg
from pulumi_chaosreg.components.image_transform import image_transform

pytestmark = pytest.mark.components

HARBOR = {
    "server": "harbor.company.com",
    "account": "chaos",
    "type": "private",
    "authentication": {"username": "u", "password_secret": "harbor"},
}
POD = {"containers": [{"name": "main", "image": "harness/chaos-ddcr:1"}]}


def _transformed(run: Any, type_: str, props: Any, **given: Any) -> Any:
    """[(properties, whether it waits for the infrastructure), or None where the resource stays; warnings]. `props` with
    Outputs are made by a function, since an Output belongs to its run.
    """
    result: list[Any] = []

    async def program() -> None:
        root = chaosreg.Account(
            "acme",
            image_registry=HARBOR,
            images={"release": "1.94.4"},
            credentials={"harbor": pulumi.Output.secret("pw")},
        )
        dev = chaosreg.Infrastructure("dev", account=root, cluster={"context": "dev"}, namespace="chaos")
        said = props() if callable(props) else props
        args = pulumi.ResourceTransformArgs(
            custom=given.get("custom", True), type_=type_, name="x", props=said, opts=pulumi.ResourceOptions()
        )
        answer = image_transform(dev)(args)
        found = await answer if inspect.isawaitable(answer) else answer
        result.append(found and (found.props, found.opts.depends_on == [dev]))

    result.append(run(program).warnings)
    return result


def test_a_workload_gets_image_and_secret_and_waits_for_the_infrastructure(run: Any) -> None:
    (props, waits), _ = _transformed(run, "kubernetes:core/v1:Pod", {"apiVersion": "v1", "kind": "Pod", "spec": POD})

    assert props["spec"]["containers"][0]["image"] == "harbor.company.com/chaos/chaos-ddcr:1.94.0"
    assert props["spec"]["imagePullSecrets"] == [{"name": "chaos-image-registry-dev"}]
    assert waits
    assert POD == {"containers": [{"name": "main", "image": "harness/chaos-ddcr:1"}]}, (
        "the program's own values changed"
    )


@pytest.mark.parametrize(
    ("type_", "props"),
    [
        (
            "kubernetes:argoproj.io/v1alpha1:Workflow",
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Workflow",
                "spec": {"templates": [{"name": "a", "container": {"image": "harness/chaos-ddcr:1"}}]},
            },
        ),
        (
            "kubernetes:example.com/v1:Anything",
            {"apiVersion": "example.com/v1", "kind": "Anything", "spec": {"deep": {"template": {"spec": POD}}}},
        ),
        (
            "kubernetes:core/v1:ConfigMap",
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "data": {
                    "pod.yaml": "apiVersion: v1\nkind: Pod\nspec:\n  containers: [{image: harness/chaos-ddcr:1}]\n"
                },
            },
        ),
    ],
)
def test_custom_resources_and_manifests_in_texts_are_handled_as_render_does(
    run: Any, type_: str, props: dict[str, Any]
) -> None:
    (made, _), warnings = _transformed(run, type_, props)

    assert "harbor.company.com/chaos/chaos-ddcr:1.94.0" in str(made)
    assert "chaos-image-registry-dev" in str(made)
    assert "harness/chaos-ddcr:1'" not in str(made)
    assert not [text for text in warnings if "left as it is" in text]


@pytest.mark.parametrize(
    ("type_", "props", "custom"),
    [
        ("kubernetes:core/v1:Pod", {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []}}, True),
        ("aws:ecs/taskDefinition:TaskDefinition", {"kind": "Pod", "spec": POD}, True),
        ("kubernetes:helm.sh/v4:Chart", {"kind": "Pod", "apiVersion": "v1", "spec": POD}, False),
        (
            "kubernetes:core/v1:ServiceAccount",
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"labels": {"app.kubernetes.io/managed-by": "pulumi-chaosreg"}},
            },
            True,
        ),
    ],
    ids=["nothing to change", "no object of Kubernetes", "a component", "made by us"],
)
def test_what_is_not_for_us_stays(run: Any, type_: str, props: dict[str, Any], custom: bool) -> None:
    assert _transformed(run, type_, props, custom=custom)[0] is None


def test_an_output_is_changed_by_its_value_and_a_secret_stays_one(run: Any) -> None:
    def props() -> dict[str, Any]:
        token = {"name": "TOKEN", "value": pulumi.Output.secret("pw")}
        container = {"image": pulumi.Output.from_input("harness/chaos-ddcr:1"), "env": [token]}
        return {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [container]}}

    (made, _), _ = _transformed(run, "kubernetes:core/v1:Pod", props)

    (container,) = made["spec"]["containers"]
    assert container["image"] == "harbor.company.com/chaos/chaos-ddcr:1.94.0"
    assert isinstance(container["env"][0]["value"], pulumi.Output)


def test_a_secret_around_an_image_stays_around_it(run: Any) -> None:
    def props() -> dict[str, Any]:
        return {"apiVersion": "v1", "kind": "Pod", "spec": pulumi.Output.secret(POD)}

    (made, waits), _ = _transformed(run, "kubernetes:core/v1:Pod", props)

    assert isinstance(made["spec"], pulumi.Output)
    assert waits


def test_an_object_in_another_namespace_is_told(run: Any) -> None:
    metadata = {"name": "x", "namespace": "elsewhere"}
    props = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": POD}

    _, warnings = _transformed(run, "kubernetes:core/v1:Pod", props)

    assert any("Pod `x`, metadata.namespace: namespace elsewhere is left as it is" in text for text in warnings)
