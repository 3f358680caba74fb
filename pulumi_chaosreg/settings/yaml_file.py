"""Reads a YAML file by the core rules of YAML 1.2 (`yes` is a word, `010` is ten) and finds the line of a key path.

Values and lines are read apart: most runs have no findings and never ask for a line.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from pulumi_chaosreg.errors import Cause, ChaosregError, Finding, Keys, Place
from pulumi_chaosreg.settings.engine_scalars import STARTS, WORDS, Odd, Scalar, odd_key, odd_value
from pulumi_chaosreg.settings.not_yaml import mistake_in

_MAX_VALUES = 500_000
_MAX_DEPTH = 100
_MAX_BYTES = 32 << 20
_PLAIN = "plain"
"""The tag of a scalar without quotes and without a tag of its own: the only kind that may be a number."""

# The C parser is some ten times faster; PyYAML built without libyaml has only the other one.
BASE_LOADER: type[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Loader(BASE_LOADER):  # type: ignore[misc]  # which of the two it is turns out at run time
    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode and implicit[0]:
            return _PLAIN
        return super().resolve(kind, value, implicit)


_NULL = re.compile(r"^(?:~|null|Null|NULL|)$")
_TRUE = re.compile(r"^(?:true|True|TRUE)$")
_FALSE = re.compile(r"^(?:false|False|FALSE)$")
_INT = re.compile(r"^[-+]?[0-9]+$|^0o[0-7]+$|^0x[0-9a-fA-F]+$")
_FLOAT = re.compile(
    r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$"
)
_MERGE = "<<"
_TAG, _TEXT_TAG = "tag:yaml.org,2002:", "tag:yaml.org,2002:str"
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRET_KEY = re.compile(r"pass|pw|previous|secret|token|key|auth|credential|secure", re.IGNORECASE)


def read_yaml(path: Path, engine_reads: Callable[[Keys], bool] = lambda _: False) -> Any:
    """The file's value in plain Python: dict (string keys), list, str, int, float, bool or None. `<<` merges, as it
    does for Pulumi's engine.

    `engine_reads` says below which keys the engine must read every word as we do.
    Raises ChaosregError: CHR0101 (cannot be read), CHR0102 (not YAML), CHR0103 (a key twice in one mapping), CHR0123
    (a word that the engine reads otherwise).
    """
    text = _text(path)
    if is_too_deep(text):
        message = f"it is nested more than {_MAX_DEPTH} levels deep"
        raise ChaosregError(_unreadable("CHR0102", f"this file is not read: {message}", Place(file=path)))
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mistake = mistake_in(text, error)
        place = Place(file=path, line=mistake.line)
        raise ChaosregError(_unreadable("CHR0102", mistake.message, place, mistake.advice)) from None
    reader = _Reader(path, engine_reads)
    value = reader.value(node, (), ())
    if reader.findings:
        raise ChaosregError(locate(list(dict.fromkeys(reader.findings))))
    return value


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            cause = "it is a folder or a device"
        elif path.is_file() and path.stat().st_size > _MAX_BYTES:
            cause = f"it is larger than {_MAX_BYTES >> 20} MiB"
        else:
            return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        cause = str(error.strerror) if isinstance(error, OSError) else "it is not UTF-8 text"
    raise ChaosregError(_unreadable("CHR0101", f"this file cannot be read: {cause}", Place(file=path)))


def is_too_deep(text: str) -> bool:
    """Whether it nests deeper than anybody writes: the parser's own recursion would end the process."""
    return _may_be_deep(text) and _depth(text) > _MAX_DEPTH


def _may_be_deep(text: str) -> bool:
    """Whether it is worth the time to count."""
    openers = text.count("[") + text.count("{")
    return openers > _MAX_DEPTH or any(
        len(line) > 2 * _MAX_DEPTH and (line[:_MAX_DEPTH].isspace() or line.count("- ") > _MAX_DEPTH or "? ? " in line)
        for line in text.splitlines()
    )


def _depth(text: str) -> int:
    depth = deepest = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                depth += 1
                deepest = max(deepest, depth)
                if deepest > _MAX_DEPTH:
                    break
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                depth -= 1
    except yaml.YAMLError:  # told when it is read
        pass
    return deepest


