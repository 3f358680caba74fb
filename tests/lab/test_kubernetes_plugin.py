"""What the engine says with the Kubernetes plugin of this lab, line by line: a table of expected output.

What is expected was seen with the official plugin 4.34 on a real API server, or read in its source: exact paths of a
difference, `immutable`, drift, import, conflicts of an update, Jobs and Roles were only read. They run against
whichever plugin the lab installed, so `LAB_KUBERNETES_PLUGIN=…/pulumi-resource-kubernetes` compares our stand-in with
the official one.
"""

from __future__ import annotations

import base64
import importlib.metadata
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import kubeapi
from lab.state import KubernetesState, load
from tests.support.kubernetes_plugin_lab import NOT_AWAITED, Resource, Run, Stack, job, resource

pytestmark = [pytest.mark.engine, pytest.mark.nightly]  # the lab's own stand-in, and no part of what users get

REPLACED_IN_PLACE = ["delete-replaced", "replace", "create-replacement"]  # the gap: first gone, then there again
REPLACED_BY_A_NEW_ONE = ["create-replacement", "replace", "delete-replaced"]
SUFFIX = "[0-9a-f]{8}"


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def role(name: str) -> dict[str, str]:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}


def account(name: str) -> dict[str, str]:
    return {"kind": "ServiceAccount", "name": name}


POLICY = "admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"
BINDING = f"{POLICY}Binding"
NOT_IN_A_NAMESPACE = (POLICY, BINDING)


