"""`chaosreg lock`: asks each source registry for the digest of every tag that the lockfile should have.

A tag that moved since it was locked is told, and followed only with `--upgrade`. `--check` writes nothing and ends with
1 when something moved, is gone or was never locked: for a nightly job. Tags are asked for with HEAD, which counts as a
pull nowhere.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pulumi_chaosreg.cli.side_by_side import side_by_side
from pulumi_chaosreg.errors import Cause, ChaosregError, Finding
from pulumi_chaosreg.images.lockfile import FILE_NAME, write_lockfile
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.review.review import Review, review
from pulumi_chaosreg.scopes.resolved import ResolvedImage, by_images
from pulumi_chaosreg.stacks.project_file import find_project

EXAMPLES = """\
examples:
  chaosreg lock                      lock what is not locked yet, drop what nobody needs, tell what has moved
  chaosreg lock --upgrade            also follow the tags that have moved since
  chaosreg lock --check              only look; 1 when something moved
  chaosreg lock --check -o json | jq '.sources[] | select(.state == "moved")'
"""
_ALARMING = ("moved", "gone", "unlocked")
"""What makes `--check` end with 1."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--upgrade", action="store_true", help="follow tags that have moved since they were locked")
    how.add_argument("--check", action="store_true", help="write nothing; 1 when a tag moved, is gone or is not locked")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Lock what the project in this folder mirrors, or look whether that is still true."""
    project = find_project(Path(options.project).resolve())
    reviewed = review(project)
    in_the_way = [finding for finding in reviewed.errors if finding.cause is not Cause.NO_DIGEST]
    if in_the_way:
        print(ChaosregError(in_the_way), file=sys.stderr)
        print(f"\n{FILE_NAME} is left as it is: these come first", file=sys.stderr)
        return 1
    logins = MachineLogins()
    if options.check:
        code = _check(reviewed, logins, options.output)
    else:
        code = _lock(reviewed, logins, options.output, upgrade=options.upgrade)
    for finding in logins.findings():  # whoever was refused has read them already
        print(finding, file=sys.stderr)
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


def _lock(reviewed: Review, logins: MachineLogins, output: str, *, upgrade: bool) -> int:
    """Nothing is written when a source that has to be read cannot be."""
    locked, sources = reviewed.company.locked, _sources(reviewed)
    found, failures = _ask(sources, logins)
    needed = [source.tagged for source in sources if upgrade or source.tagged not in locked]
    findings = [finding for tagged in needed for finding in failures.get(tagged, ())]
    findings += [_no_such_tag(tagged) for tagged in needed if tagged in found and found[tagged] is None]
    if findings:
        raise ChaosregError(dict.fromkeys(findings))
    asked = {tagged: digest for tagged, digest in found.items() if tagged in needed and digest}
    upstream = {tagged: asked.get(tagged) or locked[tagged] for tagged in _tagged(sources)}
    subsets = _subset_digests(_subsets(reviewed), upstream, locked, logins, upgrade=upgrade)
    result = {**upstream, **subsets}
    changed = write_lockfile(reviewed.company.folder / FILE_NAME, result)
    other = "upgraded" if upgrade else "moved"
    seen = [_seen(tagged, locked.get(tagged), found, other=other) for tagged in _tagged(sources)]
    seen += [_seen(key, locked.get(key), subsets, other="upgraded") for key in sorted(subsets)]
    seen += [_Seen(tagged, "dropped", locked[tagged]) for tagged in sorted(set(locked) - set(result))]
    _print(seen, failures, output, f"{FILE_NAME}: {len(sources)} images{'' if changed else ', unchanged'}")
    return 0


def _check(reviewed: Review, logins: MachineLogins, output: str) -> int:
    locked, sources = reviewed.company.locked, _sources(reviewed)
    found, failures = _ask(sources, logins)
    seen = [_seen(tagged, locked.get(tagged), found, new="unlocked") for tagged in _tagged(sources)]
    moved = [Reference.parse(one.source).with_digest(one.locked) for one in seen if one.state == "moved"]
    there, _ = _ask(moved, logins)
    seen += [_Seen(key, "same" if key in locked else "unlocked", locked.get(key)) for key in sorted(_subsets(reviewed))]
    seen = [replace(one, locked_is_there=bool(there[one.source])) if one.source in there else one for one in seen]
    alarming = sum(one.state in _ALARMING for one in seen)
    looked_at = (
        f"{len(found)} of {len(sources)} images could be asked" if failures else f"{len(sources)} images looked at"
    )
    blind = failures and not found and not alarming  # "none not as locked" would sound like all is well
    _print(seen, failures, output, looked_at if blind else f"{looked_at}: {alarming or 'none'} not as locked")
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
        failed = [(tagged, finding) for tagged, findings in failures.items() for finding in findings]
        document = {
            "sources": [asdict(one) for one in seen],
            "errors": [{"source": tagged, "code": f.code, "message": f.message} for tagged, f in failed],
        }
        print(json.dumps(document, indent=2))
        return
    for one in seen:
        if one.state != "same":
            print(f"{one.state:<8} {one.source}  {_digests(one)}")
    print(last)
    if any(one.state == "moved" for one in seen):
        print("what moved was not followed: look at what changed, then run `chaosreg lock --upgrade`")
    if failures:
        findings = dict.fromkeys(finding for found in failures.values() for finding in found)
        print(f"{len(failures)} could not be asked:\n{ChaosregError(findings)}", file=sys.stderr)


def _digests(one: _Seen) -> str:
    if one.state in ("moved", "upgraded"):
        gone = ", and the source has the locked digest no more" if one.locked_is_there is False else ""
        return f"{one.locked} → {one.now}{gone}"
    return one.now or one.locked or ""


def _sources(reviewed: Review) -> list[Reference]:
    """What `images.pin` wants locked; unsaid: what mirrors copy, ours or somebody else's (`mirror: off`, read where it
    is then), and tags that move under a cluster's own pulls.
    """
    sources: dict[str, Reference] = {}
    for resolved in by_images(reviewed.resolved.values()):
        for image in resolved.images:
            floats = reviewed.company.catalogue.is_floating(image.reference.tag)
            is_filled = image.source is not None or (resolved.registry.off is not None and not image.is_custom)
            wanted = resolved.pinning.wants_locked(mirrored=is_filled, floating=floats)
            if wanted and not image.is_pinned:
                source = image.source or image.reference
                sources[source.tagged] = source.with_digest(None)
    return [sources[tagged] for tagged in sorted(sources)]


def _subsets(reviewed: Review) -> dict[str, ResolvedImage]:
    """Key of the lockfile → image of which some platforms only are mirrored."""
    return {
        image.lock_key: image
        for resolved in by_images(reviewed.resolved.values())
        for image in resolved.images
        if image.platforms and resolved.pinning.uses_lockfile
    }


def _subset_digests(
    subsets: Mapping[str, ResolvedImage],
    upstream: Mapping[str, str],
    locked: Mapping[str, str],
    logins: MachineLogins,
    *,
    upgrade: bool,
) -> dict[str, str]:
    """Key → what the image becomes; read from the source only where that is not known, or `upgrade`."""

    def read(key: str) -> str:
        image = subsets[key]
        assert image.source
        source = image.source.with_digest(upstream[image.source.tagged])
        if key in locked and locked.get(source.tagged) == source.digest and not upgrade:
            return locked[key]
        return mirror.subset_digest(source, image.platforms, logins.of(source))

    with Mirror() as mirror:
        result, failures = side_by_side(subsets, read)
    if failures:
        raise ChaosregError(dict.fromkeys(finding for error in failures.values() for finding in error.findings))
    return result


def _tagged(sources: Sequence[Reference]) -> list[str]:
    return [source.tagged for source in sources]


def _no_such_tag(tagged: str) -> Finding:
    return Finding(
        "CHR0308",
        f"`{tagged}` does not exist",
        help="check `mirror.source`, `images.release`, `images.tags` and `custom_images`",
    )


def _ask(
    sources: Sequence[Reference], logins: MachineLogins
) -> tuple[dict[str, str | None], dict[str, tuple[Finding, ...]]]:
    """(tag → what it, or the reference's digest, stands for now, None for nothing; tag → why it could not be asked)."""

    def ask(source: Reference) -> str | None:
        asked = Reference(source.server, source.repository, digest=source.digest) if source.digest else source
        return mirror.digest(asked, logins.of(source))

    with Mirror() as mirror:
        found, failures = side_by_side(sources, ask)
    return (
        {source.tagged: digest for source, digest in found.items()},
        {source.tagged: tuple(error.findings) for source, error in failures.items()},
    )
