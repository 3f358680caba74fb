"""`ImagePullSecretEntry`: one name in the `imagePullSecrets` of a ServiceAccount."""

from pulumi_chaosreg.resources.table import Input, Output, ResourceTable, Shows
from pulumi_chaosreg.settings.kubeconfig import is_content

IMAGE_PULL_SECRET_ENTRY = ResourceTable(
    "chaosreg:index:ImagePullSecretEntry",
    inputs=(
        Input("serviceAccount", shows=Shows.REPLACE, required=True, in_state=True, hint="the account's name"),
        Input("secretName", shows=Shows.REPLACE, required=True, in_state=True, hint="the Secret's name"),
        Input("namespace", shows=Shows.REPLACE, required=True, in_state=True, hint="the account's namespace"),
        Input("context", in_state=True),
        # a path or a content: neither says which cluster it is, and credentials in it are no change of the entry
        Input("kubeconfig", shows=Shows.NOTHING, secret_where=is_content),
        Input("clusterIdentifier", shows=Shows.REPLACE, in_state=True),
    ),
    outputs=(Output("madeAccount", kept=True),),
)
