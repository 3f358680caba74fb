"""The record of a level in Harness, from what its settings publish."""

from collections.abc import Sequence

import pulumi

from pulumi_chaosreg.components.harness_image_registry import HarnessImageRegistry
from pulumi_chaosreg.scopes.publication import Publication


def published_level(
    published: Publication,
    api_key: pulumi.Input[str],
    *,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Input[pulumi.Resource]],
    aliases: Sequence[pulumi.Input[pulumi.Alias | str]],
) -> HarnessImageRegistry:
    """The resource, below the level's component; after the record of the level above, the images, and the Secret."""
    images = {key: one.value for key, one in published.images.items()}
    return HarnessImageRegistry(
        published.scope.path,
        account_id=published.account_id.value,
        organization=published.organization or None,
        project=published.project or None,
        infrastructure=published.infrastructure or None,
        endpoint=published.endpoint.value,
        api_key=api_key,
        server=published.server,
        account=published.account,
        private=published.is_private.value,
        secret_name=published.secret_name.value if published.secret_name else None,
        allow_overrides=published.allow_overrides.value,
        log_watcher=images.get("logWatcher"),
        ddcr=images.get("ddcr"),
        ddcr_lib=images.get("ddcrLib"),
        ddcr_fault=images.get("ddcrFault"),
        on_destroy="retain" if published.on_destroy == "retain" else "reset",
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(after), aliases=list(aliases)),
    )
