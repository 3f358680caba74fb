"""A network that nothing leads out of: commands in it reach the servers that it has doors to, and see no other.

It has a default route, as a company's network has, and behind that a firewall that drops everything: whatever tries to
leave is caught and told, with the name that it wanted to know or the address that it wanted to reach.
"""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import IO, Self

from lab import dns
from lab.network import enter
from lab.process import leashed

_CHECKOUT = Path(__file__).resolve().parents[2]
_INSIDE, _FIREWALL = "192.0.2.2", "192.0.2.1"
"""Of the range that is reserved for documentation (RFC 5737)."""
_ETHERNET, _IP, _UDP = 14, 0x0800, 17


@dataclass(frozen=True)
class Door:
    """A server as commands inside find it, and where it is outside."""

    address: str
    port: int
    leads_to: tuple[str, int]
    name: str = ""
    """A host name that stands for the address, inside alone."""


class AirGap:
    """A context manager. Needs root, as namespaces do."""

    def __init__(self, doors: Sequence[Door]) -> None:
        self._doors = doors
        self._ends = ExitStack()
        # Not below a test's own folder: the path of a socket is short.
        self._folder = Path(self._ends.enter_context(TemporaryDirectory(prefix="gap-")))
        self._holder: subprocess.Popen[str] | None = None

    def words(self) -> list[str]:
        """What stands before a command that runs inside; it sees this machine's files, but for the two about names."""
        assert self._holder
        return enter(self._holder.pid, self._folder / "hosts", self._folder / "resolv.conf")

    def asked(self) -> list[str]:
        """What somebody inside wanted of the world: names, and addresses with ports."""
        return list(dict.fromkeys((self._folder / "asked").read_text("utf-8").split()))

    def __enter__(self) -> Self:
        (self._folder / "asked").touch()
        (self._folder / "resolv.conf").write_text("nameserver 127.0.0.1\n", "utf-8")
        named = "".join(f"{door.address} {door.name}\n" for door in self._doors if door.name)
        (self._folder / "hosts").write_text(f"127.0.0.1 localhost\n{named}", "utf-8")
        for number, door in enumerate(self._doors):
            self._ends.enter_context(_serving(self._unix(number), lambda door=door: _tcp(door.leads_to)))
        doors = [(door.address, door.port, self._unix(number)) for number, door in enumerate(self._doors)]
        command = [*leashed(["unshare"]), "--net", "--", sys.executable, "-P", "-m", __name__]
        self._holder = subprocess.Popen(
            [*command, str(self._folder / "asked"), json.dumps(doors)],
            cwd=_CHECKOUT,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(_CHECKOUT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout
        assert self._holder.stdout.readline() == "ready\n", "no network of its own"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._holder
        self._holder.communicate()  # its input ends, and so does it; the network goes with the last process in it
        self._ends.close()

    def _unix(self, number: int) -> str:
        """A socket that processes of both networks find, since they share the file system."""
        return str(self._folder / f"{number}.door")


def why_there_is_none() -> str | None:
    """Why this machine cannot have one."""
    trial = subprocess.run(
        ["unshare", "--net", "ip", "link", "add", "inside", "type", "veth"], capture_output=True, text=True
    )
    return trial.stderr.strip() if trial.returncode else None


def _main() -> None:
    """The process that the network lives by: it ends with its input."""
    told = Path(sys.argv[1]).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115
    doors: list[tuple[str, int, str]] = json.loads(sys.argv[2])
    for words in (
        "link set lo up",
        "link add inside type veth peer name firewall",
        "link set inside up",
        "link set firewall up",
        f"address add {_INSIDE}/24 dev inside",
        # known beforehand: nobody there would answer who asks for it
        f"neighbour add {_FIREWALL} lladdr 02:00:00:00:00:01 dev inside",
        f"route add default via {_FIREWALL} dev inside",
        *{f"address add {address}/32 dev lo" for address, _, _ in doors if not address.startswith("127.")},
    ):
        subprocess.run(["ip", *words.split()], check=True)
    caught = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_IP))
    caught.bind(("firewall", 0))
    threading.Thread(target=_tell_of_packets, args=(caught, told), daemon=True).start()
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", dns.PORT))
    threading.Thread(target=_tell_of_names, args=(names, told), daemon=True).start()
    for address, port, unix in doors:
        _serving((address, port), lambda unix=unix: _unix(unix)).__enter__()
    print("ready", flush=True)
    sys.stdin.read()


def _tell_of_packets(caught: socket.socket, told: IO[str]) -> None:
    while True:
        packet = caught.recv(1 << 16)[_ETHERNET:]
        length, protocol = (packet[0] & 15) * 4, packet[9]
        address, port = socket.inet_ntoa(packet[16:20]), int.from_bytes(packet[length + 2 : length + 4], "big")
        told.write(f"{address}:{port}{'/udp' if protocol == _UDP else ''}\n")


def _tell_of_names(names: socket.socket, told: IO[str]) -> None:
    """Every name is refused: no such name."""
    while True:
        query, client = names.recvfrom(1 << 16)
        labels, rest = [], query[12:]
        while rest and rest[0]:
            labels.append(rest[1 : 1 + rest[0]].decode("latin-1"))
            rest = rest[1 + rest[0] :]
        told.write(f"{'.'.join(labels)}\n")
        names.sendto(dns.answer(query, {}), client)


def _serving(at: str | tuple[str, int], onward: Callable[[], socket.socket]) -> ExitStack:
    """Leads every caller onward, in threads of their own, as long as the context lasts."""
    listener = socket.socket(socket.AF_UNIX if isinstance(at, str) else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(at)
    listener.listen(64)

    def serve() -> None:
        with suppress(OSError):  # closed: the end
            while True:
                caller = listener.accept()[0]
                threading.Thread(target=_joined, args=(caller, onward), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    ends = ExitStack()
    ends.callback(listener.close)
    return ends


def _joined(caller: socket.socket, onward: Callable[[], socket.socket]) -> None:
    with caller, suppress(OSError), onward() as there:
        back = threading.Thread(target=_pump, args=(there, caller), daemon=True)
        back.start()
        _pump(caller, there)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(1 << 16):
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _tcp(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address)


def _unix(path: str) -> socket.socket:
    there = socket.socket(socket.AF_UNIX)
    there.connect(path)
    return there


if __name__ == "__main__":
    _main()
