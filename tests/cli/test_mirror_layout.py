"""`chaosreg mirror --to`: what two owners want of one source, as one image of a layout."""

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

from pulumi_chaosreg.cli.mirror.layout import Carried
from pulumi_chaosreg.cli.mirror.list_file import TagCopy
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.signing_policy import SigningPolicy
from pulumi_chaosreg.oci.layout import Layout

SOURCE = Reference("docker.io", "harness/ddcr", "1", f"sha256:{'1f' * 32}")
EU, US, ASIA = (TagCopy(SOURCE, Reference(f"{region}.example", "chaos/ddcr", "1")) for region in ("eu", "us", "asia"))
OURS, THEIRS = SigningPolicy(public_keys=("ours",)), SigningPolicy(public_keys=("theirs",))


def wanting(job: TagCopy, **more: Any) -> TagCopy:
    return replace(job, wanted=replace(job.wanted, **more))


def _carried(folder: Path, *jobs: TagCopy) -> TagCopy:
    with Layout.open(folder / "layout", writing=True) as layout:
        (one,) = Carried(written=layout).copies(jobs)
    return one


def test_a_layouts_image_is_verified_where_all_owners_have_one_policy(tmp_path: Path) -> None:
    alike = [wanting(owner, verify=OURS) for owner in (EU, US, ASIA)]
    assert _carried(tmp_path, *alike).wanted.verify == OURS


def test_no_owners_policy_decides_for_another_in_whichever_order_they_come(tmp_path: Path) -> None:
    with_ours, with_theirs = wanting(EU, verify=OURS), wanting(US, verify=THEIRS)
    for owners in ((with_ours, ASIA), (with_ours, with_theirs), (with_ours, US, wanting(ASIA, verify=OURS))):
        for jobs in permutations(owners):
            assert _carried(tmp_path, *jobs).wanted.verify is None


def test_a_layout_gets_all_that_any_owner_needs(tmp_path: Path) -> None:
    bare, foreign = wanting(EU, signatures=False), wanting(ASIA, signatures=False, keep_foreign=True)
    for jobs in permutations((bare, US, foreign)):
        one = _carried(tmp_path, *jobs).wanted
        assert (one.signatures, one.keep_foreign) == (True, True)
    subset = _carried(tmp_path, wanting(bare, platforms=("linux/amd64",), unique=True)).wanted
    assert (subset.platforms, subset.unique, subset.signatures) == ((), False, False)
    assert subset.keep_foreign  # of the platforms that it does not keep