class _Reader:
    """Turns the nodes of one file into values. Aliases are written out, and so must not be allowed to explode."""

    def __init__(self, path: Path, engine_reads: Callable[[Keys], bool]) -> None:
        self.path = path
        self.engine_reads = engine_reads
        self.findings: list[Finding] = []
        self.left = _MAX_VALUES
        self.is_refused = False
        """Whether it has something that we do not take for YAML at all."""

    def value(self, node: Any, keys: Keys, above: tuple[Any, ...]) -> Any:
        """The node's value; None, with a finding, where it has none."""
        self.left -= 1
        if node is None or self.left < 0:
            if self.left < 0 and not self.is_refused:
                message = f"its aliases expand to more than {_MAX_VALUES:,} values"
                self._refuse(message, Place(file=self.path), "write it out")
            return None
        if any(node is outer for outer in above):
            place = Place(file=self.path, keys=keys, line=node.start_mark.line + 1)
            message = "an alias refers to a value that contains it"
            self._refuse(message, place, "write it out")
            return None
        above = (*above, node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, keys)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*keys, index), above) for index, item in enumerate(node.value)]
        return self._mapping(node, keys, above)

    def _scalar(self, node: Any, keys: Keys) -> Scalar:
        text: str = node.value
        if node.tag == _PLAIN and not node.style:  # a bare `!` before a quoted text makes it plain
            value = scalar(text)
            if text[:1] in STARTS and (odd := odd_value(text, value)):
                named = next((key for key in reversed(keys) if isinstance(key, str)), "")
                self._odd(odd, f"the engine reads `{named}`", keys)
            return value
        if node.tag.startswith(_TAG) and node.tag != _TEXT_TAG and self.engine_reads(keys):
            place = Place(file=self.path, keys=keys)
            advice = "remove the tag; put strings in quotes"
            self.findings.append(_unreadable("CHR0123", "only the engine knows the tag before this", place, advice))
        return text

    def _odd(self, odd: Odd, what: str, keys: Keys) -> None:
        if self.engine_reads(keys):
            message = f"without quotes {what} as {odd.value}"
            self.findings.append(
                _unreadable("CHR0123", message, Place(file=self.path, keys=keys), "write it in quotes")
            )

    def _mapping(self, node: Any, keys: Keys, above: tuple[Any, ...]) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        first: dict[str, int] = {}
        merged: list[Any] = []
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                place = Place(file=self.path, keys=keys, line=line)
                self._refuse("a key here is not a string", place, "write a string")
                continue
            key = str(key_node.value)
            if key in first:
                self.findings.append(
                    Finding(
                        "CHR0103",
                        f"`{key}` is given twice in one mapping",
                        Place(file=self.path, keys=(*keys, key), line=line),
                        notes=(("first given at", str(Place(file=self.path, line=first[key]))),),
                        help="keep one of the two",
                        cause=Cause.UNREADABLE,
                    )
                )
            first.setdefault(key, line)
            if key == _MERGE:
                merged = self._merged(value_node, keys, line)
                continue
            is_plain = (key[:1] in STARTS or key in WORDS) and key_node.tag == _PLAIN
            if is_plain and (odd := odd_key(key, scalar(key))):
                where = f" of `{keys[-1]}`" if keys else ""
                self._odd(odd, f"the engine reads a key{where}", (*keys, key))
            if self.left >= 0:
                mapping[key] = self.value(value_node, (*keys, key), above)
        for one in merged:  # what the mapping says itself wins, wherever it stands; then what is merged first
            mapping = {**(self.value(one, keys, above) or {}), **mapping}
        return mapping

    def _merged(self, node: Any, keys: Keys, line: int) -> list[Any]:
        nodes = list(_merged_nodes(node))
        if all(isinstance(one, yaml.MappingNode) for one in nodes):
            return nodes
        place = Place(file=self.path, keys=(*keys, _MERGE), line=line)
        self._refuse(
            "`<<` merges something other than a mapping", place, "give it `*name` of a mapping, or a list of them"
        )
        return []

    def _refuse(self, message: str, place: Place, advice: str) -> None:
        self.is_refused = True
        self.findings.append(_unreadable("CHR0102", message, place, advice))


def _merged_nodes(node: Any) -> Iterator[Any]:
    yield from node.value if isinstance(node, yaml.SequenceNode) else (node,)


