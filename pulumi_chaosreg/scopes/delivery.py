"""How the pull credential of an infrastructure reaches its kubelet: one value, decided by plain settings only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.scopes.made_by_owner import MADE, OF_MADE, MadeByOwner, made_by_owner
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope, nearest
from pulumi_chaosreg.scopes.moves import object_name
from pulumi_chaosreg.scopes.refresher import Refresher, refresher
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.settings.refresher_identities import identity_form
from pulumi_chaosreg.settings.table import CLUSTER, PULL_SECRET, SECTION

HasValue = Callable[[Scope, str], bool]
"""(scope, name) → whether a stack file of the scope's chain holds `chaosreg-credentials:<name>`."""


class How(StrEnum):
    """The ways, as `pull_secret.delivery` names them."""

    THEIRS = "theirs"  # a Secret that somebody else made is referenced and checked
    SECRET = "secret"  # noqa: S105  a Secret of ours, with a credential that lasts
    REFRESHER = "refresher"  # a Secret of ours, whose short-lived token a Job in the cluster renews
    EXTERNAL_SECRETS = "external_secrets"  # a Secret that the External Secrets Operator makes
    NODE_IDENTITY = "node_identity"  # the registry trusts the node itself: there is no Secret

    @property
    def makes_secret(self) -> bool:
        """Whether we make the Secret."""
        return self in (How.SECRET, How.REFRESHER, How.EXTERNAL_SECRETS)

    @property
    def has_secret(self) -> bool:
        """Whether Pods name a Secret."""
        return self is not How.NODE_IDENTITY


IN_THIS_VERSION = (How.THEIRS, How.SECRET, How.REFRESHER, How.NODE_IDENTITY)
"""Those that `kubernetes/deliveries` has a module for; the others are told (CHR0503)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One infrastructure's."""

    how: Decided[How]
    authentication: Decided[Mapping[str, Any]]
    """Its `type` always written out."""
    secret_name: Decided[str] | None = None
    """None where there is no Secret."""
    credential: str = ""
    """NAME in `chaosreg-credentials:NAME`: of what is in the Secret, or of the keys by which a Job renews it."""
    refresher: Refresher | None = None
    """Who renews the Secret, where somebody must."""
    made: MadeByOwner | None = None
    """The credential that the registry's owner makes, where it does."""

    @property
    def makes_secret(self) -> bool:
        """Whether we make the Secret."""
        return self.how.value.makes_secret

    @property
    def needs_value(self) -> bool:
        """Whether the credential's value is needed when the program runs."""
        return self.how.value is How.SECRET or bool(self.refresher and self.refresher.keys)

    @property
    def named_by(self) -> Origin:
        """What gives `credential` its NAME."""
        return self.refresher.identity.origin if self.refresher else self.authentication.origin

    @property
    def username(self) -> str | None:
        """The user that the settings say, for a credential that is a password alone."""
        said: str | None = self.authentication.value.get("username")
        return said

    @property
    def key_file(self) -> str:
        """The file whose text is the password where no value is configured; empty where there is none."""
        said: str = "" if self.refresher else self.authentication.value.get("key_file", "")
        return said

    @property
    def key_file_place(self) -> Place:
        """Where the file is named."""
        origin = self.authentication.origin
        return origin.scope.at(*origin.path, "key_file") if origin.scope else origin.place

    @property
    def password_env(self) -> str | None:
        """The environment variable that holds the password where no value is configured."""
        said: str | None = None if self.refresher else self.authentication.value.get("password_env")
        return said


def delivery(
    infrastructure: Scope,
    registry: Registry,
    namespace: Decided[str],
    authentication: Decided[Mapping[str, Any]] | None,
    has_value: HasValue | None,
) -> tuple[Delivery | None, list[Finding]]:
    """How its credential is delivered; None where there is nothing to deliver, or nobody knows how (CHR0503, CHR0504,
    CHR0505, CHR0517, CHR0527 to CHR0530, CHR0533 to CHR0537).
    """
    if authentication is None:
        return None, []
    said, place = authentication.value, authentication.origin.place
    named = nearest(infrastructure, PULL_SECRET.name)
    name = named.value if named else said.get("secret_name") or object_name(infrastructure)
    made = made_by_owner(registry, said)
    credential, is_theirs = named_credential(infrastructure, said, name, has_value, made)
    how, findings = _how(infrastructure, registry, authentication, is_theirs=is_theirs)
    if how is None:
        return None, findings
    if how.value is How.NODE_IDENTITY:
        return Delivery(how, authentication), findings
    is_bare = "secret_name" not in said and not named and said.keys().isdisjoint(OF_MADE)  # those are told
    if said["type"] == "kubernetes_secret" and is_bare:
        problem = "authentication by a Kubernetes Secret has no `secret_name`"
        findings.append(Finding("CHR0505", problem, place, help="add `secret_name: <name>`"))
    if said.get("namespace", namespace.value) != namespace.value and not infrastructure.is_unclear(SECTION.namespace):
        findings.append(_elsewhere(authentication, namespace))
    secret_name = Decided(name, named.origin if named else authentication.origin)
    if how.value is not How.REFRESHER:
        is_ours = how.value is How.SECRET
        return Delivery(how, authentication, secret_name, credential, made=made if is_ours else None), findings
    is_said = how.origin.path == PULL_SECRET.delivery.path
    why = how.origin.place if is_said else _nearest_reason(infrastructure, registry, authentication)
    renews, problems = refresher(infrastructure, registry, why)
    if renews is None:
        return None, [*findings, *problems]
    return Delivery(how, authentication, secret_name, renews.keys, renews), [*findings, *problems]


