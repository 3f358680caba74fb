"""Spans of time as people write them: `90s`, `10m`, `1h`."""

import re

from pulumi_chaosreg.settings.kinds import Grammar

_SECONDS = {"s": 1, "m": 60, "h": 3600}
DURATION = Grammar(
    "CHR0448",
    "a span of time",
    re.compile(r"^[1-9][0-9]{0,3}[smh]\Z"),
    "write a number with `s`, `m` or `h`, as in `10m`",
)


def seconds_of(text: str) -> int:
    """Of a span that was checked."""
    return int(text[:-1]) * _SECONDS[text[-1]]
