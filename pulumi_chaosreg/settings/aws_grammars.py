"""What texts look like that only AWS knows: accounts, roles, and those by which a role says whom it trusts; of these no
more than one each, so that none is a pattern of somebody else.
"""

import re

from pulumi_chaosreg.settings.kinds import Grammar

ROLE = r"arn:[a-z-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+"
"""A role's ARN, as part of a pattern."""

ACCOUNT_NUMBER = Grammar(
    "CHR0301", "an AWS account number", re.compile(r"^[0-9]{12}\Z"), "write its twelve digits, in quotes"
)
ROLE_ARN = Grammar(
    "CHR0301",
    "a role ARN",
    re.compile(rf"^{ROLE}\Z"),
    "write it as in `arn:aws:iam::123456789012:role/nodes`",
)
ORGANIZATION_ID = Grammar(
    "CHR0301", "an AWS organization id", re.compile(r"^o-[a-z0-9]{10,32}\Z"), "write it as in `o-a1b2c3d4e5`"
)
POLICY_ARN = Grammar(
    "CHR0301",
    "a policy ARN",
    re.compile(r"^arn:[a-z-]+:iam::(?:[0-9]{12}|aws):policy/[\w+=,.@/-]+\Z"),
    "write it as in `arn:aws:iam::123456789012:policy/boundary`",
)
IAM_PATH = Grammar(
    "CHR0301", "an IAM path", re.compile(r"^/(?:[\w+=,.@-]+/)*\Z"), "write it between slashes, as in `/chaos/`"
)
GITHUB_REPOSITORY = Grammar(
    "CHR0485",
    "one GitHub repository",
    re.compile(r"^[A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9._-]+|@[0-9]+/[A-Za-z0-9._-]+@[0-9]+)\Z"),
    "write `owner/repository`, without `*`, or `owner@ID/repository@ID` as the tokens of newer repositories have it",
)
"""The other form: github.blog/changelog, 2026-04-23, "Immutable subject claims"."""
GITHUB_REF = Grammar(
    "CHR0485",
    "a branch or a tag",
    re.compile(r"^refs/(?:heads|tags)/[^\s:$]+\Z"),
    "write it in full, as in `refs/heads/main` or `refs/tags/v*`",
    advise=lambda text: f"write `refs/heads/{text}`, or `refs/tags/{text}`" if re.match(r"^[\w.-]+\Z", text) else "",
)
GITHUB_ENVIRONMENT = Grammar(
    "CHR0485",
    "a GitHub environment",
    re.compile(r"^[^\s:*?$](?:[^\n:*?$]*[^\s:*?$])?\Z"),
    "write the name of one environment, without `*`",
)
ISSUER = Grammar(
    "CHR0485",
    "the issuer of a cluster's tokens",
    re.compile(r"^https://[a-z0-9.-]+(?:/[A-Za-z0-9._~-]+)*\Z"),
    "write it as `kubectl get --raw /.well-known/openid-configuration` says it, as in "
    "`https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE`",
)
EKS_CLUSTER = Grammar(
    "CHR0485",
    "the name of an EKS cluster",
    re.compile(r"^[0-9A-Za-z][A-Za-z0-9_-]{0,99}\Z"),
    "write the name that `aws eks list-clusters` shows",
)