def policy(message: str) -> dict[str, Any]:
    """One that asks for nothing."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    constraints = {"resourceRules": [rule]}
    return {"matchConstraints": constraints, "validations": [{"expression": "true", "message": message}]}


def binding(*actions: str) -> dict[str, Any]:
    """Of a policy that nobody makes."""
    return {"policyName": "nobody-made-it", "validationActions": list(actions)}


# ---------------------------------------------------------------------------------------------------------------------
# Changes. All rows live in one stack: one `up` of every `before`, one preview and one `up` of every `after`.


@dataclass(frozen=True)
class Change:
    """One object, changed once: what the engine must plan, and then do."""

    name: str
    kind: str
    before: dict[str, Any]
    after: dict[str, Any]
    operations: list[str]
    differences: dict[str, str]
    provider: str | None = "plain"
    says: str = ""  # a line that the preview prints


CHANGES = [
    Change(
        "secret-data",
        "Secret",
        before={"metadata": {"name": "secret-data"}, "data": {"a": b64("one")}},
        after={"metadata": {"name": "secret-data"}, "data": {"a": b64("two")}},
        operations=REPLACED_IN_PLACE,
        differences={"data.a": "update-replace"},
        says='Retry #0; creation failed: secrets "secret-data" already exists',
    ),
    Change(
        "config-data",
        "ConfigMap",
        before={"metadata": {"name": "config-data"}, "data": {"server": "one"}},
        after={"metadata": {"name": "config-data"}, "data": {"server": "two"}},
        operations=REPLACED_IN_PLACE,
        differences={"data.server": "update-replace"},
        says='Retry #0; creation failed: configmaps "config-data" already exists',
    ),
    Change(
        "secret-data-mutable",
        "Secret",
        before={"metadata": {"name": "secret-data-mutable"}, "data": {"a": b64("one")}},
        after={"metadata": {"name": "secret-data-mutable"}, "data": {"a": b64("two")}},
        operations=["update"],
        differences={"data.a": "update"},
        provider="mutable",
    ),
    Change(
        "config-data-mutable",
        "ConfigMap",
        before={"metadata": {"name": "config-data-mutable"}, "data": {"changed": "1", "dropped": "1", "kept": "1"}},
        after={"metadata": {"name": "config-data-mutable"}, "data": {"changed": "2", "kept": "1", ".added": "1"}},
        operations=["update"],
        differences={"data.changed": "update", "data.dropped": "delete", 'data[".added"]': "add"},
        provider="mutable",
    ),
    Change(
        "flags-and-data-in-one-run",
        "Secret",
        before={"metadata": {"name": "flags-and-data"}, "data": {"a": b64("one")}},
        after={"metadata": {"name": "flags-and-data"}, "data": {"a": b64("two")}},
        operations=["update"],
        differences={"data.a": "update"},
        provider="becomes-mutable",
    ),
    Change(
        "secret-type",
        "Secret",
        before={"metadata": {"name": "secret-type"}, "type": "example.com/a"},
        after={"metadata": {"name": "secret-type"}, "type": "example.com/b"},
        operations=REPLACED_IN_PLACE,
        differences={"type": "update-replace"},
        provider="mutable",
    ),
    Change(
        "immutable-config",
        "ConfigMap",
        before={"metadata": {"name": "immutable"}, "immutable": True, "data": {"a": "1"}},
        after={"metadata": {"name": "immutable"}, "immutable": True, "data": {"a": "2"}},
        operations=REPLACED_IN_PLACE,
        differences={"data.a": "update-replace"},
        provider="mutable",
    ),
    Change(
        "label",
        "ConfigMap",
        before={"metadata": {"name": "label", "labels": {"x": "1"}}, "data": {"a": "1"}},
        after={"metadata": {"name": "label", "labels": {"x": "2"}}, "data": {"a": "1"}},
        operations=["update"],
        differences={"metadata.labels.x": "update"},
    ),
    Change(
        "renamed",
        "ConfigMap",
        before={"metadata": {"name": "old-name"}, "data": {"a": "1"}},
        after={"metadata": {"name": "new-name"}, "data": {"a": "1"}},
        operations=REPLACED_BY_A_NEW_ONE,
        differences={"metadata.name": "update-replace"},
    ),
    Change(
        "auto-named",
        "ConfigMap",
        before={"metadata": {}, "data": {"a": "1"}},
        after={"metadata": {}, "data": {"a": "2"}},
        operations=REPLACED_BY_A_NEW_ONE,
        differences={"data.a": "update-replace"},
    ),
    Change(
        "auto-named-and-kept",
        "ConfigMap",
        before={"metadata": {"labels": {"x": "1"}}, "data": {"a": "1"}},
        after={"metadata": {"labels": {"x": "2"}}, "data": {"a": "1"}},
        operations=["update"],
        differences={"metadata.labels.x": "update"},
    ),
    Change(
        "service-account",
        "ServiceAccount",
        before={"metadata": {"name": "runner"}, "imagePullSecrets": [{"name": "one"}]},
        after={"metadata": {"name": "runner"}, "imagePullSecrets": [{"name": "two"}]},
        operations=["update"],
        differences={"imagePullSecrets[0].name": "update"},
    ),
    Change(
        "role",
        "rbac.authorization.k8s.io/v1:Role",
        before={"metadata": {"name": "role"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
        after={"metadata": {"name": "role"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]},
        operations=["update"],
        differences={"rules[0].verbs[0]": "update"},
    ),
    Change(
        "role-binding-of-another-role",
        "rbac.authorization.k8s.io/v1:RoleBinding",
        before={"metadata": {"name": "other-role"}, "roleRef": role("one"), "subjects": [account("a")]},
        after={"metadata": {"name": "other-role"}, "roleRef": role("two"), "subjects": [account("a")]},
        operations=REPLACED_IN_PLACE,
        differences={"roleRef.name": "update-replace"},
    ),
    Change(
        "role-binding-of-another-account",
        "rbac.authorization.k8s.io/v1:RoleBinding",
        before={"metadata": {"name": "other-account"}, "roleRef": role("one"), "subjects": [account("a")]},
        after={"metadata": {"name": "other-account"}, "roleRef": role("one"), "subjects": [account("b")]},
        operations=["update"],
        differences={"subjects[0].name": "update"},
    ),
    Change(
        "cron-job",
        "batch/v1:CronJob",
        before={
            "metadata": {"name": "cron-job"},
            "spec": {"schedule": "0 * * * *", "jobTemplate": job("a.example/a:1")},
        },
        after={
            "metadata": {"name": "cron-job"},
            "spec": {"schedule": "1 * * * *", "jobTemplate": job("a.example/a:2")},
        },
        operations=["update"],
        differences={
            "spec.schedule": "update",
            "spec.jobTemplate.spec.template.spec.containers[0].image": "update",
        },
    ),
    Change(
        "policy",
        POLICY,
        before={"metadata": {"name": "policy"}, "spec": policy("one")},
        after={"metadata": {"name": "policy"}, "spec": policy("two")},
        operations=["update"],
        differences={"spec.validations[0].message": "update"},
    ),
    Change(
        "policy-of-another-name",
        POLICY,
        before={"metadata": {"name": "policy-one"}, "spec": policy("one")},
        after={"metadata": {"name": "policy-two"}, "spec": policy("one")},
        operations=REPLACED_BY_A_NEW_ONE,
        differences={"metadata.name": "update-replace"},
    ),
    Change(
        "binding-actions",
        BINDING,
        before={"metadata": {"name": "binding-actions"}, "spec": binding("Deny")},
        after={"metadata": {"name": "binding-actions"}, "spec": binding("Deny", "Audit")},
        operations=["update"],
        differences={"spec.validationActions[1]": "add"},
    ),
    Change(
        "job-image",
        "batch/v1:Job",
        before={"metadata": {"name": "job-image", "annotations": NOT_AWAITED}, **job("a.example/a:1")},
        after={"metadata": {"name": "job-image", "annotations": NOT_AWAITED}, **job("a.example/a:2")},
        operations=REPLACED_IN_PLACE,
        differences={"spec.template.spec.containers[0].image": "update-replace"},
    ),
    Change(
        "job-deadline",
        "batch/v1:Job",
        before={"metadata": {"name": "job-deadline", "annotations": NOT_AWAITED}, **job(activeDeadlineSeconds=60)},
        after={"metadata": {"name": "job-deadline", "annotations": NOT_AWAITED}, **job(activeDeadlineSeconds=90)},
        operations=["update"],
        differences={"spec.activeDeadlineSeconds": "update"},
    ),
    Change(
        "unchanged",
        "Secret",
        before={"metadata": {"name": "unchanged"}, "data": {"a": b64("same")}},
        after={"metadata": {"name": "unchanged"}, "data": {"a": b64("same")}},
        operations=["same"],
        differences={},
    ),
    Change(
        "default-provider",  # without any configuration: $KUBECONFIG
        "ConfigMap",
        before={"metadata": {"name": "default-provider"}, "data": {"a": "1"}},
        after={"metadata": {"name": "default-provider"}, "data": {"a": "1"}},
        operations=["same"],
        differences={},
        provider=None,
    ),
]


@dataclass(frozen=True)
class Changed:
    """All commands of the stack that holds the rows of `CHANGES`."""

    first_preview: Run
    first_up: Run
    state: dict[str, dict[str, Any]]
    second_preview: Run
    preview: Run
    up: Run
    last_preview: Run
    live: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def cluster() -> KubernetesState:
    kubernetes = load().kubernetes
    assert kubernetes, "the lab runs without its part `kubernetes`"
    return kubernetes


@pytest.fixture(scope="module")
def namespace(cluster: KubernetesState) -> str:
    """A namespace of this run's own, which the tests fill and the lab throws away."""
    name = f"plugin-{secrets.token_hex(4)}"
    kubeapi.call(cluster, "POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    return name


@pytest.fixture(scope="module")
def changed(cluster: KubernetesState, namespace: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changed]:
    stack = Stack(tmp_path_factory.mktemp("changes"))
    mutable = {"enable_secret_mutable": True, "enable_config_map_mutable": True}

    def program(*, after: bool) -> tuple[Resource, ...]:
        rows = [(row, row.after if after else row.before) for row in CHANGES]
        return tuple(
            resource(
                row.kind,
                row.name,
                provider=row.provider,
                **(wanted if row.kind in NOT_IN_A_NAMESPACE else in_namespace(wanted, namespace)),
            )
            for row, wanted in rows
        )

    before = {"plain": {}, "mutable": mutable, "becomes-mutable": {}}
    after = before | {"becomes-mutable": mutable}
    # Unknown until `up`: the value of a ConfigMap is another one's id.
    unknown = resource(
        "ConfigMap",
        "from-output",
        provider="plain",
        metadata={"name": "from-output", "namespace": namespace},
        data={"id": {"$output": "auto-named"}},
    )
    first, then = program(after=False), program(after=True)
    yield Changed(
        first_preview=stack.preview(*first, unknown, providers=before),
        first_up=stack.up(*first, unknown, providers=before),
        state=stack.state(),
        live={"unknown": kubeapi.get(cluster, f"/api/v1/namespaces/{namespace}/configmaps/from-output")},
        second_preview=stack.preview(*first, unknown, providers=before),
        preview=stack.preview(*then, providers=after),
        up=stack.up(*then, providers=after),
        last_preview=stack.preview(*then, providers=after),
    )
    stack.destroy()


@pytest.mark.parametrize("row", CHANGES, ids=lambda row: row.name)
def test_a_change_is_planned_as_the_table_says(row: Change, changed: Changed) -> None:
    assert changed.preview.operations(row.name) == row.operations
    assert changed.preview.differences(row.name) == row.differences
    assert row.says in changed.preview.messages()


@pytest.mark.parametrize("row", CHANGES, ids=lambda row: row.name)
def test_up_does_what_the_preview_said_and_leaves_nothing_to_do(row: Change, changed: Changed) -> None:
    assert changed.up.code == 0, changed.up.output
    assert changed.up.operations(row.name) == row.operations
    assert changed.second_preview.operations(row.name) == ["same"]
    assert changed.last_preview.operations(row.name) == ["same"]


def test_a_preview_with_unknown_values_plans_a_creation(changed: Changed) -> None:
    assert changed.first_preview.code == 0, changed.first_preview.output
    assert changed.first_preview.operations("from-output") == ["create"]
    assert changed.live["unknown"]["data"] == {"id": changed.state["auto-named"]["id"]}


def test_ids_and_names(changed: Changed, namespace: str) -> None:
    assert changed.state["secret-data"]["id"] == f"{namespace}/secret-data"
    assert re.fullmatch(f"{namespace}/auto-named-{SUFFIX}", changed.state["auto-named"]["id"])
    assert changed.state["auto-named"]["inputs"]["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}


def test_an_object_is_updated_by_server_side_apply_under_the_name_in_the_state(
    changed: Changed, cluster: KubernetesState, namespace: str
) -> None:
    manager = changed.state["config-data-mutable"]["outputs"]["__fieldManager"]
    assert re.fullmatch(f"pulumi-kubernetes-{SUFFIX}", manager)
    live = kubeapi.call(cluster, "GET", f"/api/v1/namespaces/{namespace}/configmaps/config-data-mutable")
    assert [(entry["manager"], entry["operation"]) for entry in live["metadata"]["managedFields"]] == [
        (manager, "Apply")
    ]
    assert live["data"] == {"changed": "2", "kept": "1", ".added": "1"}  # what was dropped is gone


def test_the_state_holds_inputs_and_outputs_and_encrypts_all_data_of_a_secret(changed: Changed) -> None:
    entry = changed.state["secret-data"]
    assert entry["outputs"]["__initialApiVersion"] == "v1"
    for holder in (entry["inputs"], entry["outputs"], entry["outputs"]["__inputs"]):
        assert "ciphertext" in holder["data"]
    assert b64("one") not in repr(changed.state)


@pytest.fixture(scope="module")
def stand_in() -> None:
    """Skip what is a promise of the stand-in only."""
    version = importlib.metadata.version("pulumi_kubernetes")
    folder = Path(os.environ["PULUMI_HOME"], "plugins", f"resource-kubernetes-v{version}")
    if not (folder / "pulumi-resource-kubernetes").read_bytes().startswith(b"#!"):
        pytest.skip("the official plugin is installed")


@pytest.mark.usefixtures("stand_in")
def test_a_stand_in_says_so_once_a_run(changed: Changed) -> None:
    for run in (changed.first_preview, changed.first_up, changed.preview, changed.up):
        assert run.messages("warning").count("stand-in") == 1


# ---------------------------------------------------------------------------------------------------------------------
# Failures. All rows live in one program: green at preview, and at `up` each its own error.


@dataclass(frozen=True)
class Failure:
    """One object that the preview promises and `up` cannot make."""

    name: str
    kind: str
    properties: dict[str, Any]
    says: tuple[str, ...]
    provider: str | None = None


FAILURES = [
    Failure(
        "object-exists",
        "ConfigMap",
        {"metadata": {"name": "taken"}, "data": {"a": "1"}},
        says=("was not successfully created by the Kubernetes API server: ", 'configmaps "taken" already exists'),
    ),
    Failure(
        "namespace-missing",
        "ConfigMap",
        {"metadata": {"name": "early", "namespace": "nobody-made-it"}},
        says=(
            'Retry #0; creation failed: namespaces "nobody-made-it" not found',
            'Retry #1; creation failed: namespaces "nobody-made-it" not found',
            "was not successfully created by the Kubernetes API server: ",
        ),
    ),
    Failure(
        "cluster-unreachable",
        "Secret",
        {"metadata": {"name": "nowhere"}, "data": {"a": b64("one")}},
        says=("configured Kubernetes cluster is unreachable: ",),
        provider="nobody-answers",
    ),
    Failure(
        "context-unknown",
        "Secret",
        {"metadata": {"name": "nowhere-too"}, "data": {"a": b64("one")}},
        says=("configured Kubernetes cluster is unreachable: ", 'context "no-such-context" does not exist'),
        provider="no-such-context",
    ),
    Failure(
        "kubeconfig-invalid",
        "ConfigMap",
        {"metadata": {"name": "nowhere-either"}},
        says=("configured Kubernetes cluster is unreachable: ",),
        provider="not-a-kubeconfig",
    ),
    Failure(
        "field-owned-by-another",
        "ServiceAccountPatch",
        {"metadata": {"name": "owned"}, "imagePullSecrets": [{"name": "ours"}]},
        says=("conflict", 'conflict with "openshift"', ".imagePullSecrets"),
    ),
]


@pytest.fixture(scope="module")
def failed(cluster: KubernetesState, namespace: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    room = f"/api/v1/namespaces/{namespace}"
    kubeapi.call(cluster, "POST", f"{room}/configmaps", {"metadata": {"name": "taken"}})
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "owned"},
        "imagePullSecrets": [{"name": "theirs"}],
    }
    apply = "?fieldManager=openshift"
    kubeapi.call(cluster, "PATCH", f"{room}/serviceaccounts/owned{apply}", account, "application/apply-patch+yaml")
    providers = {
        "nobody-answers": {"kubeconfig": kubeconfig("https://127.0.0.1:1")},
        "no-such-context": {"context": "no-such-context"},
        "not-a-kubeconfig": {"kubeconfig": "{ broken"},
    }
    program = [
        resource(row.kind, row.name, provider=row.provider, **in_namespace(row.properties, namespace))
        for row in FAILURES
    ] + [resource("ConfigMap", "bystander", metadata={"name": "bystander", "namespace": namespace})]
    stack = Stack(tmp_path_factory.mktemp("failures"))
    preview = stack.preview(*program, providers=providers)
    return preview, stack.up(*program, providers=providers, flags=("--continue-on-error",))


@pytest.mark.parametrize("row", FAILURES, ids=lambda row: row.name)
def test_what_only_up_can_find_out(row: Failure, failed: tuple[Run, Run]) -> None:
    preview, up = failed
    assert preview.operations(row.name) == ["create"]
    said = "\n".join(
        event["diagnosticEvent"]["message"]
        for event in up.events
        if event.get("diagnosticEvent", {}).get("urn", "").endswith(f"::{row.name}")
    )
    for fragment in row.says:
        assert fragment in said


def test_the_preview_of_all_that_is_green_and_warns_of_no_cluster(failed: tuple[Run, Run]) -> None:
    preview, up = failed
    assert preview.code == 0, preview.output
    assert "unreachable" not in preview.messages()
    assert up.code != 0
    assert up.operations("bystander") == ["create"]


def test_data_that_the_server_refuses_are_not_quoted(namespace: str, tmp_path: Path) -> None:
    refused = resource(
        "Secret", "refused", metadata={"name": "refused", "namespace": namespace}, data={"a": "canary, not base64"}
    )
    run = Stack(tmp_path / "refused").up(refused)
    assert run.code != 0
    assert "illegal base64" in run.messages("error")
    assert "canary" not in run.output


@pytest.mark.usefixtures("stand_in")
def test_any_other_secret_that_the_server_refuses_is_blotted_out(namespace: str, tmp_path: Path) -> None:
    metadata = {"name": "refused", "namespace": namespace, "labels": {"a": {"$secret": "canary, no label"}}}
    run = Stack(tmp_path / "refused").up(resource("ConfigMap", "refused", metadata=metadata))
    assert 'Invalid value: "[secret]"' in run.messages("error")
    assert "canary" not in run.output


@pytest.mark.usefixtures("stand_in")
def test_a_kind_that_the_stand_in_does_not_know_is_refused_with_the_list_of_those_it_does(tmp_path: Path) -> None:
    run = Stack(tmp_path / "unknown").preview(resource("Pod", "pod", metadata={"name": "pod"}))
    assert "does not know kubernetes:core/v1:Pod" in run.messages("error")
    assert "ConfigMap" in run.messages("error")


def test_an_update_does_not_take_a_field_from_another_manager(
    cluster: KubernetesState, namespace: str, tmp_path: Path
) -> None:
    def program(value: str) -> Resource:
        metadata = {"name": "contested", "namespace": namespace}
        return resource("ConfigMap", "contested", provider="mutable", metadata=metadata, data={"a": value})

    providers = {"mutable": {"enable_config_map_mutable": True}}
    stack = Stack(tmp_path / "contested")
    assert stack.up(program("1"), providers=providers).code == 0
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "contested"}, "data": {"a": "theirs"}}
    path = f"/api/v1/namespaces/{namespace}/configmaps/contested"
    kubeapi.call(cluster, "PATCH", f"{path}?fieldManager=operator&force=true", theirs, "application/apply-patch+yaml")
    run = stack.up(program("2"), providers=providers)
    assert run.code != 0
    assert 'conflict with "operator"' in run.messages("error")
    assert ".data.a" in run.messages("error")
    assert kubeapi.call(cluster, "GET", path)["data"] == {"a": "theirs"}
    # Tried, not done: the next run tries again.
    assert stack.preview(program("2"), providers=providers).operations("contested") == ["update"]


