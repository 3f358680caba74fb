"""The lab's own network, mounts and processes: one namespace of each, so that nothing can be left behind.

Where that is not possible (no root, a sandbox) the lab shares the machine's network and binds only 127.0.0.1.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Literal

from lab.errors import LabError
from lab.names import CLOUDS, SERVICES

Network = Literal["namespace", "host"]

BRIDGE = "chaosreg0"
BRIDGE_ADDRESS = "10.244.0.1"

# When the first process in there ends, for whatever reason, the kernel ends all the others, Pods included;
# then their mounts, bridge and addresses have no owner any more and vanish too.
# A shell is that first process because it also buries the dead whose parents are gone, which Python does not.
ISOLATE = (
    *("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
    *("sh", "-c", '"$@"; exit $?', "lab"),
)

# A machine without a resolv.conf has none in here either: nothing is made on its disk.
_OVER_NAMES = (
    *("sh", "-c"),
    'mount --bind "$1" /etc/hosts && { [ ! -e /etc/resolv.conf ] || mount --bind "$2" /etc/resolv.conf; } && '
    'shift 2 && exec "$@"',
    "names",
)
"""Before the two files and a command: runs it with them over the machine's."""


def why_not_isolated() -> str | None:
    """Why the lab cannot have namespaces of its own here; None where it can."""
    if os.environ.get("LAB_NETWORK") == "host":
        return "LAB_NETWORK=host is set"
    if os.geteuid() != 0:
        return "it needs root"
    absent = [program for program in ("unshare", "nsenter", "ip", "mount") if not shutil.which(program)]
    if absent:
        return f"not on PATH: {', '.join(absent)}"
    needed = f"ip link add {BRIDGE} type bridge && mount --bind /etc/hosts /etc/hosts"
    trial = subprocess.run([*ISOLATE, "sh", "-c", needed], capture_output=True, text=True, check=False)
    return None if trial.returncode == 0 else f"this machine refuses: {trial.stderr.strip()}"


def furnish(hosts: Path, resolv_conf: Path) -> None:
    """Inside the new namespaces: loopback, the bridge of the Pods, and these files over the machine's about names."""
    for command in (
        ["ip", "link", "set", "lo", "up"],
        ["ip", "link", "add", BRIDGE, "type", "bridge"],
        ["ip", "address", "add", f"{BRIDGE_ADDRESS}/24", "dev", BRIDGE],
        *(["ip", "address", "add", f"{cloud.address}/32", "dev", BRIDGE] for cloud in CLOUDS.values()),
        ["ip", "link", "set", BRIDGE, "up"],
        # A real node has a default route. Without any, nothing for a Service would reach kube-proxy's rules.
        ["ip", "route", "add", SERVICES, "dev", BRIDGE],
        [*_OVER_NAMES, str(hosts), str(resolv_conf), "true"],
    ):
        _do(command)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")  # of this network namespace only


def enter(pid: int, hosts: Path, resolv_conf: Path) -> list[str]:
    """The words before a command that make it run in the network of that process, and else in the usual place.

    It sees the machine's files, but for these two about names, in a mount namespace of its own.
    """
    over = [*_OVER_NAMES, str(hosts), str(resolv_conf)]
    return ["nsenter", f"--net=/proc/{pid}/ns/net", "--", "unshare", "--mount", "--", *over]


def unmount_below(folder: Path) -> None:
    """Unmount all that is mounted in the folder, the innermost first."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines()]
    for point in reversed([each for each in points if Path(each).is_relative_to(folder)]):
        subprocess.run(["umount", "--lazy", point], capture_output=True, check=False)


def _do(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
