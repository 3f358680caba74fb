"""What the documentation shows in fenced blocks, as it stands there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^(?P<margin> *)```(?P<language>[a-z]+)\n(?P<text>.*?)^(?P=margin)```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: Path
    """From the checkout."""
    line: int
    """Of its first line within the fence."""
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """README.md and all of docs/, from the checkout."""
    return [path.relative_to(ROOT) for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))]


def documented() -> Iterator[Block]:
    """Every block of every page."""
    for page in pages():
        yield from blocks(page)


def blocks(page: Path | str) -> list[Block]:
    """The blocks of one page."""
    text = (ROOT / page).read_text("utf-8")
    return [
        Block(Path(page), text.count("\n", 0, found.start()) + 2, found["language"], dedent(found["text"]))
        for found in _BLOCK.finditer(text)
    ]


def text_of(page: str, mark: str) -> str:
    """The one program of a page that has this in it."""
    (text,) = [block.text for block in blocks(page) if block.language == "python" and mark in block.text]
    return text


def program_of(page: str, mark: str) -> dict[str, Any]:
    """Its names after it has run."""
    names: dict[str, Any] = {}
    exec(compile(text_of(page, mark), str(ROOT / page), "exec"), names)
    return names
