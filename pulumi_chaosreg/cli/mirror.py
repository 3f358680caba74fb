"""Copy what the registries' owners mirror, all at once: the whole plan first, each unique blob once, tags last.

The same engine as in `pulumi up`, which sees a few images at a time. Logs in with this machine's docker configuration.
Copies the digests of the lockfile, so run `chaosreg lock` first. WANTED is an infrastructure or a scope above it, by
path or pattern, or the name of an image; without it everything is mirrored. Ctrl-C stops soon and writes no tag; the
next run goes on with what has arrived. With --as-job nothing is copied from here: a cluster does it.
"""

import argparse
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from pulumi_chaosreg.cli import mirror_job
from pulumi_chaosreg.cli.mirror_list import Job, read_list
from pulumi_chaosreg.cli.mirror_report import REPORTS, Report
from pulumi_chaosreg.cli.selection import fits
from pulumi_chaosreg.credentials.machine import machine_login
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.mirror import Cancelled, Mirror, Planned
from pulumi_chaosreg.scopes.model import nearest
from pulumi_chaosreg.scopes.review import Review, review
from pulumi_chaosreg.scopes.stack_files import find_project

EXAMPLES = """\
examples:
  chaosreg mirror                           everything that some registry's owner mirrors
  chaosreg mirror payments chaos-ddcr       what the infrastructures of an organization pull, and one image
  chaosreg mirror --dry-run                 what would be copied, with sizes; writes nothing
  chaosreg mirror --deep                    ask the targets for every manifest and blob of what is there already
  chaosreg mirror -o json | jq .            one event a line
  chaosreg mirror --shard 2/5               the second of five parts, the same for everybody
  chaosreg mirror --as-job --shards 5 --image harbor.company.com/tools/chaosreg-mirror:0.1.0 \\
      --docker-config mirror-logins | kubectl apply --server-side -f -
                                            the five parts in five Pods of a Kubernetes Job
"""
_AT_ONCE = 12
T = TypeVar("T")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("wanted", nargs="*", metavar="WANTED")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be copied")
    parser.add_argument("--deep", action="store_true", help="also check every part of what the targets have already")
    parser.add_argument("--shard", metavar="I/N", default="1/1", type=_shard, help="part I of N of the images")
    parser.add_argument("--list", type=Path, metavar="FILE", help="copy what this file says, not what stack files say")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help="default: text")
    mirror_job.arguments(parser)
    parser.set_defaults(refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Mirror; 0 when every tag is right, 1 when some could not be made so, 130 when interrupted."""
    number, of = options.shard
    jobs = _jobs(options)[number - 1 :: of]
    if options.as_job:
        print(mirror_job.job_text(jobs, options), end="")
        return 0
    report = REPORTS[options.output](len(jobs))
    with _stopping() as stopped, Mirror(stop=stopped) as mirror, report:
        planned = _each(jobs, lambda job: _planned(mirror, job), report, stopped)
        report.planned({job.target.tagged: plan for job, plan in planned.items()})
        if not options.dry_run:
            _each([*planned], lambda job: _copied(mirror, job, planned[job], report), report, stopped)
        if options.deep:
            there = [job for job, plan in planned.items() if plan.work is None]
            _each(there, lambda job: _checked(mirror, job), report, stopped)
    if stopped.is_set():
        return 130
    return 1 if report.failures else 0


def _jobs(options: argparse.Namespace) -> list[Job]:
    if options.list and options.wanted:
        options.refuse("--list and WANTED: the file says everything")
    mirror_job.check(options)
    jobs = read_list(options.list) if options.list else _jobs_of_stacks(options)
    if any(job.source.digest is None for job in jobs):
        advice = "run `chaosreg lock` first, so that what is copied can be reviewed"
        raise ChaosregError.of("CHR0304", "nothing is locked yet", help=advice)
    return jobs


def _jobs_of_stacks(options: argparse.Namespace) -> list[Job]:
    reviewed = review(find_project(Path(options.project).resolve()))
    if reviewed.errors:
        raise ChaosregError(reviewed.errors)
    return select_jobs(reviewed, options.wanted)


def select_jobs(reviewed: Review, wanted: Sequence[str]) -> list[Job]:
    """What is mirrored, each target once, sorted; ChaosregError (CHR0118) for what is wanted and names nothing."""
    jobs: dict[str, Job] = {}
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
                jobs[target.tagged] = Job(image.source, target, signatures=said is None or said.value != "skip")
    missing = [text for text in wanted if text not in named]
    if missing:
        advice = "write an infrastructure's or scope's path, or an image's name: `chaosreg resolve` shows them"
        raise ChaosregError([Finding("CHR0118", f"nothing is called `{text}`", help=advice) for text in missing])
    return [jobs[tagged] for tagged in sorted(jobs)]


def _planned(mirror: Mirror, job: Job) -> Planned:
    logins = (machine_login(job.source.server), machine_login(job.target.server))
    return mirror.plan(job.source, job.target, pull=logins[0], push=logins[1], signatures=job.signatures)


def _copied(mirror: Mirror, job: Job, planned: Planned, report: Report) -> None:
    copied = mirror.carry_out(planned, progress=report.progress)
    report.copied(job.target.tagged, copied)


def _checked(mirror: Mirror, job: Job) -> None:
    lacking = mirror.missing(job.target, machine_login(job.target.server))
    if lacking:
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        raise ChaosregError.of(
            "CHR0406",
            f"registry `{job.target.server}` has tag `{job.target.tag}` of `{job.target.repository}` and lacks "
            f"`{lacking[0]}`{more}",
            help="delete that tag at the registry, and mirror it again",
        )


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
