"""The server of a Harbor's resources: however it is spelled, the same one is no replacement."""

from typing import Any

from pulumi_chaosreg.registries.servers import canonical_server
from pulumi_chaosreg.resources.table import Input, Shows


def _canonical(said: Any) -> Any:
    return canonical_server(said) if isinstance(said, str) else said


HARBOR_SERVER = Input(
    "server",
    shows=Shows.REPLACE,
    required=True,
    in_state=True,
    hint="Harbor's host, with a port if any",
    normal=_canonical,
)
