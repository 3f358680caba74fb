"""examples/quickstart on the real engine: what it says happens, with its thirty lines as they are."""

import base64
import json
import shutil
from pathlib import Path

import pytest

from lab.kubeapi import get
from lab.registry import RegistryServer
from lab.state import LabState
from lab.workspace import Workspace

pytestmark = pytest.mark.engine

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"


@pytest.fixture
def quickstart(tmp_path: Path, lab: LabState, private_target: RegistryServer, label: str) -> Workspace:
    """A copy of the folder, configured as its README says, with `docker login` done."""
    assert lab.registry
    assert lab.upstream
    workspace = Workspace(tmp_path / "quickstart")
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(QUICKSTART / name, workspace.folder)
    workspace.edit("Pulumi.yaml", ".venv", str(QUICKSTART.parents[1] / ".venv"))
    push = lab.registry.push
    login = {
        "auths": {lab.registry.host: {"auth": base64.b64encode(f"{push.username}:{push.password}".encode()).decode()}}
    }
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text(json.dumps(login), "utf-8")
    workspace.environment["DOCKER_CONFIG"] = str(tmp_path / "docker")
    workspace.init("dev")
    settings = {
        "server": lab.registry.host,
        "source": f"{lab.upstream.host}/harness",
        "user": lab.registry.pull.username,
        "context": "prod-eu",
        "namespace": label,
    }
    plain = [word for key, value in settings.items() for word in ("--plaintext", f"{key}={value}")]
    secret = ["--secret", f"password={lab.registry.pull.password}"]
    workspace.run("pulumi", "config", "set-all", "--stack", "dev", *plain, *secret)
    return workspace


def test_thirty_lines_bring_images_and_login_to_a_workload(quickstart: Workspace, lab: LabState, label: str) -> None:
    assert lab.registry
    assert lab.kubernetes
    lines = (QUICKSTART / "__main__.py").read_text("utf-8").splitlines()
    assert len([line for line in lines if line]) <= 33  # thirty or so, as its page promises

    quickstart.up("dev")

    images = json.loads(quickstart.run("pulumi", "stack", "output", "images", "--stack", "dev", "--json").stdout)
    cron_job = get(lab.kubernetes, f"/apis/batch/v1/namespaces/{label}/cronjobs/watch")
    assert cron_job
    pod = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == images["chaos-log-watcher"]
    assert images["chaos-log-watcher"].startswith(
        f"{lab.registry.host}/chaos-engineering/chaos-log-watcher:1.94.0@sha256:"
    )
    assert pod["imagePullSecrets"] == [{"name": "chaos-image-registry-prod-eu"}]
    assert get(lab.kubernetes, f"/api/v1/namespaces/{label}/secrets/chaos-image-registry-prod-eu")

    quickstart.up("dev", "--expect-no-changes")
    quickstart.run("pulumi", "destroy", "--stack", "dev", "--yes", "--skip-preview")
    assert get(lab.kubernetes, f"/apis/batch/v1/namespaces/{label}/cronjobs/watch") is None
