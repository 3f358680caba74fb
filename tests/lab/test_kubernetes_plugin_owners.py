"""What the engine and the Kubernetes plugin do to fields that `ignoreChanges` leaves to somebody else.

Read in the official plugin's source (handleSSAIgnoreFields); it has yet to meet the official binary, which can take its
place by LAB_KUBERNETES_PLUGIN.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from lab import kubeapi
from lab.state import KubernetesState, load
from tests.support.kubernetes_plugin_lab import Resource, Stack, resource

pytestmark = [pytest.mark.engine, pytest.mark.nightly]  # the lab's own stand-in, and no part of what users get

MUTABLE = {"mutable": {"enable_secret_mutable": True, "enable_config_map_mutable": True}}
REFRESHED = "refreshed.example/at"
KEY = ".dockerconfigjson"
EMPTY, TOKEN, NEXT_TOKEN = (
    base64.b64encode(text.encode()).decode()
    for text in ('{"auths":{}}', '{"auths":{"canary.example":{"auth":"b25l"}}}', '{"auths":{"canary.example":{}}}')
)


@pytest.fixture(scope="module")
def cluster() -> KubernetesState:
    kubernetes = load().kubernetes
    assert kubernetes, "the lab runs without its part `kubernetes`"
    return kubernetes


@pytest.fixture
def room(cluster: KubernetesState) -> Iterator[str]:
    """The path of a new namespace."""
    path = f"/api/v1/namespaces/owners-{secrets.token_hex(4)}"
    kubeapi.call(cluster, "POST", "/api/v1/namespaces", {"metadata": {"name": path.rpartition("/")[2]}})
    yield path
    kubeapi.call(cluster, "DELETE", path)


def pull_secret(
    room: str, label: str, ignored: Sequence[str], annotations: Mapping[str, str] | None = None
) -> Resource:
    """The frame of a Secret whose data somebody else fills in; the API server wants its one key from the beginning."""
    metadata: dict[str, Any] = {"name": "pull", "namespace": room.rpartition("/")[2], "labels": {"x": label}}
    if annotations:
        metadata["annotations"] = dict(annotations)
    return resource(
        "Secret",
        "pull",
        provider="mutable",
        metadata=metadata,
        type="kubernetes.io/dockerconfigjson",
        data={KEY: EMPTY},
        options={"ignore_changes": list(ignored)},
    )


def refresh(cluster: KubernetesState, room: str, data: str, at: str) -> None:
    """What a refresher does: server-side apply, by force, of the data and an annotation of its own."""
    applied = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "pull", "annotations": {REFRESHED: at}},
        "data": {KEY: data},
    }
    path = f"{room}/secrets/pull?fieldManager=refresher&force=true"
    kubeapi.call(cluster, "PATCH", path, applied, "application/apply-patch+yaml")


@pytest.mark.parametrize(
    ("annotations", "ignored"),
    [
        pytest.param({}, ["data"], id="data"),
        pytest.param({}, ["data", "metadata.annotations"], id="data-and-all-annotations"),
        pytest.param({"a": "b"}, ["data", "metadata.annotations"], id="annotations-of-ours-too"),
        pytest.param({"a": "b"}, ["data", f'metadata.annotations["{REFRESHED}"]'], id="one-annotation"),
    ],
)
def test_what_a_refresher_writes_stays_and_is_no_change(
    cluster: KubernetesState, room: str, tmp_path: Path, annotations: dict[str, str], ignored: list[str]
) -> None:
    stack = Stack(tmp_path / "stack")

    def program(label: str) -> Resource:
        return pull_secret(room, label, ignored, annotations)

    def live() -> dict[str, Any]:
        return kubeapi.call(cluster, "GET", f"{room}/secrets/pull")

    first = stack.up(program("1"), providers=MUTABLE)
    assert first.code == 0, first.output
    refresh(cluster, room, TOKEN, "one")

    # Nobody looked: nothing changed. An update of something else leaves data and annotation to their owner.
    assert stack.preview(program("1"), providers=MUTABLE).operations("pull") == ["same"]
    preview = stack.preview(program("2"), providers=MUTABLE)
    assert preview.code == 0, preview.output
    assert preview.differences("pull") == {"metadata.labels.x": "update"}
    updated = stack.up(program("2"), providers=MUTABLE)
    assert updated.code == 0, updated.output
    assert updated.operations("pull") == ["update"]
    assert live()["data"] == {KEY: TOKEN}
    assert live()["metadata"]["annotations"] == {**annotations, REFRESHED: "one"}
    assert live()["metadata"]["labels"] == {"x": "2"}
    assert stack.preview(program("2"), providers=MUTABLE).operations("pull") == ["same"]

    # The refresher goes on, and what `refresh` then brings into the state is no change either.
    refresh(cluster, room, NEXT_TOKEN, "two")
    assert stack.refresh().code == 0
    assert stack.preview(program("2"), providers=MUTABLE).operations("pull") == ["same"]
    again = stack.up(program("3"), providers=MUTABLE)
    assert again.code == 0, again.output
    assert live()["data"] == {KEY: NEXT_TOKEN}
    assert live()["metadata"]["annotations"] == {**annotations, REFRESHED: "two"}

    # What is said of the data stays encrypted.
    entry = stack.state()["pull"]
    for holder in (entry["inputs"], entry["outputs"], entry["outputs"]["__inputs"]):
        assert "ciphertext" in holder.get("data", "ciphertext")
    for text in (TOKEN, NEXT_TOKEN):
        assert text not in repr(stack.state())
        assert text not in again.output


def test_an_ignored_field_that_nobody_else_owns_keeps_its_live_value(
    cluster: KubernetesState, room: str, tmp_path: Path
) -> None:
    namespace = room.rpartition("/")[2]

    def program(label: str, value: str) -> Resource:
        return resource(
            "ConfigMap",
            "plain",
            provider="mutable",
            metadata={"name": "plain", "namespace": namespace, "labels": {"x": label}},
            data={"a": value},
            options={"ignore_changes": ["data"]},
        )

    stack = Stack(tmp_path / "stack")
    assert stack.up(program("1", "first"), providers=MUTABLE).code == 0
    assert stack.up(program("2", "second"), providers=MUTABLE).code == 0
    live = kubeapi.call(cluster, "GET", f"{room}/configmaps/plain")
    assert live["data"] == {"a": "first"}
    assert live["metadata"]["labels"] == {"x": "2"}


def test_a_key_in_brackets_is_not_found_so_that_its_owner_conflicts(
    cluster: KubernetesState, room: str, tmp_path: Path
) -> None:
    """A limit of the official plugin: who wants one key left to others ignores what holds it."""
    stack = Stack(tmp_path / "stack")
    ignored = [f'data["{KEY}"]']
    assert stack.up(pull_secret(room, "1", ignored), providers=MUTABLE).code == 0
    refresh(cluster, room, TOKEN, "one")
    run = stack.up(pull_secret(room, "2", ignored), providers=MUTABLE)
    assert run.code != 0
    assert 'conflict with "refresher"' in run.messages("error")
    assert kubeapi.call(cluster, "GET", f"{room}/secrets/pull")["data"] == {KEY: TOKEN}
