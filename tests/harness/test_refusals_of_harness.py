"""Every way in which Harness refuses is one clear error, tried again where it may be gone, and never shows the key."""

import traceback
from dataclasses import replace

import pytest

from lab.harness_orders import fail, requests
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.harness.client import Harness
from pulumi_chaosreg.harness.problems import HarnessError
from pulumi_chaosreg.harness.record import Record
from pulumi_chaosreg.harness.scope import HarnessScope
from tests.harness.conftest import ACCOUNT, KEY, QUICK
from tests.support.canary import traces_of

TOP = HarnessScope(ACCOUNT)
REFUSALS = {
    "a key that nobody knows": ({"status": 401, "message": "Token is not valid."}, "CHR0811", 1),
    "a key with too few rights": ({"status": 403}, "CHR0812", 1),
    "rights that GraphQL misses": (
        {"message": "unauthorized: missing permission chaos_edit"},
        "CHR0812",
        1,
    ),
    "another address": ({"status": 404}, "CHR0813", 1),
    "a long pause": ({"status": 429, "headers": {"Retry-After": "3600"}}, "CHR0814", 1),
    "short pauses without end": ({"status": 429, "headers": {"Retry-After": "0"}, "times": 9}, "CHR0814", 3),
    "a server in trouble": ({"status": 503, "times": 9}, "CHR0815", 3),
    "an error 500 that says why": ({"status": 500, "message": "error occurred while updating"}, "CHR0816", 1),
    "an error of GraphQL": ({"message": "invalid registryServer"}, "CHR0816", 1),
    "silence": ({"seconds": 1.5, "status": 503, "times": 9}, "CHR0810", 3),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_one_error_after_as_many_tries_as_make_sense(client, harness, name):
    how, code, tries = REFUSALS[name]
    fail(harness, "getImageRegistry", **how)
    if name == "silence":
        client = Harness(harness.endpoint, ACCOUNT, KEY, patience=replace(QUICK, idle=0.3))
    with pytest.raises(HarnessError) as refused:
        client.look(TOP)
    (finding,) = refused.value.findings
    assert finding.code == code
    assert finding.help or code == "CHR0816"
    if name != "silence":  # what is answered too late is logged when it is answered
        assert len(list(requests(harness, ACCOUNT))) == tries


def test_a_key_that_is_not_the_account_s_is_refused_by_the_api_itself(with_key, harness):
    with pytest.raises(HarnessError, match="CHR0811"):
        with_key("pat.other").look(TOP)
    with pytest.raises(HarnessError, match="CHR0812"):
        Harness(harness.endpoint, "somebody-else", KEY, patience=QUICK).look(HarnessScope("somebody-else"))


def test_what_passes_is_not_told(client, harness):
    fail(harness, "getImageRegistry", status=503)
    fail(harness, "getImageRegistry", status=429, headers={"Retry-After": "0"})
    assert client.look(TOP)[0]


def test_nobody_at_the_address_is_said_with_the_address():
    with pytest.raises(HarnessError, match=r"CHR0810.*127\.0\.0\.1:9") as refused:
        Harness("http://127.0.0.1:9/gateway", ACCOUNT, KEY, patience=QUICK).look(TOP)
    assert "harness.endpoint" in refused.value.findings[0].help


def test_a_page_in_the_place_of_an_answer_is_no_answer(harness):
    address = harness.endpoint.removesuffix("/gateway")
    with pytest.raises(HarnessError, match="CHR0813"):
        Harness(address, ACCOUNT, KEY, patience=QUICK).look(TOP)


def test_the_key_is_in_no_message_repr_or_traceback(client, harness):
    shown = [repr(client), str(vars(client))]
    for how in ({"status": 401}, {"status": 502, "times": QUICK.tries}, {"message": f"bad key {KEY}"}):
        fail(harness, "getImageRegistry", **how)
        try:
            client.look(TOP)
        except HarnessError as error:
            frames = traceback.TracebackException.from_exception(error, capture_locals=False)
            shown += [str(error), repr(error), *frames.format()]
    with pytest.raises(HarnessError) as unsendable:
        Harness(client.endpoint, ACCOUNT, f"{KEY}\nx", patience=QUICK).put(TOP, Record("a.example", "b"))
    shown.append(str(unsendable.value))
    assert len(shown) > 10
    assert traces_of(Login("x", KEY), "\n".join(shown)) == []
