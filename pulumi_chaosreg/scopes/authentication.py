"""How infrastructures prove to their registry who they are: what is said, made whole, and checked against its kind."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.registries.kinds import KEY_FILE_TYPE, resembled_kind, to_say, unsaid_kinds
from pulumi_chaosreg.scopes.made_by_owner import MADE, incomplete, unmade
from pulumi_chaosreg.scopes.model import Decided, Scope, nearest
from pulumi_chaosreg.scopes.registry import Registry, setting
from pulumi_chaosreg.settings.table import IMAGE_REGISTRY, PULL_SECRET


def authentication_for(scope: Scope, registry: Registry) -> tuple[Decided[Mapping[str, Any]] | None, list[Finding]]:
    """How infrastructures below this scope prove who they are, its `type` always written out; None where the registry
    is public, or where it is wrong (CHR0502, CHR0505, CHR0510, CHR0544, CHR0545).
    """
    if registry.type.value != "private" or scope.is_unclear(IMAGE_REGISTRY.authentication):
        return None, []
    if registry.is_unclear(IMAGE_REGISTRY.authentication):
        return None, []
    found = registry.authentication
    if found is None:
        return None, [replace(_no_authentication(registry), follows=_is_kind_unclear(scope, registry))]
    said = found.value
    type_ = said.get("type") or _usual_type(scope, said)
    place = found.origin.place
    if mismatch := _mismatch(type_, said, registry, place):
        # it may fit the server or the kind that is meant
        server = IMAGE_REGISTRY.server
        unclear = _is_kind_unclear(scope, registry) or scope.is_unclear(server) or registry.is_unclear(server)
        return None, [replace(mismatch, follows=unclear)]
    whole = {**_known_user(type_, said, registry), **said, "type": type_}
    findings = [
        Finding("CHR0505", problem, place, help=advice, follows=_is_kind_unclear(scope, registry))
        for problem, advice in _incomplete(whole, registry, found)
    ]
    if not findings and (unknown := _unknown_user(whole, registry, place)):
        return None, [unknown]
    authentication = Decided(whole, found.origin)
    if type_ == MADE:
        findings += unmade(registry, authentication)
        return None if findings else authentication, findings
    return authentication, findings


def _is_kind_unclear(scope: Scope, registry: Registry) -> bool:
    """Whether something wrong is told of its kind, or of a host that was meant for one of some kind: what logins that
    one takes is not known then.
    """
    if scope.is_unclear(IMAGE_REGISTRY.kind) or registry.is_unclear(IMAGE_REGISTRY.kind):
        return not registry.kind.hosts
    return registry.said_kind is None and resembled_kind(registry.server.value) is not None


def _known_user(type_: str, said: Mapping[str, Any], registry: Registry) -> Mapping[str, str]:
    """Who one is where nobody says: with a key file or a token that decides alone."""
    if "key_file" in said:
        return {"username": registry.kind.key_user}
    user = registry.kind.token_user if type_ == "token" else ""
    return {"username": user} if user else {}


def _usual_type(scope: Scope, said: Mapping[str, Any]) -> str:
    """What is meant where nobody says a type. A password that goes into no Secret of a name lacks its user."""
    if "key_file" in said:
        return KEY_FILE_TYPE
    is_of_secret = "secret_name" in said or nearest(scope, PULL_SECRET.name) is not None
    is_password = not {"password_secret", "password_env"}.isdisjoint(said) and not is_of_secret
    return "basic" if "username" in said or is_password else "kubernetes_secret"


def _no_authentication(registry: Registry) -> Finding:
    return Finding(
        "CHR0502",
        f"the private registry `{registry.server.value}` has no `authentication`",
        registry.type_place,
        help=registry.kind.advice(),
    )


def _mismatch(type_: str, said: Mapping[str, Any], registry: Registry, place: Place) -> Finding | None:
    """Where the registry does not accept this authentication (CHR0510)."""
    server, kind = registry.server.value, registry.kind
    if type_ not in ("kubernetes_secret", *kind.authentication):
        accepted = ", ".join(f"`{name}`" for name in (*kind.authentication, "kubernetes_secret"))
        message = f"`{server}` ({kind.name}) does not accept authentication type `{type_}`"
        is_unsaid = not kind.hosts and registry.said_kind is None
        others = [one for one in unsaid_kinds(server) if is_unsaid and type_ in one.authentication]
        advice = f"{to_say(others)}; otherwise {kind.advice()}" if others else kind.advice()
        return Finding("CHR0510", message, place, notes=(("accepted", accepted),), help=advice)
    region = kind.region(server)
    if region and said.get("region", region) != region:
        message = f"`{server}` is in region `{region}`, but `authentication.region` is `{said['region']}`"
        return Finding("CHR0510", message, place, help=f"write `region: {region}`, or correct the server")
    return None


def _unknown_user(said: Mapping[str, Any], registry: Registry, place: Place) -> Finding | None:
    """Where the registry has certain users only, and none of this name (CHR0510)."""
    kind, user = registry.kind, said.get("username")
    if said["type"] != "basic" or not kind.users or user in kind.users:
        return None
    users = ", ".join(f"`{one}`" for one in kind.users)
    message = f"`{registry.server.value}` ({kind.name}) knows no user `{user}`"
    return Finding("CHR0510", message, place, notes=(("users", users),), help=kind.advice())


def _incomplete(
    said: Mapping[str, Any], registry: Registry, written: Decided[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """(problem, advice)."""
    type_, kind, server = said["type"], registry.kind, registry.server.value
    yield from incomplete(type_, said)
    if "key_file" in said and type_ != KEY_FILE_TYPE:
        yield f"`key_file` belongs to `type: {KEY_FILE_TYPE}`, but the type is `{type_}`", "remove one of the two"
    if type_ not in ("basic", "token"):
        return
    if "username" not in said and type_ == "basic":
        without = ", or `type: token`, which needs none there" if kind.token_user else ""
        yield "basic authentication has no `username`", f"add `username: <user>`{without}"
    elif "username" not in said:
        usual = kind.usual_user(server, registry.account.value)
        yield (
            f"a token of `{server}` belongs to a user, and there is no `username`",
            f"add `username: <user>`, such as `{usual}`: whoever the token was made for",
        )
    if not {"password_secret", "password_env", "secret_name"} & said.keys():
        what = "a token has no value" if type_ == "token" else "basic authentication has no password"
        yield (
            f"{what}: neither `password_secret` nor `password_env`",
            f"set it with `{setting(written.origin.scope, 'NAME')}`, and add `password_secret: NAME`",
        )
