"""A company whose stack files mirror some images, with its lockfile."""

from collections.abc import Mapping
from pathlib import Path


def mirroring_company(folder: Path, source: str, target: str, digests: Mapping[str, str]) -> Path:
    """The folder, with a project that mirrors `harness/<name>:1` of the source to `chaos/<name>:1` of the target."""
    (folder / "stacks").mkdir()
    (folder / "Pulumi.yaml").write_text("name: x\nstackConfigDir: stacks\n")
    listed = ", ".join(f"harness/{name}:1" for name in digests)
    (folder / "stacks/Pulumi.acme.yaml").write_text(
        f"""\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: "{target}", account: chaos, type: public}}
    mirror: {{source: "{source}/harness", allow_sources: ["{source}"]}}
    required_images: [{listed}]
  chaosreg:infrastructures:
    eu: {{cluster: {{context: eu}}}}
    us: {{cluster: {{context: us}}, images: {{}}}}
"""
    )
    lock = "".join(f"{source}/harness/{name}:1: {digest}\n" for name, digest in digests.items())
    (folder / "stacks/chaosreg.lock.yaml").write_text(lock)
    return folder
