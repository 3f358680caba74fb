"""Brings back what `tests/upgrade/make.py` has kept: stack files, states and cluster objects, as 0.1 left them."""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lab.kubeapi import call, get
from lab.state import KubernetesState
from lab.workspace import Workspace

_MADE = Path(__file__).parent.parent / "upgrade" / "from_0_1"
_PLURALS = {"Secret": "secrets", "ConfigMap": "configmaps", "ServiceAccount": "serviceaccounts"}


def restored(folder: Path, name: str, label: str) -> Workspace:
    """A workspace with the stack files and states of `from_0_1/<name>`; `label` begins the names of its namespaces."""
    workspace = Workspace(folder)
    workspace.add_project()
    shutil.copytree(_MADE / name, folder / "made")
    for path in (folder / "made").rglob("*.*"):
        if path.is_file():
            path.write_text(_named(path, label), "utf-8")
    (folder / "made" / "stacks").rename(folder / "stacks")
    if (folder / "made" / "__main__.py").exists():
        (folder / "made" / "__main__.py").replace(folder / "__main__.py")
    for state in sorted((folder / "made").glob("*.state.json")):
        stack = state.name.removesuffix(".state.json")
        workspace.init(stack)
        workspace.run("pulumi", "stack", "import", "--stack", stack, "--file", str(state))
    return workspace


def restore_objects(cluster: KubernetesState, name: str, label: str) -> list[str]:
    """The objects of `from_0_1/<name>.json`, owned field by field by whom they were owned then; their namespaces."""
    objects: list[dict[str, Any]] = json.loads(_named(_MADE / f"{name}.json", label))
    for thing in objects:
        about = thing["metadata"]
        owners = about.pop("managedFields", None)  # a namespace that a patch has made has none
        for key in ("uid", "resourceVersion", "creationTimestamp"):
            about.pop(key)
        path = "/api/v1/namespaces"
        if thing["kind"] == "Namespace":
            if get(cluster, f"{path}/{about['name']}") is None:
                call(cluster, "POST", path, thing)
            continue
        path = f"{path}/{about['namespace']}/{_PLURALS[thing['kind']]}"
        if get(cluster, f"{path}/{about['name']}") is not None:  # what an earlier run has left
            call(cluster, "DELETE", f"{path}/{about['name']}")
        call(cluster, "POST", path, thing)
        patch = {"metadata": {"managedFields": owners}}
        patched = call(cluster, "PATCH", f"{path}/{about['name']}", patch, "application/merge-patch+json")
        assert patched["metadata"]["managedFields"] == owners
    return [thing["metadata"]["name"] for thing in objects if thing["kind"] == "Namespace"]


def uids(cluster: KubernetesState, namespaces: Iterable[str]) -> dict[str, str]:
    """Object → uid of all that is there: another uid is another object."""
    found = {}
    for namespace in namespaces:
        for plural in _PLURALS.values():
            for item in (get(cluster, f"/api/v1/namespaces/{namespace}/{plural}") or {})["items"]:
                found[f"{namespace}/{plural}/{item['metadata']['name']}"] = item["metadata"]["uid"]
    assert found
    return found


def _named(file: Path, label: str) -> str:
    text = file.read_text("utf-8").replace("upgrade-", f"{label}-")
    return text.replace("kubeconfig-of-the-lab", os.environ["KUBECONFIG"])
