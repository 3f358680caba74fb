"""Which values of an object are image references or lists of pull Secrets. The table is `places.toml`; who wants one
more kind adds it there.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

from pulumi_chaosreg.errors import Keys

_STEP = re.compile(r"\[\]|[^.\[\]]+")


@dataclass(frozen=True, slots=True)
class SecretList:
    """A list of pull Secrets, there or not."""

    path: tuple[str, ...]
    holds_names: bool
    """Whether its items are the names themselves; else mappings with a `name`."""
    is_always: bool
    """Whether it is needed also where nothing of its shape is known to be pulled from here."""
    before: tuple[str, ...] = ()
    """The keys that a new list is written above."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A part of an object that names images."""

    images: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    secrets: tuple[SecretList, ...] = ()
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of a shape → where it stands."""
    text_parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Name of a shape → texts that hold one, as YAML."""


@dataclass(frozen=True, slots=True)
class Places:
    """The table."""

    shapes: Mapping[str, Shape]
    kinds: Mapping[str, Shape]
    """`group/Kind`, the core group without a name → shape of the whole object."""
    parameters: tuple[str, ...]
    """How Argo's begin: `{{workflow.name}}`."""
    image_variables: tuple[str, ...]
    """Patterns of the names of variables whose value is an image, whatever it looks like."""
    slots: Mapping[str, str]
    """Environment variable → the image that it means first."""
    strangers: Mapping[str, str]
    """`server/account` of others who publish images of the same names → why theirs are not ours."""
    former: Mapping[str, str]
    """`server/repository` of before → the image's name now."""

    def is_image_variable(self, name: str) -> bool:
        """Whether a variable, or a key of a ConfigMap, holds an image by its name."""
        return name in self.slots or any(fnmatchcase(name, pattern) for pattern in self.image_variables)

    def shape_of(self, value: Mapping[str, Any]) -> Shape | None:
        """Of an object of a kind that the table has."""
        group, slash, _ = str(value.get("apiVersion", "")).rpartition("/")
        return self.kinds.get(f"{group}{slash}{value.get('kind')}")


@cache
def load_places() -> Places:
    """The table that ships with the package."""
    table: dict[str, Any] = tomllib.loads(files(__package__).joinpath("places.toml").read_text("utf-8"))
    return Places(
        shapes={name: _shape(entry) for name, entry in table["shapes"].items()},
        kinds={kind: _shape(entry) for kind, entry in table["kinds"].items()},
        parameters=tuple(table["parameters"]),
        image_variables=tuple(table["image_variables"]),
        slots=table["slots"],
        strangers=table["strangers"],
        former=table["former"],
    )


def _shape(entry: Mapping[str, Any]) -> Shape:
    secrets = tuple(
        SecretList(
            tuple(one["path"].split(".")),
            holds_names=one.get("form") == "names",
            is_always=one["when"] == "always",
            before=tuple(one.get("before", ())),
        )
        for one in entry.get("secrets", ())
    )
    return Shape(
        images=tuple(entry.get("images", ())),
        environment=tuple(entry.get("environment", ())),
        values=tuple(entry.get("values", ())),
        arguments=tuple(entry.get("arguments", ())),
        texts=tuple(entry.get("texts", ())),
        secrets=secrets,
        parts=_by_shape(entry.get("parts", {})),
        text_parts=_by_shape(entry.get("text_parts", {})),
    )


def _by_shape(entry: Mapping[str, Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
    return {name: tuple(paths) for name, paths in entry.items()}


def matching(value: Any, path: str, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """What stands at a path of the table below this value, with the keys that lead there."""
    yield from _matching(value, _STEP.findall(path), keys)


def _matching(value: Any, steps: Sequence[str], keys: Keys) -> Iterator[tuple[Keys, Any]]:
    if not steps:
        yield keys, value
        return
    step, rest = steps[0], steps[1:]
    if step == "[]":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from _matching(item, rest, (*keys, index))
    elif isinstance(value, Mapping):
        for key in value if step == "*" else (step,):
            if key in value:
                yield from _matching(value[key], rest, (*keys, key))


def pods_by_shape(value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Mapping[str, Any]]]:
    """What looks like a Pod's spec, in an object of a kind that nobody knows: a list `containers` with images."""
    if isinstance(value, Mapping):
        containers = value.get("containers")
        if isinstance(containers, list) and any(isinstance(one, Mapping) and "image" in one for one in containers):
            yield keys, value
            return
        for key, item in value.items():
            yield from pods_by_shape(item, (*keys, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from pods_by_shape(item, (*keys, index))
