"""What `repositories` may say that only AWS knows: who may pull, which roles are made, and as whom."""

from pulumi_chaosreg.settings.aws_grammars import (
    ACCOUNT_NUMBER,
    EKS_CLUSTER,
    GITHUB_ENVIRONMENT,
    GITHUB_REF,
    GITHUB_REPOSITORY,
    IAM_PATH,
    ISSUER,
    ORGANIZATION_ID,
    POLICY_ARN,
    ROLE_ARN,
)
from pulumi_chaosreg.settings.grammars import (
    KUBERNETES_NAME,
    KUBERNETES_SUBDOMAIN,
)
from pulumi_chaosreg.settings.kinds import Flag, Table, Tables, Text, Texts

PULLERS = Table(
    "who may pull besides the account that has the registry (Amazon ECR); used whole from the nearest level",
    {
        "accounts": Texts("AWS account numbers", grammar=ACCOUNT_NUMBER),
        "roles": Texts("role ARNs", grammar=ROLE_ARN),
        "organization": Text("a whole AWS organization: `o-…`", grammar=ORGANIZATION_ID),
    },
    whole=True,
)

TRUST = Table(
    "who may assume it: everybody given here, exactly; a list for several",
    {
        "github": Table(
            "a workflow of one repository, on one branch or tag, or in one environment: the account's OIDC provider "
            "`token.actions.githubusercontent.com` vouches for it",
            {
                "repository": Text("`owner/repository`", grammar=GITHUB_REPOSITORY),
                "ref": Text("`refs/heads/main`; `*` in it stands for any", grammar=GITHUB_REF),
                "environment": Text("the environment that the job names", grammar=GITHUB_ENVIRONMENT),
            },
        ),
        "roles": Texts("role ARNs, of this account or others", grammar=ROLE_ARN, least=1),
        "account": Text("an AWS account number; without roles, `root` must confirm it", grammar=ACCOUNT_NUMBER),
        "root": Flag("trust everybody in `account` whom its policies allow"),
        "service_account": Table(
            "a ServiceAccount of a cluster whose issuer is an OIDC provider of the account",
            {
                "issuer": Text("the issuer of the cluster's tokens", grammar=ISSUER),
                "namespace": Text("its namespace", grammar=KUBERNETES_NAME),
                "name": Text("its name", grammar=KUBERNETES_SUBDOMAIN),
            },
        ),
        "pod_identity": Table(
            "a ServiceAccount by EKS Pod Identity",
            {
                "namespace": Text("its namespace", grammar=KUBERNETES_NAME),
                "service_account": Text("its name", grammar=KUBERNETES_SUBDOMAIN),
                "cluster": Text("the cluster's name; by default any of the account", grammar=EKS_CLUSTER),
            },
        ),
    },
    least=1,
)
_ROLE = Table(
    "a role that may do just this, in just the owner's repositories",
    {"trust": Tables(TRUST.doc, TRUST, or_one=True, least=1)},
    least=1,
    called="RoleArgs",
)
IDENTITIES = Table(
    "roles to create (Amazon ECR), if policy documents are not enough; used whole from the nearest level",
    {
        "push": _ROLE,
        "pull": _ROLE,
        "delete": _ROLE,
        "path": Text("the roles' path; by default `/`", grammar=IAM_PATH),
        "permissions_boundary": Text("ARN of the policy that bounds them", grammar=POLICY_ARN),
    },
    whole=True,
    least=1,
)
AWS_ACCESS = Table(
    "who creates repositories and roles, if not whoever runs `pulumi up`; used whole from the nearest level",
    {
        "assume_role": Text("ARN of a role to assume first", grammar=ROLE_ARN),
        "profile": Text("a profile of the machine's AWS configuration"),
    },
    whole=True,
    least=1,
)
