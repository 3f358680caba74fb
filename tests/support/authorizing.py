"""What tests of an authorizer are made of: a clock and an endpoint of their own, and a machine that has logins."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.oci.auth import Authorizer
from pulumi_chaosreg.oci.challenge import Challenge, Scopes, parse_challenges, scope
from pulumi_chaosreg.oci.problems import problem

REGISTRY = "https://registry.example"
ROBOT = Login("robot", "canary-password")
PULL = frozenset({scope("app", "pull")})


def bearer(scopes: str = "", error: str = "") -> list[Challenge]:
    return parse_challenges([f'Bearer realm="https://auth.example/token",service="s",scope="{scopes}",error="{error}"'])


BASIC = parse_challenges(['Basic realm="x"'])


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


class Endpoint:
    """Answers with what the test says, t1, t2… where it says nothing; an integer is a status that refuses."""

    def __init__(self, *answers: Mapping[str, object] | int | bytes) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, list[str]], str | None]] = []
        self.places: list[str] = []

    def __call__(self, url: str, authorization: str | None, form: bytes | None) -> bytes:
        self.places.append(url.partition("?")[0])
        sent = parse_qs(form.decode() if form is not None else urlsplit(url).query)
        self.asked.append(("GET" if form is None else "POST", sent, authorization))
        answer = self.answers.pop(0) if self.answers else {"token": f"t{len(self.asked)}", "expires_in": 300}
        if isinstance(answer, int):
            raise problem("CHR0403", server="s", repository="r", subject="a token", credentials="", status=answer)
        return answer if isinstance(answer, bytes) else json.dumps(answer).encode()


class Machine:
    """A source that has something else each time it looks again, as long as there is more."""

    def __init__(self, *logins: Login | None) -> None:
        self.logins = list(logins)
        self.looks = 0

    def current(self) -> Login | None:
        return self.logins[0]

    def again(self, refused: Login | None) -> bool:
        self.looks += 1
        if len(self.logins) > 1:
            self.logins.pop(0)
        return self.logins[0] is not None and self.logins[0] != refused

    def findings(self) -> list[Finding]:
        return [Finding("CHR0513", "the helper failed", severity="warning")]


def sent_by(authorizer: Authorizer, scopes: Scopes = PULL) -> str | None:
    sent = authorizer.authorization(scopes)
    return sent.header if sent else None
