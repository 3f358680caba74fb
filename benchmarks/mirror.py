"""How long our mirror takes beside other tools, in the same run and on the same registries; nothing leaves loopback.

python -m benchmarks.mirror                         # all cases; raw data in benchmarks/results/mirror.json
python -m benchmarks.mirror --scale 0.05 --rounds 2 # a quick look: images of a twentieth; printed only
python -m benchmarks.mirror --case twelve --tool ours crane --check 1.2

The source registry stays. The target of a cold round is a new process with a new folder. Rounds are interleaved and
their order rotates, so that a slow minute of the machine hits every tool. A first round warms up and is proved: crane
must find the right digest behind every tag, otherwise the tool has no time.
"""

import argparse
import asyncio
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import urllib3

from benchmarks import images, peers
from benchmarks.images import Bound, Stored
from benchmarks.peers import Cost, Job, Pair, Peer
from lab.parts.registry import registry_programs
from lab.places import CHECKOUT
from lab.ports import answers, free_port
from lab.process import Process
from lab.registry import RegistryServer

LOOPBACK = "127.0.0.1"
RESULTS = Path(__file__).parent / "results" / "mirror.json"
ROUNDS = 7
_ROOM = "chaosreg-bench-"
_NEEDED_MB = 1200
"""Of memory for the registries, at full scale: the source, a target, and what a tool sends twice at a time."""
_ACCESS_LOG = {"log": {"accesslog": {"disabled": False}}}
"""Beside the lab's JSON log, in which distribution leaves out what it has no route for: each look for referrers."""
_ACCESS = re.compile(r'"([A-Z]+) (\S+) HTTP/[0-9.]+" (\d{3}) ')
_PREFIXES = ("harness", "chaos")
"""Of the repositories at the source and at the target."""

PEERS = ("image-sync", "regsync", "crane", "skopeo")

# --- cases


@dataclass(frozen=True)
class Case:
    """What is copied, what is there already, and what the way is like."""

    name: str
    recipe: Callable[[float], images.Recipe]
    best_ratio: float | None = None
    """Our aim: our median by the best peer's."""
    most_seconds: float | None = None
    most_requests: float | None = None
    """Our aim, at both registries, by image."""
    present: Callable[[Stored], bool] = lambda _: False
    """What the target has before each round."""
    changes: bool = True
    """Whether a round changes the target, which must then be made anew."""
    delay: float = 0.0
    """Seconds that each byte takes, each way, to either registry."""
    tls: bool = False


CASES = (
    Case("twelve", images.twelve, best_ratio=0.65),
    Case("nothing to do", images.twelve, present=lambda _: True, changes=False, most_seconds=0.25, most_requests=1.0),
    Case("one large", images.one_large, best_ratio=1.1),
    Case("two hundred", images.two_hundred, best_ratio=0.5, present=lambda stored: not images.is_new(stored)),
    Case("latency", images.twelve, best_ratio=0.6, delay=0.020),
    Case("tls", images.twelve, best_ratio=0.8, tls=True),
)

# --- a line with a delay


class _Direction:
    """Bytes on their way from one socket to another: each chunk leaves so long after it came."""

    _MOST = 64 << 20
    """Bytes under way at which no more are read: three times what a gigabyte per second has in the air."""

    def __init__(self, delay: float, opened: float) -> None:
        self._delay, self._not_before = delay, opened
        self._air: deque[tuple[float, bytes]] = deque()
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._blocked = False
        self.reader: asyncio.Transport | None = None
        self.writer: asyncio.Transport | None = None

    def add(self, chunk: bytes) -> None:
        """An empty chunk is the end."""
        loop = asyncio.get_running_loop()
        self._air.append((max(loop.time() + self._delay, self._not_before), chunk))
        self._bytes += len(chunk)
        if self._bytes > self._MOST and self.reader:
            self.reader.pause_reading()
        self._arm()

    def connected(self, writer: asyncio.Transport) -> None:
        self.writer = writer
        self._arm()

    def block(self, blocked: bool) -> None:
        """The other side does not read as fast as we write."""
        self._blocked = blocked
        self._arm()

    def _arm(self) -> None:
        if self._air and self.writer and not self._timer and not self._blocked:
            self._timer = asyncio.get_running_loop().call_at(self._air[0][0], self._flush)

    def _flush(self) -> None:
        self._timer = None
        now, writer = asyncio.get_running_loop().time(), self.writer
        while writer and self._air and self._air[0][0] <= now + 0.0005 and not self._blocked:
            _, chunk = self._air.popleft()
            self._bytes -= len(chunk)
            if chunk:
                writer.write(chunk)
            elif not writer.is_closing():
                writer.close()
        if self._bytes < self._MOST // 2 and self.reader and not self.reader.is_closing():
            self.reader.resume_reading()
        self._arm()


