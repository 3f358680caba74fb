"""What Check makes of what the program says: defaults, a made-up name, all tags and the region; or what is wrong."""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lab.plugins.aws.properties import Kind, Property
from lab.plugins.aws.settings import Settings
from lab.plugins.protocol.values import (
    UNKNOWN,
    Object,
    Secret,
    Unknown,
    Value,
    contains,
    reveal,
    with_secrets_of,
)

_RANDOM_LENGTH = 7
DEFAULTS = "__defaults"
"""The input that lists which others the program left to us; the provider and the engine know it by this name."""


@dataclass(frozen=True)
class Refusal:
    """What is wrong with the inputs; `about` is the property, empty for the whole."""

    about: str
    reason: str


def checked(
    kind: Kind, urn: str, program: Object, old: Object, settings: Settings, seed: bytes
) -> tuple[Object, list[Refusal]]:
    """The inputs of the resource, secret as the program's are."""
    plain = {key: value for key, value in reveal(program).items() if key != DEFAULTS}
    refusals = list(_refusals(kind.inputs, plain, ""))
    if refusals:
        return program, refusals
    inputs = _with_defaults(kind.inputs, plain)
    if kind.autonamed and kind.autonamed not in inputs:
        inputs[kind.autonamed] = _name(kind, urn, reveal(old), seed)
    if kind.tagged:
        tags = inputs.get("tags") or {}
        inputs["tagsAll"] = UNKNOWN if isinstance(tags, Unknown) else {**settings.default_tags, **tags}
    if kind.regional and "region" not in inputs and settings.region:
        inputs["region"] = settings.region
    inputs[DEFAULTS] = sorted(inputs.keys() - plain.keys())
    whole = kind.refuse(inputs)
    marked = with_secrets_of(inputs, program)
    if kind.tagged and contains(program.get("tags"), Secret):
        marked["tagsAll"] = Secret(inputs["tagsAll"])
    return marked, [Refusal("", whole)] if whole else []


def is_autonamed(kind: Kind, inputs: Object) -> bool:
    """Whether the name was made up, so that a replacement can be there before the old one goes."""
    return not kind.autonamed or kind.autonamed in (inputs.get(DEFAULTS) or ())


def _refusals(known: Mapping[str, Property], given: Object, above: str) -> Iterator[Refusal]:
    for name in sorted(given.keys() - known.keys()):
        yield Refusal(above + name, f"the lab's stand-in for the aws plugin does not know the property {above + name}")
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
                    yield from _refusals(about.fields, each, f"{path}[{index}]." if value is not each else f"{path}.")
        elif about.document and isinstance(value, str) and not _is_json(value):
            yield Refusal(path, f'"{path}" contains an invalid JSON')


def _with_defaults(known: Mapping[str, Property], given: Object) -> Object:
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
    return _with_defaults(fields, value) if isinstance(value, dict) else value


def _name(kind: Kind, urn: str, old: Object, seed: bytes) -> str:
    """The name that was made up before, or a new one: a replacement arrives without `old`."""
    if old.get(kind.autonamed) and is_autonamed(kind, old):
        return str(old[kind.autonamed])
    random = hashlib.sha256(seed).hexdigest() if seed else secrets.token_hex(_RANDOM_LENGTH)
    longest = kind.inputs[kind.autonamed].autonamed - _RANDOM_LENGTH - 1
    return f"{urn.rpartition('::')[2][:longest]}-{random[:_RANDOM_LENGTH]}"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
