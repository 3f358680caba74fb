"""What `chaosreg init` writes, brought up on the real engine by the very commands that it ends with."""

import base64
import json
import subprocess
from pathlib import Path

import pytest

from lab.kubeapi import call, get
from lab.registry import RegistryServer
from lab.state import LabState
from lab.workspace import Workspace

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
OF_A_NEW_MACHINE = ("python3 -m venv", ".venv/bin/pip install", "docker login", "pulumi login")
"""Commands whose work is done: the packages are here, and `docker login` is a file below."""


@pytest.fixture
def folder(tmp_path: Path, lab: LabState) -> Workspace:
    """An empty folder, on a machine with the push login of the private registry."""
    assert lab.registry
    assert lab.aws
    push = lab.registry.push
    auth = base64.b64encode(f"{push.username}:{push.password}".encode()).decode()
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "config.json").write_text(
        json.dumps({"auths": {lab.registry.host: {"auth": auth}}}), "utf-8"
    )
    workspace = Workspace(tmp_path / "new")
    workspace.environment |= {**lab.aws.environment, "DOCKER_CONFIG": str(tmp_path / "docker")}
    return workspace


def started(folder: Workspace, lab: LabState, label: str, *said: str) -> list[str]:
    """The project of these flags, and the commands that come next."""
    assert lab.upstream
    needed = ("--account", label, "--infrastructure", "prod-eu=prod-eu", "--namespace", label)
    told = folder.run("chaosreg", "init", *needed, "--source", f"{lab.upstream.host}/harness", *said).stdout
    folder.edit("Pulumi.yaml", ".venv", str(ROOT / ".venv"))
    return [line.strip() for line in told.partition("Next:")[2].splitlines() if line.startswith("       ")]


def follow(folder: Workspace, commands: list[str], password: str) -> None:
    for command in commands:
        if command.startswith(OF_A_NEW_MACHINE):
            continue
        words = f"{command.partition('#')[0]} --yes" if command.startswith("pulumi up") else command
        done = subprocess.run(
            ["bash", "-c", words],
            cwd=folder.folder,
            env=folder.environment,
            input=password,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"


def test_a_registry_with_a_user_is_filled_and_its_secret_arrives(
    folder: Workspace, lab: LabState, private_target: RegistryServer, label: str
) -> None:
    assert lab.kubernetes
    assert lab.registry
    server = (f"--server={private_target.host}/chaos", "--kind", "harbor", "--username", lab.registry.pull.username)

    follow(folder, started(folder, lab, label, *server), lab.registry.pull.password)

    name = "chaos-image-registry-prod-eu"
    secret = get(lab.kubernetes, f"/api/v1/namespaces/{label}/secrets/{name}")
    config = get(lab.kubernetes, f"/api/v1/namespaces/{label}/configmaps/{name}")
    assert secret
    assert config
    login = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))["auths"][private_target.host]
    assert login["username"] == lab.registry.pull.username
    image = config["data"]["image.chaos-ddcr"]
    assert image.startswith(f"{private_target.host}/chaos/chaos-ddcr:")
    assert "@sha256:" in image
    # a Secret of somebody else's is left as it is, and named
    registry = folder.folder / f"stacks/Pulumi.{label}.yaml"
    text = registry.read_text("utf-8")
    (line,) = [line for line in text.splitlines() if "authentication:" in line]
    registry.write_text(text.replace(line, "      authentication: {secret_name: registry-login}"), "utf-8")
    theirs = {"metadata": {"name": "registry-login"}, "type": secret["type"], "data": secret["data"]}
    call(lab.kubernetes, "POST", f"/api/v1/namespaces/{label}/secrets", theirs)
    folder.up(f"{label}-prod")
    config = get(lab.kubernetes, f"/api/v1/namespaces/{label}/configmaps/{name}")
    assert config
    assert config["data"]["secret_name"] == "registry-login"
    assert get(lab.kubernetes, f"/api/v1/namespaces/{label}/secrets/{name}") is None


@pytest.mark.nightly
def test_ecr_needs_no_password_and_no_secret(folder: Workspace, lab: LabState, ecr_server: str, label: str) -> None:
    assert lab.kubernetes

    commands = started(folder, lab, label, "--server", f"{ecr_server}/{label}")
    follow(folder, commands, "")

    config = get(lab.kubernetes, f"/api/v1/namespaces/{label}/configmaps/chaos-image-registry-prod-eu")
    secrets = get(lab.kubernetes, f"/api/v1/namespaces/{label}/secrets")
    assert config
    assert secrets
    assert config["data"]["image.chaos-ddcr"].startswith(f"{ecr_server}/{label}/chaos-ddcr:")
    assert secrets["items"] == []
