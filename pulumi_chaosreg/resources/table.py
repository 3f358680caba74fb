"""What a table of a custom resource says of each input and output, and what follows from it for every resource alike:
what is wrong with inputs, what a change of them means, what stays secret.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

Properties = Mapping[str, Any]
Failure = tuple[str, str]
"""(property, reason)."""


class ValueType(Enum):
    """What a value may be."""

    TEXT = auto()
    WORD = auto()
    """One of `words`."""
    FLAG = auto()
    NUMBER = auto()
    """A whole number."""
    TEXTS = auto()
    ANY = auto()
    """Whatever the resource itself can read: a credential, a policy."""


class Shows(Enum):
    """What another value of an input shows in a diff."""

    NOTHING = auto()
    """It counts when something else is done: a credential, a way of copying."""
    UPDATE = auto()
    REPLACE = auto()
    """Another one is another resource."""


def in_python(name: str) -> str:
    """`robot_id` for `robotId`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


@dataclass(frozen=True, slots=True)
class Input:
    """One input, by the name that the engine has for it (camelCase)."""

    name: str
    kind: ValueType = ValueType.TEXT
    shows: Shows = Shows.UPDATE
    required: bool = False
    secret: bool = False
    secret_where: Callable[[str], bool] | None = None
    """For texts of which only some are secret."""
    in_state: bool = False
    """Whether it is an output, too, as it is."""
    default: Any = None
    words: tuple[str, ...] = ()
    hint: str = ""
    """What to write, for whoever left it out or wrote something else."""
    of_output: bool = False
    """Whether it is compared with the output of its name, what there was when somebody last looked, and says nothing
    where it is left out."""
    normal: Callable[[Any], Any] | None = None
    """The form in which values are compared, `None` too. Without one, what the state does not know is no difference:
    an import knows few inputs."""

    def is_secret(self, value: Any) -> bool:
        """Whether this value of it is secret."""
        return self.secret or bool(self.secret_where and isinstance(value, str) and self.secret_where(value))

    @property
    def argument(self) -> str:
        """What Python calls it."""
        return in_python(self.name)


@dataclass(frozen=True, slots=True)
class Output:
    """One output that is no input; unknown in a preview unless the resource knows better."""

    name: str
    secret: bool = False
    kept: bool = False
    """Whether an update leaves it as it is, so that its preview knows it."""
    optional: bool = False
    """Whether some of the resources do not have it, so that a preview does not promise it."""


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What differs between the state and the program: nothing, an update, or a replacement."""

    updates: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ResourceTable:
    """A resource as the engine and the program see it."""

    type: str
    """`chaosreg:index:MirroredImage`."""
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...] = ()

    def secrets(self, values: Properties) -> frozenset[str]:
        """The inputs and outputs that are secret whatever the program says; some by their value here."""
        outputs = {one.name for one in self.outputs if one.secret}
        return frozenset(outputs | {one.name for one in self.inputs if one.is_secret(values.get(one.name))})

    @property
    def outputs_of_inputs(self) -> tuple[str, ...]:
        """The inputs that are outputs, too."""
        return tuple(one.name for one in self.inputs if one.in_state)

    def with_defaults(self, inputs: Properties) -> dict[str, Any]:
        """The inputs that are given, and defaults for the others."""
        defaults = {one.name: one.default for one in self.inputs if one.default is not None}
        return {**defaults, **{key: value for key, value in inputs.items() if value is not None}}

    def failures(self, inputs: Properties, is_unknown: Callable[[Any], bool]) -> list[Failure]:
        """What is wrong with the inputs by the table alone. Values that are not known yet pass."""
        names = [one.name for one in self.inputs]
        wrong = [(key, f"is not an input; inputs: {', '.join(names)}") for key in inputs if key not in names]
        for one in self.inputs:
            value = inputs.get(one.name)
            if value is None:
                wrong += [(one.name, f"is missing; write {one.hint}")] if one.required else []
            elif not is_unknown(value) and (reason := _reason(one, value, is_unknown)):
                wrong.append((one.name, reason))
        return wrong

    def change(self, state: Properties, inputs: Properties) -> ResourceChange:
        """What another `up` would do, by the inputs that show."""
        different = [one for one in self.inputs if one.shows is not Shows.NOTHING and _differs(one, state, inputs)]
        return ResourceChange(
            tuple(one.name for one in different if one.shows is Shows.UPDATE),
            tuple(one.name for one in different if one.shows is Shows.REPLACE),
        )


def _reason(one: Input, value: Any, is_unknown: Callable[[Any], bool]) -> str:
    """Why a value cannot be that of this input; "" where it can."""
    match one.kind:
        case ValueType.TEXT:
            return "" if isinstance(value, str) else "must be a string"
        case ValueType.WORD:
            return "" if value in one.words else f"must be one of: {', '.join(one.words)}"
        case ValueType.FLAG:
            return "" if isinstance(value, bool) else "must be true or false"
        case ValueType.NUMBER:
            is_number = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
            return "" if is_number else "must be a whole number"
        case ValueType.TEXTS:
            texts = value if isinstance(value, list) else [None]
            is_good = texts and all(is_unknown(text) or isinstance(text, str) for text in texts)
            return "" if is_good else f"must be a list of {one.hint}"
        case ValueType.ANY:
            return ""


def _differs(one: Input, state: Properties, inputs: Properties) -> bool:
    now = inputs.get(one.name)
    if one.normal:
        return bool(one.normal(state.get(one.name)) != one.normal(now))
    if one.of_output:
        return now is not None and state.get(one.name) != now
    if one.shows is Shows.REPLACE:
        return bool(state.get(one.name) != now)
    return bool(state.get(one.name, now) != now)
