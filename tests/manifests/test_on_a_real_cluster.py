"""On the lab's API server: it takes what is rendered, and `--from-cluster` finds what pulls from elsewhere."""

import json
import re
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.deadline import wait_for
from lab.kubeapi import ApiError, apply, call, get
from lab.state import KubernetesState, load
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.manifests.rendering import rendered
from pulumi_chaosreg.manifests.target import Target
from tests.manifests.definitions import DEFINITIONS
from tests.manifests.test_argo_workflows import WORKFLOW
from tests.manifests.test_kubernetes_accepts_it import OBJECTS
from tests.manifests.values import ACCOUNT, DDCR, FAULTS, SECRET

pytestmark = pytest.mark.engine

ENGINE = """\
apiVersion: litmuschaos.io/v1alpha1
kind: ChaosEngine
metadata: {name: engine}
spec:
  engineState: active
  appinfo: {appns: hce, applabel: app=a, appkind: deployment}
  chaosServiceAccount: litmus
  components:
    runner: {image: "harness/chaos-runner:1.0", type: go}
    sidecar:
    - {image: "harness/chaos-ddcr:1", imagePullPolicy: Always, env: [{name: LIB_IMAGE, value: "harness/chaos-ddcr:1"}]}
  experiments:
  - name: pod-delete
    spec:
      components:
        experimentImage: harness/chaos-ddcr-faults:1.40.0
        env:
        - {name: LIB_IMAGE, value: 'harness/chaos-ddcr-faults:1.40.0'}
      probe:
      - name: own
        type: cmdProbe
        mode: SOT
        runProperties: {probeTimeout: 5s, interval: 5s}
        cmdProbe/inputs:
          command: "true"
          comparator: {type: string, criteria: contains, value: ""}
          source: {image: "harness/chaos-ddcr:1"}
"""
EXPERIMENT = """\
apiVersion: litmuschaos.io/v1alpha1
kind: ChaosExperiment
metadata: {name: pod-delete}
description: {message: Deletes a pod}
spec:
  definition:
    scope: Namespaced
    image: harness/chaos-ddcr-faults:1.40.0
    args: [-c, ./experiments -name pod-delete]
    command: [/bin/bash]
    env:
    - {name: LIB_IMAGE, value: 'harness/chaos-ddcr-faults:1.40.0'}
    labels: {name: pod-delete}
"""


