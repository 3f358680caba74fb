"""The gRPC side of the plugin: the engine's verbs, turned into calls on plain values and back.

Blocking work runs in threads; a failure becomes one clean message for the user, never a traceback.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import grpc
import grpc.aio
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2_grpc
from pulumi.runtime.proto import provider_pb2 as pb

from pulumi_chaosreg import __version__
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.mirror import Mirror, Progress
from pulumi_chaosreg.provider.mirrored_image import TYPE, MirroredImage
from pulumi_chaosreg.provider.still_wanted import Run, StillWanted

T = TypeVar("T")
_SECRETS = ("push", "pull", "delete")
_PROGRESS_EVERY = 0.25  # seconds; more often is noise in the engine's display


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin process: all `MirroredImage`s of a run."""

    def __init__(self, engine_address: str) -> None:
        self.run = Run()
        self.images = MirroredImage(Mirror(stop=self.run.stop), StillWanted(self.run))
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
        await self._only_ours(request, context)
        given = _load(request.news)
        checked, failures = self.images.check(_plain(given))
        inputs = {key: given.get(key, value) for key, value in checked.items()}  # what was secret stays so
        for key in _SECRETS:
            if inputs.get(key) is not None and not rpc.is_rpc_secret(inputs[key]):
                inputs[key] = _secret(inputs[key])
        return pb.CheckResponse(
            inputs=await _dump(inputs), failures=[pb.CheckFailure(property=key, reason=why) for key, why in failures]
        )

    async def Diff(self, request: Any, context: Any) -> Any:
        before = {**_plain(_load(request.old_inputs)), **_plain(_load(request.olds))}
        change = self.images.diff(before, _plain(_load(request.news)))
        kinds = dict.fromkeys(change.updates, pb.PropertyDiff.UPDATE)
        kinds |= dict.fromkeys(change.replaces, pb.PropertyDiff.UPDATE_REPLACE)
        # `digest` differs from what refresh saw at the target (an output); the others from what the program said
        detailed = {key: pb.PropertyDiff(kind=kind, inputDiff=key != "digest") for key, kind in kinds.items()}
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if detailed else pb.DiffResponse.DIFF_NONE,
            replaces=list(change.replaces),
            diffs=list(detailed),
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    async def Create(self, request: Any, context: Any) -> Any:
        inputs = _plain(_load(request.properties))
        if request.preview:
            return pb.CreateResponse(id="", properties=await _dump(_with_unknowns(self.images.preview(inputs))))
        ident, outputs = await self._put(inputs, {}, request.urn, context)
        return pb.CreateResponse(id=ident, properties=await _dump(outputs))

    async def Update(self, request: Any, context: Any) -> Any:
        inputs, state = _plain(_load(request.news)), _plain(_load(request.olds))
        if request.preview:
            return pb.UpdateResponse(properties=await _dump(_with_unknowns(self.images.preview(inputs))))
        _, outputs = await self._put(inputs, state, request.urn, context)
        return pb.UpdateResponse(properties=await _dump(outputs))

    async def Read(self, request: Any, context: Any) -> Any:
        state, inputs = _plain(_load(request.properties)), _load(request.inputs)
        plain = _plain(inputs)
        try:
            found = await asyncio.to_thread(self.images.read, request.id, state, plain)
        except ChaosregError as error:
            if state and error.is_denied:  # without the credential everything else may still be refreshed
                await self._log(
                    engine_pb2.WARNING, f"kept as it was: nobody could look at the target\n{error}", request.urn
                )
                return pb.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
            await _fail(context, error)
        if found is None:
            return pb.ReadResponse(id="")
        read_inputs, outputs = found
        return pb.ReadResponse(
            id=outputs["target"],
            properties=await _dump(outputs),
            inputs=request.inputs if inputs else await _dump(read_inputs),
        )

    async def Delete(self, request: Any, context: Any) -> Any:
        state, inputs = _plain(_load(request.properties)), _plain(_load(request.old_inputs))
        kept = await _in_thread(context, lambda: self.images.delete({**inputs, **state}, inputs, request.urn))
        if kept:
            await self._log(engine_pb2.WARNING, kept, request.urn)
        return empty_pb2.Empty()

    async def _put(
        self, inputs: dict[str, Any], state: dict[str, Any], urn: str, context: Any
    ) -> tuple[str, dict[str, Any]]:
        loop, shown = asyncio.get_running_loop(), [0.0]

        def report(progress: Progress) -> None:
            """Called by the copying threads: at most a few lines a second reach the display."""
            now = time.monotonic()
            if now - shown[0] >= _PROGRESS_EVERY:
                shown[0] = now
                asyncio.run_coroutine_threadsafe(
                    self._log(engine_pb2.INFO, _sentence(progress), urn, ephemeral=True), loop
                )

        result = await _in_thread(context, lambda: self.images.put(inputs, report, state))
        for finding in self.images.new_warnings():
            await self._log(engine_pb2.WARNING, str(finding), urn)
        return result

    async def _log(self, severity: Any, message: str, urn: str, *, ephemeral: bool = False) -> None:
        if self.engine:
            await self.engine.Log(
                engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral)
            )

    async def _only_ours(self, request: Any, context: Any) -> None:
        asked = request.type or request.urn.split("::")[2].rpartition("$")[2]
        if asked != TYPE:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"chaosreg has no resource `{asked}`; it has `{TYPE}`")


def _sentence(progress: Progress) -> str:
    mega = 1_000_000
    done, total = progress.bytes_done / mega, progress.bytes_total / mega
    return f"copying: {done:.1f} of {total:.1f} MB, {progress.blob} of {progress.blobs} blobs"


async def _in_thread(context: Any, work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except ChaosregError as error:
        await _fail(context, error)


async def _fail(context: Any, error: ChaosregError) -> NoReturn:
    await context.abort(grpc.StatusCode.UNKNOWN, str(error))  # the engine prints the text of UNKNOWN as it is
    raise error  # abort has raised already


def _load(struct: struct_pb2.Struct) -> dict[str, Any]:
    return dict(rpc.deserialize_properties(struct, keep_unknowns=True) or {})


async def _dump(values: dict[str, Any]) -> struct_pb2.Struct:
    return await rpc.serialize_properties(values, {})


def _plain(value: Any) -> Any:
    """Without the secret wrappers. What comes out of here must not go back to the engine as an output."""
    if rpc.is_rpc_secret(value):
        return _plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _secret(value: Any) -> dict[str, Any]:
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def _with_unknowns(outputs: dict[str, Any]) -> dict[str, Any]:
    """A preview says `unknown` for what only the registry can tell."""
    return {"digest": rpc.UNKNOWN, "reference": rpc.UNKNOWN, "written": rpc.UNKNOWN, **outputs}
