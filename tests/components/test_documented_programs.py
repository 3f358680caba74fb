"""The programs that the documentation shows run as they stand."""

import pulumi
import pytest

from tests.support.documented import program_of
from tests.support.mocked_program import run_program

pytestmark = pytest.mark.components

CONFIG = {
    "chaosreg:harbor": "pw",
    "chaosreg:kubeconfig": "kind: Config",
    "chaosreg-credentials:harbor-credentials": "pw",
}


@pytest.mark.parametrize(
    ("page", "infrastructures"),
    [("docs/quickstart.md", {"payments/checkout/prod-eu"}), ("docs/python.md", {"payments", "ledger"})],
)
def test_a_program_that_a_page_shows_makes_what_it_says(page: str, infrastructures: set[str]) -> None:

    def program() -> None:
        pulumi.runtime.set_all_config(CONFIG)
        program_of(page, "chaosreg.Infrastructure(")

    recorder = run_program(program)

    secrets = {name.split()[1] for name in recorder.made if name.startswith("kubernetes:core/v1:Secret ")}
    assert secrets == infrastructures
    assert recorder.warnings == []
