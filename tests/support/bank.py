"""A bank, as its own people would write it from the product's pages: Harbor behind an air gap, and all that is strict.

Outside it has a staging registry, whose images it has looked at and signed. Inside, two environments: production, which
may change nothing, and a laboratory, which alone may.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.images import copy_storage
from lab.registry import RegistryServer
from lab.state import LabState
from tests.support.signing import Signer

HARDENED = {
    "runner": "chaos-runner",
    "operator": "chaos-operator",
    "log-watcher": "chaos-log-watcher",
    "go-runner": "chaos-go-runner",
}
"""The bank's own builds, by the names of the product page → what stands for them here: Harness's own."""

BANK = """\
config:
  chaosreg:account:
    id: bank
    allow_overrides: {{scopes: [payments/lab]}}
    image_registry:
      server: "{harbor}"
      kind: harbor
      account: bank/chaos
      type: private
      authentication: {{username: "robot$bank+pull", password_secret: harbor-pull}}
    images: {{release: "1.53.1", pin: strict}}
    custom_images:
      chaos_runner: "{harbor}/bank/chaos/runner:v1.0.0"
      chaos_operator: "{harbor}/bank/chaos/operator:v1.0.0"
      log_watcher: "{harbor}/bank/chaos/log-watcher:v1.0.0"
      go_runner: "{harbor}/bank/chaos/go-runner:v1.0.0"
    allow_images: ["{harbor}/bank/chaos", "{harbor}/bank/experiments"]
    mirror:
      source: "{staging}/harness"
      allow_sources: ["{staging}/harness", "{staging}/hardened"]
      also: [{also}]
      platforms: [linux/amd64]
      signatures: require
      verify: {{public_keys: [keys/bank.pub]}}
      push: harbor-push
    service_accounts: [litmus]
"""
LEDGER = """\
config:
  chaosreg:parent_stack: bank
  chaosreg:organization: {{id: core}}
  chaosreg:project: {{id: ledger}}
  chaosreg:infrastructures:
    frankfurt:
      type: dedicated
      cluster: {{kubeconfig: clusters/frankfurt.yaml, identifier: frankfurt}}
      namespace: {namespace}-ledger
"""
LAB = """\
config:
  chaosreg:parent_stack: bank
  chaosreg:organization: {{id: payments}}
  chaosreg:project:
    id: lab
    images: {{release: "1.93.0"}}
    custom_images: {{ddcr: "{harbor}/bank/experiments/ddcr:dev-7"}}
  chaosreg:infrastructures:
    lab: {{cluster: {{kubeconfig: clusters/lab.yaml, identifier: lab}}, namespace: {namespace}-lab}}
"""
STACKS: Mapping[str, str] = {"bank": BANK, "ledger-prod": LEDGER, "payments-lab": LAB}
CLUSTERS = ("frankfurt", "lab")
OF_THE_LABORATORY = "bank/experiments/ddcr:dev-7"
"""Built inside: nobody outside knows it."""


def write(folder: Path, staging: str, harbor: str, namespace: str, public_key: str) -> None:
    """What the bank has in Git."""
    also = ", ".join(f'"{staging}/hardened/{name}:v1.0.0"' for name in HARDENED)
    (folder / "stacks").mkdir()
    for stack, text in STACKS.items():
        said = text.format(staging=staging, harbor=harbor, namespace=namespace, also=also)
        (folder / f"stacks/Pulumi.{stack}.yaml").write_text(said, "utf-8")
    (folder / "keys").mkdir()
    (folder / "keys/bank.pub").write_text(public_key, "utf-8")


def fill_staging(server: RegistryServer, lab: LabState) -> None:
    """Harness's images, and the bank's own."""
    assert lab.upstream
    copy_storage(Path(lab.upstream.log).parent / "storage", server.storage)
    for ours, theirs in HARDENED.items():
        copy(f"{server.host}/harness/{theirs}:1.53.0", f"{server.host}/hardened/{ours}:v1.0.0")


def copy(source: str, target: str, **environment: str) -> None:
    """By crane, as somebody who does not use the product."""
    copied = ["crane", "copy", "--insecure", source, target]
    subprocess.run(copied, env={**os.environ, **environment}, check=True, capture_output=True)


def sign(server: RegistryServer, signer: Signer, references: Sequence[str]) -> None:
    """What each tag stands for now, with the bank's key; one call, since cosign takes long to start."""
    for reference in references:
        assert reference.startswith(f"{server.host}/")
    first, *others = references
    signer.sign(server.host, first.removeprefix(f"{server.host}/"), "bundle", *others)
