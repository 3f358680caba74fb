"""What texts look like that only Harness knows: its accounts, its identifiers, and the address of its API."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from pulumi_chaosreg.settings.kinds import Grammar

HARNESS_ACCOUNT = Grammar(
    "CHR0801",
    "a Harness account identifier",
    re.compile(r"^[A-Za-z0-9_-]{1,64}\Z"),
    "copy it from the URL of a Harness page, after `/account/`; it is not secret",
    advise=lambda text: (
        "this looks like an API key: set it with `pulumi config set --secret chaosreg-credentials:NAME`, and write "
        "`login: NAME`"
        if text.startswith(("pat.", "sat."))
        else ""
    ),
    hides_value=True,
)
HARNESS_IDENTIFIER = Grammar(
    "CHR0803",
    "a Harness identifier",
    re.compile(r"^[A-Za-z0-9_$-]{1,128}\Z"),
    "write the identifier, as in `prod_eu`, not the name: letters, digits and `_`",
)
HARNESS_ENDPOINT = Grammar(
    "CHR0802",
    "the address of Harness's API",
    re.compile(r"^https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?\Z"),
    "write it as in `https://app.harness.io/gateway`, without user, query or fragment",
    lambda text: _unsafe(text),
    canonical=lambda text: text.rstrip("/"),
    hides_value=True,
)


def _unsafe(address: str) -> str:
    """Where an API key would travel in plain text through networks of others."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return ""
    try:
        is_near = ip_address(parts.hostname or "").is_private
    except ValueError:
        is_near = parts.hostname == "localhost"
    return "" if is_near else "it begins with `http:`, so the API key would travel in plain text"
