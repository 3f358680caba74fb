"""Starts the plugin: prints its port, then serves until the engine ends it."""

import asyncio
import sys

import grpc.aio

from pulumi_chaosreg.provider.sdk import load_protocol_alone

_MESSAGE_LIMIT = 400 * 1024 * 1024  # what the engine itself allows


def main() -> None:
    """Entry point of `pulumi-resource-chaosreg`: the engine runs it with its own address as the argument."""
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    load_protocol_alone()
    asyncio.run(_serve(arguments[0] if arguments else ""))


async def _serve(engine_address: str) -> None:
    from pulumi.runtime.proto import provider_pb2_grpc  # after it is certain what that loads

    from pulumi_chaosreg.provider.servicer import Servicer

    server = grpc.aio.server(options=[("grpc.max_receive_message_length", _MESSAGE_LIMIT)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(engine_address), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)  # the engine reads the port from standard output; nothing else may go there
    await server.wait_for_termination()


if __name__ == "__main__":
    main()
