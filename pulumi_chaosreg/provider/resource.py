"""What the plugin asks of a custom resource: its life, on plain values. `servicer.py` speaks the engine's protocol."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.resources.table import Failure, Properties, ResourceChange


@dataclass(frozen=True, slots=True)
class Occasion:
    """For whom something is done, and how its user hears of it."""

    urn: str
    progress: Callable[[str], None]
    """Shows a line until the next one; may be called often, from any thread."""
    warn: Callable[[str], None]
    tell: Callable[[str], None]
    """Leaves a line that is no warning."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the real thing saw."""

    ident: str
    inputs: Properties
    outputs: Properties


class Resource(Protocol):
    """One kind of custom resource; one object serves all of a run, from several threads.

    Values are plain: secrets come unwrapped, and the servicer wraps again what the resource's table calls secret.
    Whatever goes wrong is a ChaosregError; its text is what the user sees.
    """

    @classmethod
    def of_run(cls, run: Run) -> "Resource":
        """The object that serves a run."""

    def check(self, inputs: Properties) -> tuple[dict[str, Any], list[Failure]]:
        """The inputs with defaults, and what is wrong with them. Unknown values pass."""

    def diff(self, state: Properties, inputs: Properties) -> ResourceChange:
        """What `up` would do."""

    def preview(self, inputs: Properties) -> Mapping[str, Any]:
        """The outputs that are known before anything is done."""

    def look_ahead(self, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """What a preview tells of the real thing, which it may ask and never changes. Without state it is new."""

    def create(self, inputs: Properties, occasion: Occasion) -> tuple[str, Mapping[str, Any]]:
        """Make it; (id, outputs)."""

    def update(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> Mapping[str, Any]:
        """Change it in place; its outputs then."""

    def read(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> Found | None:
        """What is there now; None where it is gone. Without state and inputs it is an import."""

    def delete(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Take it away; what is gone already is fine."""
