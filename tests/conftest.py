"""What every run says in its last lines: which real parts it had, what stood in, and what was missing."""

import os
import shutil
from collections.abc import Iterator

import pytest

from lab.state import load
from tests.support.shared_cluster import cluster

pytest_plugins = [
    "tests.support.extras",
    "tests.support.kinds_of_runs",
    "tests.support.lab_harbor",
    "tests.support.projects",
    "tests.support.registries",
    "tests.support.workspaces",
]


@pytest.fixture(autouse=True)
def cluster_of_the_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests of other workers are held off while one changes the node or counts what the upstream was asked for, and
    while a module has controllers.
    """
    marks = {mark.name for mark in request.node.iter_markers()}
    if "LAB_STATE" not in os.environ or "controllers" in marks or not marks & {"engine", "node"}:
        yield
        return
    with cluster(alone=bool(marks & {"node", "alone"})):
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A stand-in announces itself; a missing part is never hidden behind a skip."""
    terminalreporter.section("parts")
    if "LAB_STATE" not in os.environ:
        terminalreporter.line("no lab: tests marked registry, engine or node need `python -m lab run -- …`")
        return
    lab = load()
    plugins = lab.engine.plugins if lab.engine else {}
    terminalreporter.line(f"engine: {f'real, {lab.engine.version}' if lab.engine else 'MISSING'}")
    terminalreporter.line(f"kubernetes API server: {'real' if lab.kubernetes else 'MISSING'}")
    terminalreporter.line(f"plugins: {', '.join(f'{name} {source}' for name, source in plugins.items()) or 'none'}")
    terminalreporter.line(f"kubelet: {f'MISSING ({lab.node.missing})' if lab.node.missing else 'real'}")
    ecr = "STAND-IN (moto)" if lab.aws else "MISSING"
    named = "" if not lab.aws else ", ECR under its real name" if lab.aws.registry else ", no ECR (no namespaces)"
    terminalreporter.line(f"AWS: {ecr}{named}")
    for cloud, state in (("Google", lab.google), ("Azure", lab.azure)):
        terminalreporter.line(f"{cloud}: {'STAND-IN' if state else 'MISSING'}, a registry and logins")
    terminalreporter.line(f"Harness: {'STAND-IN' if lab.harness else 'MISSING'}")
    terminalreporter.line("Harbor: STAND-IN, also where a test starts its own")
    image = lab.mirror_image.missing
    terminalreporter.line(f"image of mirror Jobs: {f'MISSING ({image})' if image else 'real'}")
    python = lab.python_image.missing
    terminalreporter.line(f"image with Python: {f'MISSING ({python})' if python else 'real'}")
    debians = "docker-registry" if shutil.which("docker-registry") else "docker-registry MISSING (apt-get has it)"
    terminalreporter.line(f"registries: real (distribution; Debian's older {debians})")
    said = "real" if shutil.which("skopeo") else "MISSING (install the package `skopeo`): not asked about layouts"
    terminalreporter.line(f"skopeo: {said}")
    terminalreporter.line(f"kubectl: {'real' if shutil.which('kubectl') else 'MISSING: Kustomize is not asked'}")
    terminalreporter.line(
        "vendors' registries: profiles of the tests; images: stand-ins; clouds: stand-ins, asked by the real SDKs"
    )
