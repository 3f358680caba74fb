"""Answers that are no help: servers that fail without end, pages of proxies, bodies that are meant for nobody."""

import pytest

from tests.support import builder
from tests.support.builder import image, layer
from tests.support.fault_scripts import always
from tests.support.faults import Reply
from tests.support.trial import HASTY, Trial

pytestmark = pytest.mark.registry

BAD_GATEWAY = Reply(502, b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body></html>\r\n")


@pytest.fixture
def tree(trial: Trial) -> builder.Tree:
    return trial.push(image(layer("x"), layer("y")))


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 524])
def test_a_server_that_fails_without_end_is_given_up(status: int, trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(source=always(Reply(status), "GET", "/manifests/"), most=20)
    assert outcome.code == "CHR0413"
    assert outcome.source.count("GET", "/manifests/") == HASTY.tries


@pytest.mark.parametrize(("method", "part"), [("POST", "/uploads/"), ("PUT", "/uploads/"), ("PUT", "/manifests/")])
def test_a_target_that_fails_without_end_is_given_up(method: str, part: str, trial: Trial, tree) -> None:
    outcome = trial.copy(target=always(BAD_GATEWAY, method, part), most=90)
    assert outcome.code == "CHR0413"


def test_a_proxy_s_page_is_quoted_without_its_markup(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(source=always(BAD_GATEWAY, "GET", "/manifests/"), most=20)
    assert "answer: 502 502 Bad Gateway nginx\n" in str(outcome.error)


def test_a_long_error_body_is_cut(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(source=always(Reply(418, b"tea " * 1_000_000), "GET", "/manifests/"), most=20)
    assert outcome.code == "CHR0413"
    assert len(str(outcome.error)) < 1000


def test_an_error_body_cannot_steer_the_terminal(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(source=always(Reply(418, b"\x1b[2J\x07 gone\r\nfake: line"), "GET", "/manifests/"), most=20)
    assert str(outcome.error).count("\n") == 3
    assert str(outcome.error).isascii()
    assert "\x1b" not in str(outcome.error)


def test_statuses_that_nobody_expects_are_errors(trial: Trial, tree: builder.Tree) -> None:
    for status in (203, 206, 299, 304, 451):
        outcome = trial.copy(source=always(Reply(status), "GET", "/blobs/"), most=40)
        assert outcome.code == "CHR0413", status
