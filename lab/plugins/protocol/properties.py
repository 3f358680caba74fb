"""What is known of a kind of resource and its properties: the words in which the provider's schema is told here."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab.plugins.protocol.values import Object, Value

DEFAULTS = "__defaults"
"""The input that lists which others the program left to us; the provider and the engine know it by this name."""


@dataclass(frozen=True)
class Property:
    """One input of a kind, or one field of an object in it."""

    replaces: bool = False  # `ForceNew`
    required: bool = False
    default: Value = None
    # What the program leaves out stays as it is, and is no difference: `Optional` and `Computed`, or a block whose
    # absence is suppressed (verify.SuppressMissingOptionalConfigurationBlock).
    left_as_it_is: bool = False
    same: Callable[[Value, Value], bool] = operator.eq  # `DiffSuppressFunc`
    one_of: tuple[str, ...] = ()
    at_most: int = 0  # elements of a list
    autonamed: int = 0  # the longest name that may be made up
    document: bool = False  # JSON: an object in the program is a text in the inputs (tfbridge.TransformJSONDocument)
    fields: "Mapping[str, Property]" = field(default_factory=dict)  # of the object, or of each object in the list


@dataclass(frozen=True)
class Kind:
    """One kind of resource."""

    token: str
    words: str  # how the provider calls it in messages
    inputs: Mapping[str, Property]
    outputs: tuple[str, ...]  # what only the API knows
    delete_before_replace: bool = False
    refuse: Callable[[Object], str | None] = lambda inputs: None
    """What is wrong with the inputs as a whole."""

    @property
    def regional(self) -> bool:
        """Whether it lives in one region, so that another one is another resource."""
        return "region" in self.inputs

    @property
    def tagged(self) -> bool:
        return "tags" in self.inputs

    @property
    def autonamed(self) -> str:
        """The input that is made up where the program leaves it out; empty where there is none."""
        return next((name for name, known in self.inputs.items() if known.autonamed), "")


def is_autonamed(kind: Kind, inputs: Object) -> bool:
    """Whether the name was made up, so that a replacement can be there before the old one goes."""
    return not kind.autonamed or kind.autonamed in (inputs.get(DEFAULTS) or ())
