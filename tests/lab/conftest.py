import os

import pytest

from lab.state import LabState, load


@pytest.fixture(scope="session")
def lab_state() -> LabState:
    if not os.environ.get("LAB_STATE"):
        pytest.skip("not inside the lab: `python -m lab run -- …`")
    return load()
