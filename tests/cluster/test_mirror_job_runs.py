"""`chaosreg mirror-job`: the printed Job, run by a real cluster on the lab's registries."""

import base64
import json
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import kubeapi
from lab.deadline import wait_for
from lab.pods import log
from lab.registry import read_requests
from lab.state import LabState
from pulumi_chaosreg.cli.main import main
from tests.support.doors import Doors, doors

pytestmark = [pytest.mark.node, pytest.mark.controllers]

LOGIN = ("canary-user", "canary-8d1f-password")
CANARIES = (LOGIN[1], base64.b64encode(":".join(LOGIN).encode()).decode())
IMAGES = (
    "chaos-ddcr:1.94.0",
    "chaos-ddcr-faults:1.94.0",
    "chaos-exporter:1.53.0",
    "chaos-log-watcher:1.94.0",
    "chaos-operator:1.53.0",
    "chaos-runner:1.53.0",
    "service-discovery-collector:0.74.0",
)
MISSING = "chaos-go-runner:0.0.1"


class Fleet:
    """A company whose images a namespace of the cluster mirrors."""

    def __init__(self, lab: LabState, namespace: str, registries: Doors, folder: Path) -> None:
        self.lab, self.namespace, self.registries, self.folder = lab, namespace, registries, folder
        self.account = f"fleet-{uuid.uuid4().hex[:8]}"
        config = json.dumps({"auths": {registries.target: {"auth": CANARIES[1]}}})
        self.create(
            "secrets", "logins", type="kubernetes.io/dockerconfigjson", stringData={".dockerconfigjson": config}
        )
        self.create("configmaps", "trust", data={"ca-bundle.crt": registries.authority})

    def mirror(self, digests: dict[str, str]) -> None:
        """Stack files and a lockfile that mirror these (`name:tag` → digest)."""
        (self.folder / "stacks").mkdir(parents=True)
        (self.folder / "Pulumi.yaml").write_text("name: x\nstackConfigDir: stacks\n")
        source = self.registries.upstream
        account = {
            "id": "acme",
            "image_registry": {"server": self.registries.target, "account": self.account, "type": "public"},
            "mirror": {"source": f"{source}/harness", "allow_sources": [source]},
            "required_images": [f"harness/{image}" for image in digests],
        }
        config = {"chaosreg:account": account, "chaosreg:infrastructures": {"eu": {"cluster": {"context": "eu"}}}}
        (self.folder / "stacks/Pulumi.acme.yaml").write_text(yaml.safe_dump({"config": config}))
        locked = "".join(f"{source}/harness/{image}: {digest}\n" for image, digest in digests.items())
        (self.folder / "stacks/chaosreg.lock.yaml").write_text(locked)

    def create(self, kind: str, name: str, **more: Any) -> None:
        path = f"/api/v1/namespaces/{self.namespace}/{kind}"
        kubeapi.call(self.lab.kubernetes, "POST", path, {"metadata": {"name": name}, **more})

    def apply(self, text: str, *, dry_run: bool = False) -> dict[str, Any]:
        """The objects of a YAML text, made or changed; the last one as the cluster has it, the Job."""
        for thing in yaml.safe_load_all(text):
            applied = kubeapi.apply(self.lab.kubernetes, thing, dry_run=dry_run)
        return applied

    def finished(self, job: dict[str, Any]) -> dict[str, Any]:
        """The Job's status once it is complete or has failed."""
        path = f"/apis/batch/v1/namespaces/{self.namespace}/jobs/{job['metadata']['name']}"

        def conditions() -> set[str]:
            status = kubeapi.call(self.lab.kubernetes, "GET", path)["status"]
            return {each["type"] for each in status.get("conditions", []) if each["status"] == "True"}

        assert wait_for(lambda: bool(conditions() & {"Complete", "Failed"}), 120, interval=0.2), self.pods(job)
        status: dict[str, Any] = kubeapi.call(self.lab.kubernetes, "GET", path)["status"]
        return status

    def remove(self, job: dict[str, Any]) -> None:
        """The Job and its Pods."""
        path = f"/apis/batch/v1/namespaces/{self.namespace}/jobs/{job['metadata']['name']}"
        kubeapi.call(self.lab.kubernetes, "DELETE", path, {"propagationPolicy": "Foreground"})
        assert wait_for(lambda: kubeapi.get(self.lab.kubernetes, path) is None, 60, interval=0.2)

    def pods(self, job: dict[str, Any]) -> list[dict[str, Any]]:
        selector = f"?labelSelector=batch.kubernetes.io/job-name={job['metadata']['name']}"
        path = f"/api/v1/namespaces/{self.namespace}/pods{selector}"
        pods: list[dict[str, Any]] = kubeapi.call(self.lab.kubernetes, "GET", path)["items"]
        return pods

    def logs(self, job: dict[str, Any]) -> list[str]:
        return [log(self.lab.node, pod) for pod in self.pods(job)]

    def tags(self) -> dict[str, str]:
        """`name:tag` → digest of what arrived, by crane's word."""
        registry = self.lab.registry
        assert registry
        login = ("--username", registry.pull.username, "--password", registry.pull.password)
        subprocess.run(["crane", "auth", "login", registry.host, *login], check=True, capture_output=True)
        found = {}
        for image in (*IMAGES, MISSING):
            command = ["crane", "digest", f"{registry.host}/{self.account}/{image}"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                found[image] = done.stdout.strip()
        return found

    def writes(self) -> int:
        """How many requests have changed the target."""
        requests = read_requests(self.registries.target_server.log)
        return sum(request.method in ("PUT", "POST", "PATCH", "DELETE") for request in requests)


@pytest.fixture
def fleet(lab: LabState, namespace: str, tmp_path: Path) -> Iterator[Fleet]:
    with doors(tmp_path / "registries", lab, LOGIN) as registries:
        yield Fleet(lab, namespace, registries, tmp_path / "company")


@pytest.fixture
def digests(lab: LabState) -> dict[str, str]:
    assert lab.upstream
    return {image: lab.upstream.digests[image] for image in IMAGES}


@pytest.fixture
def printed(fleet: Fleet, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What `chaosreg mirror-job` prints for three shards in this cluster."""

    def printed(*more: str) -> str:
        cluster = ("--image", fleet.lab.mirror_image.reference, "--namespace", fleet.namespace)
        names = ("--docker-config", "logins", "--ca-bundle", "trust")
        words = ("mirror-job", "--shards", "3", *cluster, *names, *more)
        assert main(["--project", str(fleet.folder), *words]) == 0
        return capsys.readouterr().out

    return printed


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_job_mirrors_everything_and_the_same_job_again_changes_nothing(fleet, printed, digests) -> None:
    # given a Job that the API server finds right, with Pods that name no node
    fleet.mirror(digests)
    text = printed()
    fleet.apply(text, dry_run=True)

    # when it is applied
    job = fleet.apply(text)
    status = fleet.finished(job)

    # then three Pods on the lab's node have made every tag true, and said so
    assert (status["succeeded"], status["completedIndexes"]) == (3, "0-2")
    assert {pod["spec"]["nodeName"] for pod in fleet.pods(job)} == {fleet.lab.node.name}
    assert fleet.tags() == digests
    logs = fleet.logs(job)
    copied = [event for text in logs for event in events(text) if event["event"] == "copied"]
    assert {event["image"].rpartition("/")[2]: event["digest"] for event in copied} == digests
    assert len(copied) == len(digests)
    assert sum(event["sent"] for event in copied) > 0

    # and nobody tells the password
    told = "".join([text, *logs, json.dumps(job), json.dumps(fleet.pods(job))])
    assert [canary for canary in CANARIES if canary in told] == []

    # when it is applied once more, then nothing changes
    again = fleet.apply(text)
    assert again["metadata"]["generation"] == job["metadata"]["generation"]
    assert again["metadata"]["uid"] == job["metadata"]["uid"]

    # when it runs once more, then it only looks
    before = fleet.writes()
    assert before > 0
    fleet.remove(job)
    rerun = fleet.apply(text)
    assert fleet.finished(rerun)["succeeded"] == 3
    assert [event for text in fleet.logs(rerun) for event in events(text) if event.get("sent")] == []
    assert fleet.writes() == before


def test_a_shard_that_fails_fails_alone_and_the_job_says_which(fleet, printed, digests) -> None:
    fleet.mirror({**digests, MISSING: f"sha256:{'0' * 64}"})

    job = fleet.apply(printed("--retries", "0"))
    status = fleet.finished(job)

    failed = next(each for each in status["conditions"] if each["type"] == "Failed")
    assert (failed["status"], failed["reason"]) == ("True", "FailedIndexes")
    assert status["succeeded"] == 2
    index = status["failedIndexes"]
    pods = {pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"]: pod for pod in fleet.pods(job)}
    assert pods[index]["status"]["phase"] == "Failed"
    failures = [event for event in events(log(fleet.lab.node, pods[index])) if event["event"] == "failed"]
    assert [(event["image"].rpartition("/")[2], event["code"]) for event in failures] == [(MISSING, "CHR0405")]
    assert fleet.tags() == digests


def test_its_pods_are_not_root_write_to_memory_only_and_have_so_much_of_it(fleet, printed, digests) -> None:
    # given the printed Job with another program
    fleet.mirror(digests)
    config_map, job = yaml.safe_load_all(printed())
    probe = (
        "import os\n"
        "print(os.getuid(), os.getgid())\n"
        "for path in ('/x', '/etc/x', '/var/tmp/x', '/etc/chaosreg/logins/x'):\n"
        "    try:\n"
        "        os.mkdir(path)\n"
        "    except OSError as error:\n"
        "        print(error.strerror)\n"
        "open('/tmp/root.json', 'w').write('x' * 6000)\n"  # the only place
        "print(os.path.exists('/var/run/secrets/kubernetes.io'))\n"
        "status = open('/proc/self/status').read().splitlines()\n"
        "print([line for line in status if line.startswith(('CapEff', 'NoNewPrivs', 'Seccomp:'))])\n"
        "group = '/sys/fs/cgroup/'\n"
        "files = [group + name for name in ('memory.max', 'memory/memory.limit_in_bytes')]\n"
        "print(*[open(file).read().strip() for file in files if os.path.exists(file)])\n"
    )
    job["spec"]["template"]["spec"]["containers"][0].update(command=["python3"], args=["-c", probe])

    # when it runs
    running = fleet.apply(yaml.safe_dump_all([config_map, job]))
    assert fleet.finished(running)["succeeded"] == 3

    # then
    for said in fleet.logs(running):
        who, *refused, token, rights, memory = said.splitlines()
        assert who == "65532 65532"
        assert set(refused) <= {"Read-only file system", "No such file or directory"}
        assert len(refused) == 4
        assert token == "False"
        assert rights == "['CapEff:\\t0000000000000000', 'NoNewPrivs:\\t1', 'Seccomp:\\t2']"
        assert memory == str(200 << 20)