@pytest.fixture(scope="module")
def cluster() -> KubernetesState:
    """With what the public definitions of Argo's and Litmus's objects say of our fields."""
    cluster = load().kubernetes
    for (group, kind), schema in DEFINITIONS.items():
        plural = f"{kind.lower()}s"
        version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
        definition = {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {"kind": kind, "plural": plural},
                "versions": [version],
            },
        }
        try:
            call(cluster, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
        except ApiError as error:
            if error.status != 409:
                raise
        assert wait_for(partial(_is_served, cluster, f"/apis/{group}/v1alpha1/namespaces/default/{plural}"), 20)
    return cluster


def _is_served(cluster: KubernetesState, path: str) -> bool:
    try:
        return get(cluster, path) is not None
    except ApiError as error:
        if error.status != 429:  # its storage is being made
            raise
        return False


@pytest.fixture
def namespace(cluster: KubernetesState) -> Iterator[str]:
    name = f"render-{uuid.uuid4().hex[:8]}"
    call(cluster, "POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    account = f"/api/v1/namespaces/{name}/serviceaccounts"
    if get(cluster, f"{account}/default") is None:
        call(cluster, "POST", account, {"metadata": {"name": "default"}})
    yield name
    for plural in ("pods", "configmaps"):
        call(cluster, "DELETE", f"/api/v1/namespaces/{name}/{plural}?gracePeriodSeconds=0")
    call(cluster, "DELETE", f"/apis/apps/v1/namespaces/{name}/deployments")
    call(cluster, "DELETE", f"/api/v1/namespaces/{name}")


def test_a_real_api_server_takes_what_is_rendered(cluster, namespace, target: Target) -> None:
    for api, kind, value in OBJECTS:
        thing = {"apiVersion": api, "kind": kind, "metadata": {"name": "a", "namespace": namespace}, **value}
        taken = apply(cluster, yaml.safe_load(rendered(yaml.safe_dump(thing), target).text), dry_run=True)
        assert (SECRET in json.dumps(taken)) == (kind != "ConfigMap")


def taken(cluster: KubernetesState, thing: dict[str, Any]) -> dict[str, Any]:
    """What is made of a custom resource by a `kubectl create` that validates strictly: applied by the server's side, an
    unknown field goes without a word.
    """
    group, plural = thing["apiVersion"], f"{thing['kind'].lower()}s"
    path = f"/apis/{group}/namespaces/{thing['metadata']['namespace']}/{plural}?dryRun=All&fieldValidation=Strict"
    return call(cluster, "POST", path, thing)


def test_custom_resources_are_taken_in_strict_validation(cluster, namespace, target, dedicated) -> None:
    texts = [rendered(WORKFLOW, target).text, rendered(ENGINE, dedicated).text, rendered(ENGINE, target).text]
    # a ChaosEngine in a Workflow, too, with its parameters as Argo fills them in
    artifact = yaml.safe_load(texts[0])["spec"]["templates"][1]["inputs"]["artifacts"][0]["raw"]["data"]
    texts.append(re.sub(r"\{\{.*?\}\}", "x", artifact))
    for text in texts:
        thing = yaml.safe_load(text)
        thing["metadata"] = {"name": "a", "namespace": namespace}
        assert SECRET in json.dumps(taken(cluster, thing)["spec"])


def test_an_experiment_s_images_are_changed_and_it_has_no_place_for_secrets(cluster, namespace, target) -> None:
    thing = yaml.safe_load(rendered(EXPERIMENT, target).text)
    thing["metadata"]["namespace"] = namespace
    definition = taken(cluster, thing)["spec"]["definition"]
    assert [definition["image"], definition["env"][0]["value"]] == [FAULTS, FAULTS]


def test_a_strict_definition_takes_the_probes_and_refuses_others(
    cluster, namespace, target, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(_project(tmp_path, namespace))
    assert main(["render", "prod-eu", "--probes"]) == 0
    probes = yaml.safe_load(capsys.readouterr().out)["probe"]
    engine = yaml.safe_load(rendered(ENGINE, target).text)
    engine["metadata"]["namespace"] = namespace
    engine["spec"]["experiments"][0]["spec"]["probe"] = probes
    assert taken(cluster, engine)["spec"]["experiments"][0]["spec"]["probe"] == probes
    probes[-1]["promProbe/inputs"]["comparator"]["type"] = "float"  # which is pruned where validation is not strict
    with pytest.raises(ApiError, match=r"comparator\.type"):
        taken(cluster, engine)


def test_from_cluster_finds_what_pulls_from_elsewhere_and_changes_nothing(
    cluster, namespace, tmp_path, monkeypatch, capsys
) -> None:
    # given a Pod from before, a right one, a Deployment that runs nothing, and one of somebody else's
    secret = {"imagePullSecrets": [{"name": SECRET}]}
    pods = {
        "old": {**secret, "containers": [{"name": "a", "image": "docker.io/harness/chaos-ddcr:main-latest"}]},
        "right": {**secret, "containers": [{"name": "a", "image": DDCR}]},
        "bare": {"containers": [{"name": "a", "image": DDCR}]},
        "theirs": {"containers": [{"name": "a", "image": "nginx"}]},
    }
    path = f"/api/v1/namespaces/{namespace}/pods"
    for name, spec in pods.items():
        call(cluster, "POST", path, {"metadata": {"name": name}, "spec": spec})
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pods["old"]}
    deployment = {"selector": {"matchLabels": {"a": "b"}}, "replicas": 0, "template": template}
    call(
        cluster,
        "POST",
        f"/apis/apps/v1/namespaces/{namespace}/deployments",
        {"metadata": {"name": "ddcr"}, "spec": deployment},
    )
    data = {"LOG_WATCHER_IMAGE": "docker.io/harness/chaos-log-watcher:main-latest"}
    call(cluster, "POST", f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "ddci"}, "data": data})
    before = _versions(cluster, namespace)

    # when
    monkeypatch.chdir(_project(tmp_path, namespace))
    monkeypatch.setenv("KUBECONFIG", cluster.kubeconfig)
    code = main(["render", "prod-eu", "--from-cluster", "-o", "json"])
    report = json.loads(capsys.readouterr().out)

    # then
    assert code == 1
    assert {(one["kind"], one["name"], one["is"], one["should"]) for one in report["differing"]} == {
        ("Pod", "old", "docker.io/harness/chaos-ddcr:main-latest", DDCR),
        ("Pod", "bare", None, SECRET),
        ("Deployment", "ddcr", "docker.io/harness/chaos-ddcr:main-latest", DDCR),
        ("ConfigMap", "ddci", data["LOG_WATCHER_IMAGE"], DDCR.replace("chaos-ddcr", "chaos-log-watcher")),
    }
    assert report["unseen"] == []
    assert _versions(cluster, namespace) == before

    # and once they are right
    for name in ("old", "bare"):
        call(cluster, "DELETE", f"{path}/{name}?gracePeriodSeconds=0")
    call(cluster, "DELETE", f"/apis/apps/v1/namespaces/{namespace}/deployments")
    call(cluster, "DELETE", f"/api/v1/namespaces/{namespace}/configmaps/ddci")
    assert main(["render", "prod-eu", "--from-cluster"]) == 0
    assert "none of their values differ from what payments/checkout/prod-eu resolves to" in capsys.readouterr().out


