"""What the kubelet finds in the pull Secret: it must be there, of the right type, filled, and for these images.

The same rules as before an `up`, on what the cluster has now. Where the Secret is not to be seen, or there is none
because the nodes have an identity, this machine's login stands in for what follows.
"""

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pulumi_chaosreg.credentials.docker_config import usable_by_kubelet
from pulumi_chaosreg.credentials.keyring import used_for
from pulumi_chaosreg.credentials.login import Login, LoginSource
from pulumi_chaosreg.doctor.case import Access, Case, hindrance
from pulumi_chaosreg.doctor.in_turn import InTurn
from pulumi_chaosreg.doctor.step import Failed, Passed, Result, Unseen
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.kubernetes.client import KubernetesError
from pulumi_chaosreg.scopes.delivery import Delivery, How
from pulumi_chaosreg.scopes.refresher import refresher_name
from pulumi_chaosreg.scopes.resolved import ResolvedImage

NAME = "pull Secret"
NEEDS = ("configuration",)
_KEYS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
"""Type → where its docker config is. The kubelet passes over all other types, and says nothing."""
_EXPIRES = "chaosreg/expires"
"""The annotation beside a password that ends: a moment that a refresher leaves, or the day of one that is made."""


@dataclass(slots=True)
class _Keyring:
    """What Pods' Secrets say together: the kubelet tries every login that fits."""

    logins: dict[str, list[Login]] = field(default_factory=dict)
    _sources: dict[tuple[Login, ...], LoginSource] = field(default_factory=dict)

    def add(self, entries: Mapping[str, tuple[str, str] | None], origin: str) -> None:
        """The entries of one more Secret."""
        for key, login in entries.items():
            if login:
                self.logins.setdefault(key, []).append(Login(*login, origin=origin))

    def source(self, image: ResolvedImage) -> LoginSource | None:
        """What the kubelet logs in with for this image, the most special key first; None where it does not."""
        keys = sorted(used_for(self.logins, str(image.reference)), reverse=True)
        logins = tuple(dict.fromkeys(login for key in keys for login in self.logins[key]))
        if len(logins) < 2:
            return logins[0] if logins else None
        return self._sources.setdefault(logins, InTurn(logins))


def look(case: Case) -> Result:
    """Read the Secret of each credential that images of this registry need."""
    keyring, hindrances, facts = _Keyring(), list[Finding](), list[str]()
    hidden: set[str] = set()
    for name, delivery, images in _wanted(case):
        where = f"`{case.around.namespace}/{name}`"
        try:
            secret = case.around.secret(name)
        except KubernetesError as error:
            if error.is_missing:
                return Failed((_missing(case, name, delivery),))
            hindrances += hindrance(error, f"`get` on Secret {where}")
            hidden.add(name)
            continue
        try:
            auths = _auths(secret, where)
            _check_refresher(delivery, auths, where)
            _check_end(delivery, secret, where)
            entries = usable_by_kubelet(f"Secret {where}", auths, [str(one.reference) for one in images], case.server)
        except ChaosregError as error:
            return Failed(tuple(error.findings))
        keyring.add(entries, f"Secret {where}")
        facts.append(f"Secret {where} has a login for {_count(images)}")
    _add_others(case, keyring)
    for image in case.images:
        case.access[image] = _access(case, image, keyring, hidden)
    return _result(case, facts, hindrances)


def _wanted(case: Case) -> Iterator[tuple[str, Delivery, list[ResolvedImage]]]:
    """Each Secret that must open images of this registry."""
    wanted: dict[str, tuple[Delivery, list[ResolvedImage]]] = {}
    for image in case.images:
        delivery = case.delivery_of(image)
        if delivery and delivery.secret_name:
            wanted.setdefault(delivery.secret_name.value, (delivery, []))[1].append(image)
    return ((name, delivery, images) for name, (delivery, images) in wanted.items())


def _add_others(case: Case, keyring: _Keyring) -> None:
    """What Pods' other Secrets have: the kubelet uses it for these images, too. What is wrong there is told there."""
    own = {name for name, _, _ in _wanted(case)}
    for name in case.around.config.secret_names:
        where = f"`{case.around.namespace}/{name}`"
        if name in own:
            continue
        try:
            auths = _auths(case.around.secret(name), where)
            entries = usable_by_kubelet(f"Secret {where}", auths, [], case.server)
        except ChaosregError:
            continue
        keyring.add(entries, f"Secret {where}")


