# ruff: noqa: N802 - the protocol names the methods
"""The engine's side of the plugin: one method per verb of the protocol, each of them decode, do, encode.

Threads instead of `grpc.aio`: everything behind a verb waits for HTTP, and a thread per waiting request needs no
second client library.
"""

from __future__ import annotations

import functools
import os
import threading
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2_grpc,
    status_pb2,
)
from pulumi.runtime.proto import (
    provider_pb2 as pb,
)

from lab.plugins.kubernetes import notice
from lab.plugins.kubernetes.api import Api
from lab.plugins.kubernetes.diff import Change, diff_object
from lab.plugins.kubernetes.errors import PartialError, PluginError, UnreachableError
from lab.plugins.kubernetes.kinds import kind_of
from lab.plugins.kubernetes.objects import checked_inputs
from lab.plugins.kubernetes.operations import Operations, Subject
from lab.plugins.kubernetes.settings import Settings, diff_config
from lab.plugins.kubernetes.values import Object, decode, encode, redacted

_Context: TypeAlias = grpc.ServicerContext
_Verb = TypeVar("_Verb", bound=Callable[..., Any])
_DEFAULT_PATIENCE: Final = "63"  # seconds: 1 + 2 + 4 + 8 + 16 + 32, the official plugin's five retries and a last one

_UNREACHABLE_HELP: Final = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)


def _verb(method: _Verb) -> _Verb:
    """Turn exceptions into one clear line for the user, without anything secret from the request."""

    @functools.wraps(method)
    def guarded(self: Plugin, request: Any, context: _Context) -> Any:
        try:
            return method(self, request, context)
        except PluginError as error:
            _fail(context, error, request)
        except Exception as error:
            # The text of an unforeseen exception may quote a value, so only its kind and place are told.
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno}"
            _fail(
                context, PluginError(f"defect in the kubernetes stand-in: {type(error).__name__} at {where}"), request
            )

    return guarded  # type: ignore[return-value]  # same signature as `method`


def _fail(context: _Context, error: PluginError, request: Any) -> NoReturn:
    message = redacted(str(error), _properties(request))
    if isinstance(error, PartialError):
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
        failed = pb.ErrorResourceInitFailed(id=error.identity, properties=encode(error.outputs), reasons=[message])
        status.details.add().Pack(failed)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort raises")


