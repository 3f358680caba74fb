"""Whether the server's certificate is one that this machine believes. Nodes may trust other authorities."""

import ssl
import time
from dataclasses import replace

from pulumi_chaosreg.doctor.case import Case
from pulumi_chaosreg.doctor.step import Failed, Passed, Result, Unseen
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.oci.broken_connection import words_of
from pulumi_chaosreg.oci.problems import problem
from pulumi_chaosreg.oci.trust import trusting

NAME = "TLS"
NEEDS = ("TCP",)
_SOON = 14
"""Days."""
_EXPIRED, _NOT_YET, _UNKNOWN, _OTHER_NAME = (10,), (9,), (18, 19, 20, 21), (62, 64)
"""OpenSSL's numbers of what is wrong with a certificate (x509_vfy.h)."""
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST")
"""What OpenSSL makes of an answer in plain http."""
_ADVICE = (
    (_EXPIRED, "renew the server's certificate; if it is new, this machine's clock is wrong"),
    (_NOT_YET, "compare this machine's clock with the certificate's beginning"),
    (
        _UNKNOWN,
        "name the file of the authority that signed it (`SSL_CERT_FILE=ca.pem`) for this machine; nodes need it in "
        "containerd's `certs.d`, too",
    ),
    (_OTHER_NAME, "write the server as its certificate names it, or have one issued for this name"),
)


def look(case: Case) -> Result:
    """Shake hands by the rules of all our requests."""
    line = case.line
    if not line.has_tls:
        return Unseen("plain http, as for every loopback address")
    if not line.can_tunnel:
        return Unseen(f"the proxy `{line.proxy}` does not use plain http; `/v2/` is asked through it")
    try:
        with line.open() as plain, trusting().wrap_socket(plain, server_hostname=line.host) as wrapped:
            return _seen(case, wrapped)
    except OSError as error:
        return Failed((_refused(case, error),))


def _seen(case: Case, wrapped: ssl.SSLSocket) -> Result:
    certificate = wrapped.getpeercert() or {}
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    until, days = time.strftime("%Y-%m-%d", time.gmtime(ends)), int((ends - time.time()) / 86400)
    fact = f"{wrapped.version()}, valid until {until}{_issued(certificate.get('issuer'))}"
    if days >= _SOON:
        return Passed(fact)
    warning = Finding(
        "CHR0906",
        f"the certificate of `{case.server}` ends in {'a day' if days == 1 else f'{days} days'}",
        help="have it renewed: after that no image can be pulled",
        severity="warning",
    )
    return Passed(fact, (warning,))


def _issued(issuer: object) -> str:
    """By whom, of what `ssl` makes of a name: a tuple of tuples of pairs."""
    pairs = [pair for part in issuer for pair in part] if isinstance(issuer, tuple) else []
    names = {str(key): str(value) for key, value in pairs}
    who = names.get("commonName") or names.get("organizationName")
    return f", issued by `{who}`" if who else ""


def _refused(case: Case, error: OSError) -> Finding:
    words, advice = words_of(error), ""
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = next((text for numbers, text in _ADVICE if error.verify_code in numbers), "")
    elif isinstance(error, ssl.SSLError) and error.reason in _NO_TLS:
        words, advice = "it does not speak TLS at this port", "give the port at which it does: nodes expect TLS, too"
    elif isinstance(error, TimeoutError):
        words = "no answer to the handshake"
    (finding,) = problem("CHR0402", server=case.server, cause=words).findings
    return replace(finding, help=advice) if advice else finding
