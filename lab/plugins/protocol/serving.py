"""Serve a plugin: `python -m lab.plugins.NAME --version V --runs DIR [engine's flags] ADDRESS`."""

import argparse
import os
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import grpc

from pulumi_chaosreg.provider.sdk import load_protocol_alone

# A Create that waits for what others must do first holds its thread for a minute; the engine starts 4 per CPU at once.
_THREADS = 256
_ORPHAN_SECONDS = 2.0
_MAX_MESSAGE = 400 * 1024 * 1024  # the engine's own limit


def serve(module: str, arguments: list[str]) -> None:
    """Announce the port of the `Plugin` in `module` on stdout, then serve until the engine ends us."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", required=True)
    parser.add_argument("--runs", type=Path, required=True)
    options, from_engine = parser.parse_known_args(arguments)
    load_protocol_alone()
    from pulumi.runtime.proto import provider_pb2_grpc  # after it is certain what that loads

    plugin = import_module(module).Plugin
    address = next((word for word in reversed(from_engine) if not word.startswith("-")), "")
    server = grpc.server(
        ThreadPoolExecutor(max_workers=_THREADS),
        options=[("grpc.max_receive_message_length", _MAX_MESSAGE), ("grpc.max_send_message_length", _MAX_MESSAGE)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(plugin(address, options.version, options.runs), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    # The engine ends its plugins itself, unless it was killed: then nobody else would.
    engine = os.getppid()
    while os.getppid() == engine and server.wait_for_termination(timeout=_ORPHAN_SECONDS):
        pass
