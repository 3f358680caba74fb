"""A company that publishes its levels in the lab's Harness: four levels, in one stack file or in two."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.harness_orders import new_account
from lab.state import HarnessState, load
from lab.workspace import Workspace

KEY_CANARY = "pat.canary-5eed-of-harness"

ACCOUNT = """\
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    image_registry:
      server: harbor.acme.example
      account: chaos
      type: private
      kind: harbor
      authentication: {{secret_name: chaos-pull}}
    images: {{release: "1.94.4", pin: "off"}}
    mirror: off
    harness: {{publish: true, account_id: {account}, endpoint: "{endpoint}", login: harness-key}}
"""
BELOW = """\
  chaosreg:organization:
    id: payments
    allow_overrides: true
    image_registry: {{account: chaos/payments}}
    harness: {{publish: true}}
  chaosreg:project:
    id: checkout
    allow_overrides: true
    image_registry: {{account: chaos/checkout}}
    harness: {{publish: true}}
  chaosreg:infrastructures:
    prod-eu:
      cluster: {{context: prod-eu}}
      namespace: {space}-h
      harness_id: prod_eu
      environment: prod
      custom_images: {{log_watcher: "harbor.acme.example/own/log-watcher:7"}}
      harness: {{publish: true}}
"""


class Recording(Workspace):
    """Remembers all that its commands have said."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.said: list[str] = []

    def run(self, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        try:
            done = super().run(*command, check=check)
        except LabError as failed:
            self.said.append(str(failed))
            raise
        self.said.append(done.stdout + done.stderr)
        return done

    def leaks(self, canary: str) -> list[str]:
        """What commands said, and files of the state, that have it in them."""
        files = [path for path in (self.folder / ".backend").rglob("*") if path.is_file()]
        found = [text[:200] for text in self.said if canary in text]
        return [*found, *(str(path) for path in files if canary in path.read_text("utf-8", "replace"))]


@dataclass
class InHarness:
    """The workspace, and where its records are."""

    workspace: Recording
    harness: HarnessState
    account: str


def company_in_harness(folder: Path, space: str, *, split: bool = False) -> InHarness:
    """Its stack `acme` is initialised, and `prod`, too, where what is below the account has a file of its own."""
    harness = load().harness
    assert harness, "the part `harness` was not started"
    account = f"acc{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
    new_account(harness, account, f"{KEY_CANARY}.{account}")
    workspace = Recording(folder)
    workspace.add_project()
    (folder / "stacks").mkdir()
    said = {"account": account, "endpoint": harness.endpoint, "space": space}
    files = {"acme": ACCOUNT if split else ACCOUNT + BELOW}
    files |= {"prod": f"config:\n  chaosreg:parent_stack: acme\n{BELOW}"} if split else {}
    for stack, text in files.items():
        (folder / f"stacks/Pulumi.{stack}.yaml").write_text(text.format(**said), "utf-8")
        workspace.init(stack)
        key = f"chaosreg-credentials:harness-key={KEY_CANARY}.{account}"
        workspace.run("pulumi", "config", "set-all", "--stack", stack, "--secret", key)
    return InHarness(workspace, harness, account)
