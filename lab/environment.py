"""The environment of what runs in the lab: nothing of the user's proxies, kubeconfig, Docker or Pulumi settings."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from lab.places import cache_folder
from lab.state import LabState


def without_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with every proxy switched off: the lab talks to addresses of its own only."""
    kept = {name: value for name, value in environment.items() if not name.lower().endswith("_proxy")}
    return {**kept, "NO_PROXY": "*"}


def inside(state: LabState, folder: Path) -> dict[str, str]:
    """The environment that `run` gives its command."""
    environment = without_proxies(os.environ)
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_ACCESS_TOKEN", "KUBECONFIG"):
        environment.pop(name, None)
    # The engine first, then what the lab has built; what the system brought is on PATH already, in its own order.
    built = [path for name, path in state.bin.items() if name == "pulumi" or cache_folder() in Path(path).parents]
    programs = dict.fromkeys(str(Path(path).parent) for path in built)
    # Not resolved: the `python` of a virtual environment is a link, and its folder is what counts.
    # First, so that a distribution's own python (beside its containerd) is not taken for ours.
    path = [str(Path(sys.prefix) / "bin"), *programs, environment.get("PATH", os.defpath)]
    docker = folder / "docker"
    docker.mkdir(exist_ok=True)
    environment |= {
        "LAB_STATE": str(folder / "state.json"),
        "PATH": os.pathsep.join(path),
        "DOCKER_CONFIG": str(docker),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # Also when a part was not started: better an empty place of the lab than the user's own.
        "PULUMI_HOME": state.engine.home if state.engine else str(folder / "pulumi-home"),
        "KUBECONFIG": state.kubernetes.kubeconfig if state.kubernetes else str(folder / "no-kubeconfig"),
    }
    return environment
