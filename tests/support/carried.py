"""A company whose images are carried over, and what tests of that look at."""

import subprocess
import sys
from pathlib import Path

from lab.registry import RegistryServer
from tests.support.builder import Tree
from tests.support.company import write_company

NAMES = ("chaos-ddcr", "chaos-ddcr-faults", "chaos-log-watcher")


def carrying_company(folder: Path, source: str, target: str, images: dict[str, Tree], of_eu: str = "") -> Path:
    listed = ", ".join(f"harness/{name}:1" for name in NAMES)
    write_company(
        folder,
        f"""\
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    image_registry: {{server: "{target}", account: chaos, type: public}}
    mirror: {{source: "{source}/harness", allow_sources: ["{source}"]}}
    required_images: [{listed}]
  chaosreg:infrastructures:
    eu: {{cluster: {{context: eu}}{of_eu}}}
    us: {{cluster: {{context: us}}}}
""",
    )
    lock = "".join(f"{source}/harness/{name}:1: {tree.digest}\n" for name, tree in images.items())
    (folder / "stacks/chaosreg.lock.yaml").write_text(lock)
    return folder


def digest_at(name: str) -> str:
    return subprocess.run(["crane", "digest", name], capture_output=True, text=True).stdout.strip()


def arrived(target: RegistryServer, images: dict[str, Tree]) -> set[str]:
    """The images whose tag is right at the target, by crane's word."""
    return {name for name, tree in images.items() if digest_at(f"{target.host}/chaos/{name}:1") == tree.digest}


def unpacked(layout: Path, room: Path) -> Path:
    """The layout as a folder: as it is, or by GNU tar."""
    if layout.is_dir():
        return layout
    room.mkdir()
    subprocess.run(["tar", "xf", layout, "-C", room], check=True)
    return room


def command(project: Path, *arguments: object) -> list[str]:
    words = [sys.executable, "-m", "pulumi_chaosreg.cli.main", "--project", str(project), "mirror"]
    return [*words, *map(str, arguments)]
