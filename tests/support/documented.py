"""Python that the documentation shows, as it stands there."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def text_of(page: str, mark: str) -> str:
    """The one piece of a page that has this in it."""
    shown = re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (text,) = [text for text in shown if mark in text]
    return str(text)


def program_of(page: str, mark: str) -> dict[str, Any]:
    """Its names after it has run."""
    names: dict[str, Any] = {}
    exec(compile(text_of(page, mark), str(ROOT / page), "exec"), names)
    return names
