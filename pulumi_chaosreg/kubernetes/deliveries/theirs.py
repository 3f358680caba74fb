"""`theirs`: a Secret that somebody else made and renews. It is named wherever Pods need its name, and never written."""

from collections.abc import Sequence

import pulumi

from pulumi_chaosreg.kubernetes.deliveries.delivering import Asked


def deliver(asked: Asked) -> Sequence[pulumi.Resource]:
    """Nothing is made."""
    assert not asked.delivery.makes_secret
    return []
