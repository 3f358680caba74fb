"""The tools that the mirror's benchmark compares with ours: how each is built, started and configured.

Each tool gets the same list of (source by digest, target by tag), and the settings that were fastest here.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.processes import Work
from lab.gobuild import GoBuild
from lab.parts.registry import registry_programs
from lab.places import CHECKOUT

_AT_ONCE = 12
"""Images or processes at a time, for tools that can; 4 and 8 were slower, here and over a slow line."""
_MANY = 50
"""Images from which on processes beside one another are faster than one that knows what it has sent."""


@dataclass(frozen=True)
class Pair:
    """One image to copy."""

    source: str
    """`host/repository`."""
    source_tag: str
    digest: str
    target: str
    """`host/repository:tag`."""

    @property
    def pinned(self) -> str:
        return f"{self.source}@{self.digest}"


@dataclass(frozen=True)
class Job:
    """What a tool is asked to do."""

    pairs: Sequence[Pair]
    room: Path
    """A fresh folder for its configuration and caches; also its home."""
    authority: Path | None = None
    """The certificate of the target's authority; without one the target speaks plain http."""
    far: bool = False
    """Whether each request takes long, so that a tool should have many under way."""

    @property
    def target_host(self) -> str:
        return self.pairs[0].target.partition("/")[0]

    @property
    def source_host(self) -> str:
        return self.pairs[0].source.partition("/")[0]


@dataclass(frozen=True)
class Peer:
    """A tool that is ready to run."""

    name: str
    version: str
    work: Callable[[Job], Work]
    note: str = ""
    """What a reader of the figures must know."""


class _ImageSyncBuild(GoBuild):
    """With cgo, because skopeo's cache of blobs is SQLite; without gpgme, which checks signatures."""

    _TAGS = "containers_image_openpgp,exclude_graphdriver_btrfs"

    def key(self) -> str:
        return super().key().replace(" ", "").replace("=", "-").replace(",", "-")

    @classmethod
    def make(cls) -> "_ImageSyncBuild":
        flags = f"-trimpath -buildvcs=false -modcacherw -tags={cls._TAGS}"
        return cls(
            "image-sync",
            "5.38.0",
            {"image-sync": "."},
            cold="1 min",
            environment={"CGO_ENABLED": "1", "GOFLAGS": flags},
        )


def image_sync() -> Peer:
    """skopeo's current engine, with its cache of blobs, which is empty at first: six layers at a time."""
    program = _ImageSyncBuild.make().ensure()["image-sync"]

    def work(job: Job) -> Work:
        parts = _parts(job)
        environment = {"BLOB_CACHE_DIR": str(job.room)}
        return Work([[str(program)] for _ in parts], len(parts), environment, [_lines(part) for part in parts])

    return Peer("image-sync", "go.podman.io/image 5.38.0", work, "tls: does not verify certificates")


def regsync() -> Peer:
    """regclient's mirror, several images at a time."""
    # Not among the lab's registry programs, but the same module requires it.
    build = GoBuild("registry", "3.1.1", {"regsync": "github.com/regclient/regclient/cmd/regsync"})
    program = build.ensure()["regsync"]

    def work(job: Job) -> Work:
        source = {"registry": job.source_host, "tls": "disabled", "reqConcurrent": 16}
        target: dict[str, object] = {
            "registry": job.target_host,
            "tls": "disabled",
            "reqConcurrent": 16,
        }
        if job.authority:
            target |= {"tls": "enabled", "regcert": job.authority.read_text("ascii")}
        entries = [{"source": pair.pinned, "target": pair.target, "type": "image"} for pair in job.pairs]
        configuration = {
            "version": 1,
            "creds": [source, target],
            "defaults": {"parallel": _AT_ONCE, "skipDockerConfig": True},
            "sync": entries,
        }
        file = job.room / "regsync.yaml"
        file.write_text(yaml.safe_dump(configuration), "utf-8")
        return Work([[str(program), "once", "-v", "error", "-c", str(file)]])

    return Peer("regsync", _go_version("regclient"), work)


