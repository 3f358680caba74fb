"""Tags of Artifact Registry's images, taken away by Google's API: `projects.locations.repositories.packages.tags`.

The login of the registry opens that API too where it is Google's own: a service account's key, an access token. Else
this machine's identity does. Images stay, with or without tags.
"""

from collections.abc import Collection
from functools import cache
from urllib.parse import quote

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.machine.google_api import GoogleApi, GoogleApiError, api_of
from pulumi_chaosreg.mirror.untagging.protocol import Door, KeptError, Untag, api_says
from pulumi_chaosreg.registries.google import google_place

_SERVICE = "artifactregistry"
_GONE = 404
_KEPT = "FAILED_PRECONDITION"
"""Of a repository with immutable tags, no tag can be removed (Google's "Update repository settings")."""


def untagger(door: Door) -> Untag:
    """See UntaggerOfKind."""
    opened = cache(lambda login: _api(door, login))

    def untag(repository: str, tags: Collection[str]) -> None:
        api = opened(door.login.current() if door.login else None)
        for tag in tags:
            path = f"{package(door, repository)}/tags/{quote(tag, safe='')}"
            try:
                api.delete(f"v1/{path}")
            except GoogleApiError as failure:
                if failure.status != _GONE:
                    raise _told(door, repository, tag, failure) from None

    return untag


def package(door: Door, repository: str) -> str:
    """The API's name of an image."""
    at = google_place(door.server, door.kind.region(door.server) or "", repository)
    return f"{at.name}/packages/{quote(at.below, safe='')}"


def _api(door: Door, login: Login | None) -> GoogleApi:
    try:
        found = api_of(_SERVICE, login, alone=bool(door.named))
    except GoogleApiError as failure:
        advice = "check `gcloud auth application-default print-access-token`, or the machine's service account"
        raise door.refused("nobody is known to Google here", advice, api_says(failure.said)) from None
    if found is None:
        raise door.not_accepted()
    return found


def _told(door: Door, repository: str, tag: str, failure: GoogleApiError) -> ChaosregError:
    if failure.word == _KEPT:
        refused = door.refused(
            f"tag `{tag}` of `{repository}` stays, as the repository's tags are immutable",
            "write `repositories: {immutable_tags: false}` and run `pulumi up` before anything is deleted",
            api_says(failure.said),
        )
        return KeptError(refused.findings)
    return door.forbidden(repository, failure.said)
