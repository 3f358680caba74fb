"""What an authorizer sends, when it asks for a token, when it gives up; clock and endpoint are the test's."""

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest

from pulumi_chaosreg.credentials.login import Kind, Login
from pulumi_chaosreg.errors import ChaosregError, Finding
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


@pytest.fixture
def clock() -> Clock:
    return Clock()


Sent = Callable[[Scopes], str | None]


def _sent(authorizer: Authorizer, scopes: Scopes = PULL) -> str | None:
    sent = authorizer.authorization(scopes)
    return sent.header if sent else None


# --- how long a token lives


@pytest.mark.parametrize(
    ("told", "good", "over"),
    [
        (300, 289, 291),
        ("300", 289, 291),
        (300.5, 290, 291),
        (12, 5, 7),
        (1, 0.4, 0.6),
        (None, 49, 51),
        (0, 49, 51),
        (-5, 49, 51),
        ("soon", 49, 51),
        ([], 49, 51),
        ({}, 49, 51),
        (float("nan"), 49, 51),
        (1e300, 86_389, 86_391),
        (10**400, 49, 51),
        (True, 0.4, 0.6),
    ],
)
def test_a_token_is_replaced_before_it_expires(clock: Clock, told: object, good: float, over: float) -> None:
    endpoint = Endpoint({"token": "first", "expires_in": told, "issued_at": "1970-01-01T00:00:00Z"})
    authorizer = Authorizer(REGISTRY, ROBOT, endpoint, clock)
    authorizer.learn(bearer(), PULL, None)
    assert _sent(authorizer) == "Bearer first"
    clock.seconds += good
    assert _sent(authorizer) == "Bearer first"
    clock.seconds += over - good
    assert _sent(authorizer) == "Bearer t2"


def test_time_counts_from_when_a_token_was_asked_for(clock: Clock) -> None:
    def slow(url: str, authorization: str | None, form: bytes | None) -> bytes:
        clock.seconds += 100
        return b'{"token": "old", "expires_in": 101}'

    authorizer = Authorizer(REGISTRY, None, slow, clock)
    authorizer.learn(bearer(), PULL, None)
    _sent(authorizer)
    before = clock.seconds
    _sent(authorizer)
    assert clock.seconds == before + 100


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"<html>",
        b"[" * 100_000,
        b'{"token": ""}',
        b'{"token": 7}',
        b'{"token": "a b"}',
        b'{"token": "canary\\r\\nX-Injected: 1"}',
        '{"token": "canäry"}'.encode(),
    ],
)
def test_what_is_no_token_is_not_sent_and_not_shown(body: bytes) -> None:
    authorizer = Authorizer(REGISTRY, None, Endpoint(body))
    authorizer.learn(bearer(), PULL, None)
    with pytest.raises(ChaosregError, match="CHR0421") as caught:
        authorizer.authorization(PULL)
    assert "can" not in str(caught.value).replace("cannot", "")


@pytest.mark.parametrize("key", ["token", "access_token"])
def test_a_token_has_two_names(key: str) -> None:
    authorizer = Authorizer(REGISTRY, None, Endpoint({key: "both"}))
    authorizer.learn(bearer(), PULL, None)
    assert _sent(authorizer) == "Bearer both"


# --- scopes


def test_a_scope_is_widened_once_by_what_the_registry_names(clock: Clock) -> None:
    endpoint = Endpoint()
    authorizer = Authorizer(REGISTRY, ROBOT, endpoint, clock)
    authorizer.learn(bearer(), PULL, None)
    for number in (1, 2, 3):
        sent = authorizer.authorization(PULL)
        assert authorizer.learn(bearer(f"repository:base{number}:pull", "insufficient_scope"), PULL, sent)
    _sent(authorizer)
    assert [sorted(asked["scope"]) for _, asked, _ in endpoint.asked] == [
        ["repository:app:pull"],
        ["repository:app:pull", "repository:base1:pull"],
        ["repository:app:pull", "repository:base2:pull"],
        ["repository:app:pull", "repository:base3:pull"],
    ]  # it does not grow


