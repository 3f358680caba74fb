"""How a token of each cloud is renewed inside a cluster: what its Pod gets, and the script that runs there.

A cloud is one module, with a script in `scripts`.
"""

from collections.abc import Callable, Mapping

from pulumi_chaosreg.kubernetes.refreshing import acr, ecr, gar
from pulumi_chaosreg.kubernetes.refreshing.renewal import Renewal
from pulumi_chaosreg.scopes.refresher import Refresher

RENEWALS: Mapping[str, Callable[[str, Refresher], Renewal]] = {
    "acr": acr.renewal,
    "ecr": ecr.renewal,
    "gar": gar.renewal,
}
"""`refresher` of a registry's kind → (server, who the refresher is) → what its Pod gets."""

__all__ = ["RENEWALS", "Renewal"]
