"""All that an owner says about copying into its registry, as one value: from the settings to the engine.

What `registries.NAME.mirror` says counts before what its owner inherits, setting by setting.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path as File
from typing import Any, TypeVar

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.platform import canonical
from pulumi_chaosreg.images.signing_policy import SigningPolicy
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope, nearest
from pulumi_chaosreg.scopes.signers import signing_policy
from pulumi_chaosreg.settings.durations import seconds_of
from pulumi_chaosreg.settings.setting import Path, Setting
from pulumi_chaosreg.settings.table import MIRROR, REPOSITORIES, SECTION

T = TypeVar("T")
_ALL = "all"


@dataclass(frozen=True, slots=True)
class MirrorPolicy:
    """One for each registry that is mirrored into. Equal where the values are, whoever decides them.

    Every setting below `mirror` is a field of its own name; None where nobody says it.
    """

    source: Decided[str] | None
    """`server/account` that the required images are copied from; None where only `also` is copied."""
    also: Decided[tuple[str, ...]] | None = None
    """References of further images, in the order in which they are written."""
    allow_sources: Decided[tuple[str, ...]] | None = None
    platforms: Decided[tuple[str, ...]] = field(default_factory=lambda: Decided((_ALL,), Origin()))
    """Sorted; `all` alone where nobody says it, too."""
    foreign_layers: Decided[str] | None = None
    signatures: Decided[str] | None = None
    verify: Decided[Mapping[str, Any]] | None = None
    """As it is written: files by their paths."""
    push: Decided[str] | None = None
    pull: Decided[str] | None = None
    delete: Decided[str] | None = None
    wait_for_scan: Decided[str] | None = None
    """As it is written: `10m`."""
    on_destroy: Decided[str] | None = None
    signers: SigningPolicy | None = None
    """What `verify` says, files read, where `signatures` is `require`."""
    findings: tuple[Finding, ...] = field(default=(), compare=False)
    """What is wrong with `verify`."""

    @property
    def kept_platforms(self) -> tuple[str, ...]:
        """What is kept of an image; empty for all."""
        return () if self.platforms.value == (_ALL,) else self.platforms.value

    @property
    def copies_signatures(self) -> bool:
        """Whether referrers and cosign's tags go along."""
        return self.signatures is None or self.signatures.value != "skip"

    @property
    def keeps_foreign(self) -> bool:
        """Whether foreign layers stay references to their vendor's address."""
        return self.foreign_layers is not None and self.foreign_layers.value == "keep"

    @property
    def scan_seconds(self) -> int:
        """How long a registry is waited for that gives out images only once they were scanned; 0: not at all."""
        return seconds_of(self.wait_for_scan.value) if self.wait_for_scan else 0

    @property
    def credentials(self) -> dict[str, Decided[str]]:
        """`push`, `pull`, `delete`, as far as they are said → NAME of the credential."""
        named = {"push": self.push, "pull": self.pull, "delete": self.delete}
        return {key: decided for key, decided in named.items() if decided}


def mirror_policy(owner: Scope, base: Path, path: str, project: File | None) -> MirrorPolicy | None:
    """How the owner fills the registry `path` (`server/account`) that is defined at `base`; None where it does not:
    `mirror` is off, nobody says a source or further images (`also`), or the registry is the source itself, or one of
    Harness's. `project`: where key files are.
    """
    said: dict[str, Decided[Any]] = {
        row.key: decided for row in MIRROR.ROWS.values() if (decided := own_or_inherited(owner, base, row))
    }
    source, also = said.pop(MIRROR.source.key, None), said.get(MIRROR.also.key)
    if (source is not None and source.value == path) or off(owner, base):
        return None
    if source is None and (not (also and also.value) or path in load_catalogue().sources):  # those are Harness's
        return None
    signers, findings = signing_policy(owner, said.get(MIRROR.signatures.key), said.get(MIRROR.verify.key), project)
    more = {key: _plain(decided) for key, decided in said.items()}
    return MirrorPolicy(
        source, **more, on_destroy=nearest(owner, SECTION.on_destroy), signers=signers, findings=tuple(findings)
    )


def _plain(said: Decided[Any]) -> Decided[Any]:
    """Lists as tuples; of platforms every order is the same."""
    if said.origin.path[-1] == MIRROR.platforms.key:
        return Decided((_ALL,) if said.value == _ALL else canonical(said.value), said.origin)
    return Decided(tuple(said.value), said.origin) if isinstance(said.value, list) else said


def off(owner: Scope, base: Path) -> Origin | None:
    """Who says that somebody else fills the registry: on or off is one setting, the nearest wins, and a mapping says
    on. None where nobody does.
    """
    said = own_or_inherited(owner, base, SECTION.mirror)
    return said.origin if said is not None and said.value is False else None


def repositories_said(owner: Scope, base: Path) -> dict[str, Decided[Any]]:
    """What counts for the repositories of the registry that is defined there: key below `repositories` → its value."""
    rows = REPOSITORIES.ROWS.values()
    return {row.key: said for row in rows if (said := own_or_inherited(owner, base, row)) is not None}


def own_or_inherited(owner: Scope, base: Path, setting: Setting[T]) -> Decided[T] | None:
    """What a registry says itself of `mirror` or `repositories`, or else what its owner inherits. `base` is where the
    registry is defined; one without a name says nothing itself.
    """
    own = owner.get(setting, base) if len(base) > 1 else None
    return Decided(own, Origin(owner, (*base, *setting.path))) if own is not None else nearest(owner, setting)
