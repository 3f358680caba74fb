"""The second tag of a tag that moves: legal, of its digest only, and none that anybody else gives a meaning to."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.reference import TAG
from pulumi_chaosreg.images.unique_tag import unique_tag

tags = st.from_regex(r"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")
digests = st.from_regex(r"\A(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\Z")


def test_it_reads_as_the_tag_and_the_beginning_of_its_digest():
    assert unique_tag("latest", "sha256:" + "3e9612ab34cd" + "0" * 52) == "latest-sha256-3e9612ab34cd"


@settings(max_examples=200, deadline=None, database=None)
@given(tag=tags, one=digests, other=digests)
def test_it_is_legal_does_not_move_and_is_no_tag_of_cosign(tag, one, other):
    unique = unique_tag(tag, one)
    assert TAG.match(unique)
    assert not load_catalogue().is_floating(unique)
    assert len(unique.rpartition("-")[2]) == 12  # where cosign and the referrers' tags have 64 and more
    assert (unique == unique_tag(tag, other)) == (
        one.partition(":")[2][:12] == other.partition(":")[2][:12] and one[:6] == other[:6]
    )
