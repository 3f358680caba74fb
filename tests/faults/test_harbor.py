"""Harbor's projects, quotas and immutable tags, and its order of signatures (profiles.py)."""

import pytest

from tests.support import builder, profiles
from tests.support.builder import image, layer
from tests.support.trial import Trial

pytestmark = pytest.mark.registry


@pytest.fixture
def tree(trial: Trial) -> builder.Tree:
    return trial.push(image(layer("one", 300_000), layer("two", 300_000)))


def test_a_missing_project_is_named(trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(target=profiles.harbor([]), most=20)
    assert outcome.code == "CHR0408"
    assert f"project {trial.repository} not found" in str(outcome.error)


@pytest.mark.parametrize("status", [403, 412])
def test_a_quota_that_is_used_up_is_no_missing_right(status: int, trial: Trial, tree: builder.Tree) -> None:
    outcome = trial.copy(target=profiles.harbor([trial.repository], room=400_000, quota_status=status), most=30)
    assert outcome.code == "CHR0409"
    assert "will exceed the configured upper limit of 0.4 MiB" in str(outcome.error)
    assert outcome.target.count("PUT", "/uploads/") <= 3


def test_an_immutable_tag_keeps_its_image(trial: Trial, tree: builder.Tree) -> None:
    harbor = profiles.harbor([trial.repository])
    assert trial.copy(target=harbor, most=30).digest == tree.digest
    trial.push(image(layer("newer")))
    outcome = trial.copy(target=harbor, most=30)
    assert outcome.code == "CHR0411"
    assert "configured as immutable" in str(outcome.error)


def test_a_signature_comes_after_its_image(trial: Trial, tree: builder.Tree) -> None:
    signature = tree.digest.replace(":", "-") + ".sig"
    signed = trial.push(
        image(layer("a signature", 200), layer_type="application/vnd.dev.cosign.simplesigning.v1+json"), signature
    )
    outcome = trial.copy(target=profiles.harbor([trial.repository]), most=40)
    assert outcome.digest == tree.digest
    assert trial.tags() == {"1": tree.digest, signature: signed.digest}
