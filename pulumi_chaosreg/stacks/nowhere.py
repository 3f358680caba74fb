"""What a stack file says where nobody reads it: our sections outside of `config:`, or a file with nothing in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import Cause, Finding, Keys, Place
from pulumi_chaosreg.settings.checking import type_name
from pulumi_chaosreg.settings.yaml_file import snake_case
from pulumi_chaosreg.stacks.sections import CREDENTIALS, NAMESPACE, SECTIONS

_MAX_DEPTH = 3
"""`config` misspelt, or a level too deep; what is further down is somebody's data."""
_OTHERS = ("environment", "template")
"""Keys of the engine's own that may hold configuration for somebody else to read."""


def said_nowhere(content: Any, path: Path, *, is_stack: bool = True) -> list[Finding]:
    """Sections outside of `config:` (CHR0125), and what is no mapping (CHR0106), so that the engine reads none."""
    if content is None:
        return []
    if not isinstance(content, dict):
        message = f"a stack file must be a mapping with `config:`, but is {type_name(content)}"
        return [_wrong_type(message, Place(file=path, line=1))]
    config = content.get("config")
    if is_stack and config is not None and not isinstance(config, dict):
        message = f"`config` must be a mapping, but is {type_name(config)}"
        return [_wrong_type(message, Place(file=path, keys=("config",)))]
    given = config.keys() if isinstance(config, dict) else ()
    misplaced = [keys for keys in _misplaced(content, (), _MAX_DEPTH if is_stack else 1) if keys[-1] not in given]
    if not misplaced:
        return []
    first, *others = misplaced
    more = f", with {len(others)} more" if others else ""
    name = str(first[-1])
    full = name if ":" in name else f"{NAMESPACE}:{name}"
    return [
        Finding(
            "CHR0125",
            f"`{name}` is outside `config:`{more}, so it is ignored",
            Place(file=path, keys=first),
            help=f"write `{full}` directly below `config:`, indented",
            cause=Cause.UNREADABLE,
            hides_value=True,
        )
    ]


def nothing_in(path: Path) -> Finding:
    """CHR0126, an error: a stack's file that says nothing looks like a company without what stood in it."""
    return Finding(
        "CHR0126",
        f"{path.name} is empty, so its stack has no levels",
        Place(file=path, line=1),
        help="restore it, or remove the file once the stack is destroyed",
        cause=Cause.UNREADABLE,
    )


def _misplaced(content: dict[str, Any], above: Keys, left: int) -> Iterator[Keys]:
    for key, value in content.items():
        keys = (*above, key)
        if above != ("config",) and _is_ours(key, is_bare_enough=not above):
            yield keys
        elif left > 1 and isinstance(value, dict) and keys[0] not in _OTHERS and not _is_ours(key, is_bare_enough=True):
            yield from _misplaced(value, keys, left - 1)


def _is_ours(key: str, *, is_bare_enough: bool) -> bool:
    namespace, colon, name = key.rpartition(":")
    if namespace == CREDENTIALS:
        return True
    return snake_case(name) in SECTIONS and (namespace == NAMESPACE if colon else is_bare_enough)


def _wrong_type(message: str, place: Place) -> Finding:
    advice = f"write `config:`, and below it `{NAMESPACE}:account`, or the level that it holds"
    return Finding("CHR0106", message, place, help=advice, cause=Cause.UNREADABLE)
