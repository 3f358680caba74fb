"""What `repositories` may say that only Azure knows: where its registry is, and who gets which rights there."""

from pulumi_chaosreg.settings.azure_grammars import ADDRESSES, LOCATION, PRINCIPAL, RESOURCE_GROUP, SUBSCRIPTION
from pulumi_chaosreg.settings.kinds import Flag, Table, Text, Texts

IDENTITIES = ("pull", "push", "delete")
AZURE = Table(
    "where the registry is (Azure Container Registry), and what is made there; used whole from the nearest level",
    {
        "subscription_id": Text("the subscription that has it", grammar=SUBSCRIPTION),
        "resource_group": Text("the resource group that has it; never made", grammar=RESOURCE_GROUP),
        "permissions": Text(
            "the registry's role assignment mode. rbac: `AcrPull` and its like, on the whole registry. abac: roles "
            "with a condition on the registry's path; `AcrPull` does not count there",
            ("rbac", "abac"),
        ),
        "principals": Table(
            "who gets a role: object IDs of managed identities and service principals, `group:ID`, `user:ID`",
            {
                "pull": Texts("readers: the kubelet identity of AKS", grammar=PRINCIPAL, least=1),
                "push": Texts("writers: whoever mirrors", grammar=PRINCIPAL, least=1),
                "delete": Texts("whoever prunes", grammar=PRINCIPAL, least=1),
            },
            least=1,
        ),
        "tokens": Texts(
            "the identities to make a token for, with a scope map for the registry's path alone; without passwords",
            choices=IDENTITIES,
            least=1,
        ),
        "create_registry": Flag("whether the registry itself is made; by default it must exist, and stays as it is"),
        "location": Text("the region of a registry that is made", grammar=LOCATION),
        "sku": Text("the tier of a registry that is made; by default Standard", ("Basic", "Standard", "Premium")),
        "public_network": Flag("false: a registry that is made has private endpoints only; Premium"),
        "allowed_ips": Texts("only these reach a registry that is made; Premium", grammar=ADDRESSES, least=1),
    },
    whole=True,
    least=1,
)
