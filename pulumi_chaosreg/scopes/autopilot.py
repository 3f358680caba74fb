"""GKE Autopilot: it admits Harness's privileged chaos Pods by the digests of Harness's allowlist, and by nothing else.

Its `WorkloadAllowlist` compares `containerImageDigests`: where an image was copied to does not matter. So references
carry digests there, and images are copied whole.
"""

from pulumi_chaosreg.scopes.model import Decided, Scope, nearest
from pulumi_chaosreg.scopes.pinning import Pin
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.settings.table import AUTOPILOT, CLUSTER


def autopilot(scope: Scope) -> Decided[str] | None:
    """Who says that this runs on Autopilot; None where it does not."""
    said = nearest(scope, CLUSTER.provider)
    return said if said and said.value == AUTOPILOT else None


def pin_of_cluster(scope: Scope, registry: Registry) -> Decided[Pin] | None:
    """How firmly digests hold where nobody says `images.pin`: what the cluster asks of everybody's registry but
    Harness's own.
    """
    said = autopilot(scope) if registry.owner else None
    return Decided(Pin.STRICT, said.origin) if said else None
