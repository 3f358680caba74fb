"""Ask each source registry for the digest of every tag that the lockfile should have.

A tag that moved since it was locked is reported, and followed only with `--upgrade`. `--check` writes nothing and exits
with 1 if something moved, is gone or was never locked: for a nightly job. Tags are read with HEAD, which never counts
as a pull. What can be read is locked, and the exit code is 1 if something could not be read: over an air gap each side
locks what it reaches, with `--from` also what a layout has.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pulumi_chaosreg.cli.lock_sources import Asking, Failures, no_such_tag, sources_of, subset_digests, subsets_of
from pulumi_chaosreg.cli.mirror.layout import layout_path
from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.notices import notice
from pulumi_chaosreg.cli.output import add_output
from pulumi_chaosreg.cli.side_by_side import findings_of
from pulumi_chaosreg.errors import Cause, ChaosregError, Finding
from pulumi_chaosreg.images.lockfile import FILE_NAME, write_lockfile
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.review.review import Review, review
from pulumi_chaosreg.stacks.project_file import find_project

ABOUT = "write stacks/chaosreg.lock.yaml: source tag → digest"
NEEDS = Needs.NETWORK
EXITS = {
    0: "everything is locked, or with --check still as locked",
    1: "something could not be read; with --check: a tag moved, is gone or is not locked",
    2: "could not run, or with --check could not ask a source; standard error says why",
}
EXAMPLES = """\
examples:
  chaosreg lock                      lock what is new, drop what is not needed, show what has moved
  chaosreg lock --upgrade            also follow the tags that have moved since
  chaosreg lock --check              write nothing; 1 if something moved
  chaosreg lock --from layout.tar    behind an air gap: what the layout has, and local sources
  chaosreg lock --check -o json | jq '.sources[] | select(.state == "moved")'
"""
_ALARMING = ("moved", "gone", "unlocked")
"""What makes `--check` end with 1."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--upgrade", action="store_true", help="follow tags that have moved since they were locked")
    how.add_argument("--check", action="store_true", help="write nothing; 1 if a tag moved, is gone or is not locked")
    parser.add_argument(
        "--from", dest="origin", type=layout_path, metavar="PATH", help="read from a layout (`mirror --to`) what it has"
    )
    add_output(parser, "text", "json")


def run(options: argparse.Namespace) -> int:
    """Lock what the project in this folder mirrors, or look whether that is still true."""
    try:
        return _run(options)
    except ChaosregError as error:
        if options.output == "json":
            _print_json((), [(None, finding) for finding in error.findings])
            return 2
        raise


def _run(options: argparse.Namespace) -> int:
    project = find_project(Path(options.project).resolve())
    reviewed = review(project)
    in_the_way = [finding for finding in reviewed.errors if finding.cause is not Cause.NO_DIGEST]
    if in_the_way:
        if options.output == "json":
            _print_json((), [(None, finding) for finding in in_the_way])
        else:
            print(ChaosregError(in_the_way), file=sys.stderr)
        print(f"\n{FILE_NAME} is unchanged: fix these first", file=sys.stderr)
        return 1
    logins = MachineLogins()
    with Asking.of(logins, options.origin) as asking:
        if options.check:
            code = _check(reviewed, asking, options.output)
        else:
            code = _lock(reviewed, asking, options.output, upgrade=options.upgrade)
    for finding in logins.findings():  # whoever was refused has read them already
        notice(finding)
    return code


@dataclass(frozen=True, slots=True)
class _Seen:
    """One source: what is locked, and what its tag stands for now."""

    source: str
    state: str
    """same, locked (just now), unlocked, moved (and not followed), upgraded, gone, unasked, or dropped."""
    locked: str | None = None
    """Before this run."""
    now: str | None = None
    locked_is_there: bool | None = None
    """Whether the source still has the locked digest, where its tag has moved away from it and `--check` asked."""


