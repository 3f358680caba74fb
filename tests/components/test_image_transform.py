"""`image_transform` on the real engine: what a program's objects pull, whoever wrote them."""

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from lab.kubeapi import call, get
from lab.state import KubernetesState, load
from lab.workspace import Workspace

pytestmark = pytest.mark.engine

CANARY = "transform-canary-7c1e5b"

_PROGRAM = """\
import json, os
import pulumi
from pulumi_kubernetes.batch.v1 import CronJob
from pulumi_kubernetes.core.v1 import ConfigMap, ServiceAccount
from pulumi_kubernetes.provider import Provider
from pulumi_kubernetes.yaml import ConfigFile, ConfigGroup
from pulumi_kubernetes.yaml.v2 import ConfigGroup as RemoteGroup
import pulumi_chaosreg as chaosreg

said = json.loads(os.environ["SAID"])
mine = Provider("mine", kubeconfig=said["kubeconfig"], enable_secret_mutable=True, enable_config_map_mutable=True)
here = pulumi.ResourceOptions(provider=mine)
account = chaosreg.Account(
    "acme",
    image_registry={
        "server": "harbor.company.com",
        "account": "chaos",
        "type": "private",
        "authentication": {"username": "chaos-user", "password_secret": "harbor"},
    },
    images={"release": "1.94.4"},
    credentials={"harbor": pulumi.Output.secret("pw")},
)
cluster = chaosreg.Cluster(kubernetes_provider=mine, secrets_are_mutable=True)
dev = chaosreg.Infrastructure("dev", account=account, cluster=cluster, namespace=said["namespace"])


def manifest(name):
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "harness/chaos-ddcr:1.93.0"}]}
    spec = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": pod}}}}
    metadata = {"name": name, "namespace": said["namespace"]}
    return json.dumps({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec})


alone = pulumi.ResourceOptions(provider=mine, transforms=[chaosreg.image_transform(dev)])
ConfigGroup("alone", yaml=[manifest("alone")], opts=alone)
RemoteGroup("remote-alone", yaml=manifest("remote-alone"), opts=alone)
pulumi.runtime.register_resource_transform(chaosreg.image_transform(dev))
ConfigGroup("group", yaml=[manifest("group")], opts=here)
with open("file.yaml", "w") as file:
    file.write(manifest("file"))
ConfigFile("file", file="file.yaml", opts=here)
RemoteGroup("remote", yaml=manifest("remote"), opts=here)


def cron_job(name, image, opts, **more):
    library = {"name": "LIB_IMAGE", "value": "harness/chaos-ddcr-faults:1.0"}
    container = {"name": "main", "image": image, "env": [library]}
    pod = {"restart_policy": "Never", "containers": [{**container, **more}]}
    spec = {"schedule": "0 0 1 1 *", "job_template": {"spec": {"template": {"spec": pod}}}}
    return CronJob(name, metadata={"name": name, "namespace": dev.namespace}, spec=spec, opts=opts)


class Tool(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("test:index:Tool", name)
        below = pulumi.ResourceOptions(parent=self, provider=mine)
        cron_job(f"{name}-job", "harness/chaos-ddcr:1.93.0", below)
        ServiceAccount(name, metadata={"name": name, "namespace": dev.namespace}, opts=below)


Tool("tool")
other = pulumi.ResourceOptions(provider=mine, depends_on=[dev])
metadata = {"name": "chosen", "namespace": dev.namespace}
data = {"image": "public.ecr.aws/harness/harness/chaos-log-watcher:1"}
chosen = ConfigMap("chosen", metadata=metadata, data=data, opts=other)
cron_job("later", chosen.id.apply(lambda id: f"harness/chaos-log-watcher:{len(id)}"), other)
hidden = [{"name": "TOKEN", "value": pulumi.Output.secret(said["canary"])}]
cron_job("secret", "harness/chaos-ddcr:1.93.0", other, env=hidden)
cron_job("foreign", "docker.io/library/busybox:1", other, env=[])
cron_job("lacking", "harness/chaos-operator:1.53.0", other, env=[])
"""
_SECRETS = [{"name": "chaos-image-registry-dev"}]


