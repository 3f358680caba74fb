"""What runs in an infrastructure's cluster and pulls something else than it should: "configuration not taking effect",
answered.
"""

import json
from dataclasses import dataclass
from typing import Any

from pulumi_chaosreg.cli.notices import notice
from pulumi_chaosreg.cli.render.files import dotted
from pulumi_chaosreg.kubernetes.client import Cluster
from pulumi_chaosreg.kubernetes.workloads import workloads
from pulumi_chaosreg.manifests.changes import changes_of
from pulumi_chaosreg.manifests.target import Reason, Target
from pulumi_chaosreg.scopes.resolved import ResolvedConfig


@dataclass(frozen=True, slots=True)
class Differing:
    """One value of an object in the cluster."""

    kind: str
    name: str
    owner: str
    """`Kind/name` of what made it, empty where nothing did."""
    path: str
    has: str | None
    should: str | None
    """None where this infrastructure has no such image."""
    why: str

    def __str__(self) -> str:
        made = f" (of {self.owner})" if self.owner else ""
        where = f"{self.kind} {self.name}{made}: {self.path}"
        if self.has is None:
            return f"{where}: lacks {self.should}"
        return f"{where}: {self.has} → {self.should}" if self.should else f"{where}: {self.has}: {self.why}"


def report_cluster(config: ResolvedConfig, target: Target, output: str) -> int:
    """Print what differs; 1 where anything does. Nothing is written."""
    given = config.of_cluster()
    cluster = Cluster(given.get("context"), given.get("kubeconfig"))
    found = workloads(cluster, target.namespace)
    differing = [one for item in found.objects for one in _differing(item, target)]
    if output == "json":
        rows = [
            {"kind": one.kind, "name": one.name, "owner": one.owner or None, "path": one.path}
            | {"is": one.has, "should": one.should, "why": one.why or None}
            for one in differing
        ]
        document = {"infrastructure": target.infrastructure, "namespace": target.namespace}
        print(json.dumps({**document, "differing": rows, "unseen": found.unseen}, indent=2))
    else:
        for one in differing:
            print(one)
        looked = f"{len(found.objects)} objects in `{target.namespace}` of {cluster.name}"
        print(
            f"{looked}: {len(differing) or 'none'} of their values differ from what {target.infrastructure} resolves to"
        )
    for plural in found.unseen:
        notice(f"{plural} were not looked at: this login may not list them")
    return 1 if differing else 0


def _differing(item: dict[str, Any], target: Target) -> list[Differing]:
    metadata = item.get("metadata") or {}
    owner = next((f"{one['kind']}/{one['name']}" for one in metadata.get("ownerReferences") or ()), "")
    kind, name = str(item["kind"]), str(metadata.get("name", ""))
    changes = changes_of({key: value for key, value in item.items() if key != "status"}, target)
    rows = [Differing(kind, name, owner, dotted(one.keys), one.old, one.new, "") for one in changes.replaced]
    rows += [Differing(kind, name, owner, dotted(one.keys), None, ", ".join(one.names), "") for one in changes.added]
    rows += [
        Differing(kind, name, owner, dotted(one.keys), one.text, None, one.why)
        for one in changes.left
        if one.reason is Reason.UNRESOLVED
    ]
    return rows
