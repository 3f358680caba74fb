"""Copy all images that registries' owners mirror: the whole plan first, each unique blob once, tags last.

The same engine as in `pulumi up`, which sees a few images at a time. Logs in with this machine's logins: those of
docker and podman, their credential helpers, its identity in a cloud. Copies the digests of the lockfile, so run
`chaosreg lock` first. WANTED is an infrastructure or a scope above it, by path or pattern, or the name of an image;
without it everything is mirrored. Ctrl-C stops soon and writes no tag; the next run resumes from what has arrived.
`chaosreg mirror-job` does this in a cluster.

Over an air gap: --to writes the sources' images into an OCI layout; on the other side --from fills the targets from it.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pulumi_chaosreg.cli.mirror import job as mirror_job
from pulumi_chaosreg.cli.mirror import layout as mirror_layout
from pulumi_chaosreg.cli.mirror.list_file import TagCopy
from pulumi_chaosreg.cli.mirror.report import REPORTS, Report
from pulumi_chaosreg.cli.mirror.selection import add_list, copies_of
from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.notices import notice
from pulumi_chaosreg.cli.output import add_output
from pulumi_chaosreg.cli.yaml_text import yaml_documents
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.mirror import Cancelled, Mirror, Planned

ABOUT = "copy all images that registries' owners mirror"
NEEDS = Needs.NETWORK
EXITS = {0: "every tag is right", 1: "some are not"}
EXAMPLES = """\
examples:
  chaosreg mirror                           everything that is mirrored
  chaosreg mirror payments chaos-ddcr       what the infrastructures of an organization pull, and one image
  chaosreg mirror --dry-run                 what would be copied, with sizes; writes nothing
  chaosreg mirror --deep                    check every part of existing images, and verify them again
  chaosreg mirror -o json | jq .            one event a line
  chaosreg mirror --shard 2/5               the second of five fixed parts
  chaosreg mirror --to layout.tar           everything into one file, to cross an air gap
  chaosreg mirror --from layout.tar         from that file into the registries, with no request to any source
"""
_OF_COPY = ("image", "namespace", "docker_config", "pull_secret", "service_account", "ca_bundle")
_AT_ONCE = 12
_GRACE = 5.0
"""Seconds from the first signal until the process ends, whatever its threads wait for."""
T = TypeVar("T")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("wanted", nargs="*", metavar="WANTED")
    parser.add_argument("--dry-run", action="store_true", help="only list what would be copied")
    parser.add_argument("--deep", action="store_true", help="also check what the targets already have")
    parser.add_argument("--shard", metavar="I/N", default="1/1", type=_shard, help="part I of N of the images")
    add_list(parser)
    add_output(parser, "text", "json")
    mirror_layout.arguments(parser)
    group = parser.add_argument_group("as a Job in a cluster: see `chaosreg mirror-job`")
    group.add_argument("--as-job", action="store_true", help="former name of `chaosreg mirror-job`")
    mirror_job.arguments(group, former=True)
    parser.set_defaults(refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Mirror; 0 when every tag is right, 1 when some are not, 130 when interrupted."""
    if options.as_job:
        return _as_job(options)
    said = [name for name in _OF_COPY if getattr(options, name)]
    if said:
        options.refuse(f"--{said[0].replace('_', '-')} belongs to `chaosreg mirror-job`")
    if options.list and (options.to or options.origin):
        options.refuse("--list knows no layout")
    copies = _copies(options)
    with _stopping() as stopped, mirror_layout.carried(options, stopped) as carried:
        return _mirror(options, _part(carried.copies(copies), options), carried, stopped)


def _part(copies: Sequence[TagCopy], options: argparse.Namespace) -> Sequence[TagCopy]:
    number, of = options.shard
    return copies[number - 1 :: of]


