"""Tokens of Google and Azure that a Job gets for its ServiceAccount: a real kubelet pulls by what it has written."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from lab import kubeapi, node
from lab.cloud_orders import tell
from lab.deadline import wait_for
from lab.pods import delete_pod, run_pod, wait_running
from lab.python_image import python_image
from lab.state import CloudState, LabState
from lab.workspace import Workspace

pytestmark = [pytest.mark.node, pytest.mark.engine, pytest.mark.controllers, pytest.mark.nightly]

PROVIDER = "projects/123456789012/locations/global/workloadIdentityPools/clusters/providers/prod-eu"
ACCOUNT = "chaos-pull@acme-prod.iam.gserviceaccount.com"
TENANT, CLIENT = "00000000-1111-2222-3333-444444444444", "55555555-6666-7777-8888-999999999999"
SECRET = "canary-of-a-client"
NAME = "chaos-image-registry-prod-eu"
IMAGE, TAG = "chaos-ddcr", "1.93.0"

STACK = """\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: {server}, account: {path}, type: private, authentication: {{type: {type}}}}}
    images: {{release: "1.93.0", pin: "off"}}
    mirror: off
    pull_secret: {{identity: {identity}, refresher_image: {image}}}
  chaosreg:infrastructures:
    prod-eu: {{cluster: {{context: prod-eu, provider: {provider}}}, namespace: {namespace}, service_accounts: [litmus]}}
"""


@pytest.fixture
def lab(lab_with_clouds: LabState) -> LabState:
    return lab_with_clouds


def company(folder: Path, lab: LabState, cloud: CloudState, label: str, **said: str) -> Workspace:
    """Its one stack, and an image in its registry, which somebody else fills."""
    assert lab.upstream
    workspace = Workspace(folder)
    workspace.add_project()
    path = f"acme/{label}"
    words = {"server": cloud.registry, "path": path, "namespace": f"{label}-h", "image": python_image(lab), **said}
    (folder / "stacks").mkdir()
    (folder / "stacks/Pulumi.acme.yaml").write_text(STACK.format(**words), "utf-8")
    workspace.init("acme")
    copied = (f"{lab.upstream.host}/harness/{IMAGE}:{TAG}", f"{cloud.behind}/{path}/{IMAGE}:{TAG}")
    workspace.run("crane", "copy", "--insecure", *copied)
    return workspace


def assert_pulls(lab: LabState, cloud: CloudState, made: Workspace, label: str) -> None:
    """`up`, a Pod of a real kubelet, and what must hold of the Secret then."""
    namespace = f"{label}-h"
    made.up("acme")
    node.trust(cloud.registry, cloud.authority)
    node.remove_images()
    reference = f"{cloud.registry}/acme/{label}/{IMAGE}:{TAG}"
    run_pod(lab.kubernetes, lab.node, namespace, "pulls", reference, service_account="litmus")
    wait_running(lab.kubernetes, namespace, "pulls")
    delete_pod(lab.kubernetes, namespace, "pulls")

    secret = secret_of(lab, namespace)
    auths = json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))["auths"]
    assert list(auths) == [cloud.registry]
    assert secret["metadata"]["annotations"].keys() >= {"chaosreg/last-success", "chaosreg/expires"}

    password = base64.b64decode(auths[cloud.registry]["auth"]).decode().partition(":")[2]
    state = json.dumps(made.state("acme"))
    for kept in (password, SECRET):
        assert kept not in state
        assert base64.b64encode(kept.encode()).decode() not in state
    made.up("acme", "--expect-no-changes")


def secret_of(lab: LabState, namespace: str) -> dict[str, Any]:
    found: dict[str, Any] = kubeapi.call(lab.kubernetes, "GET", f"/api/v1/namespaces/{namespace}/secrets/{NAME}")
    return found


def subject(label: str) -> str:
    """Of the refresher's ServiceAccount."""
    return f"system:serviceaccount:{label}-h:{NAME}-refresher"


