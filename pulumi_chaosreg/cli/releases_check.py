"""`chaosreg releases --check`: what the registry that Harness publishes on has, and the catalogue does not."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pulumi_chaosreg.cli.notices import notice
from pulumi_chaosreg.cli.side_by_side import findings_of, side_by_side
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.stacks.catalogue_additions import FILE_NAME

_VERSION = re.compile(r"v?(\d+(?:\.\d+)+)\Z")


@dataclass(frozen=True, slots=True)
class Compared:
    """One image of the newest release."""

    image: str
    known: str
    is_there: bool
    """Whether the source has the tag that the catalogue gives it."""
    newer: tuple[str, ...]
    """The tags of higher versions that the source has, lowest first."""

    @property
    def newest(self) -> str:
        """Of both."""
        return self.newer[-1] if self.newer else self.known


def check(catalogue: Catalogue, source: str, versions: Sequence[str], output: str) -> int:
    """Print the comparison; 1 where the source has newer tags, or lacks one of ours. ChaosregError where none could be
    asked for.
    """
    kind = next(iter(catalogue.sets))
    release = catalogue.release(versions[0] if versions else catalogue.newest_with(kind))
    kind = next((one for one in catalogue.sets if release.images(one)), kind)
    tags = {name: known[-1] for name, known in release.images(kind).items()}
    found, failures = _compare(source, tags)
    if failures:
        raise ChaosregError(findings_of(failures))
    if output == "json":
        images = [
            {"image": one.image, "known": one.known, "is_there": one.is_there, "newer": [*one.newer]} for one in found
        ]
        print(json.dumps({"release": release.version, "type": kind, "source": source, "images": images}, indent=2))
    else:
        print(f"{source} beside release {release.version}, the newest {kind} one that the catalogue knows:")
        width = max(len(one.image) for one in found)
        for one in found:
            print(f"  {one.image:<{width}}  {one.known}  {_said(one)}")
        if any(one.newer for one in found):
            notice(f"\n{_how_to_add(found, kind)}")
    return 1 if any(one.newer or not one.is_there for one in found) else 0


def _compare(source: str, tags: dict[str, str]) -> tuple[list[Compared], dict[str, ChaosregError]]:
    logins = MachineLogins()
    with Mirror() as registries:

        def ask(image: str) -> Compared:
            one = Reference.parse(f"{source}/{image}")
            there = registries.image_tags(one.server, one.repository, logins.of(one), [tags[image]])
            newer = sorted((tag for tag in there if _is_newer(tag, tags[image])), key=_numbers)
            return Compared(image, tags[image], tags[image] in there, tuple(newer))

        found, failures = side_by_side(tags, ask)
    return list(found.values()), failures


def _is_newer(tag: str, known: str) -> bool:
    """Whether it is a version of the same form, and a higher one; candidates and builds are none."""
    both = _VERSION.match(tag), _VERSION.match(known)
    return all(both) and tag.startswith("v") is known.startswith("v") and _numbers(tag) > _numbers(known)


def _numbers(tag: str) -> list[int]:
    return [int(part) for part in tag.removeprefix("v").split(".")]


def _said(one: Compared) -> str:
    if not one.is_there:
        return "is not there"
    return f"newer: {', '.join(one.newer)}" if one.newer else "is the newest"


def _how_to_add(found: Sequence[Compared], kind: str) -> str:
    """What to write, with the newest tag of each image: which of them belong together only Harness says."""
    images = ", ".join(f'{one.image}: "{one.newest}"' for one in found)
    return (
        f"To use one of these, add its release to stacks/{FILE_NAME}. Product and images have versions\n"
        "of their own: take them from Harness's release notes; these are the newest of each image.\n\n"
        f'  releases:\n    "<release>":\n      {kind}: {{{images}}}'
    )
