"""`enforce` from `up` to `destroy`: which Pods an infrastructure's namespace takes, and that nothing is left of it."""

import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from lab.deadline import wait_for
from lab.kubeapi import get
from lab.state import KubernetesState, load
from lab.workspace import Workspace
from tests.support.admission import Namespace, container, pod

pytestmark = pytest.mark.engine

_PROGRAM = """\
import json, os
import pulumi_chaosreg as chaosreg

said = json.loads(os.environ["SAID"])
account = chaosreg.Account("acme", images={"release": "1.94.4"}, allow_images=["quay.io/acme", "docker.io/harness"])
chaosreg.Infrastructure(
    "dev",
    account=account,
    cluster={"kubeconfig": said["kubeconfig"], "context": "prod-eu"},
    namespace=said["namespace"],
    enforce=said["enforce"],
)
"""
_API = "/apis/admissionregistration.k8s.io/v1"


class Enforcing:
    """A program of one infrastructure, and its namespace."""

    def __init__(self, folder: Path, cluster: KubernetesState) -> None:
        self.workspace = Workspace(folder)
        self.workspace.add_project()
        (folder / "stacks").mkdir()
        (folder / "__main__.py").write_text(_PROGRAM, "utf-8")
        self.workspace.init("own")
        self.cluster = cluster
        self.namespace = Namespace(cluster, f"enforced-{secrets.token_hex(4)}")

    def say(self, enforce: str) -> None:
        said = {"kubeconfig": self.cluster.kubeconfig, "namespace": self.namespace.name, "enforce": enforce}
        self.workspace.environment["SAID"] = json.dumps(said)

    def up(self, enforce: str, *flags: str) -> str:
        self.say(enforce)
        return self.workspace.up("own", *flags).stdout

    def objects(self) -> list[dict[str, Any]]:
        """The policy and its bindings."""
        name = f"chaos-image-registry-dev.{self.namespace.name}.acme"
        bindings = [f"validatingadmissionpolicybindings/{name}.{word}" for word in ("warn", "deny")]
        found = [get(self.cluster, f"{_API}/{path}") for path in (f"validatingadmissionpolicies/{name}", *bindings)]
        return [one for one in found if one]


@pytest.fixture
def enforcing(tmp_path: Path) -> Enforcing:
    cluster = load().kubernetes
    assert cluster
    return Enforcing(tmp_path / "own", cluster)


def test_a_namespace_warns_of_foreign_images_then_refuses_them_and_nothing_is_left(enforcing: Enforcing) -> None:
    namespace, ours, foreign = enforcing.namespace, "docker.io/harness/chaos-ddcr:1.94.0", "docker.io/evil/x:1"

    # when it warns
    enforcing.up("warn")
    namespace.let_pods_in()
    assert wait_for(lambda: bool(namespace.warnings(pod(foreign))), 30)

    # then Pods are made, and who makes them is told
    (warning,) = namespace.warnings(pod(ours, initContainers=[container(foreign, "i")]))
    assert f"infrastructure `dev` does not pull {foreign}; allowed: docker.io/harness/chaos-ddcr:1.94.0" in warning
    assert not namespace.warnings(pod(ours))
    name = namespace.add(pod(foreign))

    # when it denies, which a preview can show: the API server knows no binding that warns and denies
    enforcing.say("deny")
    enforcing.workspace.preview("own")
    assert "1 replaced" in enforcing.up("deny")
    namespace.wait_until_refused(foreign)

    # then they are refused, and a Pod that was there may go on without getting more
    assert f"does not pull {foreign};" in namespace.refusal(pod(ours, initContainers=[container(foreign, "i")]))
    assert not namespace.refusal(pod("quay.io/acme/probe:1"))
    assert not namespace.refusal_of_change(name, {"metadata": {"labels": {"a": "b"}}})
    debugging = {"spec": {"ephemeralContainers": [container("docker.io/evil/shell:1", "e")]}}
    assert "does not pull docker.io/evil/shell:1;" in namespace.refusal_of_change(
        name, debugging, "/ephemeralcontainers"
    )
    policy, binding = enforcing.objects()
    assert policy["metadata"]["labels"]["chaosreg/infrastructure"] == "dev"
    assert binding["spec"]["validationActions"] == ["Deny"]
    enforcing.up("deny", "--expect-no-changes")

    # when all of it goes, nothing of the policy is left
    enforcing.workspace.run("pulumi", "destroy", "--stack", "own", "--yes", "--skip-preview")
    assert not enforcing.objects()
    namespace.wait_until_taken(foreign)
