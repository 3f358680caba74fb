"""The programs that the documentation shows run as they stand."""

import re
from pathlib import Path
from typing import Any

import pulumi
import pytest

from tests.support.mocked_program import run_program

pytestmark = pytest.mark.components

ROOT = Path(__file__).parents[2]
CONFIG = {
    "chaosreg:harbor": "pw",
    "chaosreg:kubeconfig": "kind: Config",
    "chaosreg-credentials:harbor-credentials": "pw",
}


@pytest.mark.parametrize(
    ("page", "infrastructures"),
    [("README.md", {"payments/checkout/prod-eu"}), ("docs/python.md", {"payments", "ledger"})],
)
def test_a_program_that_a_page_shows_makes_what_it_says(page: str, infrastructures: set[str]) -> None:
    shown = re.findall(r"^```python\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (text,) = [text for text in shown if "chaosreg.Infrastructure(" in text]

    def program() -> None:
        pulumi.runtime.set_all_config(CONFIG)
        names: dict[str, Any] = {}
        exec(compile(text, str(ROOT / page), "exec"), names)

    recorder = run_program(program)

    secrets = {name.split()[1] for name in recorder.made if name.startswith("kubernetes:core/v1:Secret ")}
    assert secrets == infrastructures
    assert recorder.warnings == []
