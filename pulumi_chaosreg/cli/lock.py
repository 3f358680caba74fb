"""`chaosreg lock`: asks each source registry once for the digest of every tag that a mirror copies."""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pulumi_chaosreg.credentials.machine import machine_login
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.lockfile import FILE_NAME, write_lockfile
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.scopes.resolved import by_images
from pulumi_chaosreg.scopes.review import Review, review
from pulumi_chaosreg.scopes.stack_files import find_project

EXAMPLES = """\
examples:
  chaosreg lock              lock what is not locked yet, drop what nobody mirrors any more
  chaosreg lock --upgrade    also follow the tags that have moved since
"""
_AT_ONCE = 8


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("--upgrade", action="store_true", help="follow tags that have moved since they were locked")


def run(options: argparse.Namespace) -> int:
    """Lock what the project in this folder mirrors."""
    return lock(find_project(Path(options.project).resolve()), upgrade=options.upgrade)


def lock(project: Path, *, upgrade: bool) -> int:
    """Write the lockfile: what is locked stays, unless `upgrade`; what nobody mirrors any more goes.

    Nothing is written when a source cannot be read. 1 if there are findings of other kinds.
    """
    reviewed = review(project)
    in_the_way = [finding for finding in reviewed.errors if finding.code != "CHR0304"]
    if in_the_way:
        print(ChaosregError(in_the_way), file=sys.stderr)
        print(f"\n{FILE_NAME} is left as it is: these come first", file=sys.stderr)
        return 1
    sources = _sources(reviewed)
    locked = reviewed.company.locked
    asked = [source for source in sources if upgrade or source.tagged not in locked]
    found = _digests(asked)
    result = {source.tagged: found.get(source.tagged) or locked[source.tagged] for source in sources}
    changed = write_lockfile(reviewed.company.folder / FILE_NAME, result)
    for source in asked:
        before, now = locked.get(source.tagged), result[source.tagged]
        if before != now:
            print(f"{'moved ' if before else 'locked'}  {source.tagged}  {now}")
    for gone in sorted(set(locked) - set(result)):
        print(f"dropped  {gone}")
    print(f"{FILE_NAME}: {len(result)} images{'' if changed else ', unchanged'}")
    return 0


def _sources(reviewed: Review) -> list[Reference]:
    """What `images.pin` wants locked; unsaid: what mirrors copy, and tags that move under a cluster's own pulls."""
    sources: dict[str, Reference] = {}
    for resolved in by_images(reviewed.resolved.values()):
        for image in resolved.images:
            floats = reviewed.company.catalogue.is_floating(image.reference.tag)
            wanted = resolved.pinning.wants_locked(mirrored=image.source is not None, floating=floats)
            if wanted and not image.is_pinned:
                source = image.source or image.reference
                sources[source.tagged] = source.with_digest(None)
    return [sources[tagged] for tagged in sorted(sources)]


def _digests(sources: list[Reference]) -> dict[str, str]:
    """Tag → digest of each source; all that fails is reported together."""
    mirror = Mirror()
    findings: list[Finding] = []

    def ask(source: Reference) -> tuple[str, str]:
        try:
            digest = mirror.digest(source, machine_login(source.server))
        except ChaosregError as error:
            findings.extend(error.findings)
            return source.tagged, ""
        if digest is None:
            findings.append(
                Finding(
                    "CHR0308",
                    f"`{source.tagged}` does not exist",
                    help="check `mirror.source`, `images.release`, `images.tags` and `custom_images`",
                )
            )
        return source.tagged, digest or ""

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = dict(pool.map(ask, sources))
    if findings:
        raise ChaosregError(dict.fromkeys(findings))
    return found
