"""The kinds that the stand-in knows, and when a change replaces: a table read in the provider's sources.

github.com/pulumi/pulumi-azure-native: what is in a resource's path replaces it, and so does what
provider/pkg/gen/replacement.go names (`forceNewMap`: `principalId` and `scope` of a RoleAssignment) or the API's
description marks (`x-ms-mutability`: the `location` of what has one). Inputs as in the SDK of 3.29.
"""

from typing import Final

from lab.plugins.protocol.properties import Property
from lab.plugins.recording.recorded import Recorded

_PATH: Final = Property(replaces=True, required=True)
_GROUP: Final = "/resourceGroups/{resourceGroupName}/providers/Microsoft.ContainerRegistry/registries/{registryName}"

_REGISTRY = Recorded(
    "azure-native:containerregistry:Registry",
    "Registry",
    inputs={
        "registryName": _PATH,
        "resourceGroupName": _PATH,
        "location": Property(replaces=True, required=True),
        "sku": Property(required=True, fields={"name": Property(one_of=("Basic", "Standard", "Premium"))}),
        "adminUserEnabled": Property(default=False),
        "anonymousPullEnabled": Property(default=False),
        "dataEndpointEnabled": Property(),
        "encryption": Property(),
        "identity": Property(),
        "networkRuleBypassOptions": Property(default="AzureServices"),
        "networkRuleSet": Property(
            fields={
                "defaultAction": Property(required=True, one_of=("Allow", "Deny")),
                "ipRules": Property(
                    fields={"action": Property(one_of=("Allow",)), "iPAddressOrRange": Property(required=True)}
                ),
            }
        ),
        "policies": Property(
            fields={
                "retentionPolicy": Property(
                    fields={"days": Property(), "status": Property(one_of=("enabled", "disabled"))}
                )
            }
        ),
        "publicNetworkAccess": Property(default="Enabled", one_of=("Enabled", "Disabled")),
        "tags": Property(),
        "zoneRedundancy": Property(default="Disabled"),
    },
    outputs=("name", "loginServer"),
    identity=f"/subscriptions/lab{_GROUP}",
    computed={"name": "{registryName}", "loginServer": "{registryName}.azurecr.io"},
)
_SCOPE_MAP = Recorded(
    "azure-native:containerregistry:ScopeMap",
    "ScopeMap",
    inputs={
        "scopeMapName": _PATH,
        "registryName": _PATH,
        "resourceGroupName": _PATH,
        "actions": Property(required=True),
        "description": Property(),
    },
    outputs=("name",),
    identity=f"/subscriptions/lab{_GROUP}/scopeMaps/{{scopeMapName}}",
    computed={"name": "{scopeMapName}"},
)
_TOKEN = Recorded(
    "azure-native:containerregistry:Token",
    "Token",
    inputs={
        "tokenName": _PATH,
        "registryName": _PATH,
        "resourceGroupName": _PATH,
        "scopeMapId": Property(),
        "status": Property(one_of=("enabled", "disabled")),
        "credentials": Property(),
    },
    outputs=("name",),
    identity=f"/subscriptions/lab{_GROUP}/tokens/{{tokenName}}",
    computed={"name": "{tokenName}"},
)
_ROLE_ASSIGNMENT = Recorded(
    "azure-native:authorization:RoleAssignment",
    "RoleAssignment",
    inputs={
        "roleAssignmentName": _PATH,
        "scope": _PATH,
        "principalId": Property(replaces=True, required=True),
        "principalType": Property(one_of=("ServicePrincipal", "Group", "User")),
        "roleDefinitionId": Property(required=True),
        "condition": Property(),
        "conditionVersion": Property(),
        "description": Property(),
    },
    outputs=("name",),
    identity="{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
    computed={"name": "{roleAssignmentName}"},
)

KINDS = {kind.token: kind for kind in (_REGISTRY, _SCOPE_MAP, _TOKEN, _ROLE_ASSIGNMENT)}
