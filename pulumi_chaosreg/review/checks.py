"""The one list of checks: what stack files and Python programs are looked at for, once everything is resolved."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pulumi_chaosreg.clock import today
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.review.allowance_checks import check_allowances
from pulumi_chaosreg.review.autopilot_checks import check_autopilot
from pulumi_chaosreg.review.azure_checks import check_azure
from pulumi_chaosreg.review.credential_checks import check_credentials, check_unused
from pulumi_chaosreg.review.enforcing_checks import check_enforcing
from pulumi_chaosreg.review.further_checks import check_in_vain, check_lists, check_targets
from pulumi_chaosreg.review.harbor_checks import check_harbors
from pulumi_chaosreg.review.harness_checks import check_published
from pulumi_chaosreg.review.identity_checks import check_identities
from pulumi_chaosreg.review.image_checks import check_images, check_tag_names
from pulumi_chaosreg.review.key_file_checks import check_key_files
from pulumi_chaosreg.review.lockfile_checks import check_lockfile, check_without_lockfile
from pulumi_chaosreg.review.made_login_checks import check_made_logins
from pulumi_chaosreg.review.made_twice_checks import check_made_twice
from pulumi_chaosreg.review.mirror_checks import check_mirrors
from pulumi_chaosreg.review.not_yet import not_yet
from pulumi_chaosreg.review.ownership import Ownership
from pulumi_chaosreg.review.pull_checks import check_powers, check_pulls
from pulumi_chaosreg.review.registry_checks import check_forms, check_registries
from pulumi_chaosreg.review.repository_checks import check_repositories
from pulumi_chaosreg.review.republishing_checks import check_republished
from pulumi_chaosreg.review.robot_checks import check_robots
from pulumi_chaosreg.review.scan_checks import check_scans
from pulumi_chaosreg.review.shared_name_checks import check_shared_names
from pulumi_chaosreg.review.signer_checks import check_signers
from pulumi_chaosreg.review.untaken_checks import check_untaken
from pulumi_chaosreg.review.vain_checks import check_vain
from pulumi_chaosreg.review.vain_login_checks import check_vain_logins
from pulumi_chaosreg.scopes.demand import Demand, FurtherImages
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.publication import Publication
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.stacks.company import Company


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked: the company of the stack files, or what a Python program declares."""

    scopes: tuple[Scope, ...]
    configs: tuple[ResolvedConfig, ...]
    catalogue: Catalogue
    further: tuple[FurtherImages, ...]
    """What owners mirror beside what infrastructures need."""
    is_acting: bool
    """Whether a program would copy or pull now: some warnings are errors then."""
    is_whole: bool = True
    """Whether nothing was left unread, or is still to come."""
    is_understood: bool = True
    """Whether no section was wrong: what seems to lack may stand in one that was left out."""
    project: Path | None = None
    """The folder of Pulumi.yaml, where files may be looked at."""
    company: Company | None = None
    """None for a Python program, which has no lockfile."""
    looks_as: str | None = None
    """The stack whose preview this stands for where none runs: credentials are then known by their names only."""
    published: tuple[Publication, ...] = ()
    """What levels publish in Harness."""
    ownership: Ownership = field(default_factory=Ownership)
    """With what others own already."""

    @property
    def demands(self) -> list[Demand]:
        """Who wants images."""
        return [*self.configs, *self.further]

    @property
    def owned(self) -> list[Demand]:
        """The same, and the registries that owners make credentials for although nobody wants an image of theirs."""
        others = (other for config in self.configs for other in config.others)
        made = {other.registry.path: other.registry for other in others if other.delivery.made}
        more = (FurtherImages(one.owner, one, ()) for one in made.values() if one.owner)
        return [*self.demands, *more] if made else self.demands


def check(subject: Subject) -> list[Finding]:
    """All that is wrong, by every check."""
    return [finding for one in CHECKS for finding in one(subject)]


def _images(subject: Subject) -> Iterable[Finding]:
    said = (scope for scope in subject.scopes if scope.settings)
    return (finding for scope in said for finding in (*check_images(scope, subject.catalogue), *check_lists(scope)))


def _without_effect(subject: Subject) -> Iterable[Finding]:
    return [*not_yet(subject.scopes), *check_untaken(subject.scopes, is_whole=subject.is_whole)]


def _tag_names(subject: Subject) -> Iterable[Finding]:
    """What lists an image may stand in any file."""
    return check_tag_names(subject.scopes, subject.catalogue) if subject.is_whole else ()


