"""Hundreds of images through faults at both ends, drawn from a seed: every image is right in the end.

An ordinary run draws few, a nightly run five hundred; CHAOSREG_SOAK_IMAGES and CHAOSREG_SOAK_SEED change how many and
which.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Patience
from tests.support.builder import Tree, image, index, layer, referring
from tests.support.fault_scripts import seeded
from tests.support.faults import Change, FaultServer, Reply
from tests.support.stored import store
from tests.support.verdict import whole_tags

pytestmark = pytest.mark.registry

IMAGES = 60
MANY = int(os.environ.get("CHAOSREG_SOAK_IMAGES", "500"))
SEED = os.environ.get("CHAOSREG_SOAK_SEED", "4711")
TAGS = 25
"""Images in each repository."""
MAX_RUNS = 8
IMPATIENT = Patience(tries=3, first=0.005)
"""So that some images fail in each run."""

ANYWHERE: list[Reply | Change] = [
    Reply(500, b'{"errors":[{"code":"UNKNOWN"}]}'),
    Reply(502, b"<html>Bad Gateway</html>"),
    Reply(503, headers={"Retry-After": "0"}),
    Reply(429, b'{"errors":[{"code":"TOOMANYREQUESTS"}]}'),
    Reply(reset=True),
    Change(cut=100),
    Change(delay=0.05),
    Change(lost=True),
]
AT_THE_SOURCE = [*ANYWHERE, Change(flip=50), Change(drip=(500, 0.01)), Reply(200, b"short", promise=1000)]
AT_THE_TARGET = [*ANYWHERE, Change(swallow=40), Reply(404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')]


@dataclass(frozen=True)
class Soaked:
    repository: str
    tag: str
    tree: Tree
    companions: dict[str, Tree]
    """Tag → what has to come along; by the tag of a list of referrers, one of those."""


@pytest.mark.timeout(240)
@pytest.mark.parametrize("number", [IMAGES, pytest.param(MANY, marks=pytest.mark.nightly)])
def test_every_image_is_right_in_the_end(
    number: int, upstream: RegistryServer, target: RegistryServer, crane: Callable[..., bytes]
) -> None:
    images = list(soaked(number))
    for one in images:
        for tag, tree in {one.tag: one.tree, **one.companions}.items():
            store(upstream, one.repository, tag, tree)
    failures, left, runs = Counter[str](), images, 0
    proved: dict[str, set[str]] = {one.repository: set() for one in images}
    while left and runs < MAX_RUNS:
        runs += 1
        failed = run(f"{SEED} {runs}", upstream, target, left)
        failures.update(failed.values())
        left = [one for one in left if (one.repository, one.tag) in failed]
        assert_right([one for one in images if one not in left], target, proved, f"seed {SEED}, run {runs}")
    assert left == [], f"seed {SEED}: not right after {runs} runs: {failures}"
    for one in random.Random(SEED).sample(images, 3):
        assert crane("digest", f"{target.host}/{one.repository}:{one.tag}").decode().strip() == one.tree.digest


def soaked(images: int) -> Iterator[Soaked]:
    """Plain images, indexes, nested ones, signed ones, with layers that many share."""
    draw = random.Random(SEED)
    shared = [layer(f"shared {number}", 2_000 + 400 * number) for number in range(20)]
    for number in range(images):

        def one(part: str, number: int = number) -> Tree:
            own = [layer(f"own {number} {part}", 1500)] if draw.random() < 0.3 else []
            return image(*draw.sample(shared, draw.randint(1, 3)), *own, note=f"{number} {part}")

        kind, tree = draw.random(), one("only")
        if kind < 0.2:
            tree = index(one("amd64"), one("arm64"))
        elif kind < 0.3:
            tree = index(index(one("deep"), docker=True), tree)
        beside, companions = tree.digest.replace(":", "-"), {}
        if draw.random() < 0.1:
            companions[beside + ".sig"] = image(layer(f"signature {number}", 300), note=f"signature {number}")
        if draw.random() < 0.05:
            companions[beside] = index(referring(tree, f"referrer {number}".encode()))
        yield Soaked(f"soak/r{number // TAGS}", f"t{number}", tree, companions)


def assert_right(images: Sequence[Soaked], target: RegistryServer, proved: dict[str, set[str]], when: str) -> None:
    """All tags of the target, these images' and all others, are whole; these have the right content."""
    for repository in {one.repository for one in images}:
        tags = whole_tags(target.host, repository, proved=proved[repository])
        for one in (one for one in images if one.repository == repository):
            assert tags.get(one.tag) == one.tree.digest, f"{when}: {repository}:{one.tag}"
            for tag, tree in one.companions.items():
                assert tag in tags, f"{when}: {tag} of {repository}:{one.tag}"
                assert tags[tag] == tree.digest or tree.children, f"{when}: {tag} of {repository}:{one.tag}"


def run(
    seed: str, upstream: RegistryServer, target: RegistryServer, wanted: Sequence[Soaked]
) -> dict[tuple[str, str], str]:
    """Copy them once, through faults; those that failed, with the error's code."""
    failed: dict[tuple[str, str], str] = {}
    with (
        FaultServer(seeded(f"source {seed}", 0.05, AT_THE_SOURCE), upstream.host) as source,
        FaultServer(seeded(f"target {seed}", 0.05, AT_THE_TARGET), target.host) as goal,
        Mirror(patience=IMPATIENT) as mirror,
        ThreadPoolExecutor(12) as pool,
    ):

        def copy(one: Soaked) -> None:
            name = one.repository, one.tag
            try:
                mirror.copy(Reference(source.host, *name), Reference(goal.host, *name))
            except ChaosregError as error:
                failed[name] = error.findings[0].code

        list(pool.map(copy, wanted))
    return failed
