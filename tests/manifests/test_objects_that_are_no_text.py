"""Plain dicts become what their text would become, for whoever has objects and no file."""

import yaml
from hypothesis import given

from pulumi_chaosreg.manifests.objects import rendered_object
from pulumi_chaosreg.manifests.rendering import rendered
from tests.manifests.test_argo_workflows import WORKFLOW
from tests.manifests.test_laws_of_rendering import objects
from tests.manifests.values import DDCR, SECRET
from tests.support.examples import examples


@given(objects())
@examples(60)
def test_an_object_becomes_what_its_text_becomes(target, value):
    text = yaml.safe_dump(value)
    expected = rendered(text, target).text
    assert rendered_object(value, target)[0] == yaml.safe_load(expected)
    assert yaml.safe_load(text) == value  # what was given is as it was


def test_objects_that_it_carries_as_text_too(target):
    value = yaml.safe_load(WORKFLOW)
    assert rendered_object(value, target)[0] == yaml.safe_load(rendered(WORKFLOW, target).text)


def test_what_is_not_known_yet_is_left_alone(target):
    class Unknown:
        def __deepcopy__(self, _: object) -> None:
            raise AssertionError

        def __bool__(self) -> bool:
            raise AssertionError

    unknown = Unknown()
    containers = [{"name": unknown, "image": unknown}, {"image": "harness/chaos-ddcr:1", "env": unknown}]
    value = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": unknown,
        "spec": {"hostname": unknown, "containers": containers},
    }
    spec = rendered_object(value, target)[0]["spec"]
    assert spec["hostname"] is unknown
    assert spec["containers"][0]["image"] is unknown
    assert spec["containers"][1]["image"] == DDCR
    assert spec["imagePullSecrets"] == [{"name": SECRET}]
