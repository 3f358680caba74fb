"""What Check makes of what the program says: defaults, a made-up name, all tags and the region; or what is wrong."""

import hashlib
import secrets

from lab.plugins.aws.settings import Settings
from lab.plugins.protocol.inputs import Refusal, refusals_of, with_defaults
from lab.plugins.protocol.properties import DEFAULTS, Kind, is_autonamed
from lab.plugins.protocol.values import (
    UNKNOWN,
    Object,
    Secret,
    Unknown,
    contains,
    reveal,
    with_secrets_of,
)

_RANDOM_LENGTH = 7


def checked(
    kind: Kind, urn: str, program: Object, old: Object, settings: Settings, seed: bytes
) -> tuple[Object, list[Refusal]]:
    """The inputs of the resource, secret as the program's are."""
    plain = {key: value for key, value in reveal(program).items() if key != DEFAULTS}
    refusals = list(refusals_of("aws", kind.inputs, plain))
    if refusals:
        return program, refusals
    inputs = with_defaults(kind.inputs, plain)
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


def _name(kind: Kind, urn: str, old: Object, seed: bytes) -> str:
    """The name that was made up before, or a new one: a replacement arrives without `old`."""
    if old.get(kind.autonamed) and is_autonamed(kind, old):
        return str(old[kind.autonamed])
    random = hashlib.sha256(seed).hexdigest() if seed else secrets.token_hex(_RANDOM_LENGTH)
    longest = kind.inputs[kind.autonamed].autonamed - _RANDOM_LENGTH - 1
    return f"{urn.rpartition('::')[2][:longest]}-{random[:_RANDOM_LENGTH]}"
