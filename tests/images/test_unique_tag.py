"""The second tag of a tag that moves: legal, of its digest only, and none that anybody else gives a meaning to."""

from hypothesis import given
from hypothesis import strategies as st

from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.reference import TAG
from pulumi_chaosreg.images.unique_tag import unique_tag
from tests.support.examples import examples

WORD = "ABCXYZabcxyz0129_"
tags = st.sampled_from(["latest", "dev"]) | st.builds(
    "{}{}".format, st.sampled_from(WORD), st.text(f"{WORD}.-", max_size=127)
)
# two of these often begin alike, and so it is tested that the beginning decides
digests = st.builds(
    lambda begin, end, algorithm: f"{algorithm[0]}:{begin}{end * (algorithm[1] - 12)}",
    st.sampled_from(["3e9612ab34cd", "3e9612ab34ce", "0" * 12]),
    st.sampled_from("0af"),
    st.sampled_from([("sha256", 64), ("sha512", 128)]),
)


def test_it_reads_as_the_tag_and_the_beginning_of_its_digest():
    assert unique_tag("latest", "sha256:" + "3e9612ab34cd" + "0" * 52) == "latest-sha256-3e9612ab34cd"


@examples(100)
@given(tag=tags, one=digests, other=digests)
def test_it_is_legal_does_not_move_and_is_no_tag_of_cosign(tag, one, other):
    unique = unique_tag(tag, one)
    assert TAG.match(unique)
    assert not load_catalogue().is_floating(unique)
    assert len(unique.rpartition("-")[2]) == 12  # where cosign and the referrers' tags have 64 and more
    assert (unique == unique_tag(tag, other)) == (
        one.partition(":")[2][:12] == other.partition(":")[2][:12] and one[:6] == other[:6]
    )
