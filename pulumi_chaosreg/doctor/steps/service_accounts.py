"""Whether the ServiceAccounts that the settings list name the pull Secrets: their Pods get them from there.

A Pod takes them when it is made; one that is older than the entry must be made anew.
"""

from pulumi_chaosreg.doctor.case import Case, hindrance
from pulumi_chaosreg.doctor.step import Failed, Passed, Result, Unseen
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.kubernetes.client import KubernetesError
from pulumi_chaosreg.kubernetes.workloads import objects_in

NAME = "accounts"
NEEDS = ("configuration",)


def look(case: Case) -> Result:
    """Read each of them."""
    config = case.around.config
    names, secrets = config.service_accounts.value, config.secret_names
    if not secrets:
        return Passed("no ServiceAccount needs a Secret")
    if not names:
        return Passed("none is listed in `service_accounts`: Pods need `imagePullSecrets` of their own")
    findings, absent = [], []
    for name in names:
        try:
            account = case.around.ask(f"serviceaccounts/{name}")
        except KubernetesError as error:
            if not error.is_missing:
                needed = f"`get` on ServiceAccounts of `{case.around.namespace}`"
                return Unseen("they could not be read", hindrance(error, needed))
            absent.append(name)
            continue
        named = {one.get("name") for one in objects_in(account, "imagePullSecrets")}
        findings += [_lacks(case, name, secret) for secret in secrets if secret not in named]
    if findings:
        return Failed(tuple(findings))
    there = f"{len(names) - len(absent)} of {len(names)} name their Secrets"
    return Passed(f"{there}; not there: {', '.join(absent)}" if absent else there)


def _lacks(case: Case, name: str, secret: str) -> Finding:
    around = case.around
    return Finding(
        "CHR0908",
        f"ServiceAccount `{around.namespace}/{name}` does not name the pull Secret `{secret}`",
        help=f"`pulumi up` of the stack `{around.config.infrastructure.stack}` adds it; then recreate its Pods",
    )
