"""Starts the plugin: prints its port, then serves until the engine ends it."""

import asyncio
import os
import sys

import grpc.aio

from pulumi_chaosreg.provider.sdk import load_protocol_alone

_LOOK_EVERY = 2.0  # seconds
_MESSAGE_LIMIT = 400 * 1024 * 1024  # what the engine itself allows


def main() -> None:
    """Entry point of `pulumi-resource-chaosreg`: the engine runs it with its own address as the argument."""
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    load_protocol_alone()
    asyncio.run(_serve(arguments[0] if arguments else ""))


async def _serve(engine_address: str) -> None:
    engine = os.getppid()
    from pulumi.runtime.proto import provider_pb2_grpc  # after it is certain what that loads

    from pulumi_chaosreg.provider.servicer import Servicer

    server = grpc.aio.server(options=[("grpc.max_receive_message_length", _MESSAGE_LIMIT)])
    servicer = Servicer(engine_address)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)  # the engine reads the port from standard output; nothing else may go there
    ends = [asyncio.create_task(server.wait_for_termination()), asyncio.create_task(_until_alone(engine))]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    servicer.run.stop.set()
    await server.stop(grace=None)


async def _until_alone(engine: int) -> None:
    """The engine ends its plugins, unless it was killed: then nobody else would, and copies would go on unseen."""
    while os.getppid() == engine:
        await asyncio.sleep(_LOOK_EVERY)


if __name__ == "__main__":
    main()