# ---------------------------------------------------------------------------------------------------------------------
# Providers.


def kubeconfig(server: str = "") -> str:
    """The lab's kubeconfig as text, pointing elsewhere if asked to."""
    document = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    for entry in document["clusters"] if server else []:
        entry["cluster"]["server"] = server
    return yaml.safe_dump(document)


def in_namespace(properties: dict[str, Any], namespace: str) -> dict[str, Any]:
    return properties | {"metadata": {"namespace": namespace} | properties["metadata"]}


def test_another_server_replaces_the_provider_and_its_objects_unless_the_cluster_has_an_identifier(
    namespace: str, tmp_path: Path
) -> None:
    names = ("moved", "identified", "other-identifier")

    def program() -> list[Resource]:
        return [
            resource("ConfigMap", f"in-{name}", provider=name, metadata={"name": name, "namespace": namespace})
            for name in names
        ]

    here, there = kubeconfig(), kubeconfig("https://127.0.0.1:1")
    stack = Stack(tmp_path / "providers")
    before = {
        "moved": {"kubeconfig": here},
        "identified": {"kubeconfig": here, "cluster_identifier": "a"},
        "other-identifier": {"kubeconfig": here, "cluster_identifier": "a"},
    }
    assert stack.up(*program(), providers=before).code == 0
    after = {
        "moved": {"kubeconfig": there},
        "identified": {"kubeconfig": there, "cluster_identifier": "a"},
        "other-identifier": {"kubeconfig": here, "cluster_identifier": "b"},
    }
    run = stack.preview(*program(), providers=after)
    assert run.operations("identified") == ["update"]
    assert run.operations("in-identified") == ["same"]
    for name in ("moved", "other-identifier"):
        assert "replace" in run.operations(name)
        assert "replace" in run.operations(f"in-{name}")