def crane() -> Peer:
    """go-containerregistry's command: a process per image, several at a time."""
    program = registry_programs()["crane"]

    def work(job: Job) -> Work:
        insecure = [] if job.authority else ["--insecure"]
        trust = {"SSL_CERT_FILE": str(job.authority)} if job.authority else {}
        commands = [[str(program), "copy", "-j", "8", *insecure, pair.pinned, pair.target] for pair in job.pairs]
        return Work(commands, parallel=_AT_ONCE, environment=trust)

    return Peer("crane", _go_version("go-containerregistry"), work)


def skopeo() -> Peer | None:
    """The distribution's own `skopeo sync`, where it is installed."""
    program = shutil.which("skopeo")
    if not program:
        return None
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]

    def work(job: Job) -> Work:
        policy = job.room / ".config/containers/policy.json"
        policy.parent.mkdir(parents=True)
        policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}', "ascii")
        certificates = ["--dest-tls-verify=false"]
        if job.authority:
            shutil.copy(job.authority, job.room / "ca.crt")
            certificates = ["--dest-cert-dir", str(job.room)]
        words = ["sync", "--all", "--preserve-digests", "--src", "yaml", "--dest", "docker", *certificates]
        destination = job.pairs[0].target.rpartition("/")[0]
        commands = []
        for number, part in enumerate(_parts(job)):
            images: dict[str, list[str]] = {}
            for pair in part:
                images.setdefault(pair.source.partition("/")[2], []).append(pair.source_tag)
            file = job.room / f"sync-{number}.yaml"
            file.write_text(yaml.safe_dump({job.source_host: {"tls-verify": False, "images": images}}), "utf-8")
            commands.append([program, *words, str(file), destination])
        # As root its cache would be in /var/lib, and would remember what a target held before it was emptied.
        return Work(commands, len(commands), {"_CONTAINERS_ROOTLESS_UID": "1000"})

    return Peer("skopeo", version, work, "by tag: `skopeo sync` cannot pin and tag")


def install_debian() -> None:
    """Debian's tool and Debian's registry, from its packages; only for root, and only when asked."""
    packages = ["skopeo", "docker-registry"]
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, check=True, env=environment, stdout=sys.stderr)


def all_peers() -> tuple[list[Peer], list[str]]:
    """What can run here, built where needed; and the names of what is missing."""
    made = {"image-sync": image_sync(), "regsync": regsync(), "crane": crane(), "skopeo": skopeo()}
    return [peer for peer in made.values() if peer], [name for name, peer in made.items() if not peer]


def tag_digest(reference: str, room: Path, authority: Path | None) -> str:
    """What crane says that a tag stands for: a second opinion on what a tool copied."""
    insecure = [] if authority else ["--insecure"]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(room), "DOCKER_CONFIG": str(room)}
    if authority:
        environment["SSL_CERT_FILE"] = str(authority)
    command = [str(registry_programs()["crane"]), "digest", *insecure, reference]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.strip() or done.stderr.strip()


def _go_version(project: str) -> str:
    lines = (CHECKOUT / "lab/modules/registry/go.mod").read_text("utf-8").splitlines()
    return next(line.split()[1] for line in lines if line.strip().startswith("github.com/") and f"/{project} " in line)


def _parts(job: Job) -> list[Sequence[Pair]]:
    """The pairs for each process of a tool that takes its images one after another, and mounts what it has sent.

    Several beside one another share its cache of blobs; still, a layer that all begin with is sent more than once.
    """
    count = _AT_ONCE if job.far or len(job.pairs) > _MANY else 1
    return [part for part in (job.pairs[number::count] for number in range(count)) if part]


def _lines(pairs: Sequence[Pair]) -> str:
    return "".join(f"{pair.pinned} {pair.target}\n" for pair in pairs)
