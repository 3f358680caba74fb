"""What texts look like that only Google Cloud knows."""

import re

from pulumi_chaosreg.settings.kinds import Grammar

_EVERYBODY = {
    "allUsers": "leave it out: it would make the images public; name who pulls them",
    "allAuthenticatedUsers": "leave it out: that is everybody who has a Google account; name who pulls the images",
}

MEMBER = Grammar(
    "CHR0301",
    "a known IAM member",
    re.compile(
        r"^(?:(?:user|group|serviceAccount):[!-?A-~]+@[!-?A-~]+"
        r"|serviceAccount:[a-z0-9:.-]+\.svc\.id\.goog\[[a-z0-9.-]+/[a-z0-9.-]+\]"  # a ServiceAccount of GKE
        r"|domain:[!-?A-~]+"
        r"|principal(?:Set)?://(?:iam|cloudresourcemanager)\.googleapis\.com/[!-~]+)\Z"
    ),
    "write it as in `serviceAccount:nodes@PROJECT.iam.gserviceaccount.com` or `group:platform@example.com`",
    advise=lambda text: _EVERYBODY.get(text, ""),
)
"""Not everybody: these images are republished to nobody."""
