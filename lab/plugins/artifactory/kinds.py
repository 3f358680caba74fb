"""The kinds that the stand-in knows, and when a change replaces: a table read in the provider's sources.

github.com/jfrog/terraform-provider-artifactory, v12 (pulumi-artifactory 8.11), pkg/artifactory/resource:
repository/repository.go (BaseAttributes), repository/local/local.go (LocalAttributes),
repository/local/resource_artifactory_local_docker_v2_repository.go, security/resource_artifactory_scoped_token.go; and
terraform-provider-shared, validator/fw/string/repo_key.go.
"""

import re

from lab.plugins.protocol.properties import Property
from lab.plugins.protocol.values import Object
from lab.plugins.recording.recorded import Recorded

_SPECIAL = " !@#$%^&*()+={}[]:;<>,/?~`|\\"
_SCOPE = re.compile(r"artifact:.+:([rwdam*]|([rwdam]+(,[rwdam]+)))")
_PERSISTENT = 10_800
"""Seconds: what ends before is never stored, so that the provider does not find what it has just made (#684)."""


def _bad_key(inputs: Object) -> str | None:
    """The validator RepoKey."""
    key = inputs.get("key")
    if isinstance(key, str) and (not 1 <= len(key) <= 64 or any(one in _SPECIAL for one in key)):
        return f"key: must be 1 - 64 alphanumeric and hyphen characters, got {key}"
    return None


def _bad_token(inputs: Object) -> str | None:
    scopes, ends = inputs.get("scopes"), inputs.get("expiresIn")
    for scope in scopes if isinstance(scopes, list) else ():
        if isinstance(scope, str) and not _SCOPE.fullmatch(scope):
            return f"scopes: must be '<resource-type>:<target>[/<sub-resource>]:<actions>', got {scope}"
    if isinstance(ends, int | float) and 0 < ends < _PERSISTENT:
        return f"Unable to Create Resource: a token that ends after {ends:.0f} seconds is not found afterwards"
    return None


_REPOSITORY = Recorded(
    "artifactory:index/dockerV2Repository:DockerV2Repository",
    "DockerV2Repository",
    inputs={
        "key": Property(replaces=True, required=True),
        "projectKey": Property(),
        "projectEnvironments": Property(left_as_it_is=True),
        "description": Property(),
        "notes": Property(),
        "includesPattern": Property(default="**/*"),
        "excludesPattern": Property(),
        "repoLayoutRef": Property(default="simple-default"),
        "blackedOut": Property(default=False),
        "xrayIndex": Property(default=False),
        "priorityResolution": Property(default=False),
        "propertySets": Property(),
        "archiveBrowsingEnabled": Property(left_as_it_is=True),
        "downloadDirect": Property(left_as_it_is=True),
        "cdnRedirect": Property(default=False),
        "maxUniqueTags": Property(default=0),
        "tagRetention": Property(default=1),
        "blockPushingSchema1": Property(default=False),
    },
    outputs=("apiVersion",),
    identity="{key}",
    computed={"apiVersion": "V2"},
    refuse=_bad_key,
)

_IF_SAID = Property(replaces=True, left_as_it_is=True)
"""RequiresReplaceIfConfigured: what the program leaves out is never a difference."""

_TOKEN = Recorded(
    "artifactory:index/scopedToken:ScopedToken",
    "ScopedToken",
    inputs={
        "grantType": _IF_SAID,
        "username": _IF_SAID,
        "scopes": _IF_SAID,
        "expiresIn": _IF_SAID,
        "refreshable": _IF_SAID,
        "includeReferenceToken": _IF_SAID,
        "description": _IF_SAID,
        "audiences": _IF_SAID,
        "projectKey": Property(),  # no plan modifier, and Update does nothing
    },
    outputs=("accessToken", "refreshToken", "referenceToken", "tokenType", "subject", "expiry", "issuedAt", "issuer"),
    identity="{description}",
    computed={"accessToken": "lab-jwt/{username}/{description}", "subject": "jfac@lab/users/{username}"},
    made_up=frozenset({"accessToken", "subject"}),
    # JFrog clears what has ended every hour (task.revoke-expired-tokens-cron), and the provider fails where it finds no
    # token to revoke: this one has never found one.
    keeps=lambda outputs: "Failed to revoke scoped token: HTTP Error: 404",
    refuse=_bad_token,
)

KINDS = {kind.token: kind for kind in (_REPOSITORY, _TOKEN)}
