"""One case made ready, and one run of one tool over it: what it took, and what it asked of both registries."""

import os
import re
import shutil
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import images
from benchmarks.cases import Case
from benchmarks.certificates import Certificate, loopback_name
from benchmarks.delay_line import delayed, measure_line
from benchmarks.peers import Job, Pair, Peer, tag_digest
from benchmarks.places import ACCESS_LOG, PREFIXES, Place
from benchmarks.processes import Cost, run
from lab.registry import RegistryServer

_ADDRESS = "127.0.0.1"
_ACCESS = re.compile(r'"([A-Z]+) (\S+) HTTP/[0-9.]+" (\d{3}) ')


@dataclass(frozen=True)
class Round:
    """One run of one tool."""

    cost: Cost
    source: Counter[str]
    target: Counter[str]
    registries: float
    """CPU seconds of both registries."""
    load: float

    def document(self) -> dict[str, Any]:
        return {
            "seconds": round(self.cost.seconds, 4),
            "cpu": round(self.cost.cpu, 3),
            "registries cpu": round(self.registries, 3),
            "memory MB": round(self.cost.memory, 1),
            "source": dict(sorted(self.source.items())),
            "target": dict(sorted(self.target.items())),
            "load": round(self.load, 2),
        }


class Course:
    """A case made ready: runs one tool after another over it."""

    def __init__(self, case: Case, at: Place, scale: float, stack: ExitStack) -> None:
        self.case, self._at = case, at
        self.stored = at.fill(case, scale)
        self.present = [stored for stored in self.stored if case.present(stored)]
        self.bound = images.bound(self.stored, self.present)
        self.line: dict[str, float] = {}
        self.certificate: Certificate | None = None
        self._counter = 0
        self._extra: dict[str, object] = dict(ACCESS_LOG)
        name, ports = _ADDRESS, [at.source.port, at.target_port]
        if case.tls:
            name = loopback_name() or ""
            self.certificate = Certificate.make(at.folder / "certificates", name)
            files = {"certificate": str(self.certificate.certificate), "key": str(self.certificate.key)}
            self._extra["http"] = {"tls": files}
        self._snapshot = self._prefilled(case, scale) if self.present else None
        self._standing = None if case.changes else self._new_target()
        if self._standing:
            stack.callback(self._standing.stop)
        if case.delay:
            with self._new_target():  # the line's first connections look whether somebody is there
                ports = stack.enter_context(delayed(case.delay, ports, at.folder))
                self.line = measure_line(at.source.host, f"{_ADDRESS}:{ports[0]}", *self._largest())
        self._pairs = [
            Pair(
                f"{_ADDRESS}:{ports[0]}/{PREFIXES[0]}/{one.name}",
                one.tag,
                one.digest,
                f"{name}:{ports[1]}/{PREFIXES[1]}/{one.name}:{one.tag}",
            )
            for one in self.stored
        ]

    def run(self, peer: Peer, *, prove: bool = False) -> Round:
        """One round; with `prove`, wrong content at the target is an error."""
        room = Path(tempfile.mkdtemp(prefix="room-", dir=self._at.folder))
        target = self._standing or self._new_target()
        authority = self.certificate.authority if self.certificate else None
        try:
            _clear(self._at.source.log)
            _clear(target.log)
            work = peer.work(Job(self._pairs, room, authority, self.case.delay > 0))
            spent = _cpu(self._at.source) + _cpu(target)
            cost = run(work, room)
            spent = _cpu(self._at.source) + _cpu(target) - spent
            load = os.getloadavg()[0]
            source, written = _requests(self._at.source), _requests(target)
            if prove and not cost.error:
                cost = self._proved(cost, room, authority)
        finally:
            if target is not self._standing:
                target.stop()
            shutil.rmtree(room, ignore_errors=True)
        if target is not self._standing:
            shutil.rmtree(target.folder, ignore_errors=True)
        return Round(cost, source, written, spent, load)

    def _largest(self) -> tuple[str, int]:
        """The path of the largest blob at the source, and its size."""
        size, digest, name = max((size, digest, one.name) for one in self.stored for digest, size in one.blobs.items())
        return f"/v2/{PREFIXES[0]}/{name}/blobs/{digest}", size

    def _proved(self, cost: Cost, room: Path, authority: Path | None) -> Cost:
        for pair in self._pairs:
            found = tag_digest(pair.target, room, authority)
            if found != pair.digest:
                return Cost(0, 0, 0, f"{pair.target} is {found} instead of {pair.digest}")
        return cost

    def _new_target(self) -> RegistryServer:
        self._counter += 1
        folder = self._at.folder / f"target-{self._counter}"
        if self._snapshot:
            shutil.copytree(self._snapshot, folder / "storage")
        return self._at.kind.server(folder, self._at.target_port, self._extra).start()

    def _prefilled(self, case: Case, scale: float) -> Path:
        wanted = {(stored.name, stored.tag) for stored in self.present}
        folder = self._at.folder / f"snapshot-{case.name.replace(' ', '-')}"
        with self._at.kind.server(folder) as server:
            images.push_all(case.recipe(scale), server.host, PREFIXES[1], lambda *key: key in wanted)
        return server.storage


def _cpu(server: RegistryServer) -> float:
    """CPU seconds that its process has used so far (proc(5): utime and stime, in clock ticks)."""
    fields = Path(f"/proc/{server.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _clear(log: Path) -> None:
    with log.open("r+b") as opened:
        opened.truncate(0)


def _requests(server: RegistryServer) -> Counter[str]:
    """How many of which kind: method, what it is about, and the status where it is no plain success."""
    server.requests()  # waits until the log is complete
    lines = _ACCESS.findall(server.log.read_text("utf-8", "replace"))
    return Counter(_kind(*line) for line in lines if "lab-mark=" not in line[1])


def _kind(method: str, address: str, status: str) -> str:
    path, _, query = address.partition("?")
    words = {"/manifests/": "manifests", "/referrers/": "referrers", "/tags/": "tags", "/blobs/sha256:": "blobs"}
    about = next((word for part, word in words.items() if part in path), "uploads" if "/uploads/" in path else "ping")
    about = "mounts" if "mount=" in query else about
    return f"{method} {about}" + ("" if status in ("200", "201", "202", "204") else f" {status}")
