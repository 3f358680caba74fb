"""The gRPC side of the plugin: the engine's verbs, turned into calls on plain values and back.

Blocking work runs in threads; a failure becomes one clean message for the user, never a traceback. Nothing here knows a
resource: which ones there are, and what is secret of them, say `resources.py` and their tables.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import grpc
import grpc.aio
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as pb

from pulumi_chaosreg import __version__
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.provider.properties import dump, load, plain, sealed, secret_names
from pulumi_chaosreg.provider.resource import Occasion, Resource
from pulumi_chaosreg.provider.resources import RESOURCES, Served
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.unknown import UNKNOWN
from pulumi_chaosreg.resources.table import ResourceTable

T = TypeVar("T")
_PROGRESS_EVERY = 0.25  # seconds; more often is noise in the engine's display


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request about one resource."""

    table: ResourceTable
    resource: Resource


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin process: all custom resources of a run."""

    def __init__(self, engine_address: str, resources: Mapping[str, Served] = RESOURCES) -> None:
        self.run = Run()
        self._resources = resources
        self._serving: dict[str, Resource] = {}
        self._guard = threading.Lock()
        self._connect(engine_address)

    def _connect(self, engine_address: str) -> None:
        # typed as Any: the generated stub does not know that its channel is asynchronous
        self.engine: Any = (
            engine_pb2_grpc.EngineStub(grpc.aio.insecure_channel(engine_address)) if engine_address else None
        )

    async def Handshake(self, request: Any, context: Any) -> Any:
        self._connect(request.engine_address)
        return pb.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True, accept_outputs=True)

    async def Attach(self, request: Any, context: Any) -> Any:
        self._connect(request.address)
        return empty_pb2.Empty()

    async def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=__version__)

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        """Drop everything but the version: the engine hands us the stack's whole `chaosreg:` configuration, and each
        edit of it would show as an update of the provider. Only a program registers providers.
        """
        self.run.has_program = True
        kept = struct_pb2.Struct()
        for key in ("version", "pluginDownloadURL"):
            if key in request.news.fields:
                kept.fields[key].CopyFrom(request.news.fields[key])
        return pb.CheckResponse(inputs=kept)

    async def DiffConfig(self, request: Any, context: Any) -> Any:
        return pb.DiffResponse(changes=pb.DiffResponse.DIFF_NONE)

    async def Configure(self, request: Any, context: Any) -> Any:
        return pb.ConfigureResponse(acceptSecrets=True, acceptResources=True, supportsPreview=True)

    async def GetSchema(self, request: Any, context: Any) -> Any:
        return pb.GetSchemaResponse(schema="{}")

    async def Cancel(self, request: Any, context: Any) -> Any:
        self.run.stop.set()
        return empty_pb2.Empty()

    async def Check(self, request: Any, context: Any) -> Any:
        asked = await self._asked(request, context)
        self.run.has_checked = True
        given = load(request.news)
        try:
            checked, failures = asked.resource.check(plain(given))
        except ChaosregError as error:  # of this machine, not of an input
            await _fail(context, error)
        inputs = sealed(checked, asked.table.secrets(checked) | secret_names(given))
        return pb.CheckResponse(
            inputs=dump(inputs), failures=[pb.CheckFailure(property=key, reason=why) for key, why in failures]
        )

    async def Diff(self, request: Any, context: Any) -> Any:
        asked = await self._asked(request, context)
        before = {**plain(load(request.old_inputs)), **plain(load(request.olds))}
        change = asked.resource.diff(before, plain(load(request.news)))
        kinds = dict.fromkeys(change.updates, pb.PropertyDiff.UPDATE)
        kinds |= dict.fromkeys(change.replaces, pb.PropertyDiff.UPDATE_REPLACE)
        seen = {one.name for one in asked.table.inputs if one.of_output}  # differs from what a refresh saw
        detailed = {key: pb.PropertyDiff(kind=kind, inputDiff=key not in seen) for key, kind in kinds.items()}
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if detailed else pb.DiffResponse.DIFF_NONE,
            replaces=list(change.replaces),
            diffs=list(detailed),
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    async def Create(self, request: Any, context: Any) -> Any:
        asked, given = await self._asked(request, context), load(request.properties)
        inputs = plain(given)
        secret = asked.table.secrets(inputs) | secret_names(given)
        occasion = self._occasion(request.urn)
        if request.preview:
            await _in_thread(context, lambda: asked.resource.look_ahead({}, inputs, occasion))
            return pb.CreateResponse(id="", properties=dump(sealed(_previewed(asked, inputs, {}), secret)))
        ident, outputs = await _in_thread(context, lambda: asked.resource.create(inputs, occasion))
        return pb.CreateResponse(id=ident, properties=dump(sealed(outputs, secret)))

    async def Update(self, request: Any, context: Any) -> Any:
        asked, given = await self._asked(request, context), load(request.news)
        state, inputs = plain(load(request.olds)), plain(given)
        secret = asked.table.secrets(inputs) | secret_names(given)
        occasion = self._occasion(request.urn)
        if request.preview:
            await _in_thread(context, lambda: asked.resource.look_ahead(state, inputs, occasion))
            return pb.UpdateResponse(properties=dump(sealed(_previewed(asked, inputs, state), secret)))
        outputs = await _in_thread(context, lambda: asked.resource.update(request.id, state, inputs, occasion))
        return pb.UpdateResponse(properties=dump(sealed(outputs, secret)))

    async def Read(self, request: Any, context: Any) -> Any:
        asked = await self._asked(request, context)
        before, given = load(request.properties), load(request.inputs)
        state, inputs = plain(before), plain(given)
        occasion = self._occasion(request.urn)
        found = await _in_thread(context, lambda: asked.resource.read(request.id, state, inputs, occasion))
        if found is None:
            return pb.ReadResponse(id="")
        secret = asked.table.secrets({**found.inputs, **found.outputs}) | secret_names(before, given)
        return pb.ReadResponse(
            id=found.ident,
            properties=dump(sealed(found.outputs, secret)),
            inputs=request.inputs if given else dump(sealed(found.inputs, secret)),
        )

    async def Delete(self, request: Any, context: Any) -> Any:
        asked = await self._asked(request, context)
        state, inputs = plain(load(request.properties)), plain(load(request.old_inputs))
        occasion = self._occasion(request.urn)
        await _in_thread(context, lambda: asked.resource.delete(request.id, {**inputs, **state}, inputs, occasion))
        return empty_pb2.Empty()

    async def _asked(self, request: Any, context: Any) -> _Asked:
        token = request.type or request.urn.split("::")[2].rpartition("$")[2]
        served = self._resources.get(token)
        if served is None:
            known = ", ".join(f"`{known}`" for known in self._resources)
            await context.abort(grpc.StatusCode.NOT_FOUND, f"chaosreg has no resource `{token}`; it has {known}")
            raise LookupError(token)  # abort has raised already
        if token not in self._serving:
            # its module is imported, once, and not by the loop: that would hold up every other resource
            self._serving[token] = await asyncio.to_thread(self._serve, token, served)
        return _Asked(served.table, self._serving[token])

    def _serve(self, token: str, served: Served) -> Resource:
        with self._guard:
            return self._serving.get(token) or self._serving.setdefault(token, served.of_run(self.run))

    def _occasion(self, urn: str) -> Occasion:
        """Lines for one resource. Called from the threads that work on it."""
        loop, shown = asyncio.get_running_loop(), [0.0]

        def log(severity: Any, text: str, *, ephemeral: bool = False) -> None:
            asked = asyncio.run_coroutine_threadsafe(self._log(severity, text, urn, ephemeral=ephemeral), loop)
            if not ephemeral:
                asked.result()  # or the verb may end before its line is there

        def progress(text: str) -> None:
            """At most a few lines a second reach the display."""
            now = time.monotonic()
            if now - shown[0] >= _PROGRESS_EVERY:
                shown[0] = now
                log(engine_pb2.INFO, text, ephemeral=True)

        return Occasion(
            urn,
            progress,
            lambda text: log(engine_pb2.WARNING, text),
            lambda text: log(engine_pb2.INFO, text),
        )

    async def _log(self, severity: Any, message: str, urn: str, *, ephemeral: bool) -> None:
        if self.engine:
            await self.engine.Log(
                engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral)
            )


async def _in_thread(context: Any, work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except ChaosregError as error:
        await _fail(context, error)


async def _fail(context: Any, error: ChaosregError) -> NoReturn:
    await context.abort(grpc.StatusCode.UNKNOWN, str(error))  # the engine prints the text of UNKNOWN as it is
    raise error  # abort has raised already


def _previewed(asked: _Asked, inputs: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """What a preview knows of the outputs; `unknown` for what only doing it can tell."""
    table = asked.table
    unknown = {one.name: UNKNOWN for one in table.outputs if not one.optional}
    unknown |= {one.name: UNKNOWN for one in table.inputs if one.of_output}
    kept = {one.name: state[one.name] for one in table.outputs if one.kept and one.name in state}
    same = {name: inputs[name] for name in table.outputs_of_inputs if name in inputs}
    return {**unknown, **kept, **same, **asked.resource.preview(inputs)}
