"""Whether it is a registry that answers at `/v2/`, and whether it asks for a login."""

import json

from pulumi_chaosreg.doctor.case import Case
from pulumi_chaosreg.doctor.step import Failed, Passed, Result
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.oci import RegistryError
from pulumi_chaosreg.oci.addresses import redacted
from pulumi_chaosreg.oci.challenge import Challenge, parse_challenges
from pulumi_chaosreg.oci.problems import Answer, excerpt

NAME = "/v2/"
NEEDS = ("TLS",)


def look(case: Case) -> Result:
    """Knock as everybody: what it asks for is its own matter, that it asks is a registry's sign."""
    try:
        answer = case.anonymous.knock()
    except RegistryError as failure:
        return Failed(tuple(failure.findings))
    if not is_registry(answer):
        return Failed((_no_registry(case.server, answer),))
    case.asks_login = answer.status == 401
    if not case.asks_login:
        return Passed("it is a registry, open to everybody")
    asked = " or ".join(map(_shown, _asked(answer)))
    return Passed(f"it is a registry, and asks for {asked or 'a login that it does not name'}")


def is_registry(answer: Answer) -> bool:
    """The distribution specification demands a status only; login pages and portals say 200, too, and in HTML."""
    if answer.headers.get("Docker-Distribution-Api-Version", "").startswith("registry/2"):
        return answer.status != 404
    if answer.status == 401:
        return any(one.scheme in ("basic", "bearer") for one in _asked(answer))
    return answer.status == 200 and _is_plain(answer.body)


def _asked(answer: Answer) -> list[Challenge]:
    return parse_challenges([answer.headers.get("WWW-Authenticate", "")])


def _is_plain(body: bytes) -> bool:
    """Nothing, or JSON."""
    try:
        json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return False
    return True


def _shown(challenge: Challenge) -> str:
    realm = redacted(challenge.parameters.get("realm", ""))
    return f"a token of `{realm}`" if challenge.scheme == "bearer" else f"`{challenge.scheme[:30]}`"


def _no_registry(server: str, answer: Answer) -> Finding:
    kind = answer.headers.get("Content-Type", "").partition(";")[0] or "no type"
    _, words = answer.errors()
    return Finding(
        "CHR0901",
        f"`{server}` is not a registry: it answers `GET /v2/` with {answer.status} and {kind}",
        notes=(("answer", excerpt(words)),) if words else (),
        help="correct the server's name or port, or route `/v2/` to the registry; a captive portal or a login page on "
        "the way answers like this, too",
    )
