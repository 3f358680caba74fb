"""Policies of AWS that our pages tell users to attach, read from the pages."""

import json
import re
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
_STATEMENT = re.compile(r"^(\{\"Sid\": .*\})$", re.MULTILINE)


def documented_statement(page: str, sid: str) -> dict[str, Any]:
    """The statement with this Sid; each stands on a line of its own, in a block of JSON."""
    statements = map(json.loads, _STATEMENT.findall((_ROOT / page).read_text("utf-8")))
    return next(statement for statement in statements if statement["Sid"] == sid)
