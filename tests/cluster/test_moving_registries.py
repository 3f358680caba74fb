"""docs/operations.md, on a real kubelet: Pods pull all the time while a company moves to another registry."""

import json
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from lab.errors import LabError
from lab.kubeapi import get
from lab.node import allow_plain_http, remove_images
from lab.pods import delete_pod, run_pod, wait_running
from lab.registry import RegistryServer
from lab.state import LabState, load
from lab.workspace import Workspace

pytestmark = [pytest.mark.node, pytest.mark.nightly]

NAMESPACE, IMAGE = "moving-test", "image.chaos-ddcr"
ACME = "stacks/Pulumi.acme.yaml"


@pytest.fixture
def new_registry(tmp_path: Path) -> Iterator[RegistryServer]:
    logins = {"new-puller": "new-pull-canary", "new-pusher": "new-push-canary"}
    with RegistryServer(tmp_path / "new-registry", logins=logins) as server:
        yield server


class Pods:
    """One Pod after the other, each pulled anew (`Always`) with what the ServiceAccount has at that moment."""

    def __init__(self, lab: LabState) -> None:
        self.lab = lab
        self.ran: list[str] = []
        self.failed: list[str] = []
        self._one_more = threading.Condition()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Pods":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def wait_for_two_more(self) -> None:
        """Until a Pod has run that began after now."""
        with self._one_more:
            wanted = len(self.ran) + len(self.failed) + 2
            assert self._one_more.wait_for(lambda: len(self.ran) + len(self.failed) >= wanted, 120)

    def _run(self) -> None:
        place = f"/api/v1/namespaces/{NAMESPACE}/configmaps/chaos-image-registry-prod-eu"
        for number in count():
            if self._ends.is_set():
                return
            name, image = f"pod-{number}", get(self.lab.kubernetes, place)["data"][IMAGE]
            remove_images(self.lab.node)
            run_pod(self.lab.kubernetes, self.lab.node, NAMESPACE, name, image, service_account="litmus")
            try:
                wait_running(self.lab.kubernetes, NAMESPACE, name)
                found = self.ran
            except LabError as error:
                image, found = f"{image}: {error}", self.failed
            delete_pod(self.lab.kubernetes, NAMESPACE, name)
            with self._one_more:
                found.append(image)
                self._one_more.notify_all()


def test_no_pull_fails_while_a_company_moves_to_another_registry(tmp_path: Path, new_registry: RegistryServer) -> None:
    lab = load()
    if lab.node.missing:
        pytest.skip(f"no kubelet here: {lab.node.missing}")
    company = Workspace.of_company(tmp_path / "company", lab)
    company.edit("stacks/Pulumi.checkout-prod.yaml", "namespace: harness-chaos\n", f"namespace: {NAMESPACE}\n")
    company.run("chaosreg", "lock")
    company.init("acme", "checkout-prod")
    company.set_credentials("acme", lab)
    company.up("acme")
    company.up("checkout-prod")
    old, new, pull = lab.registry.host, new_registry.host, lab.registry.pull
    for host in (old, new):
        allow_plain_http(host)

    with Pods(lab) as pods:
        pods.wait_for_two_more()
        logins = {old: vars(pull), new: {"username": "new-puller", "password": "new-pull-canary"}}
        _set(company, "harbor-credentials", {"auths": logins})
        company.up("checkout-prod")
        pods.wait_for_two_more()
        company.edit(ACME, f"server: {old}", f"server: {new}")
        _set(company, "harbor-push", {"username": "new-pusher", "password": "new-push-canary"})
        company.up("acme")
        pods.wait_for_two_more()
        company.up("checkout-prod")
        pods.wait_for_two_more()

    assert pods.failed == []
    assert pods.ran[0].startswith(old)
    assert pods.ran[-1].startswith(new)
    assert pods.ran[0].partition("@")[2] == pods.ran[-1].partition("@")[2]


def _set(company: Workspace, name: str, value: object) -> None:
    text = f"chaosreg-credentials:{name}={json.dumps(value)}"
    company.run("pulumi", "config", "set-all", "--stack", "acme", "--secret", text)