def test_lists_are_read_to_their_end_and_what_may_not_be_listed_is_told(
    cluster, namespace, tmp_path, monkeypatch, capsys
) -> None:
    # given five Pods, and a login that may list Pods and nothing else
    path = f"/api/v1/namespaces/{namespace}"
    for number in range(5):
        pod = {"containers": [{"name": "a", "image": "harness/chaos-ddcr:1"}]}
        call(cluster, "POST", f"{path}/pods", {"metadata": {"name": f"p{number}"}, "spec": pod})
    rights = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}
    call(cluster, "POST", f"{path}/serviceaccounts", {"metadata": {"name": "reader"}})
    call(cluster, "POST", f"{rights}/roles", {"metadata": {"name": "reader"}, "rules": [rule]})
    binding = {
        "metadata": {"name": "reader"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": namespace}],
    }
    call(cluster, "POST", f"{rights}/rolebindings", binding)
    token = call(cluster, "POST", f"{path}/serviceaccounts/reader/token", {"spec": {}})["status"]["token"]
    monkeypatch.setenv("KUBECONFIG", str(_kubeconfig(cluster, tmp_path, token)))
    monkeypatch.chdir(_project(tmp_path, namespace))
    monkeypatch.setattr("pulumi_chaosreg.kubernetes.workloads._PAGE", 2)

    # when
    assert main(["render", "prod-eu", "--from-cluster"]) == 1

    # then
    told = capsys.readouterr()
    assert [f"Pod p{number}: spec.containers[0].image" in told.out for number in range(5)] == [True] * 5
    assert "deployments were not looked at: this login may not list them" in told.err
    assert token not in told.out + told.err


def _kubeconfig(cluster: KubernetesState, folder: Path, token: str) -> Path:
    """The lab's, with another login."""
    config = yaml.safe_load(Path(cluster.kubeconfig).read_text())
    for user in config["users"]:
        user["user"] = {"token": token}
    path = folder / "config"
    path.write_text(yaml.safe_dump(config))
    return path


def test_a_cluster_that_refuses_is_told(cluster, namespace, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("KUBECONFIG", str(_kubeconfig(cluster, tmp_path, "wrong-canary-77")))
    monkeypatch.chdir(_project(tmp_path, namespace))
    assert main(["render", "prod-eu", "--from-cluster"]) == 2
    told = capsys.readouterr().err
    assert "CHR0605" in told
    assert "401" in told
    assert "canary" not in told


def _versions(cluster: KubernetesState, namespace: str) -> list[str]:
    paths = (f"/api/v1/namespaces/{namespace}/pods", f"/apis/apps/v1/namespaces/{namespace}/deployments")
    return [one["metadata"]["resourceVersion"] for path in paths for one in call(cluster, "GET", path)["items"]]


def _project(folder: Path, namespace: str) -> Path:
    stacks = folder / "stacks"
    stacks.mkdir()
    (folder / "Pulumi.yaml").write_text("name: example\nstackConfigDir: stacks\n")
    infrastructure = {"cluster": {"context": "prod-eu"}, "namespace": namespace}
    config = {
        "chaosreg:account": {"id": "acme", "images": {"release": "1.94.4"}, **ACCOUNT},
        "chaosreg:organization": {"id": "payments"},
        "chaosreg:project": {"id": "checkout"},
        "chaosreg:infrastructures": {"prod-eu": infrastructure},
    }
    (stacks / "Pulumi.a.yaml").write_text(
        json.dumps({"config": {**config, "chaosreg-credentials:harbor": {"secure": "v1:x"}}})
    )
    return folder
