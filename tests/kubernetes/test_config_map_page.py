"""docs/config-map.md: the keys that it promises are those that there are, and its ways to read them work."""

import json
import re
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.kubeapi import call
from lab.pods import make_service_account
from lab.python_image import python_image
from lab.state import LabState, load
from lab.workspace import Workspace
from pulumi_chaosreg.scopes.moves import object_name
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, config_map_data
from tests.support.documented import ROOT, text_of
from tests.support.pod_scripts import run_to_end

PAGE = "docs/config-map.md"
PRIVATE = {
    "server": "harbor.company.com:8443",
    "account": "chaos",
    "type": "private",
    "authentication": {"username": "u", "password_secret": "pull"},
}


def _yaml(mark: str) -> Any:
    """The one piece of YAML on the page that has this in it."""
    shown = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / PAGE).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (text,) = [text for text in shown if mark in text]
    return yaml.safe_load(text)


def _promised(table: str) -> set[str]:
    """The keys in the first column of the page's table that begins with this word."""
    text = (ROOT / PAGE).read_text("utf-8").partition(f"| {table} | value |\n")[2].partition("\n\n")[0]
    return {key for row in text.splitlines()[1:] for key in re.findall(r"`([^`]+)`", row.split("|")[1])}


def _config(project: Any, **account: Any) -> ResolvedConfig:
    outcome = project.four_levels(account={"image_registry": PRIVATE, **account})
    config = outcome.config
    assert isinstance(config, ResolvedConfig)
    return config


def _object(config: ResolvedConfig, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": object_name(config.infrastructure), "namespace": namespace},
        "data": config_map_data(config),
    }


def test_the_page_has_every_key_that_there_is(project: Any) -> None:
    two = {
        "registries": {"own": {**PRIVATE, "server": "quay.io", "account": "own"}},
        "custom_images": {"log_watcher": "quay.io/own/log-watcher:1"},
        "images": {"release": "smp-0.43.0"},
    }
    data = config_map_data(_config(project, **two))

    known = {
        re.sub(r"^image\.[a-z-]+(\..+)?$", lambda m: "image.NAME.TAG" if m[1] else "image.NAME", key) for key in data
    }
    assert {"origin.KEY" if key.startswith("origin.") else key for key in known} == _promised("key")
    assert {key for key in data if key.startswith("origin.")} == {
        f"origin.{key}" for key in data if not key.startswith("origin.")
    }


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_writes_the_reference_and_the_secret_into_a_manifest(project: Any, tmp_path: Path) -> None:
    config = _config(project)
    written = yaml.safe_dump(_object(config, "harness-chaos"))
    annotate = ["annotate", "--local", "--filename", "-", "config.kubernetes.io/local-config=true", "--output", "yaml"]
    assert f"kubectl {' '.join(annotate)}" in (ROOT / PAGE).read_text("utf-8")
    (tmp_path / "resolved.yaml").write_text(_kubectl(*annotate, stdin=written), "utf-8")
    pod = {"containers": [{"name": "main", "image": "chaos-ddcr"}, {"name": "other", "image": "busybox"}]}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "probe"},
        "spec": {"template": {"spec": pod}},
    }
    (tmp_path / "deployment.yaml").write_text(yaml.safe_dump(deployment), "utf-8")
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(_yaml("replacements:")), "utf-8")

    (made,) = yaml.safe_load_all(_kubectl("kustomize", str(tmp_path)))

    spec = made["spec"]["template"]["spec"]
    assert [one["image"] for one in spec["containers"]] == [
        "harbor.company.com:8443/chaos/chaos-ddcr:1.94.0",
        "busybox",
    ]
    assert spec["imagePullSecrets"] == [{"name": "chaos-image-registry-prod-eu"}]


def _kubectl(*arguments: str, stdin: str = "") -> str:
    return subprocess.run(["kubectl", *arguments], input=stdin, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def lab() -> LabState:
    state = load()
    assert state.kubernetes
    return state


@pytest.mark.node
def test_a_pod_has_every_key_in_its_environment(project: Any, lab: LabState) -> None:
    if missing := lab.node.missing or lab.python_image.missing:
        pytest.skip(missing)
    config, namespace = _config(project), f"env-from-{secrets.token_hex(4)}"
    assert lab.kubernetes
    call(lab.kubernetes, "POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    make_service_account(lab.kubernetes, namespace, "default")
    call(lab.kubernetes, "POST", f"/api/v1/namespaces/{namespace}/configmaps", _object(config, namespace))
    container = {
        "name": "main",
        "image": python_image(lab),
        "args": ["-c", "import json, os; print(json.dumps(dict(os.environ)))"],
        **_yaml("envFrom:"),
    }
    spec = {
        "nodeName": lab.node.name,
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "containers": [container],
    }

    said = json.loads(run_to_end(lab, namespace, spec))

    data = config_map_data(config)
    assert {key: said.get(key) for key in data} == data
    assert said["CHAOS_DDCR"] == data["image.chaos-ddcr"]


_TWO_STACKS = """\
import json, os
import pulumi
from pulumi_kubernetes.provider import Provider
from pulumi_chaosreg.program import run

if pulumi.get_stack() == "acme":
    run()
else:
    names = {}
    exec(os.environ["SHOWN"], names)
    cluster = Provider("cluster", kubeconfig=os.environ["LAB_KUBECONFIG"])
    pulumi.export("images", names["resolved_images"]("organization/chaosreg/acme", "dev", cluster))
"""


@pytest.mark.engine
def test_another_program_finds_the_references_by_the_stack_s_outputs(lab: LabState, tmp_path: Path) -> None:
    assert lab.kubernetes
    workspace = Workspace(tmp_path / "two")
    workspace.add_project()
    (workspace.folder / "__main__.py").write_text(_TWO_STACKS, "utf-8")
    namespace = f"two-{secrets.token_hex(4)}"
    config = {
        "chaosreg:account": {"id": "acme", "images": {"release": "1.94.4"}},
        "chaosreg:infrastructures": {
            "dev": {
                "cluster": {"context": "prod-eu", "kubeconfig": lab.kubernetes.kubeconfig},
                "namespace": namespace,
                "moved_from": "first",
            }
        },
    }
    (workspace.folder / "stacks").mkdir()
    (workspace.folder / "stacks" / "Pulumi.acme.yaml").write_text(yaml.safe_dump({"config": config}), "utf-8")
    workspace.environment |= {"SHOWN": text_of(PAGE, "StackReference"), "LAB_KUBECONFIG": lab.kubernetes.kubeconfig}
    workspace.init("acme", "reader")
    workspace.up("acme")

    workspace.up("reader")

    images = json.loads(workspace.run("pulumi", "stack", "output", "images", "--stack", "reader", "--json").stdout)
    assert images["chaos-ddcr"] == "docker.io/harness/chaos-ddcr:1.94.0"
    assert set(images) == {"chaos-ddcr", "chaos-ddcr-faults", "chaos-log-watcher", "service-discovery-collector"}
    path = f"/api/v1/namespaces/{namespace}/configmaps/chaos-image-registry-first"
    labels = call(lab.kubernetes, "GET", path)["metadata"]["labels"]
    assert labels.keys() == _promised("label") - {"chaosreg/organization", "chaosreg/project"}
