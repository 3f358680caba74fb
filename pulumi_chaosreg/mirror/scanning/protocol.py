"""What every kind tells about the scan of an image, whatever the kind.

It is told by the function `scan` of the module `mirror/scanning/<name>.py`, where `<name>` is what the kind's row says:
`scans_by`.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from pulumi_chaosreg.oci.registry import Registry


class Stage(Enum):
    """How far a scan is."""

    NONE = auto()  # nothing has begun to look at the image
    UNDER_WAY = auto()
    OVER = auto()  # whatever was found
    FAILED = auto()  # nothing more comes of it


@dataclass(frozen=True, slots=True)
class Scan:
    """What the registry's own API knows of an image."""

    digest: str
    """The image's."""
    stage: Stage
    words: str = ""
    """The API's own, about the stage: `Running, 40 %`."""


class ScanOfKind(Protocol):
    """Asks for the scan of what a tag or digest stands for."""

    def __call__(self, registry: Registry, repository: str, reference: str) -> Scan | None:
        """None where there is no such image; RegistryError where that cannot be seen."""
        ...
