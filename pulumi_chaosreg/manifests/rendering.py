"""A text of manifests with an infrastructure's images and pull Secrets: the values that change, the lines that are new,
and every other byte as it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_chaosreg.errors import Keys
from pulumi_chaosreg.manifests.block_text import outer_edits
from pulumi_chaosreg.manifests.changes import Added, Changes, Left, Replaced, add, changes_of, put
from pulumi_chaosreg.manifests.document import (
    NotReadable,
    documents,
    json_objects,
    line_of,
    node_at,
    plain,
    without_mark,
)
from pulumi_chaosreg.manifests.mentions import mentioned
from pulumi_chaosreg.manifests.parameters import (
    is_template,
    masked,
    template_in,
    template_in_text,
    unmasked,
)
from pulumi_chaosreg.manifests.splice import CannotSplice, Edit, adding, replacing, rewriting, spliced
from pulumi_chaosreg.manifests.target import Reason, Target

_MAX_DEPTH = 4
"""Manifests in manifests: a ConfigMap with a Workflow with a ChaosEngine."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One change, for people."""

    line: int
    """In the text as it was, from 1."""
    keys: Keys
    old: str
    """Empty where something is added."""
    new: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A reference that is left, and where it stands."""

    line: int
    keys: Keys
    text: str
    reason: Reason
    why: str


@dataclass(slots=True)
class Rendered:
    """What became of a text."""

    text: str
    changed: list[Changed] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    is_manifest: bool = False
    """Whether it has any object at all."""


class Refused(Exception):  # noqa: N818  # becomes a finding where the file is known
    """A value cannot be changed alone."""

    def __init__(self, line: int, keys: Keys) -> None:
        super().__init__()
        self.line, self.keys = line, keys


class Template(Exception):  # noqa: N818  # becomes a finding where the file is known
    """A text is no manifest yet: Helm, or something like it, fills it in."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


def rendered(text: str, target: Target, *, shape: str = "", depth: int = 0) -> Rendered:
    """The text for this infrastructure. `shape`: what has no kind of its own, a part of an object.

    Raises NotReadable, Template, and Refused where an edit would change more than it should.
    """
    mark, body = without_mark(text)
    result = Rendered(text)
    readable = masked(body) if depth else body  # a whole file needs quotes around its parameters, for kubectl too
    try:
        roots = documents(readable)
    except NotReadable:
        if not depth and len(parts := json_objects(body)) > 1:
            return _one_after_the_other(mark, parts, target)
        if line := template_in_text(body):
            raise Template(line) from None
        raise
    read = [_Document(readable, root, target, result, shape, depth) for root in roots]
    for one in read:
        if not depth and (line := template_in(one.root)):
            raise Template(line)
        one.render()
    _prove(readable, read, masking=depth > 0)
    result.edits = [replace(edit, text=unmasked(edit.text)) for one in read for edit in one.edits]
    result.text = mark + spliced(body, result.edits)
    return result


def _one_after_the_other(mark: str, parts: Sequence[str], target: Target) -> Rendered:
    whole, above = Rendered(mark), 0
    for part in parts:
        one = rendered(part, target)
        whole.text += one.text
        whole.changed += [replace(change, line=change.line + above) for change in one.changed]
        whole.kept += [replace(kept, line=kept.line + above) for kept in one.kept]
        whole.is_manifest |= one.is_manifest
        above += part.count("\n")
    return whole


def _prove(text: str, read: Sequence["_Document"], *, masking: bool) -> None:
    """That every document says exactly what it should, and nothing else has changed.

    An alias gives one text to two values, of which perhaps only one should change. Raises Refused.
    """
    edits = [edit for one in read for edit in one.edits]
    if not edits:
        return
    try:
        whole = spliced(text, edits)
        values = [plain(root) for root in documents(masked(whole) if masking else whole)]
    except (CannotSplice, NotReadable):
        values = []
    for index, one in enumerate(read):
        if one.edits and (len(values) != len(read) or values[index] != one.wanted):
            raise one.refused()


