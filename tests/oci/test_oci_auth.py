"""What an authorizer sends, when it looks for another login, when it gives up; clock and endpoint are the test's."""

import pytest

from pulumi_chaosreg.credentials.login import Login, LoginKind
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.oci.auth import Authorizer
from pulumi_chaosreg.oci.challenge import Scopes, scope
from pulumi_chaosreg.oci.problems import problem
from tests.support.authorizing import BASIC, PULL, REGISTRY, ROBOT, Clock, Endpoint, Machine, bearer, sent_by


@pytest.fixture
def clock() -> Clock:
    return Clock()


# --- looking again


def test_a_source_that_has_a_new_login_is_used_at_once() -> None:
    endpoint = Endpoint(401)
    authorizer = Authorizer(REGISTRY, Machine(ROBOT, Login("robot", "new")), endpoint)
    authorizer.learn(bearer(), PULL, None)
    assert sent_by(authorizer) == "Bearer t2"


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
    assert sent_by(authorizer, _app(5)) == "Bearer t7"


def test_a_login_that_was_refused_thrice_and_never_accepted_is_not_sent_again() -> None:
    endpoint = Endpoint(401, 401, 401)
    authorizer = Authorizer(REGISTRY, ROBOT, endpoint)
    authorizer.learn(bearer(), PULL, None)
    for number in range(6):
        with pytest.raises(ChaosregError, match="CHR0403"):
            authorizer.authorization(_app(number))
    assert len(endpoint.asked) == 3


def test_what_only_a_token_endpoint_takes_is_not_sent_to_a_registry() -> None:
    for login in (Login("", "refresh", LoginKind.IDENTITY), Login("0000", "entra", LoginKind.ENTRA)):
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


def test_a_password_is_blanked_even_before_it_wassent_by() -> None:
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
    authorizer = Authorizer(REGISTRY, Login("", "canary-token\n", LoginKind.REGISTRY), Endpoint())
    authorizer.learn(BASIC, PULL, None)
    assert authorizer.authorization(PULL) is None
