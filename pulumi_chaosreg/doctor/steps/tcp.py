"""Whether anybody listens at the server's port; behind a proxy, whether that lets us through to it."""

import time

from pulumi_chaosreg.doctor.case import Case
from pulumi_chaosreg.doctor.step import Failed, Passed, Result, Unseen
from pulumi_chaosreg.oci.broken_connection import CONNECT, words_of
from pulumi_chaosreg.oci.problems import excerpt, problem

NAME = "TCP"
NEEDS = ("DNS",)


def look(case: Case) -> Result:
    """Open a connection, and close it."""
    line, began = case.line, time.monotonic()
    if not line.can_tunnel:
        return Unseen(f"the proxy `{line.proxy}` does not use plain http; `/v2/` is asked through it")
    try:
        line.open().close()
    except OSError as error:
        words = f"no answer within {CONNECT:.0f} s" if isinstance(error, TimeoutError) else excerpt(words_of(error))
        cause = f"the proxy `{line.proxy}` of the environment says {words}" if line.proxy else words
        return Failed(tuple(problem("CHR0401", server=case.server, cause=cause).findings))
    through = f" through the proxy `{line.proxy}`" if line.proxy else ""
    return Passed(f"port {line.port}{through}, {(time.monotonic() - began) * 1000:.0f} ms")
