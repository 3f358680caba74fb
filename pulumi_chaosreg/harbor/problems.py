"""Every way in which Harbor refuses, as one clear error. No message ever holds a password or a robot's secret."""

from collections.abc import Iterator
from contextlib import contextmanager

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.refusals import ApiError, Refusal

_REFUSALS = {404: Refusal.MISSING, 409: Refusal.CONFLICT, 412: Refusal.UNMET}


class HarborError(ApiError):
    """What Harbor's API says, or that it says nothing."""


def unreachable(server: str, cause: str, *, transient: bool) -> HarborError:
    """Nobody answers."""
    finding = Finding(
        "CHR0467",
        f"Harbor cannot be reached at `{server}`: {cause}",
        help="check `server`, the network and HTTPS_PROXY; a private certificate authority goes into SSL_CERT_FILE",
    )
    return HarborError(finding, Refusal.UNREACHABLE, transient=transient)


def of_status(
    status: int, server: str, asked: str, words: str, *, user: str, wait: float | None = None, said: str = ""
) -> HarborError:
    """An answer that is a refusal. `words` are Harbor's own; empty where the answer is not one of Harbor's API. `said`
    tells in their place what was answered.
    """
    notes = (("asked", asked), ("answer", said or " ".join(part for part in (str(status), words) if part)))
    word = words.partition(":")[0]
    if status in (401, 403):
        return HarborError(_denied(status, server, user, notes), Refusal.DENIED, status=status, word=word)
    if words and (status in _REFUSALS or status == 400):
        advice = "see Harbor's own words"
        finding = Finding("CHR0469", f"`{server}` refuses this", notes=notes, help=advice)
        return HarborError(finding, _REFUSALS.get(status, Refusal.OTHER), status=status, word=word)
    transient = status in (408, 425, 429) or status >= 500
    advice = (
        "run it again, which resumes; if it persists, ask whoever runs this Harbor"
        if transient
        else "check that `server` is a Harbor, 2.10 or newer, and that no gateway answers in its place"
    )
    finding = Finding("CHR0467", f"`{server}` answered with an invalid response", notes=notes, help=advice)
    refusal = Refusal.UNREACHABLE if transient else Refusal.OTHER
    return HarborError(finding, refusal, status=status, transient=transient, wait=wait)


def _denied(status: int, server: str, user: str, notes: tuple[tuple[str, str], ...]) -> Finding:
    if status == 401:
        return Finding(
            "CHR0468",
            f"`{server}` does not accept the password of user `{user}`",
            notes=notes,
            help="give `repositories.login` a valid one (`pulumi config set --secret chaosreg-credentials:NAME`): of "
            "a local user, or of a system robot; the CLI secret of a user who signs in by OIDC is none for the API",
        )
    return Finding(
        "CHR0468",
        f"user `{user}` may not do this at `{server}`",
        notes=notes,
        help="make `repositories.login` an administrator of the project (for quotas and new projects: of Harbor), or "
        "a system robot with these rights",
    )


@contextmanager
def reading(server: str, asked: str) -> Iterator[None]:
    """An answer that has not the form that Harbor's API describes is an error that may be gone in a moment: something
    else has answered in Harbor's place.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError):
        raise of_status(502, server, asked, "", user="", said="2xx, and not as Harbor's API describes it") from None


def exists(what: str, advice: str) -> HarborError:
    """There is one of that name, and not of ours."""
    return HarborError(
        Finding("CHR0487", f"{what} exists already, and this stack did not make it", help=advice), Refusal.CONFLICT
    )