class _End(asyncio.Protocol):
    """One of the two sockets of a connection."""

    def __init__(self, incoming: _Direction, outgoing: _Direction) -> None:
        self._incoming, self._outgoing = incoming, outgoing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=4 << 20)
        self._incoming.reader = transport
        self._outgoing.connected(transport)

    def data_received(self, data: bytes) -> None:
        self._incoming.add(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._incoming.add(b"")

    def pause_writing(self) -> None:
        self._outgoing.block(True)

    def resume_writing(self) -> None:
        self._outgoing.block(False)


async def delay_line(seconds: float, routes: Sequence[tuple[int, int]]) -> None:
    """Forward port to port on loopback, for ever. Opening a connection costs a round trip, as on a real line.

    There is no slow start and no limit of throughput: what is measured is who waits how often.
    """
    loop, tasks = asyncio.get_running_loop(), set()

    def accept(port: int) -> _End:
        up, down = _Direction(seconds, loop.time() + 3 * seconds), _Direction(seconds, 0)

        async def connect() -> None:
            try:
                await loop.create_connection(lambda: _End(down, up), LOOPBACK, port)
            except OSError:
                down.add(b"")

        task = loop.create_task(connect())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return _End(up, down)

    for listen, port in routes:
        await loop.create_server(lambda port=port: accept(port), LOOPBACK, listen, backlog=256)  # type: ignore[misc]
    await asyncio.Event().wait()


@contextmanager
def delayed(seconds: float, ports: Sequence[int], room: Path) -> Iterator[list[int]]:
    """Ports that lead to the given ones, over a slow line in a process of its own."""
    listening = [free_port() for _ in ports]
    routes = [f"{listen}:{port}" for listen, port in zip(listening, ports, strict=True)]
    command = [sys.executable, "-m", "benchmarks.mirror", "--delay-line", str(seconds), *routes]
    line = Process(command, room / "delay.log", cwd=CHECKOUT)
    line.start()
    try:
        line.wait_until(lambda: all(answers(LOOPBACK, port) for port in listening), 20)
        yield listening
    finally:
        line.stop()


def measure_line(registry: RegistryServer, port: int, stored: Sequence[Stored]) -> dict[str, float]:
    """What the slow line itself does: time of a small request, and MB/s of large blobs, beside the way without it."""
    sizes = {(one.name, digest): size for one in stored for digest, size in one.blobs.items()}
    name, largest = max(sizes, key=lambda key: sizes[key])
    figures = {}
    for way, host in (("direct", registry.host), ("line", f"{LOOPBACK}:{port}")):
        url = f"http://{host}/v2/{_PREFIXES[0]}/{name}/blobs/{largest}"
        with urllib3.PoolManager(maxsize=4) as pool, ThreadPoolExecutor(4) as threads:
            times = [_timed(_get, pool, f"http://{host}/v2/") for _ in range(9)]
            began = time.perf_counter()
            list(threads.map(_get, [pool] * 12, [url] * 12))
            spent = time.perf_counter() - began
        figures[f"{way}: small request, ms"] = statistics.median(times) * 1000
        figures[f"{way}: four streams, MB/s"] = 12 * sizes[name, largest] / 1e6 / spent
    return figures


def _timed(work: Callable[[urllib3.PoolManager, str], None], pool: urllib3.PoolManager, url: str) -> float:
    began = time.perf_counter()
    work(pool, url)
    return time.perf_counter() - began


def _get(pool: urllib3.PoolManager, url: str) -> None:
    with pool.request("GET", url, preload_content=False) as answer:
        for _ in answer.stream(1 << 20):
            pass


# --- registries


@dataclass
class Place:
    """Where a run happens: a folder in memory, the source, and the port and certificate of the target."""

    folder: Path
    source: RegistryServer
    target_port: int = field(default_factory=free_port)
    stored: dict[str, list[Stored]] = field(default_factory=dict)
    """By recipe."""

    def fill(self, case: Case, scale: float) -> list[Stored]:
        """The images of the case at the source."""
        name = case.recipe.__name__
        if name not in self.stored:
            self.stored[name] = images.push_all(case.recipe(scale), self.source.host, _PREFIXES[0])
        return self.stored[name]


@contextmanager
def place(scale: float) -> Iterator[Place]:
    """A folder in memory with a filled source; gone at the end, however it comes."""
    parent = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir())
    for old in parent.glob(f"{_ROOM}*"):
        if not _alive(int(old.name.rpartition("-")[2])):
            shutil.rmtree(old, ignore_errors=True)
    free, needed = shutil.disk_usage(parent).free / 1e6, _NEEDED_MB * scale + 200
    if free < needed:
        raise SystemExit(f"{parent} has {free:.0f} MB free, and {needed:.0f} are needed: give a smaller --scale")
    folder = parent / f"{_ROOM}{os.getpid()}"
    folder.mkdir(mode=0o700)
    try:
        program = registry_programs()["registry"]
        with RegistryServer(folder / "source", binary=program, extra=_ACCESS_LOG) as source:
            yield Place(folder, source)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