def named_credential(
    infrastructure: Scope,
    said: Mapping[str, Any],
    secret_name: str,
    has_value: HasValue | None,
    made: MadeByOwner | None,
) -> tuple[str, bool]:
    """(NAME of the credential that an `authentication` means, whether the Secret is somebody else's): it is where only
    a Secret is named and no stack file has a value of that NAME.
    """
    if made:
        return made.name(infrastructure.stack), False
    credential: str = said.get("password_secret") or said.get("secret_name") or secret_name
    is_valueless = has_value is not None and not has_value(infrastructure, credential)
    return credential, said["type"] == "kubernetes_secret" and is_valueless


def _how(
    infrastructure: Scope, registry: Registry, authentication: Decided[Mapping[str, Any]], *, is_theirs: bool
) -> tuple[Decided[How] | None, list[Finding]]:
    """What is said, or what follows from authentication, credential and cluster."""
    type_ = authentication.value["type"]
    chosen, create = nearest(infrastructure, PULL_SECRET.delivery), nearest(infrastructure, PULL_SECRET.create)
    default = usual(infrastructure, registry, authentication, is_theirs=is_theirs)
    of_create = Decided(How.SECRET if create.value else How.THEIRS, create.origin) if create else None
    said = [one for one in (Decided(How(chosen.value), chosen.origin) if chosen else None, of_create) if one]
    how = max(said, key=_nearness, default=default)  # of one level, `delivery` comes first
    if not chosen and not (create and create.value) and not default.value.has_secret:
        how = default  # there is no Secret that `create: false` could leave to others
    if problem := _contradiction(how, type_, chosen, create):
        message, advice = problem
        return None, [Finding("CHR0517", message, how.origin.place, help=advice)]
    finding = deliverable(infrastructure, how, registry, authentication, default)
    return (None, [finding]) if finding else (how, [])


def deliverable(
    infrastructure: Scope,
    how: Decided[How],
    registry: Registry,
    authentication: Decided[Mapping[str, Any]],
    default: Decided[How] | None = None,
) -> Finding | None:
    """Why a credential cannot arrive in this way; None where it can. `default` is how it would where nobody says."""
    ends = _ends(authentication, registry)
    if finding := _unfit(infrastructure, how, registry, authentication, ends=ends):
        return finding
    if how.value in _possible(authentication, registry):
        return None
    return _not_yet(infrastructure, how, default or how, registry, authentication)


def _ends(authentication: Decided[Mapping[str, Any]], registry: Registry) -> bool:
    """Whether its password is a token of a cloud, which ends after some hours."""
    said = authentication.value
    return said["type"] == registry.kind.cloud_authentication and not said.get("key_file")


def _possible(authentication: Decided[Mapping[str, Any]], registry: Registry) -> list[How]:
    """The ways that this version has for such a credential."""
    said = authentication.value
    lasts = said["type"] in ("kubernetes_secret", "basic", "token", "node_identity", MADE) or "key_file" in said
    renewable = _ends(authentication, registry) and bool(registry.kind.refresher)
    left_out = {*([] if lasts else [How.SECRET]), *([] if renewable else [How.REFRESHER])}
    return [way for way in IN_THIS_VERSION if way not in left_out]


def _unfit(
    infrastructure: Scope,
    how: Decided[How],
    registry: Registry,
    authentication: Decided[Mapping[str, Any]],
    *,
    ends: bool,
) -> Finding | None:
    """What no version could deliver so."""
    type_, kind = authentication.value["type"], registry.kind
    if how.value is How.REFRESHER and not ends:
        return Finding(
            "CHR0528",
            f"a refresher renews tokens that expire by the hour, but `{type_}` credentials last",
            how.origin.place,
            help="write `delivery: secret`, or remove `delivery`",
        )
    if how.value is How.SECRET and ends and kind.refresher:
        hours = _after(kind.token_seconds)
        nodes = " or ".join(kind.node_identity_on)
        return Finding(
            "CHR0527",
            f"the password of `{type_}` expires{hours}: its Secret would differ in every preview",
            how.origin.place,
            help=f"write `delivery: node_identity` if the nodes have their own identity (on {nodes}), or `delivery: "
            "refresher`: a Job in the cluster that renews the Secret",
            follows=infrastructure.is_unclear(CLUSTER.provider),
        )
    return None


