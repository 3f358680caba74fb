"""The engine's side of the plugin: one method per verb of the protocol, each of them decode, do, encode."""

import os
from pathlib import Path
from typing import Any

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as pb

from lab.plugins.aws.cloud import Cloud
from lab.plugins.aws.inputs import checked
from lab.plugins.aws.kinds import kind_of
from lab.plugins.aws.operations import Operations, planned
from lab.plugins.aws.settings import Settings, changed_settings, region_of
from lab.plugins.protocol.changes import told
from lab.plugins.protocol.differences import diff_resource
from lab.plugins.protocol.errors import PluginError
from lab.plugins.protocol.properties import Kind
from lab.plugins.protocol.stand_in import StandIn
from lab.plugins.protocol.values import decode, encode
from lab.plugins.protocol.verbs import Context, token_of, verb

_CALLER = "aws:index/getCallerIdentity:getCallerIdentity"


class Plugin(StandIn):
    """One provider: the default one, or one explicit Provider resource."""

    name = "aws"
    notice = (
        "aws: this is the lab's stand-in for the official plugin (lab/plugins/aws): real API calls, but only ECR's "
        "repositories and their policies, and IAM's roles"
    )

    def __init__(self, engine_address: str, version: str, runs: Path) -> None:
        super().__init__(engine_address, version, runs)
        self._settings = Settings()
        self._operations: Operations | None = None

    # --- the provider itself

    @verb
    def CheckConfig(self, request: pb.CheckRequest, context: Context) -> pb.CheckResponse:
        inputs = decode(request.news)
        Settings.read(inputs, os.environ)  # says what it does not understand
        if not inputs.get("region") and region_of(os.environ):
            inputs["region"] = region_of(os.environ)
        return pb.CheckResponse(inputs=encode(inputs))

    @verb
    def DiffConfig(self, request: pb.DiffRequest, context: Context) -> pb.DiffResponse:
        changed = changed_settings(decode(request.olds), decode(request.news))
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE, diffs=changed
        )

    @verb
    def Configure(self, request: pb.ConfigureRequest, context: Context) -> pb.ConfigureResponse:
        self.announce()
        self._settings = Settings.read(decode(request.args), os.environ)
        if self._settings.known:
            cloud = Cloud(self._settings)
            cloud.admit()
            self._operations = Operations(cloud, self._settings)
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @verb
    def Invoke(self, request: pb.InvokeRequest, context: Context) -> pb.InvokeResponse:
        if request.tok != _CALLER:
            raise PluginError(f"the lab's stand-in for the aws plugin has no function {request.tok}, only {_CALLER}")
        caller = self._configured().cloud.caller()
        account = caller["Account"]
        found = {"accountId": account, "arn": caller["Arn"], "id": account, "userId": caller["UserId"]}
        response = pb.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(found))  # the field has the name of a Python keyword
        return response

    # --- resources

    @verb
    def Check(self, request: pb.CheckRequest, context: Context) -> pb.CheckResponse:
        inputs, refusals = checked(
            _kind(request),
            request.urn,
            decode(request.news),
            decode(request.olds),
            self._settings,
            request.randomSeed,
        )
        return pb.CheckResponse(
            inputs=encode(inputs),
            failures=[pb.CheckFailure(property=refusal.about, reason=refusal.reason) for refusal in refusals],
        )

    @verb
    def Diff(self, request: pb.DiffRequest, context: Context) -> pb.DiffResponse:
        diff = diff_resource(_kind(request), decode(request.olds), decode(request.news))
        return told(diff.changes, request.ignoreChanges, delete_before_replace=diff.delete_before_replace)

    @verb
    def Create(self, request: pb.CreateRequest, context: Context) -> pb.CreateResponse:
        inputs = decode(request.properties)
        if request.preview:
            return pb.CreateResponse(properties=encode(planned(_kind(request), inputs)))
        identity, outputs = self._configured().create(_kind(request), inputs)
        return pb.CreateResponse(id=identity, properties=encode(outputs))

    @verb
    def Update(self, request: pb.UpdateRequest, context: Context) -> pb.UpdateResponse:
        state, inputs = decode(request.olds), decode(request.news)
        if request.preview:
            return pb.UpdateResponse(properties=encode(planned(_kind(request), inputs, state)))
        outputs = self._configured().update(_kind(request), request.id, state, inputs)
        return pb.UpdateResponse(properties=encode(outputs))

    @verb
    def Read(self, request: pb.ReadRequest, context: Context) -> pb.ReadResponse:
        found = self._configured().read(_kind(request), request.id, decode(request.properties), decode(request.inputs))
        if found is None:
            return pb.ReadResponse()
        identity, outputs, inputs = found
        return pb.ReadResponse(id=identity, properties=encode(outputs), inputs=encode(inputs))

    @verb
    def Delete(self, request: pb.DeleteRequest, context: Context) -> Empty:
        self._configured().delete(_kind(request), request.id, decode(request.properties))
        return Empty()

    # ---

    def _configured(self) -> Operations:
        if self._operations is None:
            raise PluginError("the configuration of this provider is not known yet")
        return self._operations


def _kind(request: Any) -> Kind:
    return kind_of(token_of(request.urn))
