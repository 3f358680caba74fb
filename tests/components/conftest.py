"""A program that runs without an engine."""

from collections.abc import Callable

import pytest

from tests.support.mocked_program import Program, Recorder, run_program


@pytest.fixture
def run() -> Callable[[Program], Recorder]:
    """Runs a program as the language host does."""
    return run_program
