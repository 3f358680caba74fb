"""Tests that need the package of an extra which is not installed are left out, and the run's last lines say so."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

PACKAGES = {
    "artifactory": ("pulumi_artifactory",),
    "aws": ("boto3", "botocore"),
    "ecr": ("pulumi_aws",),
    "gar": ("pulumi_gcp",),
    "acr": ("pulumi_azure_native",),
    "gcp": ("google.auth",),
    "azure": ("azure.identity", "azure.core", "azure"),
    "verify": ("sigstore", "nacl", "cryptography"),
    "dev": ("moto", "policy_sentry", "flask", "graphql", "mypy", "basedpyright"),
}
"""Extra → packages that come with it and that tests import."""
_left: defaultdict[str, Counter[str]] = defaultdict(Counter)
"""Extra → module → how many of its tests were left out; 0 for all of a module that could not be imported."""


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # what it is in
        return False


MISSING = [name for name, packages in PACKAGES.items() if not all(_is_there(one) for one in packages)]


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """A module that imports what no installed extra has brought is as good as marked."""
    report: Any = yield
    if report.failed and isinstance(collector, pytest.Module):
        absent = re.search(r"^E +ModuleNotFoundError: No module named '([\w.]+)'", str(report.longrepr), re.MULTILINE)
        for extra in MISSING if absent else ():
            if absent and absent[1] in PACKAGES[extra]:
                _left[extra][collector.nodeid] = 0
                report.outcome, report.result, report.longrepr = "passed", [], None
                break
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    needed = {id(item): [name for mark in item.iter_markers("extra") for name in mark.args] for item in items}
    left = [item for item in items if any(name in MISSING for name in needed[id(item)])]
    for item in left:
        _left[next(name for name in needed[id(item)] if name in MISSING)][item.location[0]] += 1
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """What a worker of xdist left out; all of them leave the same."""
    if not _left:
        for extra, modules in getattr(node, "workeroutput", {}).get("without", {}).items():
            _left[extra].update(modules)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["without"] = {extra: dict(modules) for extra, modules in _left.items()}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for extra, modules in sorted(_left.items()):
        terminalreporter.section(f"extra `{extra}`: MISSING (pip install 'pulumi-chaosreg[{extra}]'), not tested")
        for module, number in sorted(modules.items()):
            terminalreporter.line(f"{number or 'all':>5} of {module}")
