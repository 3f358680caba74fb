"""Free ports, and whether somebody listens at one."""

import socket


def free_port(address: str = "127.0.0.1") -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(address: str, port: int) -> bool:
    """Whether a connection is accepted."""
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False
