"""Whom a role of AWS trusts (`repositories.identities.*.trust`): each of them exactly, or it is a finding.

What is trusted is a value here; the documents of AWS are written where roles are made.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

Entry = Mapping[str, Any]
"""One entry of `trust`, as the checked settings have it."""


@dataclass(frozen=True, slots=True)
class GithubWorkflow:
    """The jobs of one repository on one branch or tag, or in one environment."""

    repository: str
    ref: str = ""
    environment: str = ""

    @property
    def subject(self) -> str:
        """What `sub` says in their tokens. GitHub leaves the branch out where a job names an environment."""
        what = f"environment:{self.environment}" if self.environment else f"ref:{self.ref}"
        return f"repo:{self.repository}:{what}"

    @property
    def is_pattern(self) -> bool:
        """Whether the ref stands for more than one."""
        return not {"*", "?"}.isdisjoint(self.ref)


@dataclass(frozen=True, slots=True)
class Roles:
    """Roles by their ARNs."""

    arns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WholeAccount:
    """Everybody in an account whom that account allows it."""

    number: str


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A ServiceAccount of a cluster, by a token that the cluster's issuer signs."""

    issuer: str
    namespace: str
    name: str

    @property
    def provider(self) -> str:
        """What IAM calls the issuer."""
        return self.issuer.removeprefix("https://")

    @property
    def subject(self) -> str:
        """What `sub` says in its tokens."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"


@dataclass(frozen=True, slots=True)
class PodIdentity:
    """A ServiceAccount by EKS Pod Identity, in one cluster or in any of the account's."""

    namespace: str
    service_account: str
    cluster: str = ""


Trusted = GithubWorkflow | Roles | WholeAccount | ServiceAccount | PodIdentity


def trusted(entries: Iterable[Entry]) -> tuple[Trusted, ...]:
    """All whom these entries trust; those of which `problems` finds nothing."""
    return tuple(one for entry in entries for one in _of(entry))


def _of(entry: Entry) -> Iterator[Trusted]:
    if said := entry.get("github"):
        yield GithubWorkflow(**said)
    if said := entry.get("roles"):
        yield Roles(tuple(said))
    if (said := entry.get("account")) and entry.get("root"):
        yield WholeAccount(said)
    if said := entry.get("service_account"):
        yield ServiceAccount(**said)
    if said := entry.get("pod_identity"):
        yield PodIdentity(**said)


class Problem(NamedTuple):
    """Why an entry does not say exactly whom it trusts."""

    code: str
    key: str
    """Where in the entry."""
    message: str
    advice: str


def problems(entry: Entry) -> Iterator[Problem]:
    """What is not exact in it (CHR0485, CHR0486)."""
    for key, needed in _NEEDED.items():
        said = entry.get(key)
        missing = [f"`{one}`" for one in needed if said is not None and one not in said]
        if missing:
            message = f"`{key}` has no {' and no '.join(missing)}, so it could be anybody"
            yield Problem("CHR0485", key, message, f"add {' and '.join(missing)}")
    github = entry.get("github")
    if github is not None and ("ref" in github) == ("environment" in github):
        both = "ref" in github
        message = (
            "`github` names a ref and an environment, but a token has only one"
            if both
            else "`github` names neither a ref nor an environment, so it would trust every branch"
        )
        advice = (
            "keep `environment` if the job names one, `ref` if not"
            if both
            else "add `ref: refs/heads/main`, or `environment: …` if the job names one"
        )
        yield Problem("CHR0485", "github", message, advice)
    yield from _of_accounts(entry)


def _of_accounts(entry: Entry) -> Iterator[Problem]:
    if "account" in entry and not entry.get("root") and "roles" not in entry:
        yield Problem(
            "CHR0486",
            "account",
            "`account` without `roles` trusts everybody in that account",
            "name the `roles` to trust, or add `root: true`",
        )
    if entry.get("root") and "account" not in entry:
        yield Problem("CHR0486", "root", "`root` needs an `account`", 'add `account: "<number>"`, or name `roles`')


_NEEDED = {
    "github": ("repository",),
    "service_account": ("issuer", "namespace", "name"),
    "pod_identity": ("namespace", "service_account"),
}
