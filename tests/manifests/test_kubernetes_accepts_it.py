"""What is rendered is what Kubernetes' own schemas allow."""

import warnings

import kubernetes_validate
import pytest
import yaml

from tests.manifests.values import SECRET

VERSION = "1.34"
ENVIRONMENT = [{"name": "LIB_IMAGE", "value": "harness/chaos-ddcr-faults"}]
POD = {
    "initContainers": [{"name": "i", "image": "harness/chaos-log-watcher"}],
    "containers": [{"name": "a", "image": "harness/chaos-ddcr:1", "env": ENVIRONMENT}],
}
SELECTED = {"selector": {"matchLabels": {"a": "b"}}}
TEMPLATE = {"template": {"metadata": {"labels": {"a": "b"}}, "spec": POD}}
ONCE = {"template": {"spec": {**POD, "restartPolicy": "Never"}}}
OBJECTS = [
    ("v1", "Pod", {"spec": POD}),
    ("apps/v1", "Deployment", {"spec": {**SELECTED, **TEMPLATE}}),
    ("apps/v1", "DaemonSet", {"spec": {**SELECTED, **TEMPLATE}}),
    ("apps/v1", "StatefulSet", {"spec": {**SELECTED, **TEMPLATE, "serviceName": "a"}}),
    ("batch/v1", "Job", {"spec": ONCE}),
    ("batch/v1", "CronJob", {"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": ONCE}}}),
    ("v1", "ServiceAccount", {}),
    ("v1", "ConfigMap", {"data": {"LOG_WATCHER_IMAGE": "harness/chaos-log-watcher:main-latest"}}),
]


@pytest.mark.parametrize(("api", "kind", "value"), OBJECTS)
@pytest.mark.parametrize("flow", [False, True])
def test_a_rendered_object_is_valid(render, api, kind, value, flow):
    thing = {"apiVersion": api, "kind": kind, "metadata": {"name": "a"}, **value}
    result = render(yaml.safe_dump(thing, default_flow_style=flow, sort_keys=False))
    assert result.changed
    assert (SECRET in result.text) == (kind != "ConfigMap")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kubernetes_validate.validate(yaml.safe_load(result.text), VERSION, strict=True)


def test_the_schemas_refuse_what_is_wrong():
    thing = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}, "imagePullSecrets": [SECRET]}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(thing, VERSION, strict=True)
