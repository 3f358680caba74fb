"""Host names that the lab answers to: real ones, since a registry's name decides how it is treated.

Nothing of the machine is changed: the file is mounted over `/etc/hosts` for the lab's own parts and commands.
"""

from collections.abc import Iterable
from pathlib import Path

MACHINE = Path("/etc/hosts")
ACCOUNTS = ("123456789012", "111111111111")
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1")
ECR = tuple(f"{account}.dkr.ecr.{region}.amazonaws.com" for account in ACCOUNTS for region in REGIONS)
"""The registries of ECR that can be reached."""


def write_hosts(folder: Path, address: str, names: Iterable[str] = ECR) -> Path:
    """The machine's own names and these, which are at the address."""
    known = MACHINE.read_text("utf-8") if MACHINE.exists() else ""
    hosts = hosts_file(folder)
    hosts.write_text(known.rstrip("\n") + "\n" + "".join(f"{address} {name}\n" for name in names), "utf-8")
    return hosts


def hosts_file(folder: Path) -> Path:
    return folder / "hosts"
