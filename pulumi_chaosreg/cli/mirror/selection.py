"""Which copies are made: what the stack files say, some of it, or what a file says."""

import argparse
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from pulumi_chaosreg.cli.mirror.list_file import TagCopy, read_list
from pulumi_chaosreg.cli.selection import fits
from pulumi_chaosreg.errors import Cause, ChaosregError, Finding
from pulumi_chaosreg.mirror import Wanted
from pulumi_chaosreg.review.review import Review, review
from pulumi_chaosreg.scopes.demand import Demand, mirrored
from pulumi_chaosreg.scopes.mirror_policy import MirrorPolicy
from pulumi_chaosreg.scopes.resolved import ResolvedImage
from pulumi_chaosreg.stacks.project_file import find_project


def add_list(parser: argparse.ArgumentParser) -> None:
    """The option `--list`."""
    parser.add_argument("--list", type=Path, metavar="FILE", help="copy what this file lists, not what stack files say")


def copies_of(project: Path, options: argparse.Namespace, *, into_layout: bool = False) -> list[TagCopy]:
    """What `--list`, or the stack files and WANTED, say. Raises ChaosregError: also CHR0304 where nothing is locked."""
    if options.list and options.wanted:
        options.refuse("--list and WANTED: the file says everything")
    copies = read_list(options.list) if options.list else _of_stacks(project, options.wanted, into_layout=into_layout)
    unlocked = (copy for copy in copies if copy.must_be_locked and copy.wanted.digest is None)
    if any(not (options.list and copy.source.digest) for copy in unlocked):
        advice = "run `chaosreg lock` first, so that what is copied can be reviewed"
        raise ChaosregError.of("CHR0304", "nothing is locked yet", help=advice)
    return copies


def _of_stacks(project: Path, wanted: Sequence[str], *, into_layout: bool) -> list[TagCopy]:
    reviewed = review(find_project(project))
    # What only the other side of an air gap knows is locked there, and nothing that is carried.
    in_the_way = [finding for finding in reviewed.errors if not (into_layout and finding.cause is Cause.NO_DIGEST)]
    if in_the_way:
        raise ChaosregError(in_the_way)
    return select_copies(reviewed, wanted)


def select_copies(reviewed: Review, wanted: Sequence[str]) -> list[TagCopy]:
    """What is mirrored, each target once, sorted; ChaosregError (CHR0118) for what is wanted and names nothing."""
    chosen = {image.reference.tagged: image for image in mirrored(reviewed.demands)}
    copies: dict[str, TagCopy] = {}
    named: set[str] = set()
    for demand in reviewed.demands:
        of_scope = [text for text in wanted if fits(demand.scope, text)]
        for image in demand.images:
            fitting = [*of_scope, *(text for text in wanted if fnmatchcase(image.reference.image, text))]
            named.update(fitting)
            policy = demand.registry.policy
            if image.source and policy and (fitting or not wanted):
                tagged = image.reference.tagged
                copies[tagged] = _copy(reviewed, demand, policy, chosen[tagged])
    missing = [text for text in wanted if text not in named]
    if missing:
        advice = "write an infrastructure's or scope's path, or an image's name: `chaosreg resolve` shows them"
        raise ChaosregError([Finding("CHR0118", f"nothing is named `{text}`", help=advice) for text in missing])
    return [copies[tagged] for tagged in sorted(copies)]


def _copy(reviewed: Review, demand: Demand, policy: MirrorPolicy, image: ResolvedImage) -> TagCopy:
    assert image.source
    target = image.reference.with_digest(None)
    floats = reviewed.company.catalogue.is_floating(target.tag)
    return TagCopy(
        image.source,
        target,
        Wanted.by(policy, digest=image.digest, platforms=image.platforms, unique=floats),
        must_be_locked=not demand.pinning.may_copy_unlocked(floating=floats),
    )
