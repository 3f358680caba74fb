"""Host names that the lab answers to: real ones, since a registry's name decides how it is treated.

Nothing of the machine is changed: files are mounted over `/etc/hosts` and `/etc/resolv.conf` for the lab's own parts
and commands, and Pods ask the lab's name server (`lab.dns`).
"""

from pathlib import Path
from typing import NamedTuple

MACHINE = Path("/etc/hosts")
ACCOUNTS = ("123456789012", "111111111111")
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1")
ECR = tuple(f"{account}.dkr.ecr.{region}.amazonaws.com" for account in ACCOUNTS for region in REGIONS)
"""The registries of ECR that can be reached."""

AWS_APIS = tuple(f"{service}.{region}.amazonaws.com" for service in ("sts", "api.ecr") for region in REGIONS)
"""The APIs of AWS that a Pod asks; every other one has AWS_ENDPOINT_URL."""


class CloudNames(NamedTuple):
    """The names of one more cloud."""

    address: str
    """On the bridge, beside its own: every cloud has the usual ports."""
    registry: str
    apis: tuple[str, ...]
    """What Pods ask, by the name server. No SDK takes a machine for one of Google's because it finds the name of the
    metadata server: all ask for its address.
    """


CLOUDS = {
    "google": CloudNames(
        "10.245.0.1", "europe-north1-docker.pkg.dev", ("sts.googleapis.com", "metadata.google.internal")
    ),
    "azure": CloudNames("10.245.0.2", "chaosreglab.azurecr.io", ("login.microsoftonline.com",)),
}
"""Part of the lab → its names."""

CLUSTER_DOMAIN = "cluster.local"
SERVICES = "10.0.0.0/24"
"""The addresses of Services; kube-proxy leads them to Pods and to the API server."""
API_SERVICE = "10.0.0.1"
"""Of the Service `default/kubernetes`: always the first of the range."""

_API_SERVICE_NAME = f"kubernetes.default.svc.{CLUSTER_DOMAIN}"


def write_hosts(folder: Path, address: str) -> Path:
    """The machine's own names, and the lab's, which are at the address."""
    known = MACHINE.read_text("utf-8") if MACHINE.exists() else ""
    hosts = hosts_file(folder)
    ours = {**dict.fromkeys((*ECR, *AWS_APIS), address), **{one.registry: one.address for one in CLOUDS.values()}}
    lines = "".join(f"{where} {name}\n" for name, where in ours.items())
    hosts.write_text(known.rstrip("\n") + "\n" + lines, "utf-8")
    return hosts


def hosts_file(folder: Path) -> Path:
    return folder / "hosts"


def write_resolv_conf(folder: Path, address: str) -> Path:
    """Who is asked for a name: the lab's own server at this address, nobody else."""
    file = resolv_conf(folder)
    file.write_text(f"nameserver {address}\noptions timeout:1 attempts:2\n", "utf-8")
    return file


def resolv_conf(folder: Path) -> Path:
    return folder / "resolv.conf"


def records(address: str) -> dict[str, str]:
    """What the name server knows: the names of AWS, which are at the address, those of other clouds, which are at
    theirs, and of Services the API server's alone.
    """
    clouds = {name: one.address for one in CLOUDS.values() for name in (one.registry, *one.apis)}
    return {**dict.fromkeys((*ECR, *AWS_APIS), address), **clouds, _API_SERVICE_NAME: API_SERVICE}
