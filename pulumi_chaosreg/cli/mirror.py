"""Copy what the registries' owners mirror, all at once: the whole plan first, each unique blob once, tags last.

The same engine as in `pulumi up`, which sees a few images at a time. Logs in with what this machine has: the logins of
docker and podman, their credential helpers, its identity in a cloud.
Copies the digests of the lockfile, so run `chaosreg lock` first. WANTED is an infrastructure or a scope above it, by
path or pattern, or the name of an image; without it everything is mirrored. Ctrl-C stops soon and writes no tag; the
next run goes on with what has arrived.

Over an air gap: --to writes the sources' images into an OCI layout; on the other side --from fills the targets from it.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from pulumi_chaosreg.cli import mirror_layout
from pulumi_chaosreg.cli.mirror_report import REPORTS, Report
from pulumi_chaosreg.cli.selection import fits
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.signing_policy import SigningPolicy
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.mirror import Cancelled, Mirror, Planned
from pulumi_chaosreg.scopes.model import Scope, nearest
from pulumi_chaosreg.scopes.resolved import mirrored
from pulumi_chaosreg.scopes.review import Review, review
from pulumi_chaosreg.scopes.signers import signing_policy
from pulumi_chaosreg.scopes.stack_files import find_project

EXAMPLES = """\
examples:
  chaosreg mirror                           everything that some registry's owner mirrors
  chaosreg mirror payments chaos-ddcr       what the infrastructures of an organization pull, and one image
  chaosreg mirror --dry-run                 what would be copied, with sizes; writes nothing
  chaosreg mirror --deep                    ask for every part of what is there already, and verify it again
  chaosreg mirror -o json | jq .            one event a line
  chaosreg mirror --shard 2/5               the second of five parts, the same for everybody
  chaosreg mirror --to layout.tar           everything into one file, to carry it over an air gap
  chaosreg mirror --from layout.tar         from that file into the registries, with no request to any source
"""
_AT_ONCE = 12
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job:
    """One tag to make true."""

    source: Reference
    """With the digest of the lockfile, where there is one."""
    target: Reference
    """Without a digest."""
    signatures: bool = True
    """Whether referrers and cosign's tags go along."""
    digest: str | None = None
    """What the target becomes, by the lockfile."""
    platforms: tuple[str, ...] = ()
    """What is kept; empty for all."""
    must_be_locked: bool = True
    """Whether it may not be copied without that digest."""
    keep_foreign: bool = False
    """Whether foreign layers stay references instead of being refused."""
    unique: bool = False
    """Whether the tag moves, and a second one has to keep its digest alive."""
    verify: SigningPolicy | None = None
    """Who must have signed the source, where the owner requires that."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("wanted", nargs="*", metavar="WANTED")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be copied")
    parser.add_argument("--deep", action="store_true", help="also check what the targets have already")
    parser.add_argument("--shard", metavar="I/N", default="1/1", type=_shard, help="part I of N of the images")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help="default: text")
    mirror_layout.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Mirror; 0 when every tag is right, 1 when some could not be made so, 130 when interrupted."""
    reviewed = review(find_project(Path(options.project).resolve()))
    if reviewed.errors:
        raise ChaosregError(reviewed.errors)
    with _stopping() as stopped, mirror_layout.carried(options, stopped) as carried:
        return _mirror(options, carried.jobs(select_jobs(reviewed, options.wanted)), carried, stopped)


def _mirror(
    options: argparse.Namespace, jobs: Sequence[Job], carried: mirror_layout.Carried, stopped: threading.Event
) -> int:
    number, of = options.shard
    jobs = jobs[number - 1 :: of]
    if any(job.must_be_locked and job.digest is None for job in jobs):
        advice = "run `chaosreg lock` first, so that what is copied can be reviewed"
        raise ChaosregError.of("CHR0304", "nothing is locked yet", help=advice)
    report, logins = REPORTS[options.output](len(jobs)), MachineLogins()
    with Mirror(stop=stopped, read_from=carried.read_from, write_to=carried.write_to) as mirror, report:
        planned = _each(jobs, lambda job: _planned(mirror, job, carried, logins), report, stopped)
        report.planned({job.target.tagged: plan for job, plan in planned.items()})
        if not options.dry_run:
            _each([*planned], lambda job: _copied(mirror, job, planned[job], report), report, stopped)
        if options.deep:
            there = [job for job, plan in planned.items() if plan.work is None]
            _each(there, lambda job: _checked(mirror, job, carried, logins), report, stopped)
        if not options.dry_run:
            carried.finish(report, stopped=stopped.is_set())
    if not report.failures:  # whoever was refused has read them already
        for finding in logins.findings():
            print(finding, file=sys.stderr)
    if stopped.is_set():
        return 130
    return 1 if report.failures else 0


