"""Host names that the lab answers to: real ones, since a registry's name decides how it is treated.

Nothing of the machine is changed: files are mounted over `/etc/hosts` and `/etc/resolv.conf` for the lab's own parts
and commands, and Pods ask the lab's name server (`lab.dns`).
"""

from pathlib import Path

MACHINE = Path("/etc/hosts")
ACCOUNTS = ("123456789012", "111111111111")
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1")
ECR = tuple(f"{account}.dkr.ecr.{region}.amazonaws.com" for account in ACCOUNTS for region in REGIONS)
"""The registries of ECR that can be reached."""

AWS_APIS = tuple(f"{service}.{region}.amazonaws.com" for service in ("sts", "api.ecr") for region in REGIONS)
"""The APIs of AWS that a Pod asks; every other one has AWS_ENDPOINT_URL."""

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
    hosts.write_text(known.rstrip("\n") + "\n" + "".join(f"{address} {name}\n" for name in (*ECR, *AWS_APIS)), "utf-8")
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
    """What the name server knows: the names of AWS, which are at the address; of Services the API server's alone."""
    return {**dict.fromkeys((*ECR, *AWS_APIS), address), _API_SERVICE_NAME: API_SERVICE}
