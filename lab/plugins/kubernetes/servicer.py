"""The engine's side of the plugin: one method per verb of the protocol, each of them decode, do, encode."""

import os
from pathlib import Path
from typing import Any

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.proto import provider_pb2 as pb

from lab.plugins.kubernetes.api import Api
from lab.plugins.kubernetes.diff import diff_object
from lab.plugins.kubernetes.errors import UnreachableError
from lab.plugins.kubernetes.kinds import kind_of
from lab.plugins.kubernetes.manifests import COMPONENTS, DECODE, construct, objects_of
from lab.plugins.kubernetes.objects import checked_inputs
from lab.plugins.kubernetes.operations import Operations, Subject
from lab.plugins.kubernetes.settings import Settings, diff_config
from lab.plugins.protocol.changes import told
from lab.plugins.protocol.errors import PluginError
from lab.plugins.protocol.stand_in import StandIn
from lab.plugins.protocol.values import decode, encode, redacted
from lab.plugins.protocol.verbs import Context, properties, token_of, verb

_DEFAULT_PATIENCE = "63"  # seconds: 1 + 2 + 4 + 8 + 16 + 32, the official plugin's five retries and a last one

_UNREACHABLE_HELP = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)


class Plugin(StandIn):
    """One provider: the default one, or one explicit Provider resource."""

    name = "kubernetes"
    notice = (
        "kubernetes: this is the lab's stand-in for the official plugin (lab/plugins/kubernetes): real API server, "
        "but only Namespace, Secret, ConfigMap, ServiceAccount, CronJob, Job, Role, RoleBinding, two kinds of "
        "admission policies and two Patch kinds"
    )

    def __init__(self, engine_address: str, version: str, runs: Path) -> None:
        super().__init__(engine_address, version, runs)
        self._settings = Settings()
        self._namespace = ""
        self._operations: Operations | None = None
        self._unreachable = "the provider is not configured"

    # --- the provider itself

    @verb
    def DiffConfig(self, request: pb.DiffRequest, context: Context) -> pb.DiffResponse:
        diff = diff_config(decode(request.olds), decode(request.news))
        changes = pb.DiffResponse.DIFF_SOME if diff.changed else pb.DiffResponse.DIFF_NONE
        return pb.DiffResponse(changes=changes, diffs=diff.changed, replaces=diff.replaces)

    @verb
    def Configure(self, request: pb.ConfigureRequest, context: Context) -> pb.ConfigureResponse:
        self.announce()
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

    # --- resources

    @verb
    def Check(self, request: pb.CheckRequest, context: Context) -> pb.CheckResponse:
        inputs = checked_inputs(
            kind_of(token_of(request.urn)),
            request.urn,
            new=decode(request.news),
            old=decode(request.olds),
            namespace=self._namespace,
            seed=request.randomSeed,
        )
        return pb.CheckResponse(inputs=encode(inputs))

    @verb
    def Diff(self, request: pb.DiffRequest, context: Context) -> pb.DiffResponse:
        kind, new = kind_of(token_of(request.urn)), decode(request.news)
        diff = diff_object(kind, self._settings, state=decode(request.olds), new_inputs=new)
        answer = told(diff.changes, request.ignoreChanges, delete_before_replace=False)
        if self._operations is not None and self._operations.is_unready(kind, new):
            answer.changes = pb.DiffResponse.DIFF_SOME
            answer.replaces.append('.metadata.annotations["pulumi.com/replaceUnready"]')
        answer.deleteBeforeReplace = diff.in_the_way and bool(answer.replaces)
        return answer

    @verb
    def Create(self, request: pb.CreateRequest, context: Context) -> pb.CreateResponse:
        if request.preview and self._operations is None:
            return pb.CreateResponse(properties=request.properties)
        operations = self._reached()
        identity, outputs = operations.create(
            self._subject(request), decode(request.properties), preview=request.preview
        )
        return pb.CreateResponse(id=identity, properties=encode(outputs))

    @verb
    def Update(self, request: pb.UpdateRequest, context: Context) -> pb.UpdateResponse:
        if request.preview and self._operations is None:
            return pb.UpdateResponse(properties=request.news)
        operations = self._reached()
        outputs = operations.update(
            self._subject(request), decode(request.olds), decode(request.news), preview=request.preview
        )
        return pb.UpdateResponse(properties=encode(outputs))

    @verb
    def Read(self, request: pb.ReadRequest, context: Context) -> pb.ReadResponse:
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

    @verb
    def Delete(self, request: pb.DeleteRequest, context: Context) -> Empty:
        if self._operations is None:
            if self._gives_up(request.urn):
                return Empty()
            raise PluginError(f"configured Kubernetes cluster is unreachable. {_UNREACHABLE_HELP}")
        self._operations.delete(self._subject(request), request.id, decode(request.properties))
        return Empty()

    # --- manifests

    @verb
    def Invoke(self, request: pb.InvokeRequest, context: Context) -> pb.InvokeResponse:
        if request.tok != DECODE:
            raise PluginError(f"the lab's stand-in for the kubernetes plugin has no function {request.tok}")
        answer = pb.InvokeResponse()
        getattr(answer, "return").CopyFrom(encode({"result": objects_of(decode(request.args)["text"])}))
        return answer

    @verb
    def Construct(self, request: pb.ConstructRequest, context: Context) -> pb.ConstructResponse:
        if request.type not in COMPONENTS:
            raise PluginError(f"the lab's stand-in for the kubernetes plugin has no component {request.type}")
        return construct(request, self._version)

    # ---

    def _reached(self) -> Operations:
        if self._operations is None:
            raise PluginError(f"configured Kubernetes cluster is unreachable: {self._unreachable}")
        return self._operations

    def _gives_up(self, urn: str) -> bool:
        """Warn that the cluster is out of reach; True when the user wants such objects dropped from the state."""
        message = f"configured Kubernetes cluster is unreachable: {self._unreachable}"
        self.log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=message, urn=urn))
        return "deleteUnreachable" in self._settings.flags

    def _subject(self, request: Any) -> Subject:
        def report(message: str) -> None:
            line = redacted(message, properties(request))
            self.log(engine_pb2.LogRequest(severity=engine_pb2.INFO, message=line, urn=request.urn, ephemeral=True))

        return Subject(
            kind_of(token_of(request.urn)),
            request.urn,
            report,
            patience=getattr(request, "timeout", 0.0),
            ignored=tuple(getattr(request, "ignoreChanges", ())),
        )
