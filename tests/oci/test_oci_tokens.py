"""When an authorizer asks for a token, for which scopes, and how; clock and endpoint are the test's."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_chaosreg.credentials.login import Login, LoginKind
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.oci.auth import Authorizer
from pulumi_chaosreg.oci.challenge import parse_challenges, scope
from tests.support.authorizing import PULL, REGISTRY, ROBOT, Clock, Endpoint, bearer, sent_by


@pytest.fixture
def clock() -> Clock:
    return Clock()


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
    assert sent_by(authorizer) == "Bearer first"
    clock.seconds += good
    assert sent_by(authorizer) == "Bearer first"
    clock.seconds += over - good
    assert sent_by(authorizer) == "Bearer t2"


def test_time_counts_from_when_a_token_was_asked_for(clock: Clock) -> None:
    def slow(url: str, authorization: str | None, form: bytes | None) -> bytes:
        clock.seconds += 100
        return b'{"token": "old", "expires_in": 101}'

    authorizer = Authorizer(REGISTRY, None, slow, clock)
    authorizer.learn(bearer(), PULL, None)
    sent_by(authorizer)
    before = clock.seconds
    sent_by(authorizer)
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
    assert sent_by(authorizer) == "Bearer both"


# --- scopes


def test_a_scope_is_widened_once_by_what_the_registry_names(clock: Clock) -> None:
    endpoint = Endpoint()
    authorizer = Authorizer(REGISTRY, ROBOT, endpoint, clock)
    authorizer.learn(bearer(), PULL, None)
    for number in (1, 2, 3):
        sent = authorizer.authorization(PULL)
        assert authorizer.learn(bearer(f"repository:base{number}:pull", "insufficient_scope"), PULL, sent)
    sent_by(authorizer)
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
    sent_by(authorizer)
    assert endpoint.asked[-1][1]["scope"] == ["repository:app:pull"]


def test_a_token_serves_narrower_requests_too() -> None:
    endpoint = Endpoint()
    authorizer = Authorizer(REGISTRY, None, endpoint)
    authorizer.learn(bearer(), PULL, None)
    both = frozenset({scope("app", "pull,push")})
    assert sent_by(authorizer, both) == sent_by(authorizer, PULL) == "Bearer t1"


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
            pool.submit(sent_by, authorizer, frozenset({scope(name, "pull")})) for name in ("a", "b") for _ in range(3)
        ]
        go.set()
        assert {one.result() for one in asked} == {"Bearer t"}


# --- POST and GET


def test_a_post_names_all_scopes_in_one_field() -> None:
    endpoint = Endpoint()
    authorizer = Authorizer(REGISTRY, Login("", "refresh", LoginKind.IDENTITY), endpoint)
    authorizer.learn(bearer(), PULL, None)
    sent_by(authorizer, PULL | {scope("base", "pull")})
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
    authorizer = Authorizer(REGISTRY, Login("user", "refresh", LoginKind.IDENTITY), endpoint)
    authorizer.learn(bearer(), PULL, None)
    assert sent_by(authorizer) == "Bearer t2"
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
    authorizer = Authorizer(REGISTRY, Login("", "own", LoginKind.IDENTITY), endpoint)
    authorizer.learn(bearer(), PULL, None)
    authorizer.authorization(PULL)
    assert sent_by(authorizer, frozenset({scope("other", "pull")})) == "Bearer t3"
    assert [asked["refresh_token"] for _, asked, _ in endpoint.asked] == [["own"], ["given"], ["own"]]


def test_azure_s_token_is_exchanged_at_the_registry_for_the_directory_of_its_challenge() -> None:
    endpoint = Endpoint({"refresh_token": "r1"})
    authorizer = Authorizer(REGISTRY, Login("0000", "entra", LoginKind.ENTRA, tenant="of the environment"), endpoint)
    authorizer.learn(
        parse_challenges(['Bearer realm="https://auth.example/token",tenant="of the challenge"']), PULL, None
    )
    assert sent_by(authorizer) == "Bearer t2"
    exchange, grant = (asked for _, asked, _ in endpoint.asked)
    assert endpoint.places == ["https://registry.example/oauth2/exchange", "https://auth.example/token"]
    assert (exchange["tenant"], exchange["service"]) == (["of the challenge"], ["registry.example"])
    assert grant["refresh_token"] == ["r1"]


def test_azure_s_exchange_is_not_repeated_in_a_loop() -> None:
    endpoint = Endpoint({"refresh_token": "r1"}, 401, {"refresh_token": "r2"}, 401)
    authorizer = Authorizer(REGISTRY, Login("0000", "entra", LoginKind.ENTRA), endpoint)
    authorizer.learn(bearer(), PULL, None)
    with pytest.raises(ChaosregError):
        authorizer.authorization(PULL)
    assert len(endpoint.asked) == 2
    with pytest.raises(ChaosregError):
        authorizer.authorization(PULL)
    assert len(endpoint.asked) == 4
