"""The resource class of `ImagePullSecretEntry`; its life is in `provider/image_pull_secret_entry.py`."""

import pulumi

from pulumi_chaosreg.custom_resource import CustomResource
from pulumi_chaosreg.resources.image_pull_secret_entry import IMAGE_PULL_SECRET_ENTRY


class ImagePullSecretEntry(CustomResource):
    """One name in the `imagePullSecrets` of a ServiceAccount; the rest of the list is left to whoever wrote it.

    A missing account is made, and left behind when the entry is removed.
    The cluster is that of `context`, or of a `kubeconfig` of its own: a path, or a content, which is kept secret and
    whose change is none of the entry. `cluster_identifier` is the cluster's lasting name (the context otherwise): with
    it, a renamed context is an update. A Provider of `pulumi-kubernetes` is not used: give both beside it.
    """

    def __init__(
        self,
        name: str,
        *,
        service_account: pulumi.Input[str],
        secret_name: pulumi.Input[str],
        namespace: pulumi.Input[str],
        context: pulumi.Input[str] | None = None,
        kubeconfig: pulumi.Input[str] | None = None,
        cluster_identifier: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = {
            "service_account": service_account,
            "secret_name": secret_name,
            "namespace": namespace,
            "context": context,
            "kubeconfig": kubeconfig,
            "cluster_identifier": cluster_identifier,
        }
        super().__init__(IMAGE_PULL_SECRET_ENTRY, name, given, opts)
