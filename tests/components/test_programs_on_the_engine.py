"""Programs without stack files on the real engine: what it makes of Outputs, of Providers of one's own, of mistakes."""

import json
import secrets
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from lab.kubeapi import get
from lab.state import KubernetesState, load
from lab.workspace import Workspace

pytestmark = pytest.mark.engine

_HEAD = """\
import json, os
import pulumi
from pulumi_kubernetes.provider import Provider
import pulumi_chaosreg as chaosreg

said = json.loads(os.environ["SAID"])
account = chaosreg.Account(
    "acme",
    image_registry={
        "server": "harbor.company.com",
        "account": "chaos",
        "type": "private",
        "authentication": {"username": "chaos-user", "password_secret": "harbor"},
    },
    images={"release": "1.94.4"},
    credentials={"harbor": pulumi.Output.secret(said["password"])},
)
"""
_LOOP = """\
for name in ("a", "b"):
    kubeconfig = pulumi.Output.secret(said["kubeconfig"]).apply(lambda text: text)
    cluster = chaosreg.Cluster(identifier="lab", kubeconfig=kubeconfig)
    chaosreg.Infrastructure(name, account=account, cluster=cluster, namespace=f"{said['namespace']}-{name}")
"""
_OWN_PROVIDER = """\
mine = Provider("mine", kubeconfig=said["kubeconfig"], enable_secret_mutable=said["mutable"])
cluster = chaosreg.Cluster(kubernetes_provider=mine, secrets_are_mutable=said["mutable"])
chaosreg.Infrastructure("dev", account=account, cluster=cluster, namespace=said["namespace"])
"""
_TWICE = """\
for _ in range(2):
    chaosreg.Infrastructure("dev", account=account, cluster={"context": "dev"})
"""


class Own:
    """A project with a program of its own; `said` is what it reads."""

    def __init__(self, folder: Path, cluster: KubernetesState) -> None:
        self.workspace = Workspace(folder)
        self.workspace.add_project()
        (folder / "stacks").mkdir()
        self.workspace.init("own")
        kubeconfig = Path(cluster.kubeconfig).read_text("utf-8")
        namespace = f"own-{secrets.token_hex(4)}"
        self.said: dict[str, Any] = {
            "kubeconfig": kubeconfig,
            "namespace": namespace,
            "password": "first",
            "mutable": False,
        }

    def up(self, program: str, *flags: str, **said: Any) -> str:
        """What `pulumi up` prints, whether or not it succeeds."""
        (self.workspace.folder / "__main__.py").write_text(_HEAD + program, "utf-8")
        self.said |= said
        self.workspace.environment["SAID"] = json.dumps(self.said)
        return self.printed(self.workspace.up("own", *flags, check=False))

    def destroy(self) -> str:
        """What `pulumi destroy` prints."""
        command = ("pulumi", "destroy", "--stack", "own", "--yes", "--skip-preview")
        return self.printed(self.workspace.run(*command, check=False))

    def printed(self, done: "CompletedProcess[str]") -> str:
        """Its output on one line: the engine breaks lines as it likes."""
        return " ".join((done.stdout + done.stderr).split())


@pytest.fixture
def cluster() -> KubernetesState:
    state = load().kubernetes
    assert state
    return state


@pytest.fixture
def own(tmp_path: Path, cluster: KubernetesState) -> Own:
    return Own(tmp_path / "own", cluster)


def secret(cluster: KubernetesState, own: Own, infrastructure: str = "dev", suffix: str = "") -> Any:
    path = f"/api/v1/namespaces/{own.said['namespace']}{suffix}/secrets/chaos-image-registry-{infrastructure}"
    return get(cluster, path)


def test_a_mistake_is_one_error_with_its_line_and_nothing_is_made(own: Own) -> None:
    said = own.up(_TWICE).partition("Diagnostics:")[2]

    line = _HEAD.count("\n") + 2
    assert said.count("error[CHR") == 1
    assert (
        f"error[CHR0210]: infrastructure `dev` is defined twice below the same parent --> __main__.py:{line} " in said
    )
    assert "Traceback" not in said
    assert not own.workspace.state("own")["deployment"].get("resources")


def test_a_kubeconfig_output_in_a_loop_reaches_one_cluster(own: Own, cluster: KubernetesState) -> None:
    assert "+ 11 created" in own.up(_LOOP)
    assert secret(cluster, own, "a", "-a")["data"]
    assert secret(cluster, own, "b", "-b")["data"]

    assert "11 unchanged" in own.up(_LOOP, "--expect-no-changes")

    assert "- 11 deleted" in own.destroy()


@pytest.mark.nightly
def test_with_a_provider_of_one_s_own_a_secret_changes_where_the_user_says_that_it_does_in_place(
    own: Own, cluster: KubernetesState
) -> None:
    """What docs/python.md says of rotation and destroy."""
    own.up(_OWN_PROVIDER)
    first = secret(cluster, own)

    rotated = own.up(_OWN_PROVIDER, password="second")

    assert "error: unable to replace resource" in rotated
    assert "as it is currently marked for protection" in rotated
    assert secret(cluster, own) == first

    destroyed = own.destroy()

    assert "cannot be deleted because it is protected" in destroyed
    assert secret(cluster, own) == first

    own.up(_OWN_PROVIDER, mutable=True)

    now = secret(cluster, own)
    assert now["metadata"]["uid"] == first["metadata"]["uid"]
    assert now["data"] != first["data"]
    assert "errored" not in own.destroy()
