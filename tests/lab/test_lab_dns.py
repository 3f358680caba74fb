"""The lab's name server, asked as resolvers ask: by UDP and TCP, for what it knows and what it does not."""

import socket
import struct
from pathlib import Path

import pytest

from lab import dns
from lab.names import ECR, records
from lab.network import BRIDGE_ADDRESS
from lab.ports import free_port
from lab.state import load

KNOWN = {"sts.example.com": "10.244.0.1"}
A, AAAA, ANY_CLASS = 1, 28, 255
QUERY = 0x0100  # recursion desired, as every resolver says


def query(name: str, kind: int = A, flags: int = QUERY, family: int = 1) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", 7, flags, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, family)


def read(reply: bytes) -> tuple[int, list[str]]:
    """The code, and the addresses."""
    number, flags, _, answers = struct.unpack(">HHHH", reply[:8])
    assert number == 7
    assert flags & 0x8000
    return flags & 0xF, [socket.inet_ntoa(reply[-4:])] * answers


@pytest.mark.parametrize(
    ("asked", "code", "addresses"),
    [
        (query("sts.example.com"), 0, ["10.244.0.1"]),
        (query("STS.Example.com"), 0, ["10.244.0.1"]),  # resolvers vary the case against forgers
        (query("sts.example.com", AAAA), 0, []),
        (query("sts.example.com", family=ANY_CLASS), 0, []),
        (query("example.com"), 3, []),
        (query("sts.example.com.cluster.local"), 3, []),
        (query("sts.example.com", AAAA)[:-3], 1, []),
        (query("sts.example.com", flags=0x2800), 4, []),  # an update
    ],
    ids=["known", "any case", "no IPv6", "no other class", "above", "below", "cut off", "update"],
)
def test_what_is_asked_and_answered(asked: bytes, code: int, addresses: list[str]) -> None:
    reply = dns.answer(asked, KNOWN)
    assert read(reply) == (code, addresses)


@pytest.mark.parametrize(
    "noise", [b"", b"short", query("sts.example.com", flags=0x8000)], ids=["none", "short", "reply"]
)
def test_what_is_no_query_gets_no_answer(noise: bytes) -> None:
    assert dns.answer(noise, KNOWN) == b""


def test_it_answers_by_udp_and_by_tcp() -> None:
    port = free_port()
    dns.serve("127.0.0.1", KNOWN, port)
    asked = query("sts.example.com")
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(5)
        datagrams.sendto(asked, ("127.0.0.1", port))
        assert read(datagrams.recv(512)) == (0, ["10.244.0.1"])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
        for _ in range(2):  # one connection, several questions
            stream.sendall(len(asked).to_bytes(2, "big") + asked)
            reply = stream.recv(512)
            assert len(reply) - 2 == int.from_bytes(reply[:2], "big")
            assert read(reply[2:]) == (0, ["10.244.0.1"])


@pytest.mark.registry
def test_commands_of_the_lab_ask_it_and_nobody_else() -> None:
    if load().network != "namespace":
        pytest.skip("without namespaces commands see the machine's names")
    assert Path("/etc/resolv.conf").read_text().split()[:2] == ["nameserver", BRIDGE_ADDRESS]
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(5)
        for name in (ECR[0], "docker.io"):
            datagrams.sendto(query(name), (BRIDGE_ADDRESS, dns.PORT))
            known = name in records(BRIDGE_ADDRESS)
            assert read(datagrams.recv(512)) == ((0, [BRIDGE_ADDRESS]) if known else (3, []))
