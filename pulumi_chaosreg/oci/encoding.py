"""Bodies that were packed on the way: we ask for none, and some proxies do it all the same."""

import zlib

from pulumi_chaosreg.oci.problems import Answer

_MAX_BYTES = 64 << 10
"""Bytes that a packed body may become: a few of them can hold gigabytes."""
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def plain(answer: Answer) -> bytes:
    """The body of a short answer, unpacked as far as the limit; empty if it is not what its header says."""
    window = _WINDOWS.get(answer.headers.get("Content-Encoding", "").strip().lower())
    if window is None:
        return answer.body
    try:
        return zlib.decompressobj(window).decompress(answer.body, _MAX_BYTES)
    except zlib.error:
        return b""
