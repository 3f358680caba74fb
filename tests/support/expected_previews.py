"""What the previews of an example show, as its `expected/` has it: a line for each resource, in columns."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.workspace import Step

EXAMPLES = Path(__file__).parents[2] / "examples"


def expected(example: str, stack: str) -> str:
    """What the example's page shows."""
    return (EXAMPLES / example / "expected" / f"{stack}.txt").read_text("utf-8")


def as_expected(steps: Iterable[Step], stands_for: Mapping[str, str] | None = None) -> str:
    """What a preview shows. `stands_for`: what only the lab has → what the example has in its place."""
    return in_columns(((step.op, step.type, step.name) for step in steps), stands_for)


def in_columns(rows: Iterable[tuple[str, str, str]], stands_for: Mapping[str, str] | None = None) -> str:
    """(operation, type, name) of each resource, without the engine's own, sorted; columns as wide as they need be."""
    shown = []
    for operation, type_, name in rows:
        for there, here in (stands_for or {}).items():
            name = name.replace(there, here)
        if not type_.startswith("pulumi:pulumi:"):
            shown.append((operation, type_, name))
    widths = [max(map(len, column), default=0) for column in zip(*shown, strict=True)][:2]
    lines = (f"{operation:{widths[0]}}  {type_:{widths[1]}}  {name}\n" for operation, type_, name in sorted(shown))
    return "".join(lines)
