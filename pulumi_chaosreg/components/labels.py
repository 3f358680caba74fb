"""What every Kubernetes object of an infrastructure says of itself: whose it is, and what the settings add."""

from collections.abc import Mapping

from pulumi_chaosreg.scopes.model import Decided, Scope
from pulumi_chaosreg.settings.grammars import MANAGED_BY, OURS

_LABEL = "chaosreg"


def own_labels(scope: Scope) -> dict[str, str]:
    """That we made it, and the ids of the infrastructure and of the levels above."""
    ids = {f"{_LABEL}/{above.level}": above.id for above in scope.chain()}
    return {MANAGED_BY: OURS, **ids}


def plain(decided: Mapping[str, Decided[str]]) -> dict[str, str]:
    """The values of labels or annotations."""
    return {key: one.value for key, one in decided.items()}
