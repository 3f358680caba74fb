"""What went wrong below HTTP, in our codes and in words that show no address and no secret."""

import os
import ssl
from http.client import HTTPException
from typing import NamedTuple

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from pulumi_chaosreg.oci.proxies import ProxyUnusable

CONNECT = 10.0
"""Seconds for a connection to be made."""


class Broken(NamedTuple):
    """What to tell, and whether it may be gone in a moment."""

    code: str
    words: str
    transient: bool = True


def cause_of(error: Exception, *, idle: float) -> Broken:
    """Of what urllib3 raised, whose own words repeat the query; `idle`: the seconds that were allowed."""
    root: BaseException = error
    while deeper := root.__cause__ or (root.args[-1] if root.args and isinstance(root.args[-1], Exception) else None):
        root = deeper
    words = words_of(root)
    match error:
        case SSLError():
            return Broken("CHR0402", words, transient=False)
        case ProxyUnusable():
            return Broken("CHR0401", str(error), transient=False)
        case ProxyError():
            return Broken("CHR0401", words)
        case NameResolutionError():
            return Broken("CHR0401", "its name does not resolve")
        case NewConnectionError():
            return Broken("CHR0401", words)
        case ConnectTimeoutError():
            return Broken("CHR0401", f"no answer within {CONNECT:.0f} s")
        case ReadTimeoutError() | TimeoutError():
            return Broken("CHR0418", f"nothing came for {idle:g} s")
    return Broken("CHR0418", words)


def words_of(root: BaseException) -> str:
    """The error's own words where they show no secret, of the last cause of what urllib3 or a socket raised."""
    if isinstance(root, LocationValueError):
        return "its address cannot be read"  # the error's own words would show it
    if isinstance(root, ValueError) and not isinstance(root, OSError | HTTPException | HTTPError):
        return "one of its headers cannot be sent"  # the error's own words would show it
    if isinstance(root, ssl.SSLError):  # an OSError whose numbers are not the system's
        return str(getattr(root, "verify_message", "") or root.reason or root).lower().replace("_", " ")
    number = root.errno if isinstance(root, OSError) else None
    if number and number > 0:
        return os.strerror(number).lower()
    return str(root).rpartition(": ")[2] or type(root).__name__
