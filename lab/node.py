"""The image store of the lab's node, seen from a test or the demo."""

import subprocess
from pathlib import Path

from lab import node_identity
from lab.errors import LabError
from lab.node_files import CERTIFICATES, PAUSE_IMAGE, plain_http_toml, signed_by_toml
from lab.state import NodeState, load


def ctr(state: NodeState, *words: str) -> str:
    """What `ctr` prints for these words, in the kubelet's namespace of containerd."""
    command = [state.ctr, "--address", state.containerd, "--namespace", "k8s.io", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"`ctr {' '.join(words)}` failed: {done.stderr.strip()}")
    return done.stdout


def images(state: NodeState | None = None) -> list[str]:
    """The names of the images that the node has."""
    return ctr(state or _node(), "images", "list", "--quiet").split()


def remove_images(state: NodeState | None = None) -> list[str]:
    """Empty the image store, but for the image that holds Pods together; returns what was removed."""
    state = state or _node()
    kept = _target(state, PAUSE_IMAGE)
    names = [name for name in images(state) if name != PAUSE_IMAGE and name != kept]
    if names:
        # --sync: layers are gone when this returns, so that the next pull fetches them again.
        ctr(state, "images", "remove", "--sync", *names)
    return names


def allow_plain_http(host: str, state: NodeState | None = None) -> None:
    """Let the node pull from this registry without TLS; the lab's own registries are allowed already."""
    folder = Path((state or _node()).containerd).parent / CERTIFICATES / host
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hosts.toml").write_text(plain_http_toml(host), "utf-8")


def trust(host: str, authority: str, state: NodeState | None = None) -> None:
    """Let the node pull from this registry, whose TLS is signed by that authority (path of a certificate)."""
    folder = Path((state or _node()).containerd).parent / CERTIFICATES / host
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hosts.toml").write_text(signed_by_toml(host, authority), "utf-8")


def set_identity(*, on: bool, state: NodeState | None = None) -> None:
    """Give the node an identity at the lab's AWS, by which every Pod pulls from ECR without a Secret, or take it.

    The kubelet keeps a password that it has got for half of its life, for each host name.
    """
    switch = node_identity.switch(Path((state or _node()).containerd).parent)
    if on:
        switch.touch()
    else:
        switch.unlink(missing_ok=True)


def _node() -> NodeState:
    state = load().node
    if state.missing:
        raise LabError(f"the lab has no node here: {state.missing}")
    return state


def _target(state: NodeState, name: str) -> str:
    """The second name that the kubelet's side of containerd gives an image: the digest of its configuration."""
    wanted = ctr(state, "images", "list", f"name=={name}").splitlines()[1:]
    digest = wanted[0].split()[2] if wanted else ""
    for line in ctr(state, "images", "list").splitlines()[1:]:
        words = line.split()
        if words[0].startswith("sha256:") and words[2] == digest:
            return words[0]
    return ""
