"""What a company makes, as facts of one subject each: an infrastructure, a registry with its mirror, a level's locks.

Two companies are compared by these, with `==`: whatever a reviewer should hear of is a fact, and a fact that is missing
here is a change that nobody is told.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from pulumi_chaosreg.images.signing_policy import SigningPolicy
from pulumi_chaosreg.scopes.demand import FurtherImages
from pulumi_chaosreg.scopes.mirror_policy import MirrorPolicy, off, repositories_said
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope, nearest
from pulumi_chaosreg.scopes.publication import Publication
from pulumi_chaosreg.scopes.registry import joined
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, shown
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import (
    ALLOW_OVERRIDES,
    IMAGE_REGISTRY,
    LOCKABLE,
    MIRROR,
    REPOSITORIES,
    SECTION,
    leaves,
)

CREDENTIAL = "pull_secret.credential"
HOLDER = "pull_secret.credential_stack"
"""The stack whose file holds the credential."""
UNVERIFIED = "unverified"
"""Images whose signatures nobody looks at, where they are required."""

_OF_REGISTRY = ("mirror", "registry")


@dataclass(frozen=True, slots=True)
class Fact:
    """A value, and who decided it. Equal where the values are."""

    value: str
    origin: Origin = field(default_factory=Origin, compare=False)
    is_checked_only: bool = field(default=False, compare=False)
    """Whether nothing is made of it."""


Facts = Mapping[str, Fact]


def of_infrastructure(resolved: ResolvedConfig, holder: str | None) -> dict[str, Fact]:
    """The ConfigMap's data, and every field that decides how it gets there; `holder` is the stack whose file holds the
    pull credential. How the registry's owner fills it is a fact of the registry.
    """
    facts = {
        one.name: Fact(one.value, one.origin, one.is_of_owner)
        for one in resolved.fields()
        if one.name.partition(".")[0] not in _OF_REGISTRY
    }
    facts |= {f"origin.{one.name}": Fact(str(one.origin), one.origin) for one in resolved.published()}
    if resolved.delivery and resolved.delivery.needs_value and holder:
        facts[HOLDER] = Fact(holder, facts[CREDENTIAL].origin)
    return facts


def of_registry(
    owner: Scope, base: Path, policy: MirrorPolicy | None, further: FurtherImages | None
) -> dict[str, Fact]:
    """What the owner of a registry says of it: where it is, who one is there, what is copied into it from where, how
    that is trusted, and how its repositories are made. `base` is where it is defined; of the `further` images the
    lockfile's digests are facts.
    """
    facts = dict(_of_definition(owner, base))
    if by := off(owner, base):
        facts[str(SECTION.mirror)] = Fact("off", by)
    for row in MIRROR.ROWS.values() if policy else ():
        decided: Decided[Any] | None = getattr(policy, row.key)
        if decided:
            facts[str(row)] = Fact(_plain(decided.value), decided.origin)
    if policy and policy.signers and policy.verify:
        facts["mirror.signers"] = Fact(_signers(policy.signers), policy.verify.origin)
    for image in further.images if further else ():
        if image.digest and (image.platforms or not image.is_pinned):  # or else the setting says it
            facts[f"digest.{image.name}:{image.reference.tag}"] = Fact(image.digest, image.origin)
    if destroys := nearest(owner, SECTION.on_destroy):
        facts[str(SECTION.on_destroy)] = Fact(destroys.value, destroys.origin)
    for key, said in repositories_said(owner, base).items():
        facts |= _each(".".join((*REPOSITORIES.PATH, key)), said.value, said.origin)
    return facts


def _each(name: str, value: Any, origin: Origin) -> dict[str, Fact]:
    """A mapping key by key, in whatever order they are written: an edit is of one of them."""
    if not isinstance(value, dict):
        return {name: Fact(shown(value), origin)}
    inner = (_each(f"{name}.{key}", item, Origin(origin.scope, (*origin.path, key))) for key, item in value.items())
    return {one: fact for each in inner for one, fact in each.items()}


def of_level(scope: Scope, record: Publication | None = None) -> dict[str, Fact]:
    """Who may override what this level decides, and its record in Harness."""
    return {**_of_lock(scope), **(of_record(record) if record else {})}


def of_record(record: Publication) -> dict[str, Fact]:
    """What a level's record in Harness says."""
    return {one.name: Fact(one.value, one.origin) for one in record.fields()}


def _of_lock(scope: Scope) -> dict[str, Fact]:
    setting = SECTION.allow_overrides
    said = scope.get(setting)
    locks_unsaid = lockable_keys(scope)
    if said is not None:
        value, path = shown(_in_order(said)), setting.path
    elif locks_unsaid:
        value, path = f"not set, but it sets {', '.join(locks_unsaid)}: locked", (locks_unsaid[0],)
    else:
        return {}
    return {str(setting): Fact(value, Origin(scope, path))}


def _in_order(said: Any) -> Any:
    """What `allow_overrides` says; of keys and of names in a list every order is the same."""
    if not isinstance(said, dict):
        return said
    given = ((row.key, said.get(row.key)) for row in ALLOW_OVERRIDES.ROWS.values())
    return {key: sorted(value) if isinstance(value, list) else value for key, value in given if value is not None}


def lockable_keys(scope: Scope) -> list[str]:
    """What the level sets of that which a lock is about: without `allow_overrides` it locks those below for it."""
    said = {key: scope.settings[key] for key in LOCKABLE if key in scope.settings}
    return list(dict.fromkeys(path[0] for path in leaves(said)))


def cluster_of(config: ResolvedConfig) -> str:
    """What the cluster is called: its lasting name, its context, or the kubeconfig alone."""
    reached = config.of_cluster()
    return reached.get("identifier") or reached.get("context") or reached.get("kubeconfig") or ""


def path_of(owner: Scope, base: Path) -> str:
    """`server/account` of the registry that is defined there."""
    server = owner.value_at((*base, IMAGE_REGISTRY.server.key)) or ""
    account = owner.value_at((*base, IMAGE_REGISTRY.account.key))
    if account is None and base == IMAGE_REGISTRY.PATH:
        inherited = nearest(owner, IMAGE_REGISTRY.account)
        account = inherited.value if inherited else ""
    return joined(server, account or "")


def _of_definition(owner: Scope, base: Path) -> Iterator[tuple[str, Fact]]:
    for row in IMAGE_REGISTRY.ROWS.values():
        value = owner.value_at((*base, row.key))
        if value is not None:
            yield row.key, Fact(_plain(value), Origin(owner, (*base, row.key)))


def _plain(value: Any) -> str:
    """As `shown`, but keys have one order, and a key that stands in the file itself is only named: it may be a private
    one.
    """
    return shown(_without_keys(value))


def _without_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_keys(item) for key, item in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [_without_keys(item) for item in value]
    return "a key in the file itself" if isinstance(value, str) and "-----" in value else value


def _signers(policy: SigningPolicy) -> str:
    """Who they are, by the content of the files that name them."""
    digest = sha256(repr(policy).encode()).hexdigest()[:12]
    keys, identities = len(policy.public_keys), len(policy.identities)
    counted = f"{keys} key{'' if keys == 1 else 's'}, {identities} identit{'y' if identities == 1 else 'ies'}"
    return f"{counted} (content {digest})"