def _after(seconds: int | None) -> str:
    hours = (seconds or 0) // 3600
    return f" after {hours} hour{'' if hours == 1 else 's'}" if hours else ""


def usual(
    infrastructure: Scope, registry: Registry, authentication: Decided[Mapping[str, Any]], *, is_theirs: bool
) -> Decided[How]:
    """How it is delivered where nobody says: by who one is there, and by what runs the nodes. `is_theirs`: whether the
    Secret is somebody else's.
    """
    type_, origin = authentication.value["type"], authentication.origin
    if type_ == "node_identity":
        return Decided(How.NODE_IDENTITY, origin)
    if is_theirs:
        return Decided(How.THEIRS, origin)
    if type_ in ("kubernetes_secret", "basic", "token", MADE) or authentication.value.get("key_file"):
        return Decided(How.SECRET, origin)
    provider = nearest(infrastructure, CLUSTER.provider)
    if provider and provider.value in registry.kind.node_identity_on:
        asked = _wants_a_refresher(infrastructure)
        return Decided(How.REFRESHER, asked) if asked else Decided(How.NODE_IDENTITY, provider.origin)
    return Decided(How.REFRESHER, origin)


def _wants_a_refresher(infrastructure: Scope) -> Origin | None:
    """Who says it although the nodes would have an identity: an infrastructure that names the refresher's itself, or
    whoever chooses one that only such a cluster can give. An identity from above is for clusters elsewhere.
    """
    said = nearest(infrastructure, PULL_SECRET.identity)
    if said and (said.origin.scope is infrastructure or identity_form(said.value).cluster):
        return said.origin
    return None


def _nearness(said: Decided[Any]) -> int:
    return said.origin.scope.level.rank if said.origin.scope else -1


def _contradiction(
    how: Decided[How], type_: str, chosen: Decided[str] | None, create: Decided[bool] | None
) -> tuple[str, str] | None:
    """(message, help) where the settings say two things. Of two levels the nearest one counts."""
    if type_ == "node_identity" and how.value.has_secret:
        setting = ".".join(how.origin.path)
        return (
            f"`{setting}` asks for `{how.value}`, but `authentication: {{type: node_identity}}` needs no credential",
            f"remove `{setting}`, or give the type of the credential",
        )
    is_one_level = chosen and create and chosen.origin.scope is create.origin.scope
    if create and is_one_level and create.value != how.value.makes_secret:
        word = "true" if create.value else "false"
        return (
            f"`pull_secret.delivery: {how.value}` and `pull_secret.create: {word}` contradict each other",
            "remove `create`: `delivery` decides it",
        )
    return None


def _not_yet(
    infrastructure: Scope,
    how: Decided[How],
    default: Decided[How],
    registry: Registry,
    authentication: Decided[Mapping[str, Any]],
) -> Finding:
    is_said = how.origin.path == PULL_SECRET.delivery.path
    possible = _possible(authentication, registry)
    without = "; or remove `delivery`" if default.value in possible else ""
    has_file = bool(authentication.value.get("key_file"))
    what = "`authentication.key_file`" if has_file else f"authentication type `{authentication.value['type']}`"
    return Finding(
        "CHR0503",
        f"this version cannot deliver {what} by `{how.value}` yet",
        how.origin.place if is_said else _nearest_reason(infrastructure, registry, authentication),
        help=f"write a delivery that it has for this type: {', '.join(possible)}{without}"
        if is_said
        else registry.kind.advice(),
        follows=not is_said and infrastructure.is_unclear(CLUSTER.provider),
    )


def _nearest_reason(infrastructure: Scope, registry: Registry, authentication: Decided[Mapping[str, Any]]) -> Place:
    """Where an infrastructure parts from others: its login, or, where other nodes would have the identity, what runs
    its nodes or which registry it chose.
    """
    if not _ends(authentication, registry):
        return authentication.origin.place
    provider = nearest(infrastructure, CLUSTER.provider)
    said = [authentication, *([provider] if provider else []), registry.server]
    return max(said, key=_nearness).origin.place


def _elsewhere(authentication: Decided[Mapping[str, Any]], namespace: Decided[str]) -> Finding:
    return Finding(
        "CHR0504",
        f"the pull Secret would be in namespace `{authentication.value['namespace']}`, but Pods run in "
        f"`{namespace.value}`",
        authentication.origin.place,
        help="a Pod can use Secrets of its own namespace only: remove `authentication.namespace`, or set the "
        "infrastructure's `namespace` to it",
    )