def select_jobs(reviewed: Review, wanted: Sequence[str]) -> list[Job]:
    """What is mirrored, each target once, sorted; ChaosregError (CHR0118) for what is wanted and names nothing."""
    jobs: dict[str, Job] = {}
    every = {image.reference.tagged: image for image in mirrored(reviewed.resolved.values())}
    policies: dict[Scope, SigningPolicy | None] = {}
    named: set[str] = set()
    for resolved in reviewed.resolved.values():
        of_scope = [text for text in wanted if fits(resolved, text)]
        for image in resolved.images:
            name = image.reference.repository.rpartition("/")[2]
            fitting = [*of_scope, *(text for text in wanted if fnmatchcase(name, text))]
            named.update(fitting)
            if image.source and resolved.owner and (fitting or not wanted):
                said = nearest(resolved.owner, ("mirror", "signatures"))
                target = image.reference.with_digest(None)
                if resolved.owner not in policies:
                    policies[resolved.owner] = signing_policy(resolved.owner, reviewed.project)[0]
                foreign = nearest(resolved.owner, ("mirror", "foreign_layers"))
                chosen = every[target.tagged]
                floats = reviewed.company.catalogue.is_floating(target.tag)
                jobs[target.tagged] = Job(
                    chosen.source or image.source,
                    target,
                    digest=chosen.digest,
                    platforms=chosen.platforms,
                    must_be_locked=not resolved.pinning.may_copy_unlocked(floating=floats),
                    keep_foreign=foreign is not None and foreign.value == "keep",
                    unique=floats,
                    signatures=said is None or said.value != "skip",
                    verify=policies[resolved.owner],
                )
    missing = [text for text in wanted if text not in named]
    if missing:
        advice = "write an infrastructure's or scope's path, or an image's name: `chaosreg resolve` shows them"
        raise ChaosregError([Finding("CHR0118", f"nothing is called `{text}`", help=advice) for text in missing])
    return [jobs[tagged] for tagged in sorted(jobs)]


def _planned(mirror: Mirror, job: Job, carried: mirror_layout.Carried, logins: MachineLogins) -> Planned:
    return mirror.plan(
        job.source,
        job.target,
        pull=None if carried.read else logins.of(job.source),
        push=None if carried.written else logins.of(job.target),
        digest=job.digest,
        platforms=job.platforms,
        keep_foreign=job.keep_foreign,
        signatures=job.signatures,
        unique=job.unique,
        verify=job.verify,
    )


def _copied(mirror: Mirror, job: Job, planned: Planned, report: Report) -> None:
    copied = mirror.carry_out(planned, progress=report.progress)
    report.copied(job.target.tagged, copied)


def _checked(mirror: Mirror, job: Job, carried: mirror_layout.Carried, logins: MachineLogins) -> None:
    login = None if carried.written else logins.of(job.target)
    lacking = mirror.missing(job.target, login)
    if lacking:
        raise carried.lacking(job, lacking)
    if job.verify:
        mirror.check_signed(job.target, job.verify, login)


def _each(jobs: Sequence[Job], work: Callable[[Job], T], report: Report, stopped: threading.Event) -> dict[Job, T]:
    """Job → result of the work, done for several at once; failures go to the report."""
    results: dict[Job, T] = {}
    with ThreadPoolExecutor(_AT_ONCE, "chaosreg-image") as pool:
        under_way: dict[Future[T], Job] = {pool.submit(work, job): job for job in jobs}
        while under_way:
            done, _ = wait(under_way, timeout=0.2, return_when=FIRST_COMPLETED)
            if stopped.is_set():
                pool.shutdown(wait=False, cancel_futures=True)
            for future in done:
                job = under_way.pop(future)
                if future.cancelled():
                    continue
                try:
                    results[job] = future.result()
                except Cancelled:
                    pass
                except ChaosregError as error:
                    report.failed(job.target.tagged, error)
    return results


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, as long as the context lasts; the second time they act as usual."""
    stopped = threading.Event()

    def stop(number: int, _frame: object) -> None:
        if stopped.is_set():
            signal.signal(number, before[signal.Signals(number)])
            signal.raise_signal(number)
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _shard(text: str) -> tuple[int, int]:
    number, slash, of = text.partition("/")
    if not (slash and number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError("write I/N, as in 2/5")
    return int(number), int(of)
