"""How a pull credential reaches the kubelet: one module for each way, which do not know each other.

The table below is what `pull_secret.delivery` may be in this version.
"""

from collections.abc import Mapping

from pulumi_chaosreg.kubernetes.deliveries import node_identity, refresher, secret, theirs
from pulumi_chaosreg.kubernetes.deliveries.delivering import Asked, Deliver, Options
from pulumi_chaosreg.scopes.delivery import How

DELIVERIES: Mapping[How, Deliver] = {
    How.THEIRS: theirs.deliver,
    How.SECRET: secret.deliver,
    How.REFRESHER: refresher.deliver,
    How.NODE_IDENTITY: node_identity.deliver,
}

__all__ = ["DELIVERIES", "Asked", "Deliver", "Options"]
