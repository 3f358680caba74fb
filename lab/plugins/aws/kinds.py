"""The kinds that the stand-in knows, and when a change replaces: a table read in the provider's sources.

Terraform's provider decides what `ForceNew` is: github.com/hashicorp/terraform-provider-aws, internal/service/…, as of
2026 (v6). What Pulumi adds, such as names made up and `DeleteBeforeReplace`, is github.com/pulumi/pulumi-aws,
provider/resources.go and autonaming.go (v7).
"""

from lab.plugins.aws.policies import same_lifecycle, same_policy
from lab.plugins.protocol.errors import unknown_kind
from lab.plugins.protocol.properties import Kind, Property
from lab.plugins.protocol.values import Object

# internal/provider/sdkv2/region.go: another region is another resource. Its default comes from the provider's
# configuration before anything is compared (pulumi-aws, provider/region.go, applyRegion).
_REGION = Property(replaces=True, left_as_it_is=True)
# Tags of the program, and those with the provider's default tags: Check merges them, so that another default tag is a
# difference of `tagsAll` alone (pulumi-aws, provider/tags.go, applyTags).
_TAGS = {"tags": Property(), "tagsAll": Property()}
_WITH_FILTERS = ("IMMUTABLE_WITH_EXCLUSION", "MUTABLE_WITH_EXCLUSION")


def _filters_without_use(inputs: Object) -> str | None:
    """internal/service/ecr/repository.go, validateImageTagMutabilityExclusionFilterUsage."""
    if inputs.get("imageTagMutabilityExclusionFilters") and inputs.get("imageTagMutability") not in _WITH_FILTERS:
        return (
            "image_tag_mutability_exclusion_filter can only be used when image_tag_mutability is set to "
            "IMMUTABLE_WITH_EXCLUSION or MUTABLE_WITH_EXCLUSION"
        )
    return None


_REPOSITORY = Kind(  # internal/service/ecr/repository.go
    "aws:ecr/repository:Repository",
    "ECR Repository",
    inputs={
        "name": Property(replaces=True, autonamed=255),
        "encryptionConfigurations": Property(
            replaces=True,
            left_as_it_is=True,
            fields={
                "encryptionType": Property(replaces=True, default="AES256", one_of=("AES256", "KMS", "KMS_DSSE")),
                "kmsKey": Property(replaces=True, left_as_it_is=True),
            },
        ),
        "forceDelete": Property(),
        "imageScanningConfiguration": Property(left_as_it_is=True, fields={"scanOnPush": Property(required=True)}),
        "imageTagMutability": Property(default="MUTABLE", one_of=("MUTABLE", "IMMUTABLE", *_WITH_FILTERS)),
        "imageTagMutabilityExclusionFilters": Property(
            at_most=5,
            fields={"filter": Property(required=True), "filterType": Property(required=True, one_of=("WILDCARD",))},
        ),
        "region": _REGION,
        **_TAGS,
    },
    outputs=("arn", "registryId", "repositoryUrl"),
    refuse=_filters_without_use,
)

_LIFECYCLE_POLICY = Kind(  # internal/service/ecr/lifecycle_policy.go
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    "ECR Lifecycle Policy",
    inputs={
        "policy": Property(replaces=True, required=True, same=same_lifecycle, document=True),
        "repository": Property(replaces=True, required=True),
        "region": _REGION,
    },
    outputs=("registryId",),
    # A repository has one: what was put second is what the deletion of the first would remove (pulumi-aws#2075).
    delete_before_replace=True,
)

_REPOSITORY_POLICY = Kind(  # internal/service/ecr/repository_policy.go
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "ECR Repository Policy",
    inputs={
        "policy": Property(required=True, same=same_policy, document=True),
        "repository": Property(replaces=True, required=True),
        "region": _REGION,
    },
    outputs=("registryId",),
)

_ROLE = Kind(  # internal/service/iam/role.go
    "aws:iam/role:Role",
    "IAM Role",
    inputs={
        "name": Property(replaces=True, autonamed=64),
        "assumeRolePolicy": Property(required=True, same=same_policy, document=True),
        "description": Property(),
        "forceDetachPolicies": Property(default=False),
        "maxSessionDuration": Property(default=3600),
        "path": Property(replaces=True, default="/"),
        "permissionsBoundary": Property(),
        **_TAGS,
    },
    outputs=("arn", "createDate", "uniqueId"),
)

_ROLE_POLICY = Kind(  # internal/service/iam/role_policy.go
    "aws:iam/rolePolicy:RolePolicy",
    "IAM Role Policy",
    inputs={
        "name": Property(replaces=True, autonamed=255),
        "policy": Property(required=True, same=same_policy, document=True),
        "role": Property(replaces=True, required=True),
    },
    outputs=(),
)

KINDS = {kind.token: kind for kind in (_REPOSITORY, _LIFECYCLE_POLICY, _REPOSITORY_POLICY, _ROLE, _ROLE_POLICY)}


def kind_of(token: str) -> Kind:
    """The kind behind a Pulumi type token."""
    try:
        return KINDS[token]
    except KeyError:
        raise unknown_kind("aws", token, KINDS) from None
