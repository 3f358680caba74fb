"""A company whose stack files mirror some images, with its lockfile."""

from collections.abc import Mapping
from pathlib import Path


def write_company(folder: Path, account_stack: str, locked: Mapping[str, str] | None = None) -> Path:
    """The folder, with a project of one stack file, and with a lockfile of these lines (source → digest) if given."""
    (folder / "stacks").mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text("name: x\nstackConfigDir: stacks\n")
    (folder / "stacks/Pulumi.acme.yaml").write_text(account_stack)
    if locked is not None:
        lines = "".join(f"{source}: {digest}\n" for source, digest in locked.items())
        (folder / "stacks/chaosreg.lock.yaml").write_text(lines)
    return folder


def mirroring_company(folder: Path, source: str, target: str, digests: Mapping[str, str]) -> Path:
    """The folder, with a project that mirrors `harness/<name>:1` of the source to `chaos/<name>:1` of the target."""
    listed = ", ".join(f"harness/{name}:1" for name in digests)
    return write_company(
        folder,
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
""",
        {f"{source}/harness/{name}:1": digest for name, digest in digests.items()},
    )