def _access(case: Case, image: ResolvedImage, keyring: _Keyring, hidden: set[str]) -> Access:
    delivery = case.delivery_of(image)
    is_hidden = bool(delivery and delivery.secret_name and delivery.secret_name.value in hidden)
    is_of_node = bool(delivery and delivery.how.value is How.NODE_IDENTITY)
    if is_hidden or is_of_node:
        return Access(case.around.machine.of(image.reference), stands_in=True)
    return Access(keyring.source(image))


def _result(case: Case, facts: list[str], hindrances: list[Finding]) -> Result:
    if hindrances:
        return Unseen("it could not be read; using this machine's login", tuple(hindrances))
    by_node = [image for image, access in case.access.items() if access.stands_in]
    if by_node:
        nodes = f"only a node has the identity for {_count(by_node)}; using this machine's login"
        return Unseen("; ".join([*facts, nodes]))
    if facts:
        return Passed("; ".join(facts))
    is_open = not any(access.source for access in case.access.values())
    return Passed("none is needed" if is_open else "none is needed, and the Pods' other Secrets have a login")


def _auths(secret: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """The entries of a Secret's docker config; ChaosregError (CHR0903) where the kubelet takes it for none."""
    type_, data = str(secret.get("type")), secret.get("data") or {}
    key = _KEYS.get(type_)
    if key is None:
        has = next((key for key in _KEYS.values() if key in data), None)
        also = f", though it has a key `{has}`" if has else ""
        raise _passed_over(where, f"its type is `{type_}`{also}")
    try:
        document = json.loads(b64decode(data.get(key) or ""))
    except (ValueError, RecursionError):
        raise _passed_over(where, f"its `{key}` is not JSON") from None
    auths = document.get("auths") if isinstance(document, dict) and key == ".dockerconfigjson" else document
    if not isinstance(auths, dict):
        raise _passed_over(where, f"its `{key}` is not a docker config with `auths`")
    return auths


def _check_refresher(delivery: Delivery, auths: Mapping[str, Any], where: str) -> None:
    """Whether the Job in the cluster has done its work at all; ChaosregError (CHR0904)."""
    if delivery.refresher and not auths:
        raise ChaosregError.of(
            "CHR0904",
            f"Secret {where} is empty: its refresher has not run yet, or failed",
            help=_see_jobs(delivery, where),
        )


def _check_end(delivery: Delivery, secret: Mapping[str, Any], where: str) -> None:
    """Whether a password that ends was renewed in time; ChaosregError (CHR0905)."""
    expires = str(((secret.get("metadata") or {}).get("annotations") or {}).get(_EXPIRES, ""))
    moment = _moment(expires) if expires and (delivery.refresher or delivery.made) else None
    if moment is None or moment > datetime.now(UTC):
        return
    ended = f"the password in Secret {where} ended at {moment:%Y-%m-%d %H:%M} UTC"
    if delivery.made:
        stack = delivery.made.owner.stack
        advice = f"run `pulumi up --stack {stack}`, which makes it anew, and then `up` of this infrastructure's stack"
        raise ChaosregError.of("CHR0905", f"{ended}: its owner's stack had no `up` since", help=advice)
    raise ChaosregError.of("CHR0905", f"{ended}: its refresher does not renew it", help=_see_jobs(delivery, where))


def _see_jobs(delivery: Delivery, where: str) -> str:
    assert delivery.secret_name
    namespace, job = where.strip("`").partition("/")[0], refresher_name(delivery.secret_name.value)
    return f"see `kubectl get jobs --namespace {namespace}`, and the log of the last one of `{job}`"


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _missing(case: Case, name: str, delivery: Delivery) -> Finding:
    namespace, context = case.around.namespace, case.around.cluster.name
    make = (
        f"`kubectl create secret docker-registry {name} --namespace {namespace} --docker-server={case.server} "
        "--docker-username=… --docker-password=…`, or correct its name in the stack files"
    )
    ours = f"`pulumi up` of the stack `{case.around.config.infrastructure.stack}` makes it"
    return Finding(
        "CHR0902",
        f"there is no Secret `{namespace}/{name}` in the cluster of {context}",
        help=ours if delivery.makes_secret else make,
    )


def _passed_over(where: str, why: str) -> ChaosregError:
    return ChaosregError.of(
        "CHR0903",
        f"the kubelet skips Secret {where}: {why}",
        help="recreate it with `kubectl create secret docker-registry`: a Secret's type cannot be changed",
    )


def _count(images: list[ResolvedImage]) -> str:
    return f"{len(images)} image{'' if len(images) == 1 else 's'}"
