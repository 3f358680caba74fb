"""Whether the server's name leads anywhere. Behind a proxy it is the proxy that looks the server's name up."""

import socket

from pulumi_chaosreg.doctor.case import Case
from pulumi_chaosreg.doctor.step import Failed, Passed, Result
from pulumi_chaosreg.oci.problems import problem
from pulumi_chaosreg.oci.proxies import ProxyUnusable

NAME = "DNS"
NEEDS = ("configuration",)
_MOST = 3
"""Addresses that are shown."""


def look(case: Case) -> Result:
    """Ask this machine's resolver."""
    try:
        line = case.line
    except ProxyUnusable as error:
        return _unreachable(case, str(error))
    try:
        found = socket.getaddrinfo(line.first_host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        whose = f"the name of the proxy `{line.proxy}` of the environment" if line.proxy else "its name"
        return _unreachable(case, f"{whose} does not resolve")
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    shown = ", ".join(addresses[:_MOST]) + (", …" if len(addresses) > _MOST else "")
    if line.proxy:
        return Passed(f"proxy `{line.proxy}`: {shown}; it looks up `{line.host}`, not this machine")
    return Passed(f"{line.host}: {shown}" if shown != line.host else shown)


def _unreachable(case: Case, cause: str) -> Failed:
    return Failed(tuple(problem("CHR0401", server=case.server, cause=cause).findings))
