"""`enforce` of one infrastructure, as what its cluster's policy has to know."""

from collections.abc import Sequence
from typing import Any

import pulumi

from pulumi_chaosreg.kubernetes.admission import Admitted, admission
from pulumi_chaosreg.kubernetes.deliveries import Options
from pulumi_chaosreg.scopes.enforcing import Enforce
from pulumi_chaosreg.scopes.moves import object_name, policy_name
from pulumi_chaosreg.scopes.pinning import Pin
from pulumi_chaosreg.scopes.resolved import ResolvedConfig


def enforced(
    resolved: ResolvedConfig, references: Sequence[pulumi.Input[str]], metadata: dict[str, Any], options: Options
) -> None:
    """The policy over the infrastructure's namespace, where its settings want one."""
    if resolved.enforce is None or resolved.enforce.value is Enforce.OFF:
        return
    infrastructure, namespace = resolved.infrastructure, resolved.namespace.value
    admitted = Admitted(
        who=f"infrastructure `{infrastructure.path}`",
        namespace=namespace,
        config_map=object_name(infrastructure),
        enforce=resolved.enforce.value,
        beginnings=resolved.allow_images.value if resolved.allow_images else (),
        others=[one.refresher.image.value for one in resolved.deliveries if one.refresher],
        by_digest_only=resolved.pinning is Pin.STRICT,
    )
    name = policy_name(infrastructure, namespace)
    admission(infrastructure.path, name, admitted, references, metadata, options)
