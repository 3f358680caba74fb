"""A refresher's script as its Pod has it, run on this machine."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pulumi_chaosreg.kubernetes.refreshing import RENEWALS, Renewal
from pulumi_chaosreg.scopes.model import Decided, Origin
from pulumi_chaosreg.scopes.refresher import Refresher
from pulumi_chaosreg.settings.table import DEFAULT_REFRESHER_IMAGE


def refresher_of(identity: str) -> Refresher:
    return Refresher(Decided(identity, Origin()), Decided(DEFAULT_REFRESHER_IMAGE, Origin()))


def renewal_of(kind: str, server: str, identity: str) -> Renewal:
    return RENEWALS[kind](server, refresher_of(identity))


def run_script(folder: Path, renewal: Renewal, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """By the Pod's own command, without anything that this machine's Python has beside its standard library."""
    (folder / "refresher").mkdir()
    for file, text in renewal.texts().items():
        (folder / "refresher" / file).write_text(text, "utf-8")
    said = {"CHAOSREG_SECRET": "pull", "CHAOSREG_NAMESPACE": "n"}
    words = [sys.executable, "-E", "-s", "-S", "-B", "-m", f"refresher.{renewal.script}"]
    return subprocess.run(words, env={**said, **environment}, cwd=folder, capture_output=True, text=True, check=False)
