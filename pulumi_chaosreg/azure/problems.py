"""Every way in which the resource manager refuses, as one clear error. No message ever holds a token or a password."""

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.refusals import ApiError, Refusal


class ResourceManagerError(ApiError):
    """What Azure's resource manager says, or that it says nothing."""


_OUT_OF_SIGHT = frozenset({"SubscriptionNotFound", "ResourceGroupNotFound"})
"""What somebody hears, too, who is logged in elsewhere: nothing in it counts as gone for that."""
_TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""409 is another operation on the same registry that has not ended."""


def unreachable(endpoint: str, cause: str, *, transient: bool) -> ResourceManagerError:
    """Nobody answers."""
    finding = Finding(
        "CHR0475",
        f"Azure's resource manager cannot be reached at `{endpoint}`: {cause}",
        help="check the network and HTTPS_PROXY; `ARM_ENDPOINT` names another one",
    )
    return ResourceManagerError(finding, Refusal.UNREACHABLE, transient=transient)


def of_status(status: int, asked: str, words: str, *, code: str, wait: float | None) -> ResourceManagerError:
    """An answer that is no answer to what was asked. `code` is Azure's own word for it; empty where it has none."""
    refusal = Refusal.OTHER
    match status:
        case 401:
            refusal, message = Refusal.DENIED, "Azure's resource manager does not accept the identity of this machine"
            advice = (
                "log in to the tenant of the registry: `az login --tenant TENANT`, or by `ARM_TENANT_ID` and its like; "
                "the stack's `azure-native:` configuration is not heard here"
            )
        case 403:
            refusal, message = Refusal.DENIED, "the identity of this machine may not manage the registry's tokens"
            advice = (
                "give it the role `Container Registry Contributor and Data Access Configuration Administrator` on the "
                "registry"
            )
        case 404 if code in _OUT_OF_SIGHT or not code.endswith("NotFound"):
            message = "Azure does not show this machine where the registry is"
            advice = (
                "log in to the tenant of the registry: `az login --tenant TENANT`, or correct `repositories.azure`; of "
                "what is gone indeed `pulumi state delete` forgets the password"
            )
        case 404:
            refusal, message = Refusal.MISSING, "Azure has no such registry or token"
            advice = "correct `repositories.azure`: `subscription_id`, `resource_group`"
        case 409:
            message, advice = "the registry is busy with another operation", "run it again, which resumes"
        case _:
            message, advice = "Azure's resource manager refused", "see its own words; running it again resumes"
    notes = (("asked", asked), ("answer", " ".join(part for part in (str(status), words) if part)))
    return ResourceManagerError(
        Finding("CHR0475", message, notes=notes, help=advice), refusal, transient=status in _TRANSIENT, wait=wait
    )


def unfinished(asked: str, words: str) -> ResourceManagerError:
    """An operation that Azure took, and did not end well."""
    finding = Finding(
        "CHR0475",
        "Azure's resource manager began an operation and did not finish it",
        notes=(("asked", asked), ("answer", words)),
        help="run it again, which resumes: nobody has seen the password that was being made",
    )
    return ResourceManagerError(finding, Refusal.OTHER)
