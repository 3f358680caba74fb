"""The pull Secret that an infrastructure's registry asks for: which one, made by whom, with which credential."""

from collections.abc import Callable, Iterator, Mapping

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.registries.kinds import registry_kind
from pulumi_chaosreg.scopes.model import Decided, Scope, nearest
from pulumi_chaosreg.scopes.registry import Registry, bound_to_server
from pulumi_chaosreg.scopes.resolved import ResolvedSecret, object_name

HasValue = Callable[[Scope, str], bool]
"""(scope, name) → whether a stack file of the scope's chain holds `chaosreg-credentials:<name>`."""


def authentication_for(scope: Scope, registry: Registry, findings: list[Finding]) -> Decided[Mapping[str, str]] | None:
    """How infrastructures below this scope prove who they are, its `type` always written out; None where nothing can
    or need be delivered. What is wrong goes to `findings` (CHR0502, CHR0503, CHR0505, CHR0510).
    """
    if registry.type.value != "private" or scope.is_unclear("image_registry", "authentication"):
        return None
    found = bound_to_server(scope, registry.server, "authentication")
    if found is None:
        findings.append(
            Finding(
                "CHR0502",
                f"the private registry `{registry.server.value}` has no `authentication`",
                registry.type.origin.place,
                help="add `authentication:` beside `server`, for example "
                "`{username: chaos-user, password_secret: harbor-credentials}`",
            )
        )
        return None
    said: Mapping[str, str] = found.value
    type_ = said.get("type") or ("basic" if "username" in said else "kubernetes_secret")
    place = found.origin.place
    mismatch = _mismatch(type_, said, registry)
    if mismatch:
        message, advice = mismatch
        findings.append(Finding("CHR0510", message, place, help=advice))
        return None
    if type_ not in ("kubernetes_secret", "basic"):
        findings.append(
            Finding(
                "CHR0503",
                f"this version cannot deliver the authentication type `{type_}` yet",
                place,
                help="use `basic` (username and password_secret) or `kubernetes_secret` (an existing Secret's name)",
            )
        )
        return None
    findings += [Finding("CHR0505", problem, place, help="add it") for problem in _incomplete(type_, said)]
    return Decided({**said, "type": type_}, found.origin)


def pull_secret(
    infrastructure: Scope,
    namespace: Decided[str],
    authentication: Decided[Mapping[str, str]] | None,
    has_value: HasValue | None,
    findings: list[Finding],
) -> Decided[ResolvedSecret] | None:
    """The Secret; None where there is no authentication to deliver. CHR0504 and CHR0505 go to `findings`."""
    if authentication is None:
        return None
    said = authentication.value
    secret_name = nearest(infrastructure, ("pull_secret", "name"))
    create = nearest(infrastructure, ("pull_secret", "create"))
    name = secret_name.value if secret_name else said.get("secret_name") or object_name(infrastructure)
    credential = said.get("password_secret") or said.get("secret_name") or name
    known = has_value is None or has_value(infrastructure, credential)
    theirs = said["type"] == "kubernetes_secret" and not known
    if said["type"] == "kubernetes_secret" and "secret_name" not in said and not secret_name:
        problem = "authentication by a Kubernetes Secret has no `secret_name`"
        findings.append(Finding("CHR0505", problem, authentication.origin.place, help="add it"))
    if said.get("namespace", namespace.value) != namespace.value and not infrastructure.is_unclear("namespace"):
        findings.append(
            Finding(
                "CHR0504",
                f"the pull Secret would be in namespace `{said['namespace']}`, and the Pods of {infrastructure.title} "
                f"run in `{namespace.value}`",
                authentication.origin.place,
                help="a Pod can use Secrets of its own namespace only: remove `authentication.namespace`, or set the "
                "infrastructure's `namespace` to it",
            )
        )
    return Decided(
        ResolvedSecret(
            name=name,
            name_origin=secret_name.origin if secret_name else authentication.origin,
            create=not theirs if create is None else bool(create.value),
            create_origin=create.origin if create else authentication.origin,
            credential=credential,
            username=said.get("username"),
            password_env=said.get("password_env"),
        ),
        authentication.origin,
    )


def _mismatch(type_: str, said: Mapping[str, str], registry: Registry) -> tuple[str, str] | None:
    """(message, help) where the registry does not accept this type of authentication (CHR0510)."""
    server = registry.server.value
    kind = registry_kind(server, registry.kind)
    if type_ != "kubernetes_secret" and type_ not in kind.authentication:
        accepted = ", ".join(f"`{name}`" for name in (*kind.authentication, "kubernetes_secret"))
        return (
            f"`{server}` ({kind.name}) does not accept the authentication type `{type_}`",
            f"types that it accepts: {accepted}",
        )
    region = kind.region(server)
    if region and said.get("region", region) != region:
        return (
            f"`{server}` is in region `{region}`, and `authentication.region` says `{said['region']}`",
            f"write `region: {region}`, or correct the server",
        )
    return None


def _incomplete(kind: str, said: Mapping[str, str]) -> Iterator[str]:
    if kind == "basic" and "username" not in said:
        yield "basic authentication has no `username`"
    if kind == "basic" and not {"password_secret", "password_env", "secret_name"} & said.keys():
        yield "basic authentication has no password: neither `password_secret` nor `password_env`"
