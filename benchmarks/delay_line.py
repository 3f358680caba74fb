"""A slow line: a TCP proxy in a process of its own that keeps each byte for a while.

It stands in for `netem`, which a kernel may lack. There is no slow start and no limit of throughput but the proxy's own
CPU: what is measured is who waits how often.
"""

import asyncio
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import urllib3

from lab.places import CHECKOUT
from lab.ports import answers, free_port
from lab.process import Process

_ADDRESS = "127.0.0.1"


class _Direction:
    """Bytes on their way from one socket to another: each chunk leaves so long after it came."""

    _MAX_BYTES = 64 << 20
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
        if self._bytes > self._MAX_BYTES and self.reader:
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
        if self._bytes < self._MAX_BYTES // 2 and self.reader and not self.reader.is_closing():
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
                await loop.create_connection(lambda: _End(down, up), _ADDRESS, port)
            except OSError:
                down.add(b"")

        task = loop.create_task(connect())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return _End(up, down)

    for listen, port in routes:
        await loop.create_server(lambda port=port: accept(port), _ADDRESS, listen, backlog=256)  # type: ignore[misc]
    await asyncio.Event().wait()


@contextmanager
def delayed(seconds: float, ports: Sequence[int], room: Path) -> Iterator[list[int]]:
    """Ports that lead to the given ones, over a slow line in a process of its own."""
    listening = [free_port() for _ in ports]
    routes = [f"{listen}:{port}" for listen, port in zip(listening, ports, strict=True)]
    command = [sys.executable, "-m", "benchmarks.delay_line", str(seconds), *routes]
    line = Process(command, room / "delay.log", cwd=CHECKOUT)
    line.start()
    try:
        line.wait_until(lambda: all(answers(_ADDRESS, port) for port in listening), 20)
        yield listening
    finally:
        line.stop()


def measure_line(direct: str, line: str, path: str, size: int) -> dict[str, float]:
    """What the slow line itself does: time of a small request, and MB/s of a large body, beside the way without it."""
    figures = {}
    for way, host in (("direct", direct), ("line", line)):
        with urllib3.PoolManager(maxsize=4) as pool, ThreadPoolExecutor(4) as threads:
            times = [_timed(_get, pool, f"http://{host}/v2/") for _ in range(9)]
            began = time.perf_counter()
            list(threads.map(_get, [pool] * 12, [f"http://{host}{path}"] * 12))
            spent = time.perf_counter() - began
        figures[f"{way}: small request, ms"] = statistics.median(times) * 1000
        figures[f"{way}: four streams, MB/s"] = 12 * size / 1e6 / spent
    return figures


def _timed(work: Callable[[urllib3.PoolManager, str], None], pool: urllib3.PoolManager, url: str) -> float:
    began = time.perf_counter()
    work(pool, url)
    return time.perf_counter() - began


def _get(pool: urllib3.PoolManager, url: str) -> None:
    with pool.request("GET", url, preload_content=False) as answer:
        for _ in answer.stream(1 << 20):
            pass


def main() -> None:
    """`python -m benchmarks.delay_line SECONDS LISTEN:PORT…`, until it is killed."""
    seconds, *routes = sys.argv[1:]
    pairs = [route.split(":") for route in routes]
    asyncio.run(delay_line(float(seconds), [(int(listen), int(port)) for listen, port in pairs]))


if __name__ == "__main__":
    main()
