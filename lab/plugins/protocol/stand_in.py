"""What every stand-in answers alike: who it is, that it ends when it is told to, and what it does not have."""

import threading
from pathlib import Path
from typing import ClassVar

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as pb

from lab.plugins.protocol import notice
from lab.plugins.protocol.errors import PluginError
from lab.plugins.protocol.verbs import Context, verb


class StandIn(provider_pb2_grpc.ResourceProviderServicer):
    """One provider: the default one, or one explicit Provider resource.

    Threads instead of `grpc.aio`: everything behind a verb waits for HTTP, and a thread per waiting request needs no
    second client library.
    """

    name: ClassVar[str]
    notice: ClassVar[str]
    """What it says once per run: that it is a stand-in, and for what."""

    def __init__(self, engine_address: str, version: str, runs: Path) -> None:
        self._engine_address = engine_address
        self._version = version
        self._runs = runs
        self._cancelled = threading.Event()

    @verb
    def Handshake(self, request: pb.ProviderHandshakeRequest, context: Context) -> pb.ProviderHandshakeResponse:
        self._engine_address = request.engine_address
        return pb.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=False)

    @verb
    def Attach(self, request: plugin_pb2.PluginAttach, context: Context) -> Empty:
        self._engine_address = request.address
        return Empty()

    @verb
    def GetPluginInfo(self, request: Empty, context: Context) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._version)

    @verb
    def CheckConfig(self, request: pb.CheckRequest, context: Context) -> pb.CheckResponse:
        return pb.CheckResponse(inputs=request.news)

    @verb
    def Cancel(self, request: Empty, context: Context) -> Empty:
        self._cancelled.set()
        return Empty()

    # --- what a stand-in does not do

    @verb
    def GetSchema(self, request: pb.GetSchemaRequest, context: Context) -> pb.GetSchemaResponse:
        raise PluginError(f"the lab's stand-in for the {self.name} plugin has no schema; use the official plugin")

    @verb
    def Invoke(self, request: pb.InvokeRequest, context: Context) -> pb.InvokeResponse:
        raise PluginError(f"the lab's stand-in for the {self.name} plugin has no function {request.tok}")

    @verb
    def Call(self, request: pb.CallRequest, context: Context) -> pb.CallResponse:
        raise PluginError(f"the lab's stand-in for the {self.name} plugin has no methods, so no {request.tok}")

    @verb
    def Construct(self, request: pb.ConstructRequest, context: Context) -> pb.ConstructResponse:
        raise PluginError(f"the lab's stand-in for the {self.name} plugin has no components, so no {request.type}")

    # ---

    def announce(self) -> None:
        """Warn that this is a stand-in, unless another process of the run did."""
        if notice.is_first(self._runs, self._engine_address):
            self.log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=self.notice))

    def log(self, entry: engine_pb2.LogRequest) -> None:
        """Let the engine show it."""
        with grpc.insecure_channel(self._engine_address) as channel:
            engine_pb2_grpc.EngineStub(channel).Log(entry)
