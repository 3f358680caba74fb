"""examples/air-gapped-harbor as it stands in the project, with the lab's hosts in the place of the bank's; and what the
bank does outside: a staging registry, whose images it has looked at and signed.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from lab.images import copy_storage
from lab.registry import RegistryServer
from lab.state import LabState
from lab.workspace import Workspace
from tests.support.expected_previews import EXAMPLES
from tests.support.signing import Signer

EXAMPLE = EXAMPLES / "air-gapped-harbor"
STACKS = ("bank", "ledger-prod", "payments-lab")
CLUSTERS = ("frankfurt", "lab")
STAGING, HARBOR = "staging.bank.example", "harbor.bank.example"
HARDENED = {
    "runner": "chaos-runner",
    "operator": "chaos-operator",
    "log-watcher": "chaos-log-watcher",
    "go-runner": "chaos-go-runner",
}
"""The bank's own builds → what stands for them here: Harness's own."""
OF_THE_LABORATORY = "experiments/ddcr:dev-7"
"""Built inside: nobody outside knows it."""


def example(folder: Path, staging: str, harbor: str, label: str, public_key: str) -> Workspace:
    """What the bank has in Git; its namespaces begin with the label."""
    workspace = Workspace(folder)
    workspace.add_project()
    shutil.copytree(EXAMPLE / "stacks", folder / "stacks")
    for path in (folder / "stacks").iterdir():
        text = path.read_text("utf-8")
        for said, here in ((STAGING, staging), (HARBOR, harbor), ("namespace: ", f"namespace: {label}-")):
            text = text.replace(said, here)
        path.write_text(text, "utf-8")
    (folder / "keys").mkdir()
    (folder / "keys/bank.pub").write_text(public_key, "utf-8")
    return workspace


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
    """These digests, with the bank's key; in one call, since cosign takes long to start."""
    first, *others = references
    signer.sign(server.host, first.removeprefix(f"{server.host}/"), "bundle", *others)
