"""The resource class of `HarnessImageRegistry`; its life is in `provider/harness_image_registry.py`."""

from typing import Literal

import pulumi

from pulumi_chaosreg.custom_resource import CustomResource
from pulumi_chaosreg.resources.harness_image_registry import HARNESS_IMAGE_REGISTRY


class HarnessImageRegistry(CustomResource):
    """The image registry of one level in Harness Chaos Engineering.

    `account_id`, `organization`, `project` and `infrastructure` are Harness's identifiers, as far down as the level is;
    an infrastructure is `environment/infrastructure`, or its own identifier alone. `api_key` is never shown and never a
    diff; without it `HARNESS_PLATFORM_API_KEY` is read. `account` is the path between the server and an image.
    `secret_name` is that of a Kubernetes Secret in the namespace where chaos Pods run; a private registry needs one.
    `log_watcher`, `ddcr`, `ddcr_lib` and `ddcr_fault` are full references that are used instead of those whose tags
    Harness chooses. A record that is there already is taken over. `on_destroy`: `reset` (default) to Harness's default,
    or `retain`; nobody can delete a record.
    Import by `account_id[/organization[/project[/[environment/]infrastructure]]]`.
    """

    scope: pulumi.Output[str]
    """The same as its import's id."""

    def __init__(
        self,
        name: str,
        *,
        account_id: pulumi.Input[str],
        server: pulumi.Input[str],
        account: pulumi.Input[str],
        organization: pulumi.Input[str] | None = None,
        project: pulumi.Input[str] | None = None,
        infrastructure: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        api_key: pulumi.Input[str] | None = None,
        private: pulumi.Input[bool] | None = None,
        secret_name: pulumi.Input[str] | None = None,
        is_default: pulumi.Input[bool] | None = None,
        allow_overrides: pulumi.Input[bool] | None = None,
        log_watcher: pulumi.Input[str] | None = None,
        ddcr: pulumi.Input[str] | None = None,
        ddcr_lib: pulumi.Input[str] | None = None,
        ddcr_fault: pulumi.Input[str] | None = None,
        on_destroy: pulumi.Input[Literal["reset", "retain"]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = {
            "account_id": account_id,
            "server": server,
            "account": account,
            "organization": organization,
            "project": project,
            "infrastructure": infrastructure,
            "endpoint": endpoint,
            "api_key": api_key,
            "private": private,
            "secret_name": secret_name,
            "is_default": is_default,
            "allow_overrides": allow_overrides,
            "log_watcher": log_watcher,
            "ddcr": ddcr,
            "ddcr_lib": ddcr_lib,
            "ddcr_fault": ddcr_fault,
            "on_destroy": on_destroy,
        }
        super().__init__(HARNESS_IMAGE_REGISTRY, name, given, opts)
