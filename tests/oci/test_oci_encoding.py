"""Short answers that were packed on the way."""

import gzip
import zlib

import pytest

from pulumi_chaosreg.oci.encoding import plain
from pulumi_chaosreg.oci.problems import Answer

TEXT = b'{"errors":[{"code":"DENIED"}]}'


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("", TEXT, TEXT),
        ("identity", TEXT, TEXT),
        ("gzip", gzip.compress(TEXT, mtime=0), TEXT),
        (" X-GZIP ", gzip.compress(TEXT, mtime=0), TEXT),
        ("deflate", zlib.compress(TEXT), TEXT),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-8], TEXT),  # cut, as a long one is
        ("gzip", TEXT, b""),
        ("br", b"\x0b", b"\x0b"),  # unknown to us
    ],
)
def test_a_packed_answer_is_read(encoding: str, body: bytes, text: bytes) -> None:
    assert plain(Answer(400, {"Content-Encoding": encoding}, body)) == text


def test_a_small_body_does_not_become_a_large_one() -> None:
    bomb = gzip.compress(b"y" * 60_000_000)
    assert len(plain(Answer(400, {"Content-Encoding": "gzip"}, bomb))) == 64 << 10
