"""The programs that a node needs and that we do not build: containerd, runc and the CNI plugins, from the system."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from lab.console import say
from lab.parts.part import UnavailableError

_CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))
_CNI_PLUGINS = ("bridge", "host-local", "loopback")
_PACKAGES = {"containerd": "containerd", "ctr": "containerd", "runc": "runc", "cni": "containernetworking-plugins"}
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def node_programs() -> dict[str, Path]:
    """Name → program, and `cni` → the folder of the plugins; what is missing is installed on Debian."""
    found = _found()
    missing = [name for name in _PACKAGES if name not in found]
    if missing:
        _install(sorted({_PACKAGES[name] for name in missing}))
        found = _found()
    missing = [name for name in _PACKAGES if name not in found]
    if missing:
        raise UnavailableError(f"not found: {', '.join(missing)}")
    return found


def other_kubelet() -> int | None:
    """The process id of a kubelet that runs on this machine."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it ended meanwhile, or is not ours to read
            continue
        program = Path(os.fsdecode(words[0])).name
        if program in {"kubelet", "k3s", "k0s"} or (program == "kube" and words[1:2] == [b"kubelet"]):
            return int(entry.name)
    return None


def _found() -> dict[str, Path]:
    programs = {name: shutil.which(name, path=_PATH) for name in ("containerd", "ctr", "runc")}
    found = {name: Path(path) for name, path in programs.items() if path}
    for folder in _CNI_FOLDERS:
        if all((folder / plugin).is_file() for plugin in _CNI_PLUGINS):
            return {**found, "cni": folder}
    return found


def _install(packages: list[str]) -> None:
    what = " ".join(packages)
    if not Path("/etc/debian_version").exists() or not shutil.which("apt-get"):
        raise UnavailableError(f"please install {what} by this system's own means")
    say(f"installing {what} (apt-get; as on any Debian, nothing is configured)")
    serving = _is_served()
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "--quiet"], ["install", "--quiet", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", *words], env=environment, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False
        )
        # An `update` that could not reach one of many sources may still do.
        if done.returncode and words[0] == "install":
            raise UnavailableError(f"apt-get could not install {what}")
    if _is_served() and not serving:  # the lab runs containerd itself, and only while it is up
        subprocess.run(["systemctl", "disable", "--now", "containerd"], capture_output=True, check=False)


def _is_served() -> bool:
    """Whether systemd runs containerd as a service."""
    if not shutil.which("systemctl"):
        return False
    asked = subprocess.run(["systemctl", "is-active", "--quiet", "containerd"], capture_output=True, check=False)
    return asked.returncode == 0