def _mirror(
    options: argparse.Namespace, copies: Sequence[TagCopy], carried: mirror_layout.Carried, stopped: threading.Event
) -> int:
    how = {"dry_run": options.dry_run, "deep": options.deep, "verbosity": options.verbosity}
    report, logins = REPORTS[options.output](len(copies), stopped, **how), MachineLogins()
    with Mirror(stop=stopped, read_from=carried.read_from, write_to=carried.write_to) as mirror, report:
        planned = _each(copies, lambda copy: _planned(mirror, copy, carried, logins), report, stopped)
        report.planned({copy.target.tagged: plan for copy, plan in planned.items()})
        if not options.dry_run:
            _each([*planned], lambda copy: _copied(mirror, copy, planned[copy], report), report, stopped)
        if options.deep:
            there = [copy for copy, plan in planned.items() if plan.is_right]
            _each(there, lambda copy: _checked(mirror, copy, carried, logins), report, stopped)
        if not options.dry_run:
            carried.finish(report, stopped=stopped.is_set())
    # whoever was refused has read what is said of logins already
    for finding in [*mirror.findings(), *(() if report.failures else logins.findings())]:
        notice(finding)
    if stopped.is_set():
        return 130
    return 1 if report.failures else 0


def _as_job(options: argparse.Namespace) -> int:
    """As `mirror-job`, with its former spelling."""
    if options.to or options.origin:
        options.refuse("--as-job knows no layout")
    if options.output == "json":
        options.refuse("--as-job prints YAML")
    if not options.image:
        options.refuse("--as-job: --image is missing, an image that has `chaosreg` (examples/mirror-job makes one)")
    notice("chaosreg: `mirror --as-job` is now spelled `chaosreg mirror-job`")
    print(yaml_documents(mirror_job.objects(_part(_copies(options), options), options)), end="")
    return 0


def _copies(options: argparse.Namespace) -> list[TagCopy]:
    return copies_of(Path(options.project).resolve(), options, into_layout=bool(options.to))


def _planned(mirror: Mirror, copy: TagCopy, carried: mirror_layout.Carried, logins: MachineLogins) -> Planned:
    pull = None if carried.read else logins.of(copy.source)
    push = None if carried.written else logins.of(copy.target)
    return mirror.plan(copy.source, copy.target, copy.wanted, pull=pull, push=push)


def _copied(mirror: Mirror, copy: TagCopy, planned: Planned, report: Report) -> None:
    copied = mirror.carry_out(planned, progress=report.progress)
    report.copied(copy.target.tagged, copied)


def _checked(mirror: Mirror, copy: TagCopy, carried: mirror_layout.Carried, logins: MachineLogins) -> None:
    login = None if carried.written else logins.of(copy.target)
    lacking = mirror.missing(copy.target, login)
    if lacking:
        raise carried.lacking(copy, lacking)
    wanted = copy.wanted
    if wanted.verify and wanted.platforms:  # a subset's index is ours, and nobody has signed it: upstream's is judged
        mirror.check_signed(
            copy.source, wanted.verify, None if carried.read else logins.of(copy.source), is_source=True
        )
    elif wanted.verify:
        mirror.check_signed(copy.target, wanted.verify, login)


def _each(
    copies: Sequence[TagCopy], work: Callable[[TagCopy], T], report: Report, stopped: threading.Event
) -> dict[TagCopy, T]:
    """Copy → result of the work, done for several at once; failures go to the report."""
    results: dict[TagCopy, T] = {}
    with ThreadPoolExecutor(_AT_ONCE, "chaosreg-image") as pool:
        under_way: dict[Future[T], TagCopy] = {pool.submit(work, copy): copy for copy in copies}
        while under_way:
            done, _ = wait(under_way, timeout=0.2, return_when=FIRST_COMPLETED)
            if stopped.is_set():
                pool.shutdown(wait=False, cancel_futures=True)
                under_way = {future: copy for future, copy in under_way.items() if not future.cancelled()}
            for future in done:
                copy = under_way.pop(future, None)
                if copy is None or future.cancelled():
                    continue
                try:
                    results[copy] = future.result()
                except Cancelled:
                    pass
                except ChaosregError as error:
                    report.failed(copy.target.tagged, error)
    return results


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, as long as the context lasts; the second time they act as usual.

    A thread that waits for a silent registry cannot be called back: who has not ended after a while is ended.
    """
    stopped = threading.Event()
    ended = threading.Timer(_GRACE, _leave)
    ended.daemon = True

    def stop(number: int, _frame: object) -> None:
        if stopped.is_set():
            signal.signal(number, before[signal.Signals(number)])
            signal.raise_signal(number)
        stopped.set()
        ended.start()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        ended.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave() -> None:
    sys.stdout.flush()
    os._exit(130)


def _shard(text: str) -> tuple[int, int]:
    number, slash, of = text.partition("/")
    if not (slash and number.isdigit() and of.isdigit() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError("write I/N, as in 2/5")
    return int(number), int(of)
