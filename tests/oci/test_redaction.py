"""Secrets that a server repeats, in whatever spelling it writes them."""

import html
import json
import re
import time
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_chaosreg.oci.redaction import without
from tests.support.examples import examples

SECRET = "canary'\"+/<pä&ss>%41"


def in_go_s_html(text: str) -> str:
    """As html/template writes it."""
    return html.escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;").replace("+", "&#43;")


def as_code_points(text: str) -> str:
    """JSON, with all that HTML might take for its own in numbers."""
    return re.sub(r"[^\w\\]", lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(text)[1:-1].replace('\\"', '"'))


SPELLINGS = {
    "plain": str,
    "Go's HTML": in_go_s_html,
    "HTML's text": lambda text: html.escape(text, quote=False),
    "numbers in HTML": lambda text: "".join(f"&#x{ord(char):X};" for char in text),
    "address": lambda text: quote(text, safe=""),
    "path": quote,
    "address in lower case": lambda text: re.sub("%..", lambda code: code[0].lower(), quote(text, safe="")),
    "code points": as_code_points,
    "JSON of PHP": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON in HTML": lambda text: in_go_s_html(as_code_points(text)),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[3:-3],
    "address in HTML": lambda text: in_go_s_html(quote(text).replace("%", "&#37;")),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 of addresses": lambda text: urlsafe_b64encode(text.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_goes_in_every_spelling(spelling: str) -> None:
    written = SPELLINGS[spelling](SECRET)
    left = without(f"denied: {written} was sent", [SECRET])
    assert "[redacted]" in left
    assert written not in left
    assert "canary" not in left


# without what no page can hold, and with more than chance has of what looks like an escape
LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Cn")) | st.sampled_from('%41&#39;\\u/"')


@examples(300)
@given(st.text(LETTERS, min_size=4), st.sampled_from(sorted(SPELLINGS)))
def test_no_secret_stays_in_any_spelling(secret: str, spelling: str) -> None:
    written = SPELLINGS[spelling](secret)
    if written not in "[redacted]":
        assert written not in without(f"denied: {written} was sent", [secret])


def test_what_holds_no_secret_is_left_as_it_is() -> None:
    text = 'quota &lt;5&gt; of "a%2Fb" is used up: \\u003cbuy more\\u003e'
    assert without(text, [SECRET, "abc"]) == text


def test_a_google_key_s_own_secret_goes_too_where_it_stands_alone() -> None:
    lines = ["-----BEGIN PRIVATE KEY-----", "canary+1/" * 7, "canary+2/" * 7, "canary=", "-----END PRIVATE KEY-----"]
    key = json.dumps({"type": "service_account", "private_key": "\n".join(lines) + "\n", "client_email": "a@b"})
    for text in ("\n".join(lines), " ".join(lines), "\\\\n".join(lines), html.escape(key), lines[2]):
        assert "canary" not in without(f"cannot read {text}", [key])


@pytest.mark.parametrize(
    "text", ["&#" + "9" * 65536, "%41" * 21845, "\\u0041" * 10922, "&" + "a" * 65535, "\\" * 65536]
)
def test_a_hostile_text_takes_no_time(text: str) -> None:
    began = time.process_time()
    without(text, [SECRET, "a" * 4096])
    assert time.process_time() - began < 1