@dataclass(frozen=True)
class Certificate:
    """Of a target, and of the authority that signed it."""

    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path, name: str) -> "Certificate":
        """With openssl's command."""
        folder.mkdir(exist_ok=True)
        made = cls(folder / "ca.pem", folder / "server.pem", folder / "server.key")
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        request, names = folder / "server.csr", folder / "names"
        names.write_text(f"subjectAltName=DNS:{name}\n", "ascii")
        authority: list[str | Path] = [
            "-CA",
            made.authority,
            "-CAkey",
            folder / "ca.key",
            "-set_serial",
            "2",
            "-days",
            "2",
        ]
        commands: tuple[list[str | Path], ...] = (
            ["req", "-x509", *key, "-keyout", folder / "ca.key", "-out", made.authority, "-subj", "/CN=bench CA"],
            ["req", *key, "-keyout", made.key, "-out", request, "-subj", f"/CN={name}"],
            ["x509", "-req", "-in", request, "-out", made.certificate, "-extfile", names, *authority],
        )
        for command in commands:
            subprocess.run(["openssl", *command], check=True, capture_output=True)
        return made


def loopback_name() -> str | None:
    """A name of 127.0.0.1 other than `localhost`, where all tools would expect plain http."""
    lines = (line.partition("#")[0].split() for line in Path("/etc/hosts").read_text("utf-8").splitlines())
    names = [name for words in lines if words[:1] == [LOOPBACK] for name in words[1:]]
    return next((name for name in names if not name.startswith("localhost") and _leads_home(name)), None)


def _leads_home(name: str) -> bool:
    try:
        return {found[4][0] for found in socket.getaddrinfo(name, 1)} == {LOOPBACK}
    except OSError:
        return False


