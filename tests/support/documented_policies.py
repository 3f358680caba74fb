"""Policies of AWS that our pages tell users to attach, read from the pages."""

import json
import re
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_STATEMENT = re.compile(r"^    (\{\"Sid\": .*\})$", re.MULTILINE)


def documented_actions(page: str, sid: str) -> list[str]:
    """The actions of the statement with this Sid; each stands on a line of its own, indented as code."""
    for text in _STATEMENT.findall((_ROOT / page).read_text("utf-8")):
        statement = json.loads(text)
        if statement["Sid"] == sid:
            return list(statement["Action"])
    raise AssertionError(f"{page} has no statement `{sid}`")
