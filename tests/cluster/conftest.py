from collections.abc import Iterator

import pytest

from lab.state import LabState, load
from tests.support.controllers import controllers, own_namespace


@pytest.fixture(scope="module")
def lab() -> Iterator[LabState]:
    """With controllers, scheduler and kube-proxy, as long as a module needs them."""
    missing = load().node.missing or load().mirror_image.missing
    if missing:
        pytest.skip(missing)  # the last lines of the run say it too
    with controllers() as state:
        yield state


@pytest.fixture
def namespace(lab: LabState) -> Iterator[str]:
    with own_namespace(lab) as name:
        yield name
