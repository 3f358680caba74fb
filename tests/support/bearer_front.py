"""Stand-ins for a registry with bearer tokens and for its token endpoint, where a real one would not misbehave."""

import json

from tests.support import builder
from tests.support.faults import FaultServer, Reply, Seen
from tests.support.token_server import TokenServer


def bearer_front(tokens: TokenServer | FaultServer, accepted: list[str], error: str = "") -> FaultServer:
    """A stand-in for a registry with bearer tokens: takes what stands in `accepted` at the moment."""

    def script(seen: Seen) -> Reply:
        if seen.headers.get("Authorization") in [f"Bearer {token}" for token in accepted]:
            return Reply(200, headers={"Docker-Content-Digest": builder.digest_of(b"")})
        scope = ',scope="repository:app:pull repository:base:pull"' if error else ""
        challenge = f'Bearer realm="http://{tokens.host}/t",service="s"{scope}{error}'
        return Reply(401, headers={"WWW-Authenticate": challenge})

    return FaultServer(script)


def counting_tokens() -> FaultServer:
    count = iter(range(1, 100))
    return FaultServer(lambda seen: Reply(200, json.dumps({"access_token": f"t{next(count)}"}).encode()))
