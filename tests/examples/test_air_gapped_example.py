"""examples/air-gapped by the commands of its README: carried over a gap, and brought up behind it.

Outside, the lab's upstream has the name docker.io. Inside are a registry whose certificate a private authority signed,
and a cluster; nothing else is there, and whoever asks for something else is told of (tests/support/air_gap.py).
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.kubeapi import get
from lab.ports import free_port
from lab.registry import RegistryServer
from lab.state import LabState, Login, load
from tests.support import wheel_folder
from tests.support.air_gap import AirGap, Door, why_there_is_none
from tests.support.certificates import Authority
from tests.support.expected_previews import as_expected, expected
from tests.support.two_sides import Inside, door_to_cluster, outside, pack_kubernetes_plugin

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "air-gapped"
REGISTRY = "registry.acme.example"
PULL, PUSH = Login("chaos-pull", "pull-canary-0a1b2c"), Login("chaos-push", "push-canary-3d4e5f")
OUTSIDE, ONCE, EACH_RELEASE = "Outside", "Inside, once", "Inside, for each release"

IN_THE_PLACE_OF_PEOPLE = """
set -e
docker() { :; }  # its file is there
pulumi() {
    case "$*" in
        *--secret*) echo "$PASSWORD" | command pulumi "$@" ;;
        up*) command pulumi "$@" --yes --skip-preview ;;
        *) command pulumi "$@" ;;
    esac
}
"""
DONE_ALREADY = {
    OUTSIDE: r"python3 -m venv|pip |version|curl |\"https:",  # no index of packages, no downloads in the lab
    ONCE: r"tar ",  # the CLI is the lab's
}
INSTALLS = r"python3 -m venv|pip install"


def commands(folder: Path, part: str, without: str = r"(?!)") -> str:
    """The commands that the README has below that heading, but for those that begin like this."""
    text = (folder / "README.md").read_text("utf-8").partition(f"## {part}\n")[2].partition("\n## ")[0]
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    assert lines, part
    return IN_THE_PLACE_OF_PEOPLE + "\n".join(line for line in lines if not re.match(without, line))


@pytest.fixture
def lab() -> LabState:
    if missing := why_there_is_none():
        pytest.skip(f"no network of its own here: {missing}")  # the last lines of the run say it too
    return load()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def project(tmp_path: Path, lab: LabState, authority: Authority, label: str) -> Path:
    """The example after its commands of the outside; `carried` has what an index and Pulumi's downloads would give."""
    folder = tmp_path / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".venv", "carried"))
    account = folder / "stacks/Pulumi.acme.yaml"
    account.write_text(account.read_text("utf-8").replace("namespace: harness-chaos", f"namespace: {label}"), "utf-8")
    with outside(tmp_path, lab, authority) as environment:
        subprocess.run(
            ["bash", "-c", commands(folder, OUTSIDE, DONE_ALREADY[OUTSIDE])], cwd=folder, env=environment, check=True
        )
    pack_kubernetes_plugin(lab, folder / "carried/kubernetes.tar.gz")
    return folder


@pytest.fixture
def registry(tmp_path: Path, authority: Authority) -> Iterator[RegistryServer]:
    logins = {login.username: login.password for login in (PULL, PUSH)}
    settings = authority.issue(REGISTRY).settings
    with RegistryServer(tmp_path / REGISTRY, logins=logins, port=free_port("127.0.0.1"), extra=settings) as server:
        yield server


@pytest.fixture
def gap(lab: LabState, registry: RegistryServer) -> Iterator[AirGap]:
    with AirGap([Door("127.0.0.1", 443, ("127.0.0.1", registry.port), REGISTRY), door_to_cluster(lab)]) as gap:
        yield gap


@pytest.fixture
def inside(tmp_path: Path, lab: LabState, project: Path, authority: Authority, gap: AirGap) -> Inside:
    """The project on the other side, with kubeconfigs and the logins of its people."""
    assert lab.kubernetes
    for cluster in ("north", "south"):
        shutil.copy(lab.kubernetes.kubeconfig, project / f"clusters/{cluster}.yaml")
    said = {"PASSWORD": PULL.password, "PULUMI_CONFIG_PASSPHRASE": "correct horse"}
    inside = Inside(project, tmp_path / "home", gap, said)
    state = tmp_path / "state"
    state.mkdir()
    readme = project / "README.md"
    text = readme.read_text("utf-8").replace("/srv/pulumi", str(state))
    readme.write_text(text.replace("/etc/ssl/company-ca.pem", str(authority.certificate)), "utf-8")
    inside.log_in(REGISTRY, PUSH)
    return inside


@pytest.mark.parametrize("is_installed", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_both_sides_follow_the_readme_and_nobody_asks_the_world(
    inside: Inside, gap: AirGap, registry: RegistryServer, lab: LabState, label: str, *, is_installed: bool
) -> None:
    # given what the inside installs once: by the README's own commands, or (half a minute less) the checkout's
    left_out = DONE_ALREADY[ONCE]
    if is_installed:
        wheel_folder.fill(inside.folder / "carried/wheels")
    else:
        (inside.folder / ".venv").symlink_to(ROOT / ".venv")
        inside.environment["PYTHONPATH"] = str(ROOT)
        left_out += f"|{INSTALLS}"
    follow(inside, commands(inside.folder, ONCE, left_out))

    # when a release is brought in
    for stack in ("acme", "plants"):
        assert as_expected(inside.preview(stack)) == expected("air-gapped", stack)
    follow(inside, commands(inside.folder, EACH_RELEASE))

    # then each cluster has a Secret and pinned images of the registry, which has them all
    assert lab.kubernetes
    for name in ("north", "south"):
        path = f"/api/v1/namespaces/{label}"
        config = get(lab.kubernetes, f"{path}/configmaps/chaos-image-registry-{name}")
        assert config
        assert get(lab.kubernetes, f"{path}/secrets/chaos-image-registry-{name}")
        images = [value for key, value in config["data"].items() if key.startswith("image.")]
        assert len(images) == 4
        for image in images:
            repository, _, digest = image.removeprefix(f"{REGISTRY}/").partition("@")
            repository = repository.partition(":")[0]
            assert (
                registry.storage
                / f"docker/registry/v2/repositories/{repository}/_manifests/revisions"
                / digest.replace(":", "/")
            ).is_dir()
    assert inside.run("chaosreg", "hosts", "--who", "nodes").stdout == f"{REGISTRY}:443  nodes: pulls\n"
    inside.up("plants", "--expect-no-changes")

    # and nobody has asked for anything else; who does is noticed
    assert gap.asked() == []
    inside.run("getent", "hosts", "docker.io", check=False)
    assert gap.asked() == ["docker.io"]


def follow(inside: Inside, script: str) -> None:
    """In one shell, as people do; what it exports stays."""
    exported = inside.folder.parent / "exported"
    inside.run("bash", "-c", f"{script}\nenv -0 > {exported}")
    inside.environment |= dict(line.split("=", 1) for line in exported.read_text("utf-8").split("\0") if line)
