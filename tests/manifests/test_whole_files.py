"""Whole files as Harness and its charts hand them out, written down small."""

import difflib
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.manifests.values import DDCR, SECRET, WATCHER

INPUTS = Path(__file__).parent / "inputs"
VERSION = "1.34"


def edits(before: str, after: str) -> list[str]:
    """The lines that are gone and those that are new."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_what_a_delegate_is_handed(render):
    before = (INPUTS / "harness-delegate-infrastructure.yaml").read_text()
    result = render(before)
    assert edits(before, result.text) == [
        "+imagePullSecrets:",
        f"+  - name: {SECRET}",
        "-  LOG_WATCHER_IMAGE: docker.io/harness/chaos-log-watcher:main-latest",
        f"+  LOG_WATCHER_IMAGE: {WATCHER}",
        "+      imagePullSecrets:",
        f"+      - name: {SECRET}",
        "-        image: docker.io/harness/chaos-ddcr:main-latest",
        f"+        image: {DDCR}",
    ]
    assert not result.kept


def test_a_dedicated_infrastructure(render, dedicated):
    before = (INPUTS / "dedicated-infrastructure.yaml").read_text()
    result = render(before, dedicated)
    new = "harbor.example.com/chaos/chaos-"
    assert edits(before, result.text) == [
        "+      imagePullSecrets:",
        f"+        - name: {SECRET}",
        "+      imagePullSecrets:",
        f"+        - name: {SECRET}",
        '-          image: "docker.io/harness/chaos-workflow-controller:v3.4.14"',
        f'+          image: "{new}workflow-controller:v3.4.16"',
        "-            - docker.io/harness/chaos-argoexec:v3.4.14",
        f"+            - {new}argoexec:v3.4.16",
        f"+        - name: {SECRET}",
        '-          image: "harness/chaos-operator:1.47.0"   # by tag',
        f'+          image: "{new}operator:1.53.0"   # by tag',
        '-              value: "harness/chaos-runner:1.47.0"',
        f'+              value: "{new}runner:1.53.0"',
        "+      imagePullSecrets:",
        f"+        - name: {SECRET}",
        "-        - {name: subscriber, image: 'harness/chaos-subscriber:1.47.0'}",
        f"+        - {{name: subscriber, image: '{new}subscriber:1.53.0'}}",
        "+          imagePullSecrets:",
        f"+            - name: {SECRET}",
        "-              image: harness/k8s-chaos-infrastructure-upgrader:1.47.0",
        "+              image: harbor.example.com/chaos/k8s-chaos-infrastructure-upgrader:1.53.0",
    ]
    assert [(one.text, one.why) for one in result.kept] == [("harness/chaos-agent-proxy:1.45.0", "it is not ours")]


@pytest.mark.parametrize("name", sorted(path.name for path in INPUTS.iterdir()))
def test_every_object_of_them_is_valid_before_and_after(render, target, dedicated, name):
    before = (INPUTS / name).read_text()
    for text in (before, render(before, dedicated if name.startswith("dedicated") else target).text):
        things = [thing for thing in yaml.safe_load_all(text) if thing is not None]
        assert things
        for thing in things:
            kubernetes_validate.validate(thing, VERSION, strict=True)  # raises
