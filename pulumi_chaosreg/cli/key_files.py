"""Which files beside its stack files a project reads: those that `mirror.verify` names."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.settings.table import VERIFY
from pulumi_chaosreg.settings.yaml_file import read_yaml, snake_case

_NAMING = ("public_keys", "trusted_root")
assert set(_NAMING) <= set(VERIFY.fields)
_WORDS = (b"public", b"trusted")
"""What the text of a file that names some has in it, however its keys are spelled."""


def key_files(files: Iterable[Path]) -> list[str]:
    """What these files name, as it is written: paths are relative to the folder of Pulumi.yaml."""
    named: dict[str, None] = {}
    for path in files:
        if not path.is_file() or not any(word in path.read_bytes() for word in _WORDS):
            continue
        try:
            named |= dict.fromkeys(_named(read_yaml(path)))
        except ChaosregError:  # told when it is read for what it says
            continue
    return list(named)


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("{"):  # `pulumi config set` writes JSON into the file
        try:
            yield from _named(json.loads(value))
        except (ValueError, RecursionError):
            return
    for key, item in value.items() if isinstance(value, dict) else ():
        if snake_case(str(key)) in _NAMING:
            yield from (text for text in (item if isinstance(item, list) else [item]) if _is_path(text))
        else:
            yield from _named(item)
    for item in value if isinstance(value, list) else ():
        yield from _named(item)


def _is_path(text: Any) -> bool:
    return isinstance(text, str) and "\n" not in text and "-----" not in text
