"""Every way in which Harness refuses, as one clear error. No message ever holds the API key."""

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.refusals import ApiError, Refusal


class HarnessError(ApiError):
    """What Harness's API says, or that it says nothing."""


def unreachable(endpoint: str, cause: str, *, transient: bool) -> HarnessError:
    """Nobody answers."""
    finding = Finding(
        "CHR0810",
        f"Harness cannot be reached at `{endpoint}`: {cause}",
        help="check `harness.endpoint`, the network and HTTPS_PROXY; `harness: {publish: false}` leaves Harness alone",
    )
    return HarnessError(finding, Refusal.UNREACHABLE, transient=transient)


def of_status(status: int, endpoint: str, asked: str, words: str, *, wait: float | None, waiting: str) -> HarnessError:
    """An answer that is no answer to what was asked."""
    notes = [("asked", asked), ("answer", " ".join(part for part in (str(status), words) if part))]
    match status:
        case 401:
            code, refusal = "CHR0811", Refusal.DENIED
            message = f"`{endpoint}` does not accept the API key"
            advice = (
                "write a valid key: `pulumi config set --secret chaosreg-credentials:NAME`, with the NAME in "
                "`harness.login`; it must belong to the account `harness.account_id`"
            )
        case 403:
            code, refusal = "CHR0812", Refusal.DENIED
            message = f"the API key may not do this at `{endpoint}`"
            advice = "give its user or service account Create/Edit on chaos engineering's image registries there"
        case 404:
            code, refusal = "CHR0813", Refusal.OTHER
            message = f"`{endpoint}` has no chaos manager"
            advice = (
                "write `harness.endpoint` as `https://<host>/gateway`; for the clusters of app.harness.io it is "
                "`https://app.harness.io/gateway`"
            )
        case 429:
            code, refusal = "CHR0814", Refusal.OTHER
            message = f"`{endpoint}` refuses more requests for now"
            notes += [("wait", waiting)] if waiting else []
            advice = "run it again later, or publish fewer levels"
        case _:
            code, refusal = "CHR0815", Refusal.OTHER
            message = f"`{endpoint}` answered with an invalid response"
            advice = "run it again, which resumes; if it persists, ask Harness's support"
    transient = status in (408, 425, 429, 500, 502, 503, 504)
    return HarnessError(
        Finding(code, message, notes=tuple(notes), help=advice), refusal, transient=transient, wait=wait
    )


def of_graphql(message: str, asked: str, where: str) -> HarnessError:
    """An error in Harness's own words; what they mean is known for some."""
    low = message.lower()
    notes = (("asked", asked), ("answer", message))
    if "duplicate key" in low:
        return HarnessError(Finding("CHR0816", f"{where} has a record already", notes=notes), Refusal.CONFLICT)
    if "higher scope is blocking" in low or "enable override" in low:
        return blocked(where, low.rpartition("enable override from ")[2].strip(" .") or "a level above", notes)
    if "not found" in low or "no documents" in low:
        finding = Finding(
            "CHR0816", f"Harness knows no {where}", notes=notes, help="correct `harness_id` and `environment`"
        )
        return HarnessError(finding, Refusal.MISSING)
    if "unauthorized" in low or "access" in low or "permission" in low:
        advice = "give its user or service account Create/Edit on chaos engineering's image registries there"
        return HarnessError(
            Finding("CHR0812", f"the API key may not do this for {where}", notes=notes, help=advice), Refusal.DENIED
        )
    return HarnessError(
        Finding("CHR0816", f"Harness refuses this for {where}", notes=notes, help="see Harness's own words"),
        Refusal.OTHER,
    )


def blocked(where: str, by: str, notes: tuple[tuple[str, str], ...] = ()) -> HarnessError:
    """Harness's own lock."""
    return HarnessError(
        Finding(
            "CHR0817",
            f"Harness does not let {where} set a registry: its level `{by}` allows no overrides",
            notes=notes,
            help=f"publish that level with `allow_overrides: true` first (`harness: {{publish: true}}`; `up` of its "
            f"stack comes before this one's), or switch on Allow Overrides of the {by} in Harness",
        ),
        Refusal.BLOCKED,
    )


def written_by_others(where: str, writer: str, changes: str) -> Finding:
    """CHR0821: an infrastructure's record that is not what was written here; what is done about it is the caller's."""
    return Finding(
        "CHR0821",
        f"something else has set the registry of {where} in Harness",
        notes=((("written by", writer),) if writer else ()) + (("`up` makes it", changes),),
        help="where `InfrastructureV2` of pulumi-harness or Terraform sets it (`image_registries`, `image_registry`), "
        "remove it there, or write `harness: {publish: false}` here: each would undo the other",
        severity="warning",
    )
