"""The pull Secret that an infrastructure's registry asks for: which one, made by whom, with which credential."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.model import Decided, Scope, nearest
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedSecret, object_name

HasValue = Callable[[Scope, str], bool]
"""(scope, name) → whether a stack file of the scope's chain holds `chaosreg-credentials:<name>`."""


def pull_secret(
    resolved: ResolvedConfig, has_value: HasValue | None, findings: list[Finding]
) -> Decided[ResolvedSecret] | None:
    """None for a public registry; what is wrong goes to `findings` (CHR0502 to CHR0505)."""
    infrastructure = resolved.infrastructure
    authentication = bound_to_server(infrastructure, resolved.server, "authentication")
    if resolved.type.value != "private":
        return None
    if authentication is None:
        findings.append(
            Finding(
                "CHR0502",
                f"{infrastructure.title} pulls from the private `{resolved.server.value}` without authentication",
                resolved.type.origin.place,
                help="add `authentication:` beside `server`, for example "
                "`{username: chaos-user, password_secret: harbor-credentials}`",
            )
        )
        return None
    said: Mapping[str, str] = authentication.value
    kind = said.get("type") or ("basic" if "username" in said else "kubernetes_secret")
    if kind not in ("kubernetes_secret", "basic"):
        findings.append(
            Finding(
                "CHR0503",
                f"this version cannot deliver the authentication type `{kind}` yet",
                authentication.origin.place,
                help="use `basic` (username and password_secret) or `kubernetes_secret` (an existing Secret's name)",
            )
        )
        return None
    secret_name = nearest(infrastructure, ("pull_secret", "name"))
    create = nearest(infrastructure, ("pull_secret", "create"))
    name = secret_name.value if secret_name else said.get("secret_name") or object_name(infrastructure)
    credential = said.get("password_secret") or said.get("secret_name") or name
    known = bool(credential) and (has_value is None or has_value(infrastructure, str(credential)))
    theirs = kind == "kubernetes_secret" and not known
    if said.get("namespace", resolved.namespace) != resolved.namespace:
        findings.append(
            Finding(
                "CHR0504",
                f"the pull Secret would be in namespace `{said['namespace']}`, and the Pods of {infrastructure.title} "
                f"run in `{resolved.namespace}`",
                authentication.origin.place,
                help="a Pod can use Secrets of its own namespace only: remove `authentication.namespace`, or set the "
                "infrastructure's `namespace` to it",
            )
        )
    problems = _incomplete(kind, said, named=secret_name is not None)
    findings += [Finding("CHR0505", problem, authentication.origin.place, help="add it") for problem in problems]
    return Decided(
        ResolvedSecret(
            name=name,
            create=not theirs if create is None else bool(create.value),
            credential=credential,
            username=said.get("username"),
            password_env=said.get("password_env"),
        ),
        authentication.origin,
    )


def _incomplete(kind: str, said: Mapping[str, str], *, named: bool) -> Iterator[str]:
    if kind == "kubernetes_secret" and "secret_name" not in said and not named:
        yield "authentication by a Kubernetes Secret has no `secret_name`"
    if kind == "basic" and "username" not in said:
        yield "basic authentication has no `username`"
    if kind == "basic" and not {"password_secret", "password_env", "secret_name"} & said.keys():
        yield "basic authentication has no password: neither `password_secret` nor `password_env`"


def bound_to_server(scope: Scope, server: Decided[str], key: str) -> Decided[Any] | None:
    """A field that belongs to its server: what was said above the level that sets the server does not count."""
    found = nearest(scope, ("image_registry", key))
    owner = server.origin.scope
    if found and owner and found.origin.scope and not found.origin.scope.within(owner):
        return None
    return found