def _lock(reviewed: Review, asking: Asking, output: str, *, upgrade: bool) -> int:
    """Write what could be read; what could not keeps the line that it had, if any."""
    locked, sources = reviewed.company.locked, sources_of(reviewed)
    # Behind an air gap only what is new is asked for there: the others' registries cannot be reached.
    asked = [one for one in sources if not asking.layout or one.tagged not in locked or asking.carries(one)]
    found, failures = asking.digests(asked, locked)
    needed = [source.tagged for source in asked if upgrade or source.tagged not in locked]
    read = {tagged: digest for tagged in needed if (digest := found.get(tagged))}
    unread: Failures = {tagged: failures[tagged] for tagged in needed if tagged in failures}
    unread |= {tagged: (no_such_tag(tagged),) for tagged in needed if tagged in found and not found[tagged]}
    upstream = {key: digest for key in _tagged(sources) if (digest := read.get(key) or locked.get(key))}
    subsets, unread_subsets = subset_digests(asking, subsets_of(reviewed), upstream, locked, upgrade=upgrade)
    unread |= unread_subsets
    result, path = {**upstream, **subsets}, reviewed.company.folder / FILE_NAME
    changed = bool(result or path.exists()) and write_lockfile(path, result)
    other = "upgraded" if upgrade else "moved"
    seen = [_seen(tagged, locked.get(tagged), found, other=other) for tagged in _tagged(sources)]
    seen += [_seen(key, locked.get(key), subsets, other="upgraded") for key in sorted({*subsets, *unread_subsets})]
    of_nobody = set(locked) - set(result) - set(unread_subsets)
    seen += [_Seen(tagged, "dropped", locked[tagged]) for tagged in sorted(of_nobody)]
    incomplete = f", {len(unread)} could not be read" if unread else ""
    if not result and not path.exists():
        why = f"{len(unread)} could not be read" if unread else "nothing is to be locked"
        last = f"{FILE_NAME} is not written: {why}"
    else:
        last = f"{FILE_NAME}: {len(upstream)} images{'' if changed else ', unchanged'}{incomplete}"
    _print(seen, {**failures, **unread}, output, last)
    return 1 if unread else 0


def _check(reviewed: Review, asking: Asking, output: str) -> int:
    locked, sources = reviewed.company.locked, sources_of(reviewed)
    found, failures = asking.digests(sources, locked)
    seen = [_seen(tagged, locked.get(tagged), found, new="unlocked") for tagged in _tagged(sources)]
    moved = [Reference.parse(one.source).with_digest(one.locked) for one in seen if one.state == "moved"]
    there, _ = asking.digests(moved, locked)
    subsets = sorted(subsets_of(reviewed))
    seen += [_Seen(key, "same" if key in locked else "unlocked", locked.get(key)) for key in subsets]
    seen = [replace(one, locked_is_there=bool(there[one.source])) if one.source in there else one for one in seen]
    alarming = sum(one.state in _ALARMING for one in seen)
    looked_at = (
        f"{len(found)} of {len(sources)} images could be asked" if failures else f"{len(sources)} images looked at"
    )
    blind = failures and not found and not alarming  # "none differ" would sound like all is well
    differing = "1 differs" if alarming == 1 else f"{alarming or 'none'} differ"
    _print(seen, failures, output, looked_at if blind else f"{looked_at}: {differing} from the lockfile")
    return 2 if failures else 1 if alarming else 0


def _seen(
    tagged: str, locked: str | None, found: Mapping[str, str | None], *, new: str = "locked", other: str = "moved"
) -> _Seen:
    now = found.get(tagged)
    if tagged not in found:
        state = "unasked"
    elif now is None:
        state = "gone"
    elif locked is None:
        state = new
    elif now == locked:
        state = "same"
    else:
        state = other
    return _Seen(tagged, state, locked, now)


def _print(seen: Sequence[_Seen], failures: Mapping[str, Sequence[Finding]], output: str, last: str) -> None:
    """What is not the same, and a last line; what could not be asked goes to standard error, too."""
    if output == "json":
        _print_json(seen, [(tagged, finding) for tagged, findings in failures.items() for finding in findings])
        return
    for one in seen:
        if one.state != "same":
            print(f"{one.state:<8} {one.source}  {_digests(one)}")
    print(last)
    if any(one.state == "moved" for one in seen):
        print("moved tags were not followed: look at what changed, then run `chaosreg lock --upgrade`")
    if failures:
        findings = findings_of({tagged: ChaosregError(found) for tagged, found in failures.items()})
        print(f"{len(failures)} could not be read:\n{ChaosregError(findings)}", file=sys.stderr)


def _print_json(seen: Sequence[_Seen], errors: Sequence[tuple[str | None, Finding]]) -> None:
    document = {
        "sources": [asdict(one) for one in seen],
        "errors": [{"source": source, "code": f.code, "message": f.message} for source, f in errors],
    }
    print(json.dumps(document, indent=2))


def _digests(one: _Seen) -> str:
    if one.state in ("moved", "upgraded"):
        gone = ", and the source no longer has the locked digest" if one.locked_is_there is False else ""
        return f"{one.locked} → {one.now}{gone}"
    return one.now or one.locked or ""


def _tagged(sources: Sequence[Reference]) -> list[str]:
    return [source.tagged for source in sources]
