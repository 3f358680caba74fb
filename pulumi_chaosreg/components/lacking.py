"""What an infrastructure does not have, and a program asks it for."""

from pulumi_chaosreg.components.calls import called_from
from pulumi_chaosreg.components.cluster import Cluster
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.near_misses import did_you_mean


def no_way_to(cluster: Cluster, scope: Scope, account: str) -> Finding:
    """CHR0601: a ServiceAccount's list cannot be changed without a way to its cluster."""
    return Finding(
        "CHR0601",
        f"cluster `{cluster.name}` cannot be reached, but ServiceAccount `{account}` of {scope.title} needs it",
        cluster.place,
        help="give `context`, or a `kubeconfig`, in `Cluster(…)`, even with your own Provider",
    )


def no_image(name: str, resolved: ResolvedConfig) -> Finding:
    """CHR0611: there is no image of this name."""
    infrastructure, names = resolved.infrastructure, [image.name for image in resolved.images]
    return Finding(
        "CHR0611",
        f"{infrastructure.title} does not need image `{name}`",
        called_from(infrastructure.title),
        notes=(("its images", ", ".join(names) or "none"),),
        help=f"{did_you_mean(name, names)}it has those of its type ({resolved.infrastructure_type.value}) and "
        "release, or of its `required_images`",
    )
