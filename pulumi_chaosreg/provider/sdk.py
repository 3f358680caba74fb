"""The engine's protocol without the rest of the SDK.

`import pulumi` is four fifths of what a plugin needs to start (0.25 of 0.3 s of processor time), for what only programs
use. The generated modules of the protocol import nothing but each other.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

PROTOCOL = "pulumi.runtime.proto"


def load_protocol_alone() -> None:
    """Let `from pulumi.runtime.proto import …` import just that. For a process that is nothing but a plugin."""
    found = find_spec("pulumi")
    if found is None or found.origin is None:
        return  # whoever then imports the protocol says what is missing
    package = _Protocol(PROTOCOL)
    package.__path__ = [str(Path(found.origin).parent / "runtime" / "proto")]
    sys.modules[PROTOCOL] = package


class _Protocol(ModuleType):
    def __getattr__(self, name: str) -> ModuleType:
        """A module of it. The `import` statement would import the packages above it first."""
        try:
            return import_module(f"{PROTOCOL}.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(name) from error
