"""Copies images between registries and layouts: byte for byte, each unique blob once, the tag last."""

from pulumi_chaosreg.mirror.mirror import Copied, Mirror, Planned
from pulumi_chaosreg.mirror.progress import Progress
from pulumi_chaosreg.mirror.removal import Removed
from pulumi_chaosreg.mirror.wanted import Wanted
from pulumi_chaosreg.oci.problems import Cancelled

__all__ = ["Cancelled", "Copied", "Mirror", "Planned", "Progress", "Removed", "Wanted"]
