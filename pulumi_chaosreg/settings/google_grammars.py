"""What texts look like that only Google Cloud knows."""

import re

from pulumi_chaosreg.settings.kinds import Grammar

MEMBER = Grammar(
    "CHR0301",
    "an IAM member, or a known set of them",
    re.compile(
        r"^(?:(?:user|group|serviceAccount):[!-?A-~]+@[!-?A-~]+"
        r"|serviceAccount:[a-z0-9:.-]+\.svc\.id\.goog\[[a-z0-9.-]+/[a-z0-9.-]+\]"  # a ServiceAccount of GKE
        r"|domain:[!-?A-~]+"
        r"|principal(?:Set)?://(?:iam|cloudresourcemanager)\.googleapis\.com/[!-~]+)\Z"
    ),
    "write it as in `serviceAccount:nodes@PROJECT.iam.gserviceaccount.com` or `group:platform@example.com`",
)
"""Not `allUsers` and `allAuthenticatedUsers`: these images are republished to nobody."""