def _unreadable(code: str, message: str, place: Place, advice: str = "") -> Finding:
    return Finding(code, message, place, help=advice, cause=Cause.UNREADABLE)


def scalar(text: str) -> Scalar:
    """What an unquoted scalar means in YAML 1.2's core schema."""
    if _NULL.match(text):
        return None
    if _TRUE.match(text):
        return True
    if _FALSE.match(text):
        return False
    if _INT.match(text):
        try:
            return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
        except ValueError:  # longer than Python reads; a number all the same
            return float("inf")
    if _FLOAT.match(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


class Lines:
    """Finds the lines of places; each file is parsed once, and only when it is asked for."""

    def __init__(self) -> None:
        self._files: dict[Path, tuple[Any, list[str]]] = {}

    def located(self, place: Place) -> Place:
        """The place with the line (from 1) of the deepest of its keys that the file has."""
        if place.file is None or not place.keys or place.line is not None:
            return place
        return replace(place, line=_line(self._file(place.file)[0], place.keys))

    def excerpt(self, place: Place, *, is_key_only: bool = False) -> str:
        """The place's line as it is written; of a key that may hold a secret it stops at the colon."""
        lines = self._file(place.file)[1] if place.file else []
        return _excerpt(lines[place.line - 1], is_key_only) if place.line and place.line <= len(lines) else ""

    def _file(self, path: Path) -> tuple[Any, list[str]]:
        if path not in self._files:
            try:
                text = _text(path)
                root = None if is_too_deep(text) else yaml.compose(text, Loader=_Loader)
                self._files[path] = root, text.splitlines()
            except (ChaosregError, yaml.YAMLError):
                self._files[path] = None, []
        return self._files[path]


def locate(findings: Sequence[Finding]) -> list[Finding]:
    """The findings with line and excerpt filled in, sorted by file and line."""
    lines = Lines()
    located = []
    for finding in findings:
        place = finding.place
        if place and place.file and place.keys and place.line is None:
            place = lines.located(place)
            excerpt = finding.excerpt or lines.excerpt(place, is_key_only=finding.hides_value)
            located.append(replace(finding, place=place, excerpt=excerpt))
        else:
            located.append(finding)
    return sorted(located, key=lambda f: (str(f.place.file or "") if f.place else "", (f.place and f.place.line) or 0))


def _line(node: Any, keys: Sequence[str | int]) -> int | None:
    line: int | None = None
    outer: Any = None
    for key in keys:
        if isinstance(node, yaml.MappingNode):
            found = _entry(node, key) or _entry(outer, key)  # the page writes `authentication` beside its registry
            if found is None and (key == "image_registry" or isinstance(key, int)):
                continue  # the page's spelling; one mapping that stands for a list of one
            if found is None:
                break
            outer, line, node = node, found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _entry(mapping: Any, key: str | int, left: int = _MAX_DEPTH) -> tuple[Any, Any] | None:
    """The key and value nodes under this key, or under another spelling of it: the documentation page's, camelCase."""
    if not isinstance(mapping, yaml.MappingNode):
        return None
    spellings = ("image_registry", "registry") if key == "image_registry" else (str(key),)
    if str(key).startswith("chaosreg:"):  # in a project of this name the prefix may be left out
        spellings = (str(key), str(key).removeprefix("chaosreg:"))
    exact = ((k, v) for spelling in spellings for k, v in mapping.value if k.value == spelling)
    humps = ((k, v) for k, v in mapping.value if snake_case(str(k.value)) == key)
    return next(exact, None) or next(humps, None) or _merged_entry(mapping, key, left)


def _merged_entry(mapping: Any, key: str | int, left: int) -> tuple[Any, Any] | None:
    merges = (one for k, v in mapping.value if k.value == _MERGE for one in _merged_nodes(v))
    return next((found for one in merges if (found := _entry(one, key, left - 1))), None) if left else None


def snake_case(key: str) -> str:
    """`imageRegistry` as `image_registry`; other keys as they are."""
    return _HUMP.sub("_", key).lower() if _HUMP.search(key) else key


def _excerpt(line: str, is_key_only: bool) -> str:
    key, colon, _ = line.strip().partition(": ")
    may_be_secret = is_key_only or _SECRET_KEY.search(line) or "@" in line
    return f"{key.removesuffix(':')}: …" if may_be_secret and (colon or key.endswith(":")) else line.strip()