def _registries(subject: Subject) -> Iterable[Finding]:
    return check_registries(subject.scopes, subject.configs, subject.further) if subject.is_whole else ()


def _forms(subject: Subject) -> Iterable[Finding]:
    return check_forms(subject.owned)


def _identities(subject: Subject) -> Iterable[Finding]:
    return check_identities(subject.scopes)


def _mirrors(subject: Subject) -> Iterable[Finding]:
    wrong = check_mirrors(subject.catalogue, subject.configs, subject.further)
    return [*wrong, *check_targets(subject.configs, subject.further)]


def _republished(subject: Subject) -> Iterable[Finding]:
    return check_republished(subject.catalogue, subject.demands)


def _robots(subject: Subject) -> Iterable[Finding]:
    return check_robots(subject.configs)


def _repositories(subject: Subject) -> Iterable[Finding]:
    return [
        *check_repositories(subject.catalogue, subject.owned),
        *check_shared_names(subject.owned),
        *check_harbors(subject.owned),
        *check_made_twice(subject.owned),
    ]


def _autopilot(subject: Subject) -> Iterable[Finding]:
    return check_autopilot(subject.configs)


def _azure(subject: Subject) -> Iterable[Finding]:
    return check_azure(subject.owned)


def _lockfile(subject: Subject) -> Iterable[Finding]:
    if subject.company is None:
        return (finding for demand in subject.demands for finding in check_without_lockfile(demand))
    return check_lockfile(subject.company, subject.demands, is_acting=subject.is_acting)


def _allowances(subject: Subject) -> Iterable[Finding]:
    return check_allowances(subject.configs)


def _enforcing(subject: Subject) -> Iterable[Finding]:
    return check_enforcing(subject.configs)


def _signers(subject: Subject) -> Iterable[Finding]:
    return check_signers(subject.demands)


def _pulls(subject: Subject) -> Iterable[Finding]:
    # a program without a lockfile finds digests when it acts
    is_acting = subject.is_acting and subject.company is not None
    return check_pulls(subject.catalogue, subject.configs, is_acting=is_acting)


def _credentials(subject: Subject) -> Iterable[Finding]:
    if subject.company is None or (subject.is_acting and subject.looks_as is None):
        return ()  # who acts has the values
    missing = check_credentials(subject.company, subject.configs, subject.further, subject.published, subject.looks_as)
    is_sure = subject.is_whole and subject.is_understood and not missing
    return [*missing, *(check_unused(subject.company, subject.configs, subject.further) if is_sure else ())]


def _key_files(subject: Subject) -> Iterable[Finding]:
    return check_key_files(subject.project, subject.configs) if subject.project else ()


def _made_logins(subject: Subject) -> Iterable[Finding]:
    is_sure = subject.is_whole and subject.is_understood and not subject.is_acting
    return check_made_logins(subject.configs, today()) if is_sure else ()  # who acts makes them


def _powers(subject: Subject) -> Iterable[Finding]:
    return check_powers(subject.configs, subject.further, subject.published)


def _vain(subject: Subject) -> Iterable[Finding]:
    is_sure = subject.is_whole and subject.is_understood
    if not is_sure:
        return ()
    found = check_vain(subject.scopes, subject.configs, subject.catalogue)
    vain_logins = check_vain_logins(subject.scopes, subject.configs)
    return [*found, *check_in_vain(subject.scopes, subject.configs), *vain_logins]


def _harness(subject: Subject) -> Iterable[Finding]:
    is_sure = subject.is_whole and subject.is_understood
    if not is_sure:
        return ()
    return check_published(subject.scopes, subject.configs, subject.published, subject.demands)


def _scans(subject: Subject) -> Iterable[Finding]:
    return check_scans(subject.demands) if subject.is_whole and subject.is_understood else ()


def _ownership(subject: Subject) -> Iterable[Finding]:
    return subject.ownership.claim(subject.configs, subject.further)


CHECKS: tuple[Callable[[Subject], Iterable[Finding]], ...] = (
    _images,
    _without_effect,
    _tag_names,
    _registries,
    _forms,
    _identities,
    _mirrors,
    _republished,
    _robots,
    _repositories,
    _autopilot,
    _azure,
    _lockfile,
    _allowances,
    _enforcing,
    _signers,
    _pulls,
    _credentials,
    _key_files,
    _made_logins,
    _powers,
    _harness,
    _ownership,
    _scans,
    _vain,
)
"""In the order in which findings of one line are told."""
