"""Which tests a run takes: an ordinary one leaves some to the nightly run and says so; `--nightly` takes only those."""

from collections import Counter

import pytest

from tests.support import examples

NEEDS = ("registry", "engine", "node")
"""The markers of what a test needs from the lab."""
SECONDS_WITHOUT_LAB = 10
_STARTS = {
    "one_upstream": "registry",
    "one_target": "registry",
    "private_ends": "registry",
    "one_private_target": "engine",
}
"""Fixture that starts something of the lab's → the marker of the tests that, directly or not, use it."""
_left = Counter[str]()
"""Module → how many of its tests were left to the nightly run."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--nightly", action="store_true", help="only what the ordinary run leaves out, and more examples")


def pytest_configure(config: pytest.Config) -> None:
    examples.NIGHTLY = bool(config.option.nightly)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        _check_needs(item)
        if _needs_no_lab(item) and item.get_closest_marker("timeout") is None and not config.option.nightly:
            is_law = hasattr(getattr(item, "obj", None), "hypothesis")  # many examples, one after the other
            item.add_marker(pytest.mark.timeout(SECONDS_WITHOUT_LAB * (6 if is_law else 1)))
    items.sort(key=_place)
    if "nightly" in config.option.markexpr:
        return
    left = [item for item in items if _is_for_tonight(item) != config.option.nightly]
    if left:
        if not config.option.nightly:
            _left.update(item.location[0] for item in left)
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if _is_for_tonight(item) == config.option.nightly]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """What a worker of xdist left; all of them leave the same."""
    _left.update(getattr(node, "workeroutput", {}).get("left", {}) if not _left else {})


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left"] = dict(_left)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _left:
        terminalreporter.section("left to the nightly run (make nightly)")
        for module, number in sorted(_left.items()):
            terminalreporter.line(f"{number:5} of {module}")


def _is_for_tonight(item: pytest.Item) -> bool:
    """Marked so, or a law, of which a nightly run tries more."""
    if item.get_closest_marker("nightly"):
        return True
    law = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    return bool(law and item.config.option.nightly)


def _place(item: pytest.Item) -> int:
    """Who must have the cluster alone comes first, then who shares it: workers begin at different places of the list,
    so that one has the cluster alone while the others are busy elsewhere, and nobody waits for it.
    """
    marks = {mark.name for mark in item.iter_markers()}
    return 0 if marks & {"node", "alone", "controllers"} else 1 if "engine" in marks else 2


def _needs_no_lab(item: pytest.Item) -> bool:
    return not any(item.get_closest_marker(need) for need in NEEDS)


def _check_needs(item: pytest.Item) -> None:
    """A test that uses a part of the lab says so: without the lab it would fail, and nobody would know why."""
    used = [name for name in getattr(item, "fixturenames", ()) if name in _STARTS]
    if used and _needs_no_lab(item):
        raise pytest.UsageError(f"{item.nodeid} uses `{used[0]}`: mark it with pytest.mark.{_STARTS[used[0]]}")
