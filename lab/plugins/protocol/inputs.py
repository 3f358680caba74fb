"""What Check makes of what a program gives, whatever the provider: refusals and defaults, by the table of the kind."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lab.plugins.protocol.properties import Property
from lab.plugins.protocol.values import UNKNOWN, Object, Unknown, Value, contains


@dataclass(frozen=True)
class Refusal:
    """What is wrong with the inputs; `about` is the property, empty for the whole."""

    about: str
    reason: str


def refusals_of(plugin: str, known: Mapping[str, Property], given: Object, above: str = "") -> Iterator[Refusal]:
    """What is wrong with what the program gives; `above` leads to it."""
    for name in sorted(given.keys() - known.keys()):
        yield Refusal(
            above + name, f"the lab's stand-in for the {plugin} plugin does not know the property {above + name}"
        )
    for name, about in known.items():
        value, path = given.get(name), above + name
        if value is None:
            if about.required:
                yield Refusal(path, f"Missing required argument: {path}")
        elif about.one_of and not isinstance(value, Unknown) and value not in about.one_of:
            yield Refusal(path, f"expected {path} to be one of {list(about.one_of)}, got {value}")
        elif about.at_most and isinstance(value, list) and len(value) > about.at_most:
            yield Refusal(path, f"Too many list items: {path} has {len(value)}, at most {about.at_most} are supported")
        elif about.fields:
            for index, each in enumerate(value if isinstance(value, list) else [value]):
                if isinstance(each, dict):
                    yield from refusals_of(
                        plugin, about.fields, each, f"{path}[{index}]." if value is not each else f"{path}."
                    )
        elif about.document and isinstance(value, str) and not _is_json(value):
            yield Refusal(path, f'"{path}" contains an invalid JSON')


def with_defaults(known: Mapping[str, Property], given: Object) -> Object:
    """The inputs with what the provider fills in."""
    inputs: Object = {}
    for name, about in known.items():
        value = given.get(name, about.default)
        if value is None:
            continue
        if about.document and isinstance(value, dict):
            value = json.dumps(value) if not contains(value, Unknown) else UNKNOWN
        inputs[name] = _with_field_defaults(about.fields, value) if about.fields else value
    return inputs


def _with_field_defaults(fields: Mapping[str, Property], value: Value) -> Value:
    if isinstance(value, list):
        return [_with_field_defaults(fields, each) for each in value]
    return with_defaults(fields, value) if isinstance(value, dict) else value


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