def test_the_environment_counts_when_the_flag_is_unset_and_an_explicit_false_wins(
    namespace: str, tmp_path: Path
) -> None:
    providers = {"unset": {}, "explicit": {"enable_secret_mutable": False, "enable_config_map_mutable": False}}
    stack = Stack(
        tmp_path / "flags",
        {"PULUMI_K8S_ENABLE_SECRET_MUTABLE": "true", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE": "true"},
    )

    def program(value: str) -> list[Resource]:
        return [
            resource(
                kind,
                f"{kind}-{provider}".lower(),
                provider=None if provider == "default" else provider,
                metadata={"name": f"{kind}-{provider}-flag".lower(), "namespace": namespace},
                data={"a": b64(value)},
            )
            for kind in ("Secret", "ConfigMap")
            for provider in ("unset", "explicit", "default")
        ]

    assert stack.up(*program("one"), providers=providers).code == 0
    run = stack.preview(*program("two"), providers=providers)
    for kind in ("secret", "configmap"):
        assert run.operations(f"{kind}-unset") == ["update"]
        assert run.operations(f"{kind}-default") == ["update"]
        assert run.operations(f"{kind}-explicit") == REPLACED_IN_PLACE


# ---------------------------------------------------------------------------------------------------------------------
# The engine's own options, and what changed behind its back.


def test_protect_stops_a_replacement_and_retain_on_delete_makes_it_collide(
    cluster: KubernetesState, namespace: str, tmp_path: Path
) -> None:
    def program(protected: str, retained: str) -> list[Resource]:
        return [
            resource(
                "Secret",
                name,
                metadata={"name": name, "namespace": namespace},
                data={"a": b64(value)},
                options=options,
            )
            for name, value, options in (
                ("protected", protected, {"protect": True}),
                ("retained", retained, {"retain_on_delete": True}),
            )
        ]

    stack = Stack(tmp_path / "options")
    assert stack.up(*program("one", "one")).code == 0
    stopped = stack.preview(*program("two", "one"))
    assert stopped.code != 0
    assert "protect" in stopped.messages("error")
    collided = stack.up(*program("one", "two"))
    assert 'secrets "retained" already exists' in collided.messages("error")
    live = kubeapi.call(cluster, "GET", f"/api/v1/namespaces/{namespace}/secrets/retained")
    assert live["data"] == {"a": b64("one")}


def test_refresh_sees_drift_and_loss_and_an_existing_object_can_be_imported(
    cluster: KubernetesState, namespace: str, tmp_path: Path
) -> None:
    room = f"/api/v1/namespaces/{namespace}"

    def config(name: str, **options: Any) -> Resource:
        return resource(
            "ConfigMap",
            name,
            provider="mutable",
            metadata={"name": name, "namespace": namespace},
            data={"a": "1"},
            options=options,
        )

    providers = {"mutable": {"enable_config_map_mutable": True}}
    kubeapi.call(cluster, "POST", f"{room}/configmaps", {"metadata": {"name": "found"}, "data": {"a": "1"}})
    program = [config("drifting"), config("lost"), config("found", import_=f"{namespace}/found")]
    stack = Stack(tmp_path / "refresh")
    first = stack.up(*program, providers=providers)
    assert first.code == 0, first.output
    assert first.operations("found") == ["import"]

    drift = {"data": {"a": "2", "b": "not declared"}}
    kubeapi.call(cluster, "PATCH", f"{room}/configmaps/drifting", drift, "application/merge-patch+json")
    kubeapi.call(cluster, "DELETE", f"{room}/configmaps/lost")
    assert stack.preview(*program, providers=providers).operations("drifting") == ["same"]  # nobody looked
    assert stack.refresh().code == 0
    seen = stack.preview(*program, providers=providers)
    assert seen.differences("drifting") == {"data.a": "update"}
    assert seen.operations("lost") == ["create"]
    assert seen.operations("found") == ["same"]


# ---------------------------------------------------------------------------------------------------------------------
# Namespaces and patches.


def test_a_patch_makes_what_is_missing_owns_its_fields_and_leaves_the_object(
    cluster: KubernetesState, namespace: str, tmp_path: Path
) -> None:
    patched = f"{namespace}-patched"

    def program(*pull_secrets: str) -> list[Resource]:
        return [
            resource("NamespacePatch", "space", metadata={"name": patched, "labels": {"ours": "yes"}}),
            resource(
                "ServiceAccountPatch",
                "account",
                metadata={"name": "patched", "namespace": namespace},
                imagePullSecrets=[{"name": name} for name in pull_secrets],
            ),
        ]

    def account() -> dict[str, Any]:
        return kubeapi.call(cluster, "GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/patched")

    stack = Stack(tmp_path / "patches")
    assert stack.up(*program("one", "two")).code == 0
    assert kubeapi.call(cluster, "GET", f"/api/v1/namespaces/{patched}")["metadata"]["labels"]["ours"] == "yes"
    second = stack.preview(*program("one", "two"))
    assert second.operations("space") == second.operations("account") == ["same"]

    shorter = stack.up(*program("two"))
    assert shorter.operations("account") == ["update"]
    assert account()["imagePullSecrets"] == [{"name": "two"}]  # the whole list is ours

    assert stack.destroy().code == 0
    left = kubeapi.call(cluster, "GET", f"/api/v1/namespaces/{patched}")
    assert left["status"]["phase"] == "Active"
    assert "ours" not in left["metadata"]["labels"]
    assert "imagePullSecrets" not in account()


def test_a_patch_needs_a_name(tmp_path: Path) -> None:
    run = Stack(tmp_path / "nameless").preview(resource("NamespacePatch", "space", metadata={"labels": {"a": "b"}}))
    assert run.code != 0
    assert "patch resources require the `.metadata.name` field to be set" in run.messages("error")


def test_a_namespace_is_made_labelled_and_told_to_go(cluster: KubernetesState, namespace: str, tmp_path: Path) -> None:
    name = f"{namespace}-own"

    def program(label: str) -> Resource:
        return resource("Namespace", "space", metadata={"name": name, "labels": {"x": label}})

    stack = Stack(tmp_path / "namespace")
    assert stack.up(program("1")).code == 0
    assert stack.state()["space"]["id"] == name
    relabelled = stack.up(program("2"))
    assert relabelled.operations("space") == ["update"]
    assert relabelled.differences("space") == {"metadata.labels.x": "update"}
    assert stack.destroy().code == 0
    assert kubeapi.get(cluster, f"/api/v1/namespaces/{name}") is None


def test_what_depends_on_an_object_goes_before_it(cluster: KubernetesState, namespace: str, tmp_path: Path) -> None:
    metadata = {"name": "owner", "namespace": namespace}
    stack = Stack(tmp_path / "foreground")
    assert stack.up(resource("ConfigMap", "owner", metadata=metadata)).code == 0
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    owner = kubeapi.call(cluster, "GET", f"{path}/owner")
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    owned = {"name": "owned", "ownerReferences": [{**reference, "blockOwnerDeletion": True}]}
    kubeapi.call(cluster, "POST", path, {"metadata": owned})
    assert stack.destroy().code == 0
    assert kubeapi.get(cluster, f"{path}/owned") is None