class Program:
    """It, its namespace and what it has made there."""

    def __init__(self, folder: Path, cluster: KubernetesState) -> None:
        self.workspace, self._cluster = Workspace(folder), cluster
        self.workspace.add_project()
        (folder / "stacks").mkdir()
        (folder / "__main__.py").write_text(_PROGRAM, "utf-8")
        self.workspace.init("own")
        self._namespace = f"transform-{secrets.token_hex(4)}"
        kubeconfig = Path(cluster.kubeconfig).read_text("utf-8")
        said = {"kubeconfig": kubeconfig, "namespace": self._namespace, "canary": CANARY}
        self.workspace.environment["SAID"] = json.dumps(said)

    def pod(self, cron_job: str) -> dict[str, Any]:
        found = get(self._cluster, f"/apis/batch/v1/namespaces/{self._namespace}/cronjobs/{cron_job}")
        assert found
        spec: dict[str, Any] = found["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        return spec

    def images(self, cron_job: str) -> list[str]:
        """Of its container, and what the container's variables say."""
        (container,) = self.pod(cron_job)["containers"]
        return [container["image"], *(one["value"] for one in container.get("env", ()))]

    def core(self, plural: str, name: str) -> dict[str, Any]:
        return call(self._cluster, "GET", f"/api/v1/namespaces/{self._namespace}/{plural}/{name}")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    cluster = load().kubernetes
    assert cluster
    return Program(tmp_path / "own", cluster)


def test_every_object_of_a_program_pulls_what_the_infrastructure_does(program: Program) -> None:
    # when a program is previewed whose image turns out at `up`, then it is green
    program.workspace.preview("own")

    # when it is up
    up = program.workspace.up("own")

    # then objects in components, too, have the images of the infrastructure and its Secret
    chaos = "harbor.company.com/chaos"
    assert program.images("tool-job") == [f"{chaos}/chaos-ddcr:1.94.0", f"{chaos}/chaos-ddcr-faults:1.94.0"]
    assert program.pod("tool-job")["imagePullSecrets"] == _SECRETS
    assert program.core("serviceaccounts", "tool")["imagePullSecrets"] == _SECRETS
    assert program.core("configmaps", "chosen")["data"]["image"] == f"{chaos}/chaos-log-watcher:1.94.0"

    # and what comes out of manifests, made by the SDK or by the plugin, transformed with all or alone
    for name in ("group", "file", "remote", "alone", "remote-alone"):
        assert program.images(name) == [f"{chaos}/chaos-ddcr:1.94.0"]
        assert program.pod(name)["imagePullSecrets"] == _SECRETS

    # and an image that was an Output
    assert program.images("later")[0] == f"{chaos}/chaos-log-watcher:1.94.0"
    assert program.pod("later")["imagePullSecrets"] == _SECRETS

    # and beside a secret value, which stays secret
    assert program.images("secret") == [f"{chaos}/chaos-ddcr:1.94.0", CANARY]
    assert CANARY not in up.stdout + up.stderr
    assert CANARY not in json.dumps(program.workspace.state("own"))

    # and what is not ours stays as it is; what the infrastructure lacks is told
    assert program.images("foreign") == ["docker.io/library/busybox:1"]
    assert "imagePullSecrets" not in program.pod("foreign")
    assert program.images("lacking") == ["harness/chaos-operator:1.53.0"]
    said = " ".join((up.stdout + up.stderr).split())
    assert "CronJob `lacking`" in said
    assert "harness/chaos-operator:1.53.0 is left as it is: it is an image of dedicated infrastructures" in said

    # and a second up changes nothing, and nothing is left
    program.workspace.up("own", "--expect-no-changes")
    program.workspace.run("pulumi", "destroy", "--stack", "own", "--yes", "--skip-preview")
