"""The engine's side of a recording stand-in: one method per verb."""

import os
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import provider_pb2 as pb

from lab.plugins.protocol.changes import told
from lab.plugins.protocol.differences import diff_resource
from lab.plugins.protocol.errors import PluginError, unknown_kind
from lab.plugins.protocol.inputs import Refusal, refusals_of, with_defaults
from lab.plugins.protocol.stand_in import StandIn
from lab.plugins.protocol.values import UNKNOWN, Object, Unknown, contains, decode, encode, reveal, with_secrets_of
from lab.plugins.protocol.verbs import Context, token_of, verb
from lab.plugins.recording.recorded import Recorded


class Recording(StandIn):
    """One provider; a subclass names it and has the table."""

    kinds: ClassVar[Mapping[str, Recorded]]

    @verb
    def DiffConfig(self, request: pb.DiffRequest, context: Context) -> pb.DiffResponse:
        return pb.DiffResponse(changes=pb.DiffResponse.DIFF_NONE)

    @verb
    def Configure(self, request: pb.ConfigureRequest, context: Context) -> pb.ConfigureResponse:
        self.announce()
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @verb
    def Check(self, request: pb.CheckRequest, context: Context) -> pb.CheckResponse:
        program = decode(request.news)
        kind = self._kind(request)
        refused = list(refusals_of(self.name, kind.inputs, reveal(program)))
        if not refused and (reason := kind.refuse(reveal(program))):
            refused = [Refusal("", reason)]
        inputs = with_secrets_of(with_defaults(kind.inputs, reveal(program)), program)
        return pb.CheckResponse(
            inputs=encode(program if refused else inputs),
            failures=[pb.CheckFailure(property=one.about, reason=one.reason) for one in refused],
        )

    @verb
    def Diff(self, request: pb.DiffRequest, context: Context) -> pb.DiffResponse:
        diff = diff_resource(self._kind(request), decode(request.olds), decode(request.news))
        return told(diff.changes, request.ignoreChanges, delete_before_replace=diff.delete_before_replace)

    @verb
    def Create(self, request: pb.CreateRequest, context: Context) -> pb.CreateResponse:
        kind, inputs = self._kind(request), decode(request.properties)
        if not request.preview:
            self._fail_where_told("Create", kind)
        identity = "" if request.preview else _filled(kind.identity, reveal(inputs))
        outputs = _outputs(kind, inputs)
        if request.preview:
            outputs |= dict.fromkeys(kind.made_up, UNKNOWN)
        return pb.CreateResponse(id=identity, properties=encode(outputs))

    @verb
    def Update(self, request: pb.UpdateRequest, context: Context) -> pb.UpdateResponse:
        kind = self._kind(request)
        if not request.preview:
            self._fail_where_told("Update", kind)
        return pb.UpdateResponse(properties=encode(_outputs(kind, decode(request.news))))

    @verb
    def Read(self, request: pb.ReadRequest, context: Context) -> pb.ReadResponse:
        """Nothing changes behind the state's back; what is not in it cannot be imported."""
        if not request.properties.fields:
            raise PluginError(f"the lab's stand-in for the {self.name} plugin asks no API: it can import nothing")
        return pb.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    @verb
    def Delete(self, request: pb.DeleteRequest, context: Context) -> Empty:
        kind = self._kind(request)
        self._fail_where_told("Delete", kind)
        if refusal := kind.keeps(reveal(decode(request.properties))):
            raise PluginError(refusal)
        return Empty()

    # ---

    def _kind(self, request: Any) -> Recorded:
        token = token_of(request.urn)
        if token not in self.kinds:
            raise unknown_kind(self.name, token, self.kinds)
        return self.kinds[token]

    def _fail_where_told(self, verb_: str, kind: Recorded) -> None:
        """Failures on demand: `LAB_GCP_FAILS="Create Repository"`."""
        wanted = os.environ.get(f"LAB_{self.name.upper().replace('-', '_')}_FAILS", "")
        if wanted == f"{verb_} {kind.token.rpartition(':')[2]}":
            raise PluginError(f"Error 503: the lab was told that {wanted} fails")


def _outputs(kind: Recorded, inputs: Object) -> Object:
    plain = reveal(inputs)
    return inputs | {name: _filled(form, plain) for name, form in kind.computed.items()}


def _filled(form: str | Callable[[Object], str], plain: Object) -> Any:
    if not isinstance(form, str):
        return UNKNOWN if contains(plain, Unknown) else form(plain)
    known = {name: value for name, value in plain.items() if f"{{{name}}}" in form}
    return (
        UNKNOWN
        if any(isinstance(one, Unknown) or contains(one, Unknown) for one in known.values())
        else form.format(**known)
    )
