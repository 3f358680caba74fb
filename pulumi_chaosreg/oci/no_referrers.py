"""How registries say that they do not list what refers to a manifest.

A 404 is what OCI 1.1 wants to hear of those without the API. Others refuse (Harbor up to 2.7 and Artifactory: 401, 403,
406, 501), or send us to a host that knows nothing of it (GitHub). Their manifests were read with the same login a
moment ago, so it is the API that they do not have, or do not let us use: tags stand in for it, and somebody is told.
"""

from pulumi_chaosreg.errors import Cause, Finding
from pulumi_chaosreg.oci.patience import TRANSIENT
from pulumi_chaosreg.oci.problems import RegistryError, problem

SILENT = (404, 405)
"""What leaves no doubt."""


def means_no_api(refusal: RegistryError) -> bool:
    """Whether that is an answer to what the registry does not have. What may pass (429, 503) is none, except from
    another host: the API has no other.
    """
    status = refusal.status
    if refusal.elsewhere or status is None:
        return refusal.elsewhere
    return (400 <= status < 500 or status == 501) and status not in TRANSIENT and refusal.cause != Cause.RATE_LIMITED


def without_api(server: str, refusal: RegistryError) -> Finding:
    """The warning (CHR0440), without what differs from image to image: it is told once."""
    host = "another host that it redirects to" if refusal.elsewhere else "it"
    return _warning(server, f"{host} answers {refusal.status}" if refusal.status else "it redirects to another host")


def unreadable(server: str) -> Finding:
    """The same of an answer that is no list."""
    return _warning(server, "its answer is not a list")


def not_listed(server: str) -> Finding:
    """The same of a registry that says of a referrer that it lists it, and does not."""
    return _warning(server, "it does not list what was just written")


def _warning(server: str, cause: str) -> Finding:
    return problem("CHR0440", server=server, cause=cause).findings[0]
