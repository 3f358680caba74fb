"""YAML inside of a YAML text, in a block (`|`): which place of the outer text each place of the inner one is."""

from bisect import bisect_right
from typing import Any

from pulumi_chaosreg.manifests.splice import Edit


def outer_edits(text: str, node: Any, edits: list[Edit]) -> list[Edit] | None:
    """Edits of the value of a block scalar as edits of the text that it stands in; None where lines do not match."""
    if node.style != "|":
        return None
    lines = _Lines.of(text, node)
    return [lines.outer(edit) for edit in edits] if lines else None


class _Lines:
    def __init__(self, inner: list[int], outer: list[int], indent: int) -> None:
        self.inner, self.outer_starts, self.indent = inner, outer, indent

    @classmethod
    def of(cls, text: str, node: Any) -> "_Lines | None":
        """Where each line of the value begins, inside and outside."""
        value: str = node.value
        position = text.find("\n", node.start_mark.index) + 1
        indent: int | None = None
        inner, outer, offset = [], [], 0
        for line in value.split("\n"):
            end = text.find("\n", position)
            end = len(text) if end < 0 else end
            written = text[position:end].removesuffix("\r")
            if line:
                if not written.endswith(line):
                    return None
                margin = len(written) - len(line)
                indent = margin if indent is None else indent
                if margin != indent or written[:margin].strip(" "):
                    return None
            elif written.strip(" ") and offset < len(value):
                return None
            inner.append(offset)
            outer.append(position + len(written) - len(line))
            offset += len(line) + 1
            position = end + 1
        return cls(inner, outer, indent) if indent is not None else None

    def outer(self, edit: Edit) -> Edit:
        margin = "\n" + " " * self.indent
        return Edit(self._place(edit.start), self._place(edit.end), edit.text.replace("\n", margin))

    def _place(self, offset: int) -> int:
        index = bisect_right(self.inner, offset) - 1
        return self.outer_starts[index] + offset - self.inner[index]
