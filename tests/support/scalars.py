"""Some hundred words without quotes: numbers in every notation, dates, words, and what only looks like one of them."""

from collections.abc import Iterator


def _words(text: str) -> list[str]:
    return text.split()


_NUMBERS = _words(
    """
    0 00 01 07 007 08 09 010 0777 18 10 123456789012 9007199254740993 9223372036854775807 9223372036854775808
    18446744073709551615 18446744073709551616 9999999999999999999999999999999999999999
    0x1F 0X1f 0x 0xg 0x_1F 0xffffffffffffffff 0xfffffffffffffffff 0x1p4 0x1.8
    0b101 0B11 0b 0b2 0b1_0 0_b1 0b101.1 0o17 0O17 0o 0o8 0o0
    1_000 1__0 1_ 0_7 2024_01_15 1_0.5 1.5_0 1e1_0 1:30 190:20:30
    1.10 1. 0.1 00.5 01.5 1.5e3 1e3 1E3 1e+3 1e-3 1e400 1e-400 1e 1.e3 1.2.3 1f 25921e05
    000000000000000000000000000000000000000000000000000000000000000000000
    """
)
_POINTS = _words(". .5 -.5 +.5 .5e3 .5_0 ._5 .e3 .1e400 .iNF .5.5 ._ .. ...x -.nan + -x --1 +-1")
_DATES = _words(
    """
    2024-01-15 2024-1-5 2024-13-01 2024-02-30 2024-02-29 2023-02-29 0000-02-29 0001-01-01 24-01-15 20240115 2024-01
    2024-001-15 2024-01-151 2024-01-15x 2024-0-1 2024-1-0 2024-01-15_1 2024-01-15.5
    """
)
_CLOCKS = _words(
    """
    T10:11:12Z t10:11:12Z T10:11:12 T10:11:12.5Z T10:11:12,5Z T1:1:1+02:00 T10:11:12z T10:11:12+0200 T10:11:12+2:00
    T10:11:12+24:60 T10:11:12-25:00 T10:11:12+99:00 _10:11:12 _10:11:12.123 _10:11 _10:11:12Z _24:00:00 _10:60:00
    _10:11:12. __10:11:12 _100:11:12 _1:2:3
    """
)
_SPELT = _words("y n yes no on off true false null")
_OTHERS = _words(
    """
    ~ tRUE nULL << = a _1 v1 1a a1 1-2 1/2 10.0.0.1 10.0.0.1:5000 1.94.4 sha256:0 12:30:45 1,000 0.0.0 08:30 ١٢ １２ 5５
    nan inf Inf
    """
)

NO_NUMBERS = [sign + word for word in (".inf", ".Inf", ".INF") for sign in ("", "+", "-")] + [".nan", ".NaN", ".NAN"]
"""For which the engine has no text: it cannot read a file that has one of them."""


def plain_scalars() -> Iterator[str]:
    """All but `NO_NUMBERS`, each once."""
    signed = [sign + number for number in _NUMBERS for sign in ("", "+", "-")]
    clocks = [f"2024-01-15{clock.replace('_', ' ')}" for clock in _CLOCKS]
    spelt = [form for word in _SPELT for form in (word, word.title(), word.upper())]
    yield from dict.fromkeys([*signed, *_POINTS, *_DATES, *clocks, *spelt, *_OTHERS])
