"""Settings are plain values: they decide which resources there are, before anything runs."""

from collections.abc import Iterator, Mapping
from inspect import isawaitable
from typing import Any, NamedTuple

import pulumi

from pulumi_chaosreg.errors import Finding, Keys, Place


class PlainValues(NamedTuple):
    """Settings without what is not plain."""

    settings: dict[str, Any]
    findings: list[Finding]
    left_out: frozenset[Keys]
    """The paths of what is not plain."""


def plain_values(said: Mapping[str, Any], place: Place) -> PlainValues:
    """The settings as far as they are plain, and a finding (CHR0120) for each Output or resource among them."""
    wrong = dict(_not_plain(dict(said), ()))
    findings = [not_plain(keys, value, place) for keys, value in wrong.items()]
    return PlainValues(_without(dict(said), (), wrong), findings, frozenset(wrong))


def is_plain(value: Any) -> bool:
    """Whether the value is known while the program runs."""
    return not isinstance(value, pulumi.Output | pulumi.Resource) and not isawaitable(value)


def not_plain(keys: Keys, value: Any, place: Place) -> Finding:
    """CHR0120, with how it is written instead."""
    key = next((key for key in reversed(keys) if isinstance(key, str)), "")
    what = "a resource" if isinstance(value, pulumi.Resource) else "an Output"
    return Finding(
        "CHR0120",
        f"`{'.'.join(map(str, keys))}` is {what}, but must be a plain value: it decides which resources exist",
        Place(place.scope, place.file, (*place.keys, *keys), place.line),
        help=f'write the value itself, or read it from the configuration: `pulumi.Config().require("{key}")`. '
        "Only the values in `credentials={NAME: value}` and `Cluster(kubeconfig=…)` may be Outputs",
    )


def _not_plain(value: Any, keys: Keys) -> Iterator[tuple[Keys, Any]]:
    if not is_plain(value):
        yield keys, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _not_plain(item, (*keys, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _not_plain(item, (*keys, index))


def _without(value: Any, keys: Keys, wrong: Mapping[Keys, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, (*keys, key), wrong) for key, item in value.items() if (*keys, key) not in wrong}
    if isinstance(value, list):
        return [
            _without(item, (*keys, index), wrong) for index, item in enumerate(value) if (*keys, index) not in wrong
        ]
    return value