# --- one case


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
        self._extra: dict[str, object] = dict(_ACCESS_LOG)
        name, ports = LOOPBACK, [at.source.port, at.target_port]
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
                self.line = measure_line(at.source, ports[0], self.stored)
        self._pairs = [
            Pair(
                f"{LOOPBACK}:{ports[0]}/{_PREFIXES[0]}/{one.name}",
                one.tag,
                one.digest,
                f"{name}:{ports[1]}/{_PREFIXES[1]}/{one.name}:{one.tag}",
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
            cost = peers.run(work, room)
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

    def _proved(self, cost: Cost, room: Path, authority: Path | None) -> Cost:
        for pair in self._pairs:
            found = peers.tag_digest(pair.target, room, authority)
            if found != pair.digest:
                return Cost(0, 0, 0, f"{pair.target} is {found} instead of {pair.digest}")
        return cost

    def _new_target(self) -> RegistryServer:
        self._counter += 1
        folder = self._at.folder / f"target-{self._counter}"
        if self._snapshot:
            shutil.copytree(self._snapshot, folder / "storage")
        binary = registry_programs()["registry"]
        return RegistryServer(folder, port=self._at.target_port, binary=binary, extra=self._extra).start()

    def _prefilled(self, case: Case, scale: float) -> Path:
        wanted = {(stored.name, stored.tag) for stored in self.present}
        folder = self._at.folder / f"snapshot-{case.name.replace(' ', '-')}"
        with RegistryServer(folder, binary=registry_programs()["registry"]) as server:
            images.push_all(case.recipe(scale), server.host, _PREFIXES[1], lambda *key: key in wanted)
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


def run_case(course: Course, tools: Sequence[Peer], rounds: int) -> dict[str, Any]:
    """All rounds of a case, interleaved; a tool that fails once is out."""
    errors: dict[str, str] = {}
    taken: dict[str, list[Round]] = {tool.name: [] for tool in tools}
    for number in range(rounds + 1):
        shift = number % len(tools)
        for tool in [*tools[shift:], *tools[:shift]]:
            if tool.name in errors:
                continue
            done = course.run(tool, prove=number == 0)
            _say(f"{course.case.name}: round {number} of {rounds}, {tool.name}: {done.cost.seconds:.3f} s")
            if done.cost.error:
                errors[tool.name] = done.cost.error
                _say(done.cost.error)
            elif number:
                taken[tool.name].append(done)
    figures = {tool.name: _figures(tool, taken[tool.name]) for tool in tools if tool.name not in errors}
    return {
        "bound": course.bound.document(),
        "images": len(course.stored),
        "line": course.line,
        "tools": figures,
        "errors": errors,
        **_verdict(course.case, len(course.stored), figures),
    }


def _figures(tool: Peer, rounds: Sequence[Round]) -> dict[str, Any]:
    seconds = [one.cost.seconds for one in rounds]
    return {
        "median": statistics.median(seconds),
        "min": min(seconds),
        "max": max(seconds),
        "cpu": statistics.median(one.cost.cpu for one in rounds),
        "registries cpu": statistics.median(one.registries for one in rounds),
        "memory MB": statistics.median(one.cost.memory for one in rounds),
        "source requests": statistics.median(one.source.total() for one in rounds),
        "target requests": statistics.median(one.target.total() for one in rounds),
        "note": tool.note,
        "rounds": [one.document() for one in rounds],
    }


def _verdict(case: Case, count: int, figures: dict[str, Any]) -> dict[str, Any]:
    """Our figures beside the aims: {name: {"value", "aim"}}."""
    verdict: dict[str, dict[str, float]] = {}
    own = figures.get("ours")
    others = {name: figure["median"] for name, figure in figures.items() if name in PEERS}
    best = min(others, key=lambda name: others[name], default=None)
    if own and case.best_ratio and best:
        verdict["ours / best peer"] = {"value": own["median"] / others[best], "aim": case.best_ratio}
    if own and case.most_seconds:
        verdict["seconds"] = {"value": own["median"], "aim": case.most_seconds}
    if own and case.most_requests:
        requests = own["source requests"] + own["target requests"]
        verdict["requests per image"] = {"value": requests / count, "aim": case.most_requests}
    return {"best peer": best, "verdict": verdict}


# --- report


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def show(name: str, result: dict[str, Any]) -> None:
    """A case as a table."""
    bound = Bound(**result["bound"])
    print(f"\n{name}: {result['images']} images, at least {bound.bytes / 1e6:.1f} MB in {bound.blobs} blobs,", end=" ")
    print(f"{bound.mounts} mounts, {bound.manifests} manifests")
    if result["line"]:
        print("  " + ", ".join(f"{key} {value:.1f}" for key, value in result["line"].items()))
    print(
        f"  {'':<11} {'median':>8} {'min':>8} {'max':>8} {'CPU s':>7} {'registries':>10} {'MB':>6} {'source':>7} {'target':>7}"
    )
    print(f"  {'at least':<11} {'':>52} {bound.source_requests:>7} {bound.target_requests:>7}  requests")
    for tool, figure in result["tools"].items():
        times = " ".join(f"{figure[key]:>8.3f}" for key in ("median", "min", "max"))
        requests = " ".join(f"{figure[key]:>7.0f}" for key in ("source requests", "target requests"))
        print(
            f"  {tool:<11} {times} {figure['cpu']:>7.2f} {figure['registries cpu']:>10.2f} {figure['memory MB']:>6.0f} {requests}  {figure['note']}"
        )
    for tool, error in result["errors"].items():
        print(f"  {tool:<11} no time: {error.splitlines()[-1][:150] if error.strip() else '?'}")
    for key, verdict in result["verdict"].items():
        against = f" ({result['best peer']})" if "peer" in key else ""
        print(f"  {key}{against}: {verdict['value']:.2f}, aim {verdict['aim']:g}")


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
    return f"{model}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def run(options: argparse.Namespace) -> dict[str, Any]:
    """All that was asked for."""
    if options.install_skopeo and os.geteuid() == 0:
        peers.install_skopeo()
    tools, missing = peers.all_peers()
    tools += [peers.ours(checkout, checkout.name) for checkout in options.before]
    options.tool += [checkout.name for checkout in options.before] if options.tool else []
    tools = [tool for tool in tools if not options.tool or tool.name in options.tool]
    for name in missing:
        _say(f"{name} is not installed: it has no figures")
    cases: dict[str, Any] = {}
    with place(options.scale) as at:
        for case in CASES:
            if options.case and case.name not in options.case:
                continue
            if case.tls and not loopback_name():
                _say("tls: /etc/hosts has no name of 127.0.0.1 but localhost, which means plain http to all tools")
                continue
            with ExitStack() as stack:
                course = Course(case, at, options.scale, stack)
                cases[case.name] = run_case(course, tools, options.rounds)
            show(case.name, cases[case.name])
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "machine": _machine(),
        "versions": {"registry": "distribution 3.1.1", **{tool.name: tool.version for tool in tools}},
        "missing": missing,
        "scale": options.scale,
        "rounds": options.rounds,
        "cases": cases,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="size of the layers, 1 is as described")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--case", nargs="+", choices=[case.name for case in CASES])
    parser.add_argument("--tool", nargs="+", metavar="TOOL", help="ours, image-sync, regsync, crane, skopeo")
    parser.add_argument(
        "--before", type=Path, nargs="+", default=[], metavar="DIR", help="other checkouts of ours to compare with"
    )
    parser.add_argument("--check", type=float, nargs="?", const=1.0, metavar="FACTOR", help="fail beyond aim × FACTOR")
    parser.add_argument("--install-skopeo", action="store_true", help="as root: from the distribution's packages")
    parser.add_argument("--output", type=Path, help=f"raw data; a complete run goes to {RESULTS.name} by itself")
    parser.add_argument("--delay-line", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.delay_line:
        seconds, *routes = options.delay_line
        ports = [route.split(":") for route in routes]
        asyncio.run(delay_line(float(seconds), [(int(listen), int(port)) for listen, port in ports]))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the folder in memory is removed
    result = run(options)
    complete = options.scale == 1.0 and options.rounds >= ROUNDS and not options.case and not options.tool
    if output := options.output or (RESULTS if complete else None):
        output.parent.mkdir(exist_ok=True)
        output.write_text(json.dumps(result, indent=1) + "\n")
    missed = [
        f"{name}, {key}: {one['value']:.2f}, aim {one['aim']:g}"
        for name, case in result["cases"].items()
        for key, one in case["verdict"].items()
        if options.check and one["value"] > one["aim"] * options.check
    ]
    missed += [f"{name}: ours failed" for name, case in result["cases"].items() if "ours" in case["errors"]]
    for line in missed:
        _say(f"missed: {line}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
