"""Where the engine's plugins come from: the official ones wherever they can be had, else our stand-ins.

The engine wants one for every Pulumi SDK that is installed beside it, in every run, used or not: a plugin that is
missing is downloaded.
"""

import datetime
import importlib.metadata
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lab.console import detail, say
from lab.errors import LabError
from lab.places import cache_folder
from lab.plugins.protocol.install import folder_of, install

_TRY_AGAIN_AFTER = datetime.timedelta(hours=24)
_PATIENCE = 20.0


@dataclass(frozen=True)
class EnginePlugin:
    """One plugin that the lab has a stand-in for."""

    name: str
    downloaded: bool
    """Whether the official one is asked for: half a minute, but not the quarter of an hour that some take."""

    @property
    def package(self) -> str:
        """The SDK whose version it must have."""
        return f"pulumi_{self.name.replace('-', '_')}"

    @property
    def variable(self) -> str:
        """Names the path of an official one."""
        return f"LAB_{self.name.upper().replace('-', '_')}_PLUGIN"


PLUGINS = (
    EnginePlugin("kubernetes", downloaded=True),
    EnginePlugin("aws", downloaded=False),
    EnginePlugin("gcp", downloaded=False),
    EnginePlugin("artifactory", downloaded=False),
    EnginePlugin("azure-native", downloaded=False),
)


def provide(home: Path, pulumi: Path) -> dict[str, str]:
    """Put each plugin of exactly its SDK's version into this PULUMI_HOME; name → "official" or "stand-in"."""
    return {plugin.name: _provide(plugin, home, pulumi) for plugin in PLUGINS}


def _provide(plugin: EnginePlugin, home: Path, pulumi: Path) -> str:
    version = importlib.metadata.version(plugin.package)
    folder, program = folder_of(home, plugin.name, version), f"pulumi-resource-{plugin.name}"
    given = os.environ.get(plugin.variable)
    if given:
        if not Path(given).is_file():
            raise LabError(f"{plugin.variable} names no file: {given}")
        folder.mkdir()
        shutil.copy2(given, folder / program)
        return "official"
    own = folder_of(Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi"), plugin.name, version)
    if (own / program).is_file():
        folder.symlink_to(own)
        return "official"
    if plugin.downloaded and _installed(plugin.name, home, version, pulumi):
        return "official"
    shutil.rmtree(folder, ignore_errors=True)  # what an interrupted download left
    install(home, plugin.name, version, Path(sys.prefix) / "bin" / "python")
    return "stand-in"


def _installed(name: str, home: Path, version: str, pulumi: Path) -> bool:
    """Try the download, and remember a failure for a day, so that not every start waits for it."""
    marker = cache_folder() / f"no-{name}-plugin-{version}"
    if marker.exists():
        failed = datetime.datetime.fromtimestamp(marker.stat().st_mtime, datetime.UTC)
        if datetime.datetime.now(datetime.UTC) - failed < _TRY_AGAIN_AFTER:
            return False
    say(f"installing the official {name} plugin {version} (tried once, {_PATIENCE:.0f} s at most)")
    environment = {**os.environ, "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        subprocess.run(
            [pulumi, "plugin", "install", "resource", name, version],
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
