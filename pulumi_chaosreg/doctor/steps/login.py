"""Whether the registry accepts the login: one token for all images, where it works with tokens."""

from dataclasses import replace

from pulumi_chaosreg.doctor.case import Access, Case
from pulumi_chaosreg.doctor.step import Failed, Passed, Result, Unseen
from pulumi_chaosreg.errors import Cause, Finding
from pulumi_chaosreg.oci import Registry, RegistryError
from pulumi_chaosreg.scopes.resolved import ResolvedImage

NAME = "login"
NEEDS = ("/v2/", "pull Secret")


def look(case: Case) -> Result:
    """Try each login that images are asked for with; the first that is refused is told."""
    if not case.asks_login:
        return Passed("no login is needed")
    facts = []
    for client, access, images in case.clients():
        try:
            _log_in(client, images)
        except RegistryError as refusal:
            if not refusal.is_denied:
                return Failed(tuple(refusal.findings))
            if access.stands_in:
                return Unseen("this machine has no access; the cluster may have", tuple(refusal.findings))
            if access.source:
                return Failed(_with_advice(case, refusal, images))
            facts.append("`/v2/` is closed without a login; the image step shows which are open")
        else:
            facts.append(f"{_who(access)} let in")
    return Passed("; ".join(dict.fromkeys(facts)))


def _log_in(client: Registry, images: list[ResolvedImage]) -> None:
    """RegistryError where the login is refused; not where a token for all these images is, of which one may be
    forbidden: when each is asked for alone, that will show.
    """
    try:
        client.log_in(sorted({image.reference.repository for image in images}))
    except RegistryError as refusal:
        if refusal.cause is not Cause.FORBIDDEN:
            raise
        try:
            client.log_in([])
        except RegistryError as alone:
            if alone.is_denied:
                raise


def _with_advice(case: Case, refusal: RegistryError, images: list[ResolvedImage]) -> tuple[Finding, ...]:
    """Where the password comes from that was wrong: not from this machine."""
    delivery = case.delivery_of(images[0])
    if delivery is None or delivery.secret_name is None or delivery.refresher:
        return tuple(refusal.findings)
    stack = case.around.config.infrastructure.stack
    if delivery.made:
        advice = f"run `pulumi up` in stack `{delivery.made.owner.stack}`, which makes it, then in `{stack}`"
    elif delivery.makes_secret:
        advice = f"put the right one into `chaosreg-credentials:{delivery.credential}`, and run `up` of stack `{stack}`"
    else:
        where = f"`{case.around.namespace}/{delivery.secret_name.value}`"
        advice = f"ask the owner of Secret {where} to put the right login into it"
    return tuple(replace(finding, help=advice) for finding in refusal.findings)


def _who(access: Access) -> str:
    login = access.source.current() if access.source else None
    if not login:
        return "everybody is"
    return f"this machine's {login.title} is" if access.stands_in else f"{login.title} is"
