"""Numbers that never go back, whatever is sent again."""

from pulumi_chaosreg.mirror.progress import Counter, Progress
from pulumi_chaosreg.oci import Descriptor

ONE, TWO = Descriptor("", "sha256:1", 100), Descriptor("", "sha256:2", 50)


def test_a_blob_that_is_sent_again_counts_on_where_it_passes_its_old_mark() -> None:
    seen: list[Progress] = []
    counter = Counter("image", [ONE, TWO], seen.append)

    for position in (60, 90, 10, 70, 95, 100):
        counter.reached(ONE.digest, position)
    counter.finished(ONE.digest)
    counter.finished(TWO.digest)

    assert [progress.bytes_done for progress in seen] == [60, 90, 90, 90, 95, 100, 100, 150]
    assert seen[-1] == Progress("image", 150, 150, 2, 2)
    assert seen[0].blob == 0


def test_more_than_was_promised_does_not_count() -> None:
    seen: list[Progress] = []
    Counter("image", [ONE], seen.append).reached(ONE.digest, 1000)
    assert seen[-1].bytes_done == 100