def test_a_workload_identity_provider_of_google(lab: LabState, label: str, tmp_path: Path) -> None:
    said = {"type": "gcp_service_account", "identity": PROVIDER, "provider": "other"}
    made = company(tmp_path / "company", lab, lab.google, label, **said)
    tell(lab.google, providers=[PROVIDER], readers=[subject(label)])
    assert_pulls(lab, lab.google, made, label)


def test_a_service_account_of_google_on_gke(lab: LabState, label: str, tmp_path: Path) -> None:
    said = {"type": "gcp_service_account", "identity": ACCOUNT, "provider": "gke"}
    made = company(tmp_path / "company", lab, lab.google, label, **said)
    tell(lab.google, account=ACCOUNT, readers=[ACCOUNT])
    assert_pulls(lab, lab.google, made, label)


def test_a_client_of_azure_that_trusts_the_service_account(lab: LabState, label: str, tmp_path: Path) -> None:
    said = {"type": "azure", "identity": f"{TENANT}/{CLIENT}", "provider": "other"}
    made = company(tmp_path / "company", lab, lab.azure, label, **said)
    tell(lab.azure, clients={CLIENT: {"tenant": TENANT, "subject": subject(label)}})
    assert_pulls(lab, lab.azure, made, label)


def test_a_client_of_azure_with_a_secret(lab: LabState, label: str, tmp_path: Path) -> None:
    said = {"type": "azure", "identity": "keys", "provider": "other"}
    made = company(tmp_path / "company", lab, lab.azure, label, **said)
    tell(lab.azure, clients={CLIENT: {"tenant": TENANT, "secret": SECRET}})
    set_keys(made, {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET})
    assert_pulls(lab, lab.azure, made, label)


def test_cron_jobs_renew_what_has_ended(lab: LabState, label: str, tmp_path: Path) -> None:
    clouds = {
        f"{label}g": (lab.google, {"type": "gcp_service_account", "identity": PROVIDER, "provider": "other"}),
        f"{label}a": (lab.azure, {"type": "azure", "identity": f"{TENANT}/{CLIENT}", "provider": "other"}),
    }
    tell(lab.google, providers=[PROVIDER], readers=[subject(f"{label}g")], seconds=1)
    tell(lab.azure, clients={CLIENT: {"tenant": TENANT, "subject": subject(f"{label}a")}}, seconds=1)
    made = {of: company(tmp_path / of, lab, cloud, of, **said) for of, (cloud, said) in clouds.items()}
    for of, workspace in made.items():
        workspace.up("acme")
        path = f"/apis/batch/v1/namespaces/{of}-h/cronjobs/{NAME}-refresher"
        cron = kubeapi.call(lab.kubernetes, "GET", path)
        kubeapi.call(lab.kubernetes, "PUT", path, {**cron, "spec": {**cron["spec"], "schedule": "* * * * *"}})
    last = {of: succeeded(lab, of) for of in made}
    tell(lab.google, seconds=3600)
    tell(lab.azure, seconds=3 * 3600)

    assert wait_for(lambda: all(succeeded(lab, of) > last[of] for of in made), 150)

    for of, (cloud, _) in clouds.items():
        node.trust(cloud.registry, cloud.authority)
        node.remove_images()
        reference = f"{cloud.registry}/acme/{of}/{IMAGE}:{TAG}"
        run_pod(lab.kubernetes, lab.node, f"{of}-h", "pulls", reference, service_account="litmus")
        wait_running(lab.kubernetes, f"{of}-h", "pulls")
        delete_pod(lab.kubernetes, f"{of}-h", "pulls")


def succeeded(lab: LabState, label: str) -> str:
    """When the Secret was last renewed."""
    found: str = secret_of(lab, f"{label}-h")["metadata"]["annotations"]["chaosreg/last-success"]
    return found


def set_keys(made: Workspace, keys: dict[str, Any]) -> None:
    for part, value in keys.items():
        words = ("--stack", "acme", "--secret", "--path", f"chaosreg-credentials:keys.{part}")
        made.run("pulumi", "config", "set", *words, value)
