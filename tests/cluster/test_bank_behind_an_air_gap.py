"""A whole company, from stack files to Pods: a bank whose Harbor and clusters stand behind an air gap.

Harbor is a stand-in: distribution with robots for users. The gap is a network without a way out.
"""

import base64
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from lab.node import allow_plain_http, remove_images
from lab.pods import delete_pod, run_pod, wait_running
from lab.ports import free_port
from lab.registry import RegistryServer
from lab.state import LabState, load
from lab.workspace import Workspace
from tests.support import bank
from tests.support.air_gap import AirGap, Door, why_there_is_none
from tests.support.signing import Signer, make_signer
from tests.support.two_sides import Inside, door_to_cluster

pytestmark = [pytest.mark.node, pytest.mark.engine, pytest.mark.extra("verify")]


@pytest.fixture
def lab() -> LabState:
    state = load()
    if missing := state.node.missing or why_there_is_none():
        pytest.skip(missing)  # the last lines of the run say it too
    return state


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return make_signer(tmp_path / "signer")


@pytest.fixture
def staging(tmp_path: Path, lab: LabState) -> Iterator[RegistryServer]:
    """The bank's registry outside."""
    with RegistryServer(tmp_path / "staging") as server:
        bank.fill_staging(server, lab)
        yield server


@pytest.fixture
def harbor(tmp_path: Path) -> Iterator[RegistryServer]:
    """Its registry inside; not up yet, since the outside does not reach it."""
    logins = {login.username: login.password for login in (bank.PULL, bank.PUSH)}
    server = RegistryServer(tmp_path / "harbor", logins=logins, port=free_port("127.0.0.1"))
    yield server
    server.stop()


@pytest.fixture
def outside(tmp_path: Path, staging: RegistryServer, harbor: RegistryServer, signer: Signer, label: str) -> Workspace:
    workspace = Workspace(tmp_path / "outside")
    workspace.add_project()
    bank.write(workspace.folder, staging.host, harbor.host, label, signer.public_key)
    return workspace


def test_a_bank_from_stack_files_to_pods(
    tmp_path: Path,
    lab: LabState,
    outside: Workspace,
    staging: RegistryServer,
    harbor: RegistryServer,
    signer: Signer,
    label: str,
) -> None:
    # outside: production may change nothing, the laboratory may
    ledger = outside.folder / "stacks/Pulumi.ledger-prod.yaml"
    allowed = ledger.read_text("utf-8")
    outside.edit("stacks/Pulumi.ledger-prod.yaml", "{id: ledger}", '{id: ledger, images: {release: "1.93.0"}}')
    refused = outside.run("chaosreg", "validate", check=False)
    assert refused.returncode == 1
    assert "error[CHR0203]: `images.release` may not be set here" in refused.stdout
    ledger.write_text(allowed, "utf-8")

    # what can be read here is locked; nothing unsigned goes into the layout
    locked = outside.run("chaosreg", "lock", check=False)
    assert locked.returncode == 1
    assert f"unasked  {harbor.host}/{bank.OF_THE_LABORATORY}" in locked.stdout
    lockfile = yaml.safe_load((outside.folder / "stacks/chaosreg.lock.yaml").read_text("utf-8"))
    sources = [f"{source.rpartition(':')[0]}@{digest}" for source, digest in lockfile.items() if "#" not in source]
    *first, last = sources
    bank.sign(staging, signer, first)
    unsigned = outside.run("chaosreg", "mirror", "--to", "layout.tar", check=False)
    assert unsigned.returncode == 1
    assert unsigned.stdout.count("error[CHR0450]") == 1
    bank.sign(staging, signer, [last])
    outside.run("chaosreg", "mirror", "--to", "layout.tar")
    staging.stop()

    # inside: the same files, the layout, kubeconfigs, and an image that was built here
    harbor.start()
    robot = base64.b64encode(f"{bank.PUSH.username}:{bank.PUSH.password}".encode()).decode()
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/config.json").write_text(json.dumps({"auths": {harbor.host: {"auth": robot}}}), "utf-8")
    assert lab.upstream
    built = f"{harbor.host}/{bank.OF_THE_LABORATORY}"
    bank.copy(f"{lab.upstream.host}/harness/chaos-ddcr:1.93.0", built, DOCKER_CONFIG=str(tmp_path / "docker"))
    shutil.copytree(outside.folder, tmp_path / "inside")
    clusters = tmp_path / "inside/clusters"
    clusters.mkdir()
    assert lab.kubernetes
    for name in bank.CLUSTERS:
        shutil.copy(lab.kubernetes.kubeconfig, clusters / f"{name}.yaml")
    there = ("127.0.0.1", harbor.port)
    with AirGap([Door(*there, there), door_to_cluster(lab)]) as gap:
        inside = Inside(tmp_path / "inside", tmp_path / "home", gap, {"PULUMI_CONFIG_PASSPHRASE": "correct horse"})
        inside.use_checkout(lab)
        inside.log_in(harbor.host, bank.PUSH)
        bring_up(inside)
        locked_inside = yaml.safe_load((inside.folder / "stacks/chaosreg.lock.yaml").read_text("utf-8"))
        assert locked_inside.keys() - lockfile.keys() == {f"{harbor.host}/{bank.OF_THE_LABORATORY}"}
        resolved = inside.json("chaosreg", "resolve", "-o", "json")
        assert gap.asked() == []

    # and Pods run all of it, pulled by the robot that may only pull
    allow_plain_http(harbor.host)
    remove_images()
    before = len(harbor.requests())
    pods = {}
    for infrastructure in resolved:
        fields = infrastructure["fields"]
        for name, said in fields.items():
            if name.startswith("image."):
                pods[fields["namespace"]["value"], name.removeprefix("image.")] = said["value"]
    assert {namespace for namespace, _ in pods} == {f"{label}-ledger", f"{label}-lab"}
    assert len(pods) == 9 + 4
    for (namespace, name), image in pods.items():
        assert image.startswith(f"{harbor.host}/bank/")
        assert "@sha256:" in image
        run_pod(lab.kubernetes, lab.node, namespace, name, image, service_account="litmus")
    for (namespace, name), image in pods.items():
        status = wait_running(lab.kubernetes, namespace, name)["status"]["containerStatuses"][0]
        assert status["imageID"].partition("@")[2] == image.partition("@")[2]
        delete_pod(lab.kubernetes, namespace, name)
    pulls = harbor.requests()[before:]
    assert {one.user for one in pulls if one.status == 200 and "/blobs/" in one.path} == {bank.PULL.username}


def bring_up(inside: Inside) -> None:
    """What docs/air-gap.md says, in its order."""
    inside.run("chaosreg", "lock", "--from", "layout.tar")
    inside.run("chaosreg", "validate", "--strict")
    inside.run("chaosreg", "mirror", "--from", "layout.tar")
    inside.init(*bank.STACKS)
    push = json.dumps(vars(bank.PUSH))
    inside.run(
        *("pulumi", "config", "set-all", "--stack", "bank"),
        *("--secret", f"chaosreg-credentials:harbor-pull={bank.PULL.password}"),
        *("--secret", f"chaosreg-credentials:harbor-push={push}"),
    )
    for stack in bank.STACKS:
        said = inside.up(stack)
        assert bank.PULL.password not in said.stdout + said.stderr
        assert bank.PUSH.password not in said.stdout + said.stderr
    inside.up("bank", "--expect-no-changes")
