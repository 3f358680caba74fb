"""examples/air-gapped-harbor, from stack files to Pods: a bank whose Harbor and clusters stand behind an air gap.

Harbor is the lab's stand-in, in which the account's stack makes project and robots. The gap is a network without a way
out.
"""

import base64
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from lab.harbor.server import HarborServer
from lab.harbor_orders import call, requests
from lab.kubeapi import call as call_cluster
from lab.node import allow_plain_http, remove_images
from lab.pods import delete_pod, run_pod, wait_running
from lab.ports import free_port
from lab.registry import RegistryServer
from lab.state import HarborState, LabState, Login, load
from lab.workspace import Workspace
from tests.support import bank
from tests.support.air_gap import AirGap, Door, why_there_is_none
from tests.support.expected_previews import as_expected, expected
from tests.support.lab_harbor import PUSH, HarborProject
from tests.support.signing import Signer, make_signer
from tests.support.two_sides import Inside, door_to_cluster, logged_in

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
def port() -> int:
    """Where Harbor will be, inside: outside there is nothing."""
    return free_port("127.0.0.1")


@pytest.fixture
def outside(tmp_path: Path, staging: RegistryServer, port: int, signer: Signer, label: str) -> Workspace:
    return bank.example(tmp_path / "outside", staging.host, f"127.0.0.1:{port}", label, signer.public_key)


@dataclass(frozen=True)
class Harbor:
    """What its administrators have: besides themselves, a project for experiments that everybody inside may read."""

    state: HarborState
    pushes_experiments: Login

    @classmethod
    def of(cls, state: HarborState) -> "Harbor":
        call(state, "POST", "/projects", {"project_name": "experiments", "metadata": {"public": "true"}})
        project = HarborProject(state, "experiments", call(state, "GET", "/projects/experiments")["project_id"])
        robot = project.robot(*PUSH)
        return cls(state, Login(robot.username, robot.password))

    def who_has_pulled(self, project: str, since: int) -> set[str]:
        """Everybody to whom it gave a layer of the project since that many requests."""
        return {
            one["caller"]
            for one in [*requests(self.state)][since:]
            if one["status"] in (200, 307) and one["path"].startswith(f"/v2/{project}/") and "/blobs/" in one["path"]
        }


def test_a_bank_from_stack_files_to_pods(
    tmp_path: Path,
    lab: LabState,
    outside: Workspace,
    staging: RegistryServer,
    port: int,
    signer: Signer,
    label: str,
) -> None:
    address = f"127.0.0.1:{port}"
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
    assert f"unasked  {address}/{bank.OF_THE_LABORATORY}" in locked.stdout
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

    # inside: the same files, the layout, kubeconfigs
    shutil.copytree(outside.folder, tmp_path / "inside")
    clusters = tmp_path / "inside/clusters"
    clusters.mkdir()
    assert lab.kubernetes
    for name in bank.CLUSTERS:
        shutil.copy(lab.kubernetes.kubeconfig, clusters / f"{name}.yaml")
    there = ("127.0.0.1", port)
    with (
        HarborServer(tmp_path / "harbor", port=port) as server,
        AirGap([Door(*there, there), door_to_cluster(lab)]) as gap,
    ):
        harbor = Harbor.of(server.state)
        inside = Inside(tmp_path / "inside", tmp_path / "home", gap, {"PULUMI_CONFIG_PASSPHRASE": "correct horse"})
        inside.use_checkout(lab)
        # and an image that was built here
        assert lab.upstream
        built = f"{address}/{bank.OF_THE_LABORATORY}"
        docker = logged_in(tmp_path / "docker", address, harbor.pushes_experiments)
        bank.copy(f"{lab.upstream.host}/harness/chaos-ddcr:1.93.0", built, DOCKER_CONFIG=str(docker))
        bring_up(inside, harbor)
        locked_inside = yaml.safe_load((inside.folder / "stacks/chaosreg.lock.yaml").read_text("utf-8"))
        assert locked_inside.keys() - lockfile.keys() == {built}
        resolved = inside.json("chaosreg", "resolve", "-o", "json")
        assert gap.asked() == []

        # and Pods run all of it, pulled by a robot of each environment's own
        allow_plain_http(address)
        remove_images()
        before = len([*requests(server.state)])
        pods = {}
        for infrastructure in resolved:
            fields = infrastructure["fields"]
            for name, said in fields.items():
                if name.startswith("image."):
                    pods[fields["namespace"]["value"], name.removeprefix("image.")] = said["value"]
        assert {namespace for namespace, _ in pods} == {f"{label}-ledger-chaos", f"{label}-lab-chaos"}
        assert len(pods) == 9 + 4
        for (namespace, name), image in pods.items():
            assert image.startswith((f"{address}/bank/chaos/", f"{address}/experiments/"))
            assert "@sha256:" in image
            run_pod(lab.kubernetes, lab.node, namespace, name, image, service_account="litmus")
        for (namespace, name), image in pods.items():
            status = wait_running(lab.kubernetes, namespace, name)["status"]["containerStatuses"][0]
            assert status["imageID"].partition("@")[2] == image.partition("@")[2]
            delete_pod(lab.kubernetes, namespace, name)
        robots = {
            pulls_as(lab, address, f"{label}-{infrastructure}") for infrastructure in ("ledger-chaos", "lab-chaos")
        }
        assert len(robots) == 2
        assert all(robot.startswith("robot$bank+") for robot in robots)
        assert harbor.who_has_pulled("bank", before) == robots


def bring_up(inside: Inside, harbor: Harbor) -> None:
    """What the example's README says, in its order."""
    inside.run("chaosreg", "lock", "--from", "layout.tar")
    inside.run("chaosreg", "validate", "--strict")
    inside.environment["CHAOSREG_MIRROR_FROM"] = "layout.tar"
    inside.init(*bank.STACKS)
    admin = f"chaosreg-credentials:harbor-provisioner={json.dumps(vars(harbor.state.admin))}"
    inside.run("pulumi", "config", "set-all", "--stack", "bank", "--secret", admin)
    for stack in bank.STACKS:
        previewed = as_expected(inside.preview(stack), {harbor.state.host: bank.HARBOR})
        assert previewed == expected("air-gapped-harbor", stack)
        said = inside.up(stack)
        assert harbor.state.admin.password not in said.stdout + said.stderr
    inside.up("bank", "--expect-no-changes")


def pulls_as(lab: LabState, host: str, namespace: str) -> str:
    """The user of the one pull Secret there."""
    assert lab.kubernetes
    secrets = call_cluster(lab.kubernetes, "GET", f"/api/v1/namespaces/{namespace}/secrets")["items"]
    (config,) = [one["data"][".dockerconfigjson"] for one in secrets if ".dockerconfigjson" in one["data"]]
    return str(json.loads(base64.b64decode(config))["auths"][host]["username"])