class _Document:
    def __init__(self, text: str, root: Any, target: Target, result: Rendered, shape: str, depth: int) -> None:
        self.text, self.root, self.target, self.result = text, root, target, result
        self.shape, self.depth = shape, depth
        self.edits: list[Edit] = []
        self.changed: list[Changed] = []
        self.wanted: Any = None
        """What the document should say at last."""

    def render(self) -> None:
        value = self.wanted = plain(self.root)
        if not isinstance(value, dict) or not (self.shape or "kind" in value):
            return
        self.result.is_manifest = True
        changes = changes_of(value, self.target, shape=self.shape)
        for one in changes.replaced:
            self._replace(one)
        self._texts(changes)
        for added in changes.added:
            self._add(added)
        self._leave(changes.left)
        self.result.changed += self.changed

    def _replace(self, one: Replaced) -> None:
        self.edits.append(replacing(self.text, node_at(self.root, one.keys), one.old, one.new))
        put(self.wanted, one.keys, one.new)
        self.changed.append(Changed(self._line(one.keys), one.keys, one.old, one.new))

    def _add(self, added: Added) -> None:
        try:
            self.edits.append(adding(self.text, self.root, added))
        except CannotSplice:
            raise Refused(self._line(added.keys), added.keys) from None
        add(self.wanted, added)
        shown = ", ".join(added.names)
        self.changed.append(Changed(self._line(added.keys), added.keys, "", shown))

    def _texts(self, changes: Changes) -> None:
        """Objects inside of texts: an Argo artifact, a ConfigMap's manifest."""
        for keys, text, shape in changes.texts:
            node = node_at(self.root, keys)
            try:
                inner = self._inner(text, shape)
            except Refused as refused:
                raise Refused(self._line(keys), (*keys, *refused.keys)) from None
            line = int(node.start_mark.line) + 1
            if inner is None or not inner.is_manifest:
                changes.left += [
                    Left(keys, word, Reason.UNREAD, "this is not a known place for images")
                    for word in mentioned(text, self.target)
                ]
                continue
            within = 1 if node.style == "|" else 0  # else its lines are not those of the file
            self.result.kept += [
                replace(one, line=line + one.line * within, keys=(*keys, *one.keys)) for one in inner.kept
            ]
            self.changed += [
                replace(one, line=line + one.line * within, keys=(*keys, *one.keys)) for one in inner.changed
            ]
            if inner.edits:
                outer = outer_edits(self.text, node, inner.edits)
                self.edits += [rewriting(self.text, node, inner.text)] if outer is None else outer
                put(self.wanted, keys, self._read(inner.text))

    def _read(self, text: str) -> str:
        """As the text was read that this document is in."""
        return masked(text) if self.depth else text

    def _inner(self, text: str, shape: str) -> Rendered | None:
        if self.depth >= _MAX_DEPTH:
            return None
        try:
            return rendered(text, self.target, shape=shape, depth=self.depth + 1)
        except (NotReadable, Template):
            return None

    def _leave(self, left: Iterable[Left]) -> None:
        for one in left:
            if one.reason is Reason.PARAMETER and is_template(one.text) and self._is_of_image(one.keys):
                raise Template(self._line(one.keys))
            self.result.kept.append(Kept(self._line(one.keys), one.keys, unmasked(one.text), one.reason, one.why))

    @staticmethod
    def _is_of_image(keys: Keys) -> bool:
        """And not the value of a variable, which a fault's own templates fill in."""
        return keys[-1] in ("image", "experimentImage", "reference")

    def _line(self, keys: Keys) -> int:
        """Of the deepest of the keys that the text has."""
        return line_of(self.root, keys)

    def refused(self) -> Refused:
        """For what cannot be told from the values around it; what is added is rarely shared, so it comes last."""
        first = min(self.changed, key=lambda one: (not one.old, one.line))
        return Refused(first.line, first.keys)
