from collections.abc import Iterator

import pytest

from lab import node
from lab.aws_orders import set_token_seconds
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
def lab_on_aws() -> Iterator[LabState]:
    """The same, with an ECR whose real name Pods and the node find, and an image for scripts; the node is nobody there
    at first.
    """
    state = load()
    missing = state.node.missing or state.python_image.missing
    if missing or not (state.aws and state.aws.registry):
        pytest.skip(missing or "no ECR under its real name here")  # the last lines of the run say it too
    with controllers() as running:
        yield running
        set_token_seconds(running.aws, 12 * 60 * 60)
        node.set_identity(on=False)


@pytest.fixture
def lab_with_clouds() -> Iterator[LabState]:
    """The same, with registries of Google and Azure under their real names."""
    state = load()
    missing = state.node.missing or state.python_image.missing
    if missing or not (state.google and state.google.registry and state.azure):
        pytest.skip(missing or "no clouds under their real names here")  # the last lines of the run say it too
    with controllers() as running:
        yield running


@pytest.fixture
def namespace(lab: LabState) -> Iterator[str]:
    with own_namespace(lab) as name:
        yield name
