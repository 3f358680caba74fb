"""What a stack has, by the command `pulumi`: it knows the backend, and needs no passphrase for it."""

import json
import logging
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import ChaosregError

_LOG = logging.getLogger(__name__)


def resources(project: Path, stack: str) -> list[dict[str, Any]]:
    """The resources in the state of a stack, secrets encrypted; ChaosregError (CHR0119)."""
    state = json.loads(run_pulumi(project, "stack", "export", "--stack", stack))
    found: list[dict[str, Any]] = (state.get("deployment") or {}).get("resources") or []
    return found


def run_pulumi(project: Path, *arguments: str, shown: bool = False) -> str:
    """What the command prints; ChaosregError (CHR0119) where it fails. `shown`: straight to the terminal."""
    command = ["pulumi", *arguments]
    sys.stdout.flush()
    _LOG.info("runs `%s`", shlex.join(command))
    try:
        done = subprocess.run(command, cwd=project, check=False, text=True, capture_output=not shown)  # noqa: S603
    except FileNotFoundError:
        advice = "install it: https://www.pulumi.com/docs/install"
        raise ChaosregError.of("CHR0119", "the command `pulumi` is not installed", help=advice) from None
    if done.returncode:
        said = ((done.stderr or "") + (done.stdout or "")).strip() if not shown else ""
        raise ChaosregError.of(
            "CHR0119",
            f"`pulumi {' '.join(arguments[:2])}` ended with {done.returncode}",
            notes=[("it says", said.splitlines()[0])] if said else [],
            help="a new stack needs `pulumi stack init` first",
        )
    return done.stdout or ""
