"""What a registry did not do as it should is a warning of the resource that met it, once in a run, failed or not."""

import pytest

from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.mirror import Copied, Mirror
from pulumi_chaosreg.oci.problems import problem
from pulumi_chaosreg.provider.mirrored_image import MirroredImage
from pulumi_chaosreg.provider.resource import Occasion

WARNING = problem("CHR0440", server="harbor.old.example", cause="it answers 403").findings[0]
INPUTS = {"source": "docker.io/harness/chaos-ddcr:1", "target": "harbor.company.com/chaos/chaos-ddcr:1"}


class Meeting(Mirror):
    """Stand-in: copies nothing, and has met a registry without referrers."""

    refusal: ChaosregError | None = None

    def copy(self, *_: object, **__: object) -> Copied:  # type: ignore[override]
        if self.refusal:
            raise self.refusal
        return Copied(f"sha256:{'a' * 64}", wrote=True)

    def findings(self) -> list[Finding]:
        return [WARNING]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def occasion(told: list[str]) -> Occasion:
    return Occasion("urn:x", lambda _: None, told.append, lambda _: None)


def test_a_warning_is_told_once_in_a_run(occasion: Occasion, told: list[str]) -> None:
    images = MirroredImage(Meeting())
    for _ in range(2):
        images.create(INPUTS, occasion)
    assert told == [str(WARNING)]


def test_a_copy_that_fails_tells_what_it_met(occasion: Occasion, told: list[str]) -> None:
    """It may be why a signature was not found."""
    mirror = Meeting()
    mirror.refusal = ChaosregError.of("CHR0450", "not signed")
    with pytest.raises(ChaosregError, match="CHR0450"):
        MirroredImage(mirror).create(INPUTS, occasion)
    assert told == [str(WARNING)]
