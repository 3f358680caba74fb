"""Challenges as registries really write them, and scopes."""

import pytest

from pulumi_chaosreg.oci import Registry, RegistryError
from pulumi_chaosreg.oci.challenge import Challenge, covers, parse_challenges, unanswerable
from tests.support.answering import AnsweringServer, Said


@pytest.mark.parametrize(
    ("headers", "challenges"),
    [
        (['Basic realm="lab"'], [Challenge("basic", {"realm": "lab"})]),
        (["Basic"], [Challenge("basic", {})]),
        (
            [
                'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"'
            ],
            [
                Challenge(
                    "bearer",
                    {
                        "realm": "https://auth.docker.io/token",
                        "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    },
                )
            ],
        ),
        (
            ['Bearer realm="https://x/t", error="insufficient_scope", Basic realm="a, b"'],
            [
                Challenge("bearer", {"realm": "https://x/t", "error": "insufficient_scope"}),
                Challenge("basic", {"realm": "a, b"}),
            ],
        ),
        (
            ["BASIC realm=unquoted", 'bearer Realm = "https://x/t?a=\\"b\\""'],
            [Challenge("basic", {"realm": "unquoted"}), Challenge("bearer", {"realm": 'https://x/t?a="b"'})],
        ),
        ([""], []),
        (["="], []),
    ],
)
def test_challenges(headers: list[str], challenges: list[Challenge]) -> None:
    assert parse_challenges(headers) == challenges


@pytest.mark.parametrize(
    ("held", "needed", "enough"),
    [
        ({"repository:a:pull,push"}, {"repository:a:pull"}, True),
        ({"repository:a:push,pull"}, {"repository:a:pull,push"}, True),
        ({"repository:a:pull"}, {"repository:a:pull,push"}, False),
        ({"repository:a:pull"}, {"repository:b:pull"}, False),
        ({"repository:a:pull", "repository:b:pull,push"}, {"repository:b:push"}, True),
        ({"repository:a:pull"}, set(), True),
        ({"repository:host:5000/a:pull"}, {"repository:host:5000/a:pull"}, True),
    ],
)
def test_a_token_serves_whatever_its_scopes_cover(held: set[str], needed: set[str], enough: bool) -> None:
    assert covers(frozenset(held), frozenset(needed)) is enough


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("", ""),
        ('Basic realm="x"', ""),
        ('Negotiate, Bearer realm="https://x/t"', ""),
        ("Negotiate YII==", "`negotiate`, but"),
        ('Digest realm="x", NTLM', "`digest`, `ntlm`, but"),
        ("???", "something that cannot be read, but"),
    ],
)
def test_a_challenge_that_nobody_here_can_answer_is_said(header: str, said: str) -> None:
    assert unanswerable({"WWW-Authenticate": header} if header else {}).startswith(said)
    assert bool(unanswerable({"WWW-Authenticate": header})) is bool(said)


def test_a_refusal_says_which_challenge_it_was() -> None:
    with (
        AnsweringServer(lambda _: Said(401, headers={"WWW-Authenticate": "Negotiate"})) as server,
        pytest.raises(RegistryError, match=r"CHR0403(.|\n)*asks for: `negotiate`, but we support"),
    ):
        Registry(server.host).get_manifest("app", "1")
