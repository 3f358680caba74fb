"""The real Pulumi engine with its Python language host: the user's own where it is new enough, else built."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.cache import made_once
from lab.gobuild import GoBuild
from lab.network import Network
from lab.parts.engine_plugins import provide
from lab.site import Site
from lab.state import EngineState

VERSION = "3.259.0"

_SDK = "github.com/pulumi/pulumi/sdk/v3"
_VERSION_FLAG = f"-s -w -X {_SDK}/go/common/version.Version="


class Engine:
    name = "engine"
    needs: tuple[str, ...] = ()

    def describe(self) -> str:
        return "the Pulumi engine and its Python language host"

    def build(self, network: Network) -> Mapping[str, Path]:
        return usable_on_path() or _built()

    def prepare(self, folder: Path, programs: Mapping[str, Path]) -> None:
        home = folder / "pulumi-home"
        (home / "plugins").mkdir(parents=True, exist_ok=True)
        (folder / "plugins.json").write_text(json.dumps(provide(home, programs["pulumi"])), "utf-8")

    def start(self, site: Site) -> EngineState:
        plugins = json.loads((site.folder / "plugins.json").read_text("utf-8"))
        return EngineState(str(site.folder / "pulumi-home"), version_of(site.bin["pulumi"]) or VERSION, plugins)

    def stop(self, site: Site) -> None:
        """Nothing: the engine runs only while somebody calls it."""

    def forget(self, folder: Path) -> None:
        """Nothing: all is in the folder."""


def usable_on_path() -> dict[str, Path] | None:
    """The user's own engine, where it is not older than ours and brings its language host."""
    found = shutil.which("pulumi")
    if not found:
        return None
    pulumi = Path(found)
    host = pulumi.resolve().with_name("pulumi-language-python")
    version = version_of(pulumi)
    if not host.exists() or version is None or _numbers(version) < _numbers(VERSION):
        return None
    return {"pulumi": pulumi, host.name: host}


def version_of(pulumi: Path) -> str | None:
    """What `pulumi version` says, without the leading v."""
    with TemporaryDirectory() as home:  # every command begins a log there, and the user's own home is not ours
        environment = {**os.environ, "PULUMI_HOME": home, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        said = subprocess.run([pulumi, "version"], capture_output=True, text=True, check=False, env=environment).stdout
    found = re.match(r"v?(\d+\.\d+\.\d+\S*)", said.strip())
    return found.group(1) if found else None


def _built() -> dict[str, Path]:
    cli = GoBuild(
        "pulumi",
        VERSION,
        {"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
        cold="5 min",
        ldflags=f"{_VERSION_FLAG}v{VERSION}",
        copies={
            "pulumi-language-python-exec": (_SDK, "python/cmd/pulumi-language-python-exec"),
            "pulumi-resource-pulumi-python": (_SDK, "python/dist/pulumi-resource-pulumi-python"),
        },
    )
    # Later versions of the language host are a module of their own, which the Go proxy does not have.
    host = GoBuild(
        "language-python",
        "3.78.1",
        {"pulumi-language-python": f"{_SDK}/python/cmd/pulumi-language-python"},
        cold="half a minute",
        ldflags=f"{_VERSION_FLAG}v3.78.1",
    )
    programs = {**cli.ensure(), **host.ensure()}

    def assemble(folder: Path) -> None:  # the engine looks for its language host beside itself
        for name, path in programs.items():
            (folder / name).hardlink_to(path)

    both = hashlib.sha256(f"{cli.key()} {host.key()}".encode()).hexdigest()[:8]
    folder = made_once(f"bin/engine-{VERSION}-{both}", assemble)
    return {name: folder / name for name in programs}


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:3]]