def test_a_token_for_very_many_repositories_is_not_asked_for() -> None:
    endpoint = Endpoint()
    authorizer = Authorizer(REGISTRY, ROBOT, endpoint)
    authorizer.learn(bearer(), PULL, None)
    many = " ".join(f"repository:app{number}:pull" for number in range(50))
    authorizer.learn(bearer(many, "insufficient_scope"), PULL, authorizer.authorization(PULL))
    _sent(authorizer)
    assert endpoint.asked[-1][1]["scope"] == ["repository:app:pull"]


def test_a_token_serves_narrower_requests_too() -> None:
    endpoint = Endpoint()
    authorizer = Authorizer(REGISTRY, None, endpoint)
    authorizer.learn(bearer(), PULL, None)
    both = frozenset({scope("app", "pull,push")})
    assert _sent(authorizer, both) == _sent(authorizer, PULL) == "Bearer t1"


def test_threads_with_one_scope_ask_once_and_those_with_others_do_not_wait_for_them() -> None:
    entered, go = threading.Barrier(2, timeout=10), threading.Event()

    def endpoint(url: str, authorization: str | None, form: bytes | None) -> bytes:
        entered.wait()  # passes only if two different scopes are asked for at the same time
        go.wait(10)
        return b'{"token": "t"}'

    authorizer = Authorizer(REGISTRY, None, endpoint)
    authorizer.learn(bearer(), PULL, None)
    with ThreadPoolExecutor(6) as pool:
        asked = [
            pool.submit(_sent, authorizer, frozenset({scope(name, "pull")})) for name in ("a", "b") for _ in range(3)
        ]
        go.set()
        assert {one.result() for one in asked} == {"Bearer t"}


# --- POST and GET


def test_a_post_names_all_scopes_in_one_field() -> None:
    endpoint = Endpoint()
    authorizer = Authorizer(REGISTRY, Login("", "refresh", Kind.IDENTITY), endpoint)
    authorizer.learn(bearer(), PULL, None)
    _sent(authorizer, PULL | {scope("base", "pull")})
    assert endpoint.asked == [
        (
            "POST",
            {
                "grant_type": ["refresh_token"],
                "refresh_token": ["refresh"],
                "client_id": ["pulumi-chaosreg"],
                "service": ["s"],
                "scope": ["repository:app:pull repository:base:pull"],
            },
            None,
        )
    ]


@pytest.mark.parametrize("status", [400, 401, 404, 405])
def test_an_identity_token_falls_back_to_get(status: int) -> None:
    endpoint = Endpoint(status)
    authorizer = Authorizer(REGISTRY, Login("user", "refresh", Kind.IDENTITY), endpoint)
    authorizer.learn(bearer(), PULL, None)
    assert _sent(authorizer) == "Bearer t2"
    assert [(method, authorization) for method, _, authorization in endpoint.asked] == [
        ("POST", None),
        ("GET", "Basic dXNlcjpyZWZyZXNo"),
    ]


@pytest.mark.parametrize(("status", "methods"), [(404, ["GET", "POST"]), (405, ["GET", "POST"]), (401, ["GET"])])
def test_a_password_falls_back_to_post_unless_it_was_refused(status: int, methods: list[str]) -> None:
    endpoint = Endpoint(status, status)
    authorizer = Authorizer(REGISTRY, ROBOT, endpoint)
    authorizer.learn(bearer(), PULL, None)
    with pytest.raises(ChaosregError):
        authorizer.authorization(PULL)
    assert [method for method, _, _ in endpoint.asked] == methods


def test_a_refresh_token_that_expired_leads_back_to_the_login_that_it_came_from() -> None:
    endpoint = Endpoint({"token": "t1", "refresh_token": "given"}, 401)
    authorizer = Authorizer(REGISTRY, Login("", "own", Kind.IDENTITY), endpoint)
    authorizer.learn(bearer(), PULL, None)
    authorizer.authorization(PULL)
    assert _sent(authorizer, frozenset({scope("other", "pull")})) == "Bearer t3"
    assert [asked["refresh_token"] for _, asked, _ in endpoint.asked] == [["own"], ["given"], ["own"]]


