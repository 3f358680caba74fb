"""What texts look like that only Harbor knows."""

import re

from pulumi_chaosreg.settings.kinds import Grammar

_UNITS = {"MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_LARGEST = 1024 << 40
"""What Harbor takes: 1024 TB (its `quota.Validate`)."""
_QUOTA = re.compile(r"^(?:[1-9][0-9]{0,6}[MGT]iB|unlimited)\Z")


def quota_bytes(text: str) -> int:
    """Of a quota in this form; -1 for no limit, as Harbor says it."""
    return -1 if text == "unlimited" else int(text[:-3]) * _UNITS[text[-3:]]


QUOTA = Grammar(
    "CHR0301",
    "a quota",
    _QUOTA,
    "write it as in `50GiB` (MiB, GiB or TiB), or `unlimited`",
    lambda text: "" if quota_bytes(text) <= _LARGEST else "Harbor takes at most 1024 TiB",
)
