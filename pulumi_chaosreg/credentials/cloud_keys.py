"""Keys of a cloud's identity, as `chaosreg-credentials:NAME` holds them: each part under its own name."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from pulumi_chaosreg.errors import ChaosregError, listed


def checked_keys(name: str, value: Any, parts: Sequence[str]) -> dict[str, str]:
    """Part → key, of an object with just these parts, or its JSON. ChaosregError (CHR0531), which shows none of it."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, Mapping) and all(isinstance(value.get(part), str) and value[part] for part in parts):
        return {part: value[part].strip() for part in parts}
    wanted = listed(f"`{part}`" for part in parts)
    raise ChaosregError.of(
        "CHR0531",
        f"`chaosreg-credentials:{name}` is not a key for a refresher: it needs {wanted}",
        help=f"run `pulumi config set --secret --path 'chaosreg-credentials:{name}.{parts[0]}'`, and likewise the "
        "others",
    )