def test_azure_s_token_is_exchanged_at_the_registry_for_the_directory_of_its_challenge() -> None:
    endpoint = Endpoint({"refresh_token": "r1"})
    authorizer = Authorizer(REGISTRY, Login("0000", "entra", Kind.ENTRA, tenant="of the environment"), endpoint)
    authorizer.learn(
        parse_challenges(['Bearer realm="https://auth.example/token",tenant="of the challenge"']), PULL, None
    )
    assert _sent(authorizer) == "Bearer t2"
    exchange, grant = (asked for _, asked, _ in endpoint.asked)
    assert endpoint.places == ["https://registry.example/oauth2/exchange", "https://auth.example/token"]
    assert (exchange["tenant"], exchange["service"]) == (["of the challenge"], ["registry.example"])
    assert grant["refresh_token"] == ["r1"]


def test_azure_s_exchange_is_not_repeated_in_a_loop() -> None:
    endpoint = Endpoint({"refresh_token": "r1"}, 401, {"refresh_token": "r2"}, 401)
    authorizer = Authorizer(REGISTRY, Login("0000", "entra", Kind.ENTRA), endpoint)
    authorizer.learn(bearer(), PULL, None)
    with pytest.raises(ChaosregError):
        authorizer.authorization(PULL)
    assert len(endpoint.asked) == 2
    with pytest.raises(ChaosregError):
        authorizer.authorization(PULL)
    assert len(endpoint.asked) == 4


# --- looking again


def test_a_source_that_has_a_new_login_is_used_at_once() -> None:
    endpoint = Endpoint(401)
    authorizer = Authorizer(REGISTRY, Machine(ROBOT, Login("robot", "new")), endpoint)
    authorizer.learn(bearer(), PULL, None)
    assert _sent(authorizer) == "Bearer t2"


def test_a_source_is_asked_again_later_for_a_login_that_was_good_once(clock: Clock) -> None:
    machine = Machine(*(Login("robot", f"password{number}") for number in range(9)))
    authorizer = Authorizer(REGISTRY, machine, Endpoint(), clock)
    for rotation in (1, 2, 3):
        clock.seconds += 31
        authorizer.learn(BASIC, PULL, None)
        sent = authorizer.authorization(PULL)
        authorizer.accepted(sent)
        assert authorizer.learn(BASIC, PULL, sent)
        assert machine.looks == rotation
    sent = authorizer.authorization(PULL)
    authorizer.accepted(sent)
    assert not authorizer.learn(BASIC, PULL, sent)  # it changed a moment ago


def test_a_login_that_was_never_good_is_looked_for_once(clock: Clock) -> None:
    machine = Machine(*(Login("robot", f"wrong{number}") for number in range(9)))
    authorizer = Authorizer(REGISTRY, machine, Endpoint(), clock)
    authorizer.learn(BASIC, PULL, None)
    assert authorizer.learn(BASIC, PULL, authorizer.authorization(PULL))
    for _ in range(5):
        clock.seconds += 1000
        assert not (sent := authorizer.authorization(PULL)) or not authorizer.learn(BASIC, PULL, sent)
    assert machine.looks == 1
    assert authorizer.authorization(PULL) is None


def _app(number: int) -> Scopes:
    return frozenset({scope(f"app{number}", "pull")})


def test_an_endpoint_that_refuses_some_repositories_does_not_close_the_others() -> None:
    endpoint = Endpoint({"token": "first"}, 401, 401, 401, 401, 401)
    authorizer = Authorizer(REGISTRY, ROBOT, endpoint)
    authorizer.learn(bearer(), PULL, None)
    authorizer.authorization(PULL)
    for number in range(5):
        with pytest.raises(ChaosregError):
            authorizer.authorization(_app(number))
    assert _sent(authorizer, _app(5)) == "Bearer t7"


def test_a_login_that_was_refused_thrice_and_never_accepted_is_not_sent_again() -> None:
    endpoint = Endpoint(401, 401, 401)
    authorizer = Authorizer(REGISTRY, ROBOT, endpoint)
    authorizer.learn(bearer(), PULL, None)
    for number in range(6):
        with pytest.raises(ChaosregError, match="CHR0403"):
            authorizer.authorization(_app(number))
    assert len(endpoint.asked) == 3


def test_what_only_a_token_endpoint_takes_is_not_sent_to_a_registry() -> None:
    for login in (Login("", "refresh", Kind.IDENTITY), Login("0000", "entra", Kind.ENTRA)):
        authorizer = Authorizer(REGISTRY, login, Endpoint())
        assert not authorizer.learn(BASIC, PULL, None)
        assert authorizer.authorization(PULL) is None


