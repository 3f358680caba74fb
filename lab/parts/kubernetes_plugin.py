"""Where the engine's Kubernetes plugin comes from: the official one wherever it can be had, else our stand-in."""

import datetime
import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path

from lab.console import detail, say
from lab.errors import LabError
from lab.places import cache_folder

_TRY_AGAIN_AFTER = datetime.timedelta(hours=24)
_PATIENCE = 20.0


def provide(home: Path, pulumi: Path) -> str:
    """Put the plugin of exactly the SDK's version into this PULUMI_HOME; returns "official" or "stand-in"."""
    version = importlib.metadata.version("pulumi_kubernetes")
    folder = home / "plugins" / f"resource-kubernetes-v{version}"
    given = os.environ.get("LAB_KUBERNETES_PLUGIN")
    if given:
        if not Path(given).is_file():
            raise LabError(f"LAB_KUBERNETES_PLUGIN names no file: {given}")
        folder.mkdir()
        shutil.copy2(given, folder / "pulumi-resource-kubernetes")
        return "official"
    own = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi") / "plugins" / folder.name
    if (own / "pulumi-resource-kubernetes").is_file():
        folder.symlink_to(own)
        return "official"
    if _installed(home, version, pulumi):
        return "official"
    shutil.rmtree(folder, ignore_errors=True)  # what an interrupted download left
    from lab.plugins.kubernetes.install import install  # late: only needed here

    install(home, version, Path(sys.prefix) / "bin" / "python")
    return "stand-in"


def _installed(home: Path, version: str, pulumi: Path) -> bool:
    """Try the download, and remember a failure for a day, so that not every start waits for it."""
    marker = cache_folder() / f"no-kubernetes-plugin-{version}"
    if marker.exists():
        failed = datetime.datetime.fromtimestamp(marker.stat().st_mtime, datetime.UTC)
        if datetime.datetime.now(datetime.UTC) - failed < _TRY_AGAIN_AFTER:
            return False
    say(f"installing the official Kubernetes plugin {version} (tried once, {_PATIENCE:.0f} s at most)")
    environment = {**os.environ, "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        subprocess.run(
            [pulumi, "plugin", "install", "resource", "kubernetes", version],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        detail(f"not possible here ({type(error).__name__}); not tried again for 24 hours: {marker}")
        marker.touch()
        return False
    return True
