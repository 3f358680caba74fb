"""The plugin: a table, recorded, and a provider that must be told whom to ask and as whom."""

from pulumi.runtime.proto import provider_pb2 as pb

from lab.plugins.artifactory.kinds import KINDS
from lab.plugins.protocol.values import decode, reveal
from lab.plugins.protocol.verbs import Context, verb
from lab.plugins.recording.servicer import Recording


class Plugin(Recording):
    """One provider: the default one, or one explicit Provider resource."""

    name = "artifactory"
    kinds = KINDS
    notice = (
        "artifactory: this is the lab's stand-in for the official plugin (lab/plugins/artifactory): it asks no API, "
        "and only records Docker repositories and scoped tokens"
    )

    @verb
    def CheckConfig(self, request: pb.CheckRequest, context: Context) -> pb.CheckResponse:
        """The official one goes by the environment where the program says nothing; nobody here means that."""
        said = reveal(decode(request.news))
        lacking = [key for key in ("url", "accessToken") if key not in said]
        return pb.CheckResponse(
            inputs=request.news,
            failures=[pb.CheckFailure(property=key, reason=f"the provider was not told its {key}") for key in lacking],
        )
