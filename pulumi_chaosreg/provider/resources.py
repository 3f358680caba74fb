"""The table of our custom resources: type token → what serves it. One more is one more line.

A resource's module is imported when the first one of its kind comes: who mirrors needs no Kubernetes client, who adds a
pull Secret to an account no registry's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from pulumi_chaosreg.provider.resource import Resource
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.resources.acr_token_password import ACR_TOKEN_PASSWORD
from pulumi_chaosreg.resources.harbor_immutable_tag_rule import HARBOR_IMMUTABLE_TAG_RULE
from pulumi_chaosreg.resources.harbor_project import HARBOR_PROJECT
from pulumi_chaosreg.resources.harbor_robot import HARBOR_ROBOT
from pulumi_chaosreg.resources.harness_image_registry import HARNESS_IMAGE_REGISTRY
from pulumi_chaosreg.resources.image_pull_secret_entry import IMAGE_PULL_SECRET_ENTRY
from pulumi_chaosreg.resources.mirrored_image import MIRRORED_IMAGE
from pulumi_chaosreg.resources.table import ResourceTable


@dataclass(frozen=True, slots=True)
class Served:
    """One kind of resource."""

    table: ResourceTable
    of_run: Callable[[Run], Resource]


def _served(table: ResourceTable, module: str) -> Served:
    """The class is called like the resource."""
    name = table.type.rpartition(":")[2]

    def of_run(run: Run) -> Resource:
        served: type[Resource] = getattr(import_module(f"pulumi_chaosreg.provider.{module}"), name)
        return served.of_run(run)

    return Served(table, of_run)


RESOURCES = {
    one.table.type: one
    for one in (
        _served(MIRRORED_IMAGE, "mirrored_image"),
        _served(IMAGE_PULL_SECRET_ENTRY, "image_pull_secret_entry"),
        _served(HARNESS_IMAGE_REGISTRY, "harness_image_registry"),
        _served(ACR_TOKEN_PASSWORD, "acr_token_password"),
        _served(HARBOR_PROJECT, "harbor_project"),
        _served(HARBOR_IMMUTABLE_TAG_RULE, "harbor_immutable_tag_rule"),
        _served(HARBOR_ROBOT, "harbor_robot"),
    )
}
