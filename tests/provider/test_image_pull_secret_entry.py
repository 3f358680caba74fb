"""The life of one `ImagePullSecretEntry` on the real engine and API server."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.deadline import wait_for
from lab.kubeapi import _access, call, get
from lab.state import KubernetesState, load
from lab.workspace import Step, Workspace

pytestmark = pytest.mark.engine

ENTRY, PATCH = "chaosreg:index:ImagePullSecretEntry", "kubernetes:core/v1:ServiceAccountPatch"
OURS, THEIRS = "chaos-registry", "somebody-elses"
PROGRAM = f"""\
import json, os
import pulumi, pulumi_chaosreg
from pulumi_kubernetes.provider import Provider
from pulumi_chaosreg.kubernetes.objects import core_object

asked = json.loads(os.environ["ASKED"])
for name, inputs in asked["entries"].items():
    opts = pulumi.ResourceOptions(import_=inputs.pop("import", None))
    pulumi_chaosreg.ImagePullSecretEntry(name, **inputs, opts=opts)
if asked["patch"]:  # what version 0.1 made
    provider = Provider("prod-eu", context="prod-eu", cluster_identifier="prod-eu")
    metadata = {{**asked["patch"], "annotations": {{"pulumi.com/patchForce": "true"}}}}
    properties = {{"metadata": metadata, "imagePullSecrets": [{{"name": "{OURS}"}}]}}
    core_object("ServiceAccountPatch", "litmus", properties, pulumi.ResourceOptions(provider=provider))
if asked["unknown"]:
    first = pulumi_chaosreg.ImagePullSecretEntry("first", **asked["unknown"])
    kubeconfig = first.id.apply(lambda _: open(os.environ["KUBECONFIG"]).read())
    inputs = {{**asked["unknown"], "secret_name": "second"}}
    pulumi_chaosreg.ImagePullSecretEntry("second", **inputs, kubeconfig=kubeconfig)