def test_what_everybody_may_not_do_is_tried_with_what_the_source_finds_then() -> None:
    endpoint = Endpoint()
    machine = Machine(None, ROBOT)
    authorizer = Authorizer(REGISTRY, machine, endpoint)
    authorizer.learn(bearer(), PULL, None)
    sent = authorizer.authorization(PULL)
    assert sent
    assert sent.login is None
    assert authorizer.forbidden("no", sent)
    assert endpoint.asked[-1][2] is None
    authorizer.authorization(PULL)
    assert endpoint.asked[-1][2] == f"Basic {ROBOT.basic}"


@pytest.mark.parametrize(
    ("words", "age", "again"),
    [
        ("denied: Your authorization token has expired. Reauthenticate and try again.", 0, True),
        ("denied: User is not authorized to perform ecr:BatchGetImage", 50_000, False),
        ("", 50_000, True),
        ("", 60, False),
    ],
)
def test_ecr_s_expired_password_is_forbidden_without_a_challenge(
    clock: Clock, words: str, age: float, again: bool
) -> None:
    """As ECR answers; to HEAD without words, so that only the password's age tells."""
    machine = Machine(Login("AWS", "old"), Login("AWS", "new"), Login("AWS", "newest"))
    authorizer = Authorizer(REGISTRY, machine, Endpoint(), clock)
    authorizer.learn(BASIC, PULL, None)
    sent = authorizer.authorization(PULL)
    authorizer.accepted(sent)
    clock.seconds += age
    assert authorizer.forbidden(words, sent) is again
    if again:
        sent = authorizer.authorization(PULL)
        assert not authorizer.forbidden(words, sent)  # not in a loop


def test_a_refusal_says_what_went_wrong_while_a_login_was_looked_for() -> None:
    authorizer = Authorizer(REGISTRY, Machine(None), Endpoint())
    refusal = problem("CHR0403", server="s", repository="r", subject="x", credentials="", status=401)
    assert [finding.code for finding in authorizer.explained(refusal).findings] == ["CHR0403", "CHR0513"]
    missing = problem("CHR0405", server="s", repository="r", subject="x", status=404)
    assert [finding.code for finding in authorizer.explained(missing).findings] == ["CHR0405"]


# --- secrets


def test_nothing_that_holds_a_secret_shows_it() -> None:
    authorizer = Authorizer(REGISTRY, ROBOT, Endpoint({"token": "canary-token"}))
    authorizer.learn(bearer(), PULL, None)
    sent = authorizer.authorization(PULL)
    assert sent
    shown = repr(sent) + repr(vars(authorizer)) + repr(ROBOT) + str(ROBOT) + ROBOT.title
    assert "canary" not in shown


def test_a_password_is_blanked_even_before_it_was_sent() -> None:
    assert "canary" not in Authorizer(REGISTRY, ROBOT, Endpoint()).without_secrets("a guess: canary-password")


@pytest.mark.parametrize(
    "text",
    [
        "you sent canary-pä&ss word",
        "password=canary-p%C3%A4%26ss+word",
        "password=canary-p%C3%A4%26ss%20word",
        '{"password": "canary-p\\u00e4&ss word"}',
        "<b>canary-pä&amp;ss word</b>",
        "Basic cm9ib3Q6Y2FuYXJ5LXDDpCZzcyB3b3Jk",
        "the token is canary-token, the refresh token canary-refresh",
    ],
)
def test_a_secret_is_blanked_in_each_spelling(text: str) -> None:
    endpoint = Endpoint(405, {"token": "canary-token", "refresh_token": "canary-refresh"})
    authorizer = Authorizer(REGISTRY, Login("robot", "canary-pä&ss word"), endpoint)
    authorizer.learn(bearer(), PULL, None)
    authorizer.authorization(PULL)
    blanked = authorizer.without_secrets(text)
    assert "[redacted]" in blanked
    assert "canary" not in blanked
    assert "Y2FuYXJ5" not in blanked


def test_a_registry_token_that_no_header_can_hold_is_not_sent_as_basic_either() -> None:
    """The error of trying would show it."""
    authorizer = Authorizer(REGISTRY, Login("", "canary-token\n", Kind.REGISTRY), Endpoint())
    authorizer.learn(BASIC, PULL, None)
    assert authorizer.authorization(PULL) is None
