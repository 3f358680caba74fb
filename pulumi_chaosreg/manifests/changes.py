"""What has to change in one object so that an infrastructure's images are pulled: over plain dicts and lists, whoever
they come from. Nothing here is changed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi_chaosreg.errors import Keys
from pulumi_chaosreg.manifests.mentions import mentioned
from pulumi_chaosreg.manifests.parameters import has_parameter
from pulumi_chaosreg.manifests.places import SecretList, Shape, matching, pods_by_shape
from pulumi_chaosreg.manifests.target import Reason, Target


@dataclass(frozen=True, slots=True)
class Replaced:
    """A text that becomes another one."""

    keys: Keys
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Added:
    """Pull Secrets that a list lacks. The list itself may be missing, and what leads to it."""

    keys: Keys
    """Of the list."""
    names: tuple[str, ...]
    holds_names: bool
    before: tuple[str, ...] = ()

    @property
    def items(self) -> list[Any]:
        """As the list holds them."""
        return list(self.names) if self.holds_names else [{"name": name} for name in self.names]


@dataclass(frozen=True, slots=True)
class Left:
    """A reference that stays as it is."""

    keys: Keys
    text: str
    reason: Reason
    why: str


@dataclass(slots=True)
class Changes:
    """What one object needs."""

    replaced: list[Replaced] = field(default_factory=list)
    added: list[Added] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    texts: list[tuple[Keys, str, str]] = field(default_factory=list)
    """Texts that may hold objects of their own, or what has the shape of that name."""
    pulls: bool = False
    """Whether anything of it is pulled from here."""


def put(value: Any, keys: Keys, new: Any) -> None:
    """Set what stands at these keys."""
    for key in keys[:-1]:
        value = value[key]
    value[keys[-1]] = new


def add(value: Any, added: Added) -> None:
    """Add the items to their list, and make what leads to it."""
    for key in added.keys[:-1]:
        if isinstance(value, dict) and not isinstance(value.get(key), dict | list):
            value[key] = {}
        value = value[key]
    key = added.keys[-1]
    value[key] = [*(value.get(key) or ()), *added.items]


def changes_of(value: Any, target: Target, *, shape: str = "") -> Changes:
    """Of an object, or a list of them; `shape` names what it is where it has no kind."""
    walk = _Walk(target)
    if shape and not (isinstance(value, Mapping) and "kind" in value):
        walk.shape(value, target.places.shapes[shape], ())
    else:
        walk.object(value, ())
    walk.mentions(value)
    return walk.changes


_TAGGED = re.compile(r"[:@][^/]*\Z")


class _Walk:
    def __init__(self, target: Target) -> None:
        self.target, self.places = target, target.places
        self.changes = Changes()
        self.seen: set[Keys] = set()

    def object(self, value: Any, keys: Keys) -> None:
        if not isinstance(value, Mapping):
            return
        if isinstance(items := value.get("items"), list) and str(value.get("kind", "")).endswith("List"):
            for index, item in enumerate(items):
                self.object(item, (*keys, "items", index))
            return
        shape = self.places.shape_of(value)
        if shape:
            pulls = self.shape(value, shape, keys)
            self._namespace(value, keys, pulls)
        else:
            for where, pod in pods_by_shape(value, keys):
                self.shape(pod, self.places.shapes["pod"], where)

    def _namespace(self, value: Mapping[str, Any], keys: Keys, pulls: bool) -> None:
        metadata = value.get("metadata")
        namespace = metadata.get("namespace") if isinstance(metadata, Mapping) else None
        is_told = pulls or any(one.keys[: len(keys)] == keys for one in self.changes.added)
        is_other = isinstance(namespace, str) and namespace not in ("", self.target.namespace)
        if is_told and self.target.secrets and is_other and not has_parameter(str(namespace)):
            secrets = " and ".join(f"`{name}`" for name in self.target.secrets)
            why = f"Pods there do not find {secrets} of `{self.target.namespace}`"
            where = (*keys, "metadata", "namespace")
            self.changes.left.append(Left(where, f"namespace {namespace}", Reason.ELSEWHERE, why))

    def shape(self, value: Any, shape: Shape, keys: Keys) -> bool:
        """Whether something of it is pulled from here."""
        pulls = False
        for where, text in self._texts(value, shape.images, keys):
            pulls |= self._image(where, text)
        for path in shape.environment:
            for where, entry in matching(value, path, keys):
                self._environment(where, entry)
        for where, text in self._texts(value, shape.values, keys):
            self._value(where, text, str(where[-1]))
        for where, text in self._texts(value, shape.arguments, keys):
            option, equals, rest = text.rpartition("=") if text.startswith("-") else ("", "", text)
            self._value(where, rest, "", before=option + equals)
        for name, paths in (*shape.text_parts.items(), ("", shape.texts)):
            for where, text in self._texts(value, paths, keys):
                if where not in self.seen and ("\n" in text or text.lstrip().startswith("{")):
                    self.seen.add(where)
                    self.changes.texts.append((where, text, name))
        for name, paths in shape.parts.items():
            for path in paths:
                for where, part in matching(value, path, keys):
                    pulls |= self.shape(part, self.places.shapes[name], where)
        for one in shape.secrets if isinstance(value, Mapping) else ():
            if one.is_always or pulls:
                self._secrets(value, one, keys)
        self.changes.pulls |= pulls
        return pulls

    @staticmethod
    def _texts(value: Any, paths: tuple[str, ...], keys: Keys) -> Iterator[tuple[Keys, str]]:
        for path in paths:
            for where, text in matching(value, path, keys):
                if isinstance(text, str) and text:
                    yield where, text

    def _image(self, keys: Keys, text: str, slot: str = "", before: str = "") -> bool:
        self.seen.add(keys)
        verdict = self.target.verdict(text, slot)
        if verdict.new is None:
            if verdict.reason:
                self.changes.left.append(Left(keys, text, verdict.reason, verdict.why))
            return self.target.pulls_from_here(text)
        if verdict.new != text:
            self.changes.replaced.append(Replaced(keys, before + text, before + verdict.new))
        return True

    def _environment(self, keys: Keys, entry: Any) -> None:
        if isinstance(entry, Mapping) and isinstance(text := entry.get("value"), str):
            self._value((*keys, "value"), text, str(entry.get("name", "")))

    def _value(self, keys: Keys, text: str, name: str, before: str = "") -> None:
        """A text that may be a reference: by its name, or one of ours with an account and a tag
        (`deployment/chaos-operator` is none).
        """
        verdict = self.target.verdict(text, name)
        is_image = (
            verdict.reason not in (Reason.FOREIGN, Reason.PARAMETER) and "/" in text and bool(_TAGGED.search(text))
        )
        if text and (is_image or self.places.is_image_variable(name)):
            self._image(keys, text, name, before)

    def _secrets(self, value: Mapping[str, Any], one: SecretList, keys: Keys) -> None:
        if not self.target.secrets:
            return
        listed: Any = value
        for key in one.path:
            listed = listed.get(key) if isinstance(listed, Mapping) else listed
        where = (*keys, *one.path)
        if listed not in (None, "") and not isinstance(listed, list):
            shown = "a pull Secret belongs here, but it is not a list"
            self.changes.left.append(Left(where, str(one.path[-1]), Reason.NO_LIST, shown))
            return
        names = all(isinstance(item, str) for item in listed) if listed else one.holds_names
        has = {str(item.get("name")) if isinstance(item, Mapping) else str(item) for item in listed or ()}
        missing = tuple(name for name in self.target.secrets if name not in has)
        if missing:
            self.changes.added.append(Added(where, missing, names, one.before))

    def mentions(self, value: Any, keys: Keys = ()) -> None:
        """Images of ours that stand where nobody is known to pull them from: told, since somebody may."""
        if isinstance(value, Mapping):
            for key, item in value.items():
                if key not in ("annotations", "status"):
                    self.mentions(item, (*keys, key))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self.mentions(item, (*keys, index))
        elif isinstance(value, str) and keys not in self.seen:
            for text in mentioned(value, self.target):
                why = "this is not a known place for images"
                self.changes.left.append(Left(keys, text, Reason.UNREAD, why))