def _properties(request: Any) -> Object:
    """Every property in a request, whatever field carries it."""
    fields = [field.name for field, value in request.ListFields() if isinstance(value, Struct)]
    return {field: decode(getattr(request, field)) for field in fields}


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """One provider: the default one, or one explicit Provider resource."""

    def __init__(self, engine_address: str, version: str, runs: Path) -> None:
        self._engine_address = engine_address
        self._version = version
        self._runs = runs
        self._settings = Settings()
        self._namespace = ""
        self._operations: Operations | None = None
        self._unreachable = "the provider is not configured"
        self._cancelled = threading.Event()

    # --- the provider itself

    @_verb
    def Handshake(self, request: pb.ProviderHandshakeRequest, context: _Context) -> pb.ProviderHandshakeResponse:
        self._engine_address = request.engine_address
        return pb.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=False)

    @_verb
    def Attach(self, request: plugin_pb2.PluginAttach, context: _Context) -> Empty:
        self._engine_address = request.address
        return Empty()

    @_verb
    def GetPluginInfo(self, request: Empty, context: _Context) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._version)

    @_verb
    def CheckConfig(self, request: pb.CheckRequest, context: _Context) -> pb.CheckResponse:
        return pb.CheckResponse(inputs=request.news)

    @_verb
    def DiffConfig(self, request: pb.DiffRequest, context: _Context) -> pb.DiffResponse:
        diff = diff_config(decode(request.olds), decode(request.news))
        changes = pb.DiffResponse.DIFF_SOME if diff.changed else pb.DiffResponse.DIFF_NONE
        return pb.DiffResponse(changes=changes, diffs=diff.changed, replaces=diff.replaces)

    @_verb
    def Configure(self, request: pb.ConfigureRequest, context: _Context) -> pb.ConfigureResponse:
        if notice.is_first(self._runs, self._engine_address):
            self._log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=notice.TEXT))
        self._settings = Settings.read(decode(request.args), os.environ)
        try:
            access = self._settings.access(os.environ)
            self._namespace = self._settings.namespace or access.namespace
            api = Api(access)
            api.probe()
        except UnreachableError as error:
            # Not a failure yet: a preview works without the cluster, and nothing else may be asked of it.
            self._unreachable = str(error)
        else:
            patience = float(os.environ.get("LAB_K8S_RETRY_SECONDS", _DEFAULT_PATIENCE))
            self._operations = Operations(api, self._settings, self._cancelled, patience)
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_verb
    def Cancel(self, request: Empty, context: _Context) -> Empty:
        self._cancelled.set()
        return Empty()

    # --- resources

    @_verb
    def Check(self, request: pb.CheckRequest, context: _Context) -> pb.CheckResponse:
        inputs = checked_inputs(
            kind_of(_token(request.urn)),
            request.urn,
            new=decode(request.news),
            old=decode(request.olds),
            namespace=self._namespace,
            seed=request.randomSeed,
        )
        return pb.CheckResponse(inputs=encode(inputs))

    @_verb
    def Diff(self, request: pb.DiffRequest, context: _Context) -> pb.DiffResponse:
        diff = diff_object(
            kind_of(_token(request.urn)), self._settings, state=decode(request.olds), new_inputs=decode(request.news)
        )
        # The engine already put the old values in the place of ignored ones, but drift of the live object is left.
        changes = [change for change in diff.changes if not _ignored(change.dotted, request.ignoreChanges)]
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if changes else pb.DiffResponse.DIFF_NONE,
            replaces=[change.dotted for change in changes if change.replaces],
            deleteBeforeReplace=diff.delete_before_replace,
            detailedDiff={change.dotted: _property_diff(change) for change in changes},
            hasDetailedDiff=True,
        )

    @_verb
    def Create(self, request: pb.CreateRequest, context: _Context) -> pb.CreateResponse:
        if request.preview and self._operations is None:
            return pb.CreateResponse(properties=request.properties)
        operations = self._reached()
        identity, outputs = operations.create(
            self._subject(request), decode(request.properties), preview=request.preview
        )
        return pb.CreateResponse(id=identity, properties=encode(outputs))

    @_verb
    def Update(self, request: pb.UpdateRequest, context: _Context) -> pb.UpdateResponse:
        if request.preview and self._operations is None:
            return pb.UpdateResponse(properties=request.news)
        operations = self._reached()
        outputs = operations.update(
            self._subject(request), decode(request.olds), decode(request.news), preview=request.preview
        )
        return pb.UpdateResponse(properties=encode(outputs))

    @_verb
    def Read(self, request: pb.ReadRequest, context: _Context) -> pb.ReadResponse:
        if self._operations is None:
            if self._gives_up(request.urn):
                return pb.ReadResponse()
            raise PluginError(f"failed to read resource state due to unreachable cluster. {_UNREACHABLE_HELP}")
        found = self._operations.read(
            self._subject(request), request.id, decode(request.properties), decode(request.inputs)
        )
        if found is None:
            return pb.ReadResponse()
        outputs, inputs = found
        return pb.ReadResponse(id=request.id, properties=encode(outputs), inputs=encode(inputs))

    @_verb
    def Delete(self, request: pb.DeleteRequest, context: _Context) -> Empty:
        if self._operations is None:
            if self._gives_up(request.urn):
                return Empty()
            raise PluginError(f"configured Kubernetes cluster is unreachable. {_UNREACHABLE_HELP}")
        self._operations.delete(self._subject(request), request.id, decode(request.properties))
        return Empty()

    # --- what a stand-in does not do

    @_verb
    def GetSchema(self, request: pb.GetSchemaRequest, context: _Context) -> pb.GetSchemaResponse:
        raise PluginError("the lab's stand-in for the kubernetes plugin has no schema; use the official plugin")

    @_verb
    def Invoke(self, request: pb.InvokeRequest, context: _Context) -> pb.InvokeResponse:
        raise PluginError(f"the lab's stand-in for the kubernetes plugin has no functions, so no {request.tok}")

    @_verb
    def Call(self, request: pb.CallRequest, context: _Context) -> pb.CallResponse:
        raise PluginError(f"the lab's stand-in for the kubernetes plugin has no methods, so no {request.tok}")

    @_verb
    def Construct(self, request: pb.ConstructRequest, context: _Context) -> pb.ConstructResponse:
        raise PluginError(f"the lab's stand-in for the kubernetes plugin has no components, so no {request.type}")

    # ---

    def _reached(self) -> Operations:
        if self._operations is None:
            raise PluginError(f"configured Kubernetes cluster is unreachable: {self._unreachable}")
        return self._operations

    def _gives_up(self, urn: str) -> bool:
        """Warn that the cluster is out of reach; True when the user wants such objects dropped from the state."""
        message = f"configured Kubernetes cluster is unreachable: {self._unreachable}"
        self._log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=message, urn=urn))
        return "deleteUnreachable" in self._settings.flags

    def _subject(self, request: Any) -> Subject:
        def report(message: str) -> None:
            line = redacted(message, _properties(request))
            self._log(engine_pb2.LogRequest(severity=engine_pb2.INFO, message=line, urn=request.urn, ephemeral=True))

        return Subject(kind_of(_token(request.urn)), request.urn, report)

    def _log(self, entry: engine_pb2.LogRequest) -> None:
        with grpc.insecure_channel(self._engine_address) as channel:
            engine_pb2_grpc.EngineStub(channel).Log(entry)


def _token(urn: str) -> str:
    """The type in a URN, which for a component's child is preceded by the types of its parents."""
    return urn.split("::")[2].rpartition("$")[2]


def _ignored(path: str, ignored: Iterable[str]) -> bool:
    return any(path == field or path.startswith((f"{field}.", f"{field}[")) for field in ignored)


def _property_diff(change: Change) -> pb.PropertyDiff:
    name = f"{change.kind}_REPLACE" if change.replaces else change.kind
    # Only a deletion is told by the inputs alone; everything else was found by looking at the live object.
    return pb.PropertyDiff(kind=pb.PropertyDiff.Kind.Value(name), inputDiff=change.kind == "DELETE")