"""


class Entries:
    """A stack with the entries that a test wants, and the account `litmus` in a namespace of its own."""

    def __init__(self, folder: Path, cluster: KubernetesState, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace
        self.path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        self.workspace = Workspace(folder)
        self.workspace.add_project()
        (folder / "__main__.py").write_text(PROGRAM, "utf-8")
        (folder / "stacks").mkdir()
        self.workspace.init("one")
        self.inputs = {
            "service_account": "litmus",
            "secret_name": OURS,
            "namespace": namespace,
            "context": "prod-eu",
        }

    def ask(self, *names: str, patch: bool = False, unknown: bool = False, **inputs: Any) -> None:
        """What the program has from now on."""
        whole = {**self.inputs, **inputs}
        asked = {
            "entries": dict.fromkeys(names, whole),
            "patch": {"name": "litmus", "namespace": self.namespace} if patch else None,
            "unknown": self.inputs if unknown else None,
        }
        self.workspace.environment["ASKED"] = json.dumps(asked)

    def up(self, *flags: str, verb: str = "up") -> str:
        done = self.workspace.run("pulumi", verb, "--stack", "one", "--yes", "--skip-preview", *flags)
        return done.stdout + done.stderr

    def preview(self) -> list[Step]:
        return [step for step in self.workspace.preview("one") if step.type in (ENTRY, PATCH)]

    def make_account(self, *secrets: str) -> None:
        listed = [{"name": secret} for secret in secrets]
        call(self.cluster, "POST", self.path, {"metadata": {"name": "litmus"}, "imagePullSecrets": listed})

    @property
    def listed(self) -> list[str]:
        account = get(self.cluster, f"{self.path}/litmus")
        assert account is not None
        return [entry["name"] for entry in account.get("imagePullSecrets") or ()]


@pytest.fixture
def entries(tmp_path: Path, label: str) -> Entries:
    cluster = load().kubernetes
    assert cluster is not None
    namespace = f"{label}-entries"
    if get(cluster, f"/api/v1/namespaces/{namespace}") is None:
        call(cluster, "POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    if get(cluster, f"/api/v1/namespaces/{namespace}/serviceaccounts/litmus") is not None:
        call(cluster, "DELETE", f"/api/v1/namespaces/{namespace}/serviceaccounts/litmus")
    return Entries(tmp_path / "one", cluster, namespace)


def test_an_entry_comes_and_goes_beside_others(entries: Entries) -> None:
    entries.make_account(THEIRS)

    entries.ask("entry")
    entries.up()
    assert entries.listed == [THEIRS, OURS]
    entries.up("--expect-no-changes")
    entries.up("--expect-no-changes", verb="refresh")

    # taken out by hand, it comes back
    call(entries.cluster, "PATCH", f"{entries.path}/litmus", {"imagePullSecrets": None}, "application/merge-patch+json")
    entries.up(verb="refresh")
    entries.up()
    assert entries.listed == [OURS]

    # under another name it is the same; with another Secret there is no moment without one
    entries.ask("renamed")
    entries.up()
    assert entries.listed == [OURS]
    entries.ask("renamed", secret_name="another")
    assert [step.op for step in entries.preview()] == ["replace"]
    with watched(entries) as seen:
        entries.up()
    assert entries.listed == ["another"]
    assert all(seen), seen

    entries.up(verb="destroy")
    assert entries.listed == []


def test_a_missing_account_is_made_and_left_behind(entries: Entries) -> None:
    entries.ask("entry")
    entries.up()
    assert entries.listed == [OURS]
    said = entries.up(verb="destroy")
    assert f"left ServiceAccount {entries.namespace}/litmus" in said
    assert entries.listed == []


def test_an_upgrade_from_the_patch_leaves_no_moment_without_the_entry(entries: Entries) -> None:
    # given what 0.1 left: a patch that owns the whole list
    entries.ask(patch=True)
    entries.up()
    assert entries.listed == [OURS]

    entries.ask("litmus")
    assert sorted((step.op, step.type) for step in entries.preview()) == [("create", ENTRY), ("delete", PATCH)]
    with watched(entries) as seen:
        entries.up()

    assert seen
    assert [secrets for secrets in seen if OURS not in secrets] == []
    assert entries.listed == [OURS]
    entries.up("--expect-no-changes")
    entries.up(verb="destroy")
    assert entries.listed == []


@pytest.mark.nightly
def test_a_kubeconfig_that_is_not_known_yet_keeps_the_preview_green(entries: Entries) -> None:
    entries.ask(unknown=True)
    assert [step.op for step in entries.preview()] == ["create", "create"]
    entries.up()
    assert entries.listed == [OURS, "second"]
    # its content is kept, encrypted, and is no change
    token = _access(entries.cluster.kubeconfig)[0]
    assert token not in json.dumps(entries.workspace.state("one"))
    entries.up("--expect-no-changes")
    entries.up(verb="destroy")
    assert entries.listed == []


@pytest.mark.nightly
def test_what_is_missing_or_wrong_is_told_by_its_name(entries: Entries) -> None:
    entries.ask("entry", context=None)
    done = entries.workspace.run("pulumi", "preview", "--stack", "one", check=False)
    assert "a machine's current context is the wrong cluster in CI" in done.stdout
    entries.ask("entry", context="nowhere")
    assert [step.op for step in entries.preview()] == ["create"]
    done = entries.workspace.run("pulumi", "up", "--stack", "one", "--yes", "--skip-preview", check=False)
    assert "CHR0606" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.nightly
def test_an_entry_that_is_there_is_imported_by_its_place(entries: Entries) -> None:
    entries.make_account(OURS)
    entries.ask("entry", **{"import": "litmus"})
    done = entries.workspace.run("pulumi", "up", "--stack", "one", "--yes", "--skip-preview", check=False)
    assert "CHR0607" in done.stdout
    entries.ask("entry", **{"import": f"prod-eu/{entries.namespace}/litmus/{OURS}"})
    entries.up()
    entries.ask("entry")
    entries.up("--expect-no-changes")


class watched:  # noqa: N801 - reads as `with watched(…)`
    """The Secrets that the account lists, after every change that the API server tells while the context lasts."""

    def __init__(self, entries: Entries) -> None:
        self._entries, self._seen = entries, list[list[str]]()
        self._done = threading.Event()
        self._marker = f"{entries.namespace}-end"

    def __enter__(self) -> list[list[str]]:
        version = (get(self._entries.cluster, self._entries.path) or {})["metadata"]["resourceVersion"]
        self._thread = threading.Thread(target=self._listen, args=(version,))
        self._thread.start()
        return self._seen

    def __exit__(self, *_: object) -> None:
        """An annotation is the last change that counts: with it, everything before has been told."""
        body = {"metadata": {"annotations": {"the-end": "true"}}}
        path = f"{self._entries.path}/litmus"
        call(self._entries.cluster, "PATCH", path, body, "application/merge-patch+json")
        assert wait_for(self._done.is_set, 20)
        self._thread.join()

    def _listen(self, version: str) -> None:
        for account in self._events(version):
            self._seen.append([entry["name"] for entry in account.get("imagePullSecrets") or ()])
            if (account["metadata"].get("annotations") or {}).get("the-end"):
                self._done.set()
                return

    def _events(self, version: str) -> Iterator[dict[str, Any]]:
        cluster = self._entries.cluster
        token, trust = _access(cluster.kubeconfig)
        url = f"{cluster.server}{self._entries.path}?watch=true&resourceVersion={version}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, context=trust, timeout=120) as stream:
            for line in stream:
                yield json.loads(line)["object"]
