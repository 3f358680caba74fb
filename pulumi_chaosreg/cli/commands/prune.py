"""Remove images from the mirrors that no infrastructure and no `mirror.also` names any more. Without --yes, only list
them.

Looks in the mirrored repositories for tags like those of Harness's images (versions, `latest`) that no infrastructure
pulls; IMAGE limits it to some (a pattern). Signatures are removed with their images; what another tag uses and every
digest in use stay. Pods that were not restarted may still run what is removed: prune after the `up` of all
environments. Logs in as `chaosreg mirror` does.
"""

import argparse
import json
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.notices import notice
from pulumi_chaosreg.cli.output import add_output
from pulumi_chaosreg.cli.side_by_side import alike, side_by_side
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.unique_tag import made_for
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.mirror import Mirror, Removed
from pulumi_chaosreg.registries.servers import identity
from pulumi_chaosreg.review.review import Review, review
from pulumi_chaosreg.scopes.demand import by_images
from pulumi_chaosreg.stacks.project_file import find_project

ABOUT = "remove images from the mirrors that are no longer needed"
NEEDS = Needs.NETWORK
EXITS = {0: "all is removed, or without --yes listed", 1: "a registry refused"}
EXAMPLES = """\
examples:
  chaosreg prune                     what would be removed, and what stays and why
  chaosreg prune --yes               remove it
  chaosreg prune 'chaos-*' --yes     only of these images
  chaosreg prune --unknown           also other tags: your own builds
"""
_VERSION = re.compile(r"v?\d+\.\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository that a mirror writes to."""

    server: str
    path: str

    def __str__(self) -> str:
        return f"{self.server}/{self.path}"

    @property
    def image(self) -> str:
        """The image's name."""
        return self.path.rpartition("/")[2]

    def tagged(self, tag: str) -> Reference:
        """The image of that tag."""
        return Reference(self.server, self.path, tag)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a repository has that nobody is configured to pull."""

    superfluous: tuple[str, ...] = ()
    """Tags to remove."""
    unknown: tuple[str, ...] = ()
    """Tags of a form that Harness does not use: somebody else's, perhaps."""
    keep: frozenset[str] = frozenset()
    """Digests that somebody is configured to pull."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("images", nargs="*", metavar="IMAGE")
    parser.add_argument("--yes", action="store_true", help="remove them instead of only listing")
    parser.add_argument("--unknown", action="store_true", help="also other tags: your own builds")
    add_output(parser, "text", "json")


def run(options: argparse.Namespace) -> int:
    """Prune; 0 when all was done (or said), 1 when some registry refused."""
    reviewed = review(find_project(Path(options.project).resolve()))
    if reviewed.errors:
        raise ChaosregError(reviewed.errors)
    repositories = _repositories(reviewed, options.images)
    with Mirror() as mirror:
        registries = _Registries(mirror, MachineLogins())
        plans, failures = side_by_side(
            repositories, lambda repository: _plan(registries, repository, reviewed, with_unknown=options.unknown)
        )
        unread = len(failures)
        removed: dict[Repository, Removed] = {}
        if options.yes:
            removed, more = side_by_side(
                [repository for repository, plan in plans.items() if plan.superfluous],
                lambda repository: registries.remove(repository, plans[repository]),
            )
            failures |= more
    say = _say_json if options.output == "json" else _say_text
    say(plans, removed if options.yes else None, unread)
    if options.output == "json":
        _say_unread_json(failures)
    _say_failures(failures)
    # whoever was refused has read what is said of logins already
    for finding in [*mirror.findings(), *(() if failures else registries.findings())]:
        notice(finding)
    return 1 if failures else 0


def _repositories(reviewed: Review, wanted: Sequence[str]) -> list[Repository]:
    """Where mirrors write, or did when an infrastructure still needed other images; ChaosregError (CHR0118)."""
    repositories: dict[Repository, None] = {}
    for resolved in reviewed.resolved.values():
        targets = [image.reference for image in resolved.images if image.source]
        if targets:
            server, _, path = resolved.registry.path.partition("/")
            names = sorted(reviewed.company.catalogue.names)
            beside = [Repository(server, f"{path}/{name}" if path else name) for name in names]
            repositories |= dict.fromkeys([*(Repository(one.server, one.repository) for one in targets), *beside])
    targets = [image.reference for further in reviewed.further for image in further.images]
    repositories |= dict.fromkeys(Repository(one.server, one.repository) for one in targets)
    chosen = [
        repository
        for repository in repositories
        if not wanted or any(fnmatchcase(repository.image, text) for text in wanted)
    ]
    if wanted and not chosen:
        advice = "write an image's name, or a pattern: `chaosreg resolve` shows them"
        raise ChaosregError.of("CHR0118", f"no mirrored image is named {', '.join(wanted)}", help=advice)
    return sorted(chosen, key=str)


class _Registries:
    """What is asked of them, with this machine's logins."""

    def __init__(self, mirror: Mirror, logins: MachineLogins) -> None:
        self._mirror, self._logins = mirror, logins

    def tags(self, repository: Repository, expected: Collection[str]) -> list[str]:
        login = self._logins.of(repository.tagged("latest"))
        return self._mirror.image_tags(repository.server, repository.path, login, expected)

    def digest(self, reference: Reference) -> str | None:
        return self._mirror.digest(reference, self._logins.of(reference))

    def remove(self, repository: Repository, plan: Plan) -> Removed:
        login = self._logins.of(repository.tagged("latest"))
        return self._mirror.remove(repository.server, repository.path, plan.superfluous, login, plan.keep)

    def findings(self) -> list[Finding]:
        return self._logins.findings()


def _plan(registries: _Registries, repository: Repository, reviewed: Review, *, with_unknown: bool) -> Plan:
    pulled = [
        image
        for demand in by_images(reviewed.demands)
        for image in demand.images
        if (identity(image.reference.server), image.reference.repository)
        == (identity(repository.server), repository.path)
    ]
    named = {image.reference.tag for image in pulled if image.reference.tag}
    tags = registries.tags(repository, named)
    digests = {image.digest or image.reference.digest for image in pulled}
    digests |= {registries.digest(repository.tagged(tag)) for tag in tags if tag in named}
    # what stands for something that somebody pulls stays, under whatever name
    free = [tag for tag in tags if tag not in named and registries.digest(repository.tagged(tag)) not in digests]
    catalogue = reviewed.company.catalogue
    superfluous = [tag for tag in free if with_unknown or _looks_released(catalogue, tag)]
    unknown = tuple(tag for tag in free if tag not in superfluous)
    return Plan(tuple(superfluous), unknown, frozenset(filter(None, digests)))


def _looks_released(catalogue: Catalogue, tag: str) -> bool:
    """Whether Harness gives images such tags (versions, and those that move), or we do beside those that move."""
    return bool(_VERSION.fullmatch(tag)) or catalogue.is_floating(made_for(tag) or tag)


def _say_text(plans: Mapping[Repository, Plan], removed: Mapping[Repository, Removed] | None, unread: int) -> None:
    tags = repositories = kept = 0
    for repository, plan in plans.items():
        done = plan.superfluous if removed is None or repository in removed else ()
        tags, kept = tags + len(done), kept + len(plan.unknown)
        repositories += bool(done)
        if done or plan.unknown:
            print(repository)
        for tag in done:
            print(f"  {tag}  {'would be removed' if removed is None else 'removed'}")
        for tag in plan.unknown:
            print(f"  {tag}  stays: not a tag of Harness's")
    what = f"{_count(tags, 'tag')} of {_count(repositories, 'repository', 'repositories')}"
    if unread:
        print(f"{_count(unread, 'repository', 'repositories')} could not be looked at")
    if not any(plan.superfluous for plan in plans.values()):
        if not unread:
            print("nothing to remove: everything else is in use")
    elif removed is None:
        print(f"{what} would be removed: run again with --yes")
    else:
        manifests = sum(len(one.manifests) for one in removed.values())
        print(f"{what} removed, with {_count(manifests, 'manifest')} that nothing else used")
    if kept:
        them = "it" if kept == 1 else "them"
        stay = "tag that is not Harness's stays" if kept == 1 else "tags that are not Harness's stay"
        print(f"{kept} {stay}; --unknown also removes {them}")


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def _say_failures(failures: Mapping[Repository, ChaosregError]) -> None:
    """A server that cannot be reached is told once, for all of its repositories."""
    for (first, *more), failure in alike(failures):
        whose = f"{first} and {len(more)} more" if more else str(first)
        print(f"{whose}:\n{failure}", file=sys.stderr)


def _say_unread_json(failures: Mapping[Repository, ChaosregError]) -> None:
    for repository, failure in failures.items():
        first = failure.findings[0]
        print(json.dumps({"repository": str(repository), "error": {"code": first.code, "message": first.message}}))


def _say_json(plans: Mapping[Repository, Plan], removed: Mapping[Repository, Removed] | None, _: int) -> None:
    for repository, plan in plans.items():
        gone = (removed or {}).get(repository, Removed())
        said = {
            "repository": str(repository),
            "superfluous": list(plan.superfluous),
            "unknown": list(plan.unknown),
            "removed": {"tags": list(gone.tags), "manifests": list(gone.manifests)},
        }
        print(json.dumps(said))
