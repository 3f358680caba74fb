"""What texts look like that only Google Cloud knows."""

import re

from pulumi_chaosreg.settings.kinds import Grammar

MEMBER = Grammar(
    "CHR0301",
    "an IAM member, or a known set of them",
    re.compile(r"^(?:(?:user|group|serviceAccount):[^\s@]+@[^\s@]+|domain:[^\s@]+|principal(?:Set)?://iam\.\S+)\Z"),
    "write it as in `serviceAccount:nodes@PROJECT.iam.gserviceaccount.com` or `group:platform@example.com`",
)
"""Not `allUsers` and `allAuthenticatedUsers`: these images are republished to nobody."""
