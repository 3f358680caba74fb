"""One fault at a time in the pull Secret of a real cluster, for a real registry: the doctor names it.

The doctor logs in to the cluster as somebody who may read what it reads, and nothing else.
"""

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from lab.kubeapi import call
from lab.registry import RegistryServer
from lab.state import KubernetesState
from pulumi_chaosreg.credentials.login import Login
from tests.doctor.conftest import Patient, Report, named
from tests.support.builder import image, layer, push
from tests.support.canary import PULL, traces_of
from tests.support.connect_proxy import ConnectProxy
from tests.support.faults import FaultServer, Reply, Seen
from tests.support.token_server import TokenServer, registry_believing, registry_with_tokens

pytestmark = [pytest.mark.registry, pytest.mark.engine]

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.fixture(scope="module")
def one_private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    with RegistryServer(tmp_path_factory.mktemp("private"), logins={PULL.username: PULL.password}) as server:
        yield server


Secret = Callable[..., None]


@pytest.fixture
def secret(cluster: KubernetesState, namespace: str, request: pytest.FixtureRequest) -> Secret:
    """Put a Secret there; its name is the test's own."""

    def secret(auths: Any, type_: str = "kubernetes.io/dockerconfigjson", **annotations: str) -> None:
        data = {".dockerconfigjson": base64.b64encode(json.dumps({"auths": auths}).encode()).decode()}
        about = {
            "name": named(request),
            "annotations": {key.replace("_", "/"): one for key, one in annotations.items()},
        }
        call(
            cluster, "POST", f"/api/v1/namespaces/{namespace}/secrets", {"metadata": about, "type": type_, "data": data}
        )

    return secret


def examined(patient: Patient) -> Report:
    """Whatever it says, it shows no password."""
    report = patient.examined()
    assert traces_of(PULL, report.text + report.raw) == []
    return report


def entry(login: Login = PULL) -> dict[str, str]:
    return {"auth": login.basic}


def test_the_secret_s_login_opens_every_image(private, one_private: RegistryServer, secret: Secret, request) -> None:
    secret({one_private.host: entry()})
    patient = private(one_private.host)
    patient.push(login=(PULL.username, PULL.password))
    before = len(one_private.requests())
    report = examined(patient)
    assert report.code == 0, report.text
    assert f"user `puller` (Secret `{patient.config.namespace.value}/{named(request)}`) is let in" in report.text
    assert "4 of 4 are there" in report.text
    assert {one.method for one in one_private.requests()[before:]} == {"GET", "HEAD"}


def test_a_private_registry_that_is_open_to_everybody_is_a_warning(
    private, target: RegistryServer, secret: Secret
) -> None:
    secret({target.host: entry()})
    patient = private(target.host)
    patient.push()
    report = examined(patient)
    assert (report.code, report.codes("images")) == (0, ["CHR0342"])
    assert f"`{target.host}/chaos/chaos-ddcr` needs no login" in report.text


def test_there_is_no_secret(private, one_private: RegistryServer, request) -> None:
    report = examined(private(one_private.host))
    assert (report.code, report.failed) == (1, {"pull Secret": ["CHR0902"]})
    assert f"kubectl create secret docker-registry {named(request)} " in report.text
    assert report.result("/v2/") == "passed"  # the registry is there all the same
    assert report.result("login") == "unseen"


def test_a_secret_of_another_type(private, one_private: RegistryServer, secret: Secret) -> None:
    secret({one_private.host: entry()}, "Opaque")
    report = examined(private(one_private.host))
    assert (report.code, report.failed) == (1, {"pull Secret": ["CHR0903"]})
    assert "its type is `Opaque`, though it has a key `.dockerconfigjson`" in report.text


def test_a_docker_config_without_entries_that_can_be_read(private, one_private: RegistryServer, secret: Secret) -> None:
    secret([])
    assert examined(private(one_private.host)).failed == {"pull Secret": ["CHR0903"]}


def test_a_secret_for_another_host(private, one_private: RegistryServer, secret: Secret) -> None:
    secret({"harbor.other.example": entry()})
    report = examined(private(one_private.host))
    assert (report.code, report.failed) == (1, {"pull Secret": ["CHR0507"]})
    assert "= keys: harbor.other.example" in report.text


def test_an_entry_without_a_login(private, one_private: RegistryServer, secret: Secret) -> None:
    secret({one_private.host: {"identitytoken": PULL.password}})
    assert examined(private(one_private.host)).failed == {"pull Secret": ["CHR0523"]}


def test_one_entry_that_the_kubelet_cannot_read_breaks_all(
    private, one_private: RegistryServer, secret: Secret
) -> None:
    secret({one_private.host: entry(), "harbor.other.example": {"auth": "%%%"}})
    assert examined(private(one_private.host)).failed == {"pull Secret": ["CHR0524"]}


def test_a_wrong_password(private, one_private: RegistryServer, secret: Secret) -> None:
    wrong = Login("puller", PULL.password + "-of-last-year")
    secret({one_private.host: entry(wrong)})
    before = len(one_private.requests())
    report = examined(private(one_private.host))
    assert (report.code, report.failed) == (1, {"login": ["CHR0403"]})
    assert "the credentials of user `puller` (Secret `" in report.text
    assert "to put the right login into it" in report.text
    assert traces_of(wrong, report.text + report.raw) == []
    assert len(one_private.requests()) - before <= 2 * 3  # a knock, the same with our client, and the password once


def test_the_old_password_and_the_new_one_while_a_rotation_is_under_way(
    private, one_private: RegistryServer, secret: Secret
) -> None:
    secret({f"https://{one_private.host}": entry(Login("puller", "of-last-year")), one_private.host: entry()})
    patient = private(one_private.host)
    patient.push(login=(PULL.username, PULL.password))
    assert examined(patient).code == 0


def test_one_token_for_all_images(private, secret: Secret, tmp_path: Path, target: RegistryServer) -> None:
    passwords, rights = {PULL.username: PULL.password}, {PULL.username: {"pull"}}
    with registry_with_tokens(tmp_path / "tokens", passwords, rights) as (server, tokens):
        secret({server.host: entry()})
        patient = private(server.host)
        given(patient, target, server)
        report = examined(patient)
        assert report.code == 0, report.text
        assert "asks for a token of `http://" in report.text
        assert len([one for one in tokens.seen if "Authorization" in one.headers]) == 2  # one in each run


def test_a_login_without_a_right_to_one_repository(
    private, secret: Secret, tmp_path: Path, target: RegistryServer
) -> None:
    passwords, rights = {PULL.username: PULL.password}, {PULL.username: {"pull"}}
    closed = ["chaos/chaos-log-watcher"]
    with registry_with_tokens(tmp_path / "tokens", passwords, rights, closed=closed) as (server, _):
        secret({server.host: entry()})
        patient = private(server.host)
        given(patient, target, server)
        report = examined(patient)
        assert (report.code, report.failed) == (1, {"images": ["CHR0403"]})
        assert report.result("login") == "passed"
        assert "credentials for tag `1.94.0` of `chaos/chaos-log-watcher`" in report.text
        assert "grant this login the right to pull there" in report.text
        assert "also:" not in report.text  # the others are there


@pytest.mark.parametrize("without_scope", [True, False])
def test_a_token_for_all_images_is_refused_for_the_sake_of_one(
    without_scope: bool, private, secret: Secret, tmp_path: Path, target: RegistryServer
) -> None:
    """As registries do that give all rights that are asked for, or nothing; and some want a scope."""

    def script(seen: Seen) -> Reply | None:
        if "chaos-log-watcher" in seen.query:
            return Reply(403, b'{"errors":[{"code":"DENIED","message":"denied"}]}')
        return None if without_scope or "scope" in seen.query else Reply(400, b"no scope")

    with (
        TokenServer({PULL.username: PULL.password}, {PULL.username: {"pull"}}) as tokens,
        FaultServer(script, tokens.host) as front,
        registry_believing(tmp_path / "tokens", front) as server,
    ):
        secret({server.host: entry()})
        patient = private(server.host)
        given(patient, target, server)
        report = examined(patient)
        assert (report.code, report.failed) == (1, {"images": ["CHR0404"]})
        assert "also:" not in report.text


def given(patient: Patient, plain: RegistryServer, server: RegistryServer) -> None:
    """The images, pushed by way of a registry that asks for no token."""
    patient.push(plain.host)
    shutil.copytree(plain.storage, server.storage, dirs_exist_ok=True)


def test_a_registry_with_a_name_has_a_secret_of_its_own(
    private, one_private: RegistryServer, target: RegistryServer, secret: Secret
) -> None:
    secret({one_private.host: entry()})
    tools = {"server": target.host, "account": "tools", "type": "private", "authentication": {"secret_name": "tools"}}
    watcher = {"log_watcher": f"{target.host}/tools/watcher:3"}
    patient = private(one_private.host, registries={"tools": tools}, custom_images=watcher)
    report = examined(patient)
    assert report.steps[one_private.host, "pull Secret"]["result"] == "passed"
    (finding,) = report.steps[target.host, "pull Secret"]["findings"]
    assert (finding["code"], "/tools` in the cluster" in finding["message"]) == ("CHR0902", True)


def test_a_pod_s_other_secret_opens_an_image_of_no_registry_that_is_named(
    private, one_private: RegistryServer, target: RegistryServer, secret: Secret
) -> None:
    # given one Secret with a login for both servers, as people make them, and an image on the second
    secret({target.host: entry(), one_private.host: entry()})
    patient = private(target.host, custom_images={"log_watcher": f"{one_private.host}/mine/watcher:3"})
    tree = image(layer("watcher", 1000))
    push(one_private.host, "mine/watcher", "3", tree, (PULL.username, PULL.password))
    report = examined(patient)
    assert report.steps[one_private.host, "images"]["result"] == "passed", report.text


def test_only_a_node_can_log_in(private, one_private: RegistryServer, tmp_path: Path, monkeypatch) -> None:
    # given an identity of the nodes, and a machine without any login
    patient = private(one_private.host, {"type": "node_identity"})
    patient.push(login=(PULL.username, PULL.password))
    report = examined(patient)
    assert report.code == 2, report.text  # a refusal of this machine proves nothing about a node
    assert (report.result("pull Secret"), report.result("login")) == ("unseen", "unseen")
    assert report.codes("pull Secret") == []

    # and once it has one
    (tmp_path / "config.json").write_text(json.dumps({"auths": {one_private.host: entry()}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    report = examined(patient)
    assert report.code == 0, report.text
    assert "only a node has the identity for 4 images; using this machine's login" in report.text
    assert "this machine's user `puller`" in report.text


def test_a_cluster_that_cannot_be_asked_is_told_and_this_machine_s_login_stands_in(
    private, one_private: RegistryServer, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"auths": {one_private.host: entry()}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    patient = private(one_private.host)
    patient.push(login=(PULL.username, PULL.password))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    report = examined(patient)
    assert (report.code, report.failed) == (2, {})
    assert report.codes("pull Secret") == ["CHR0606"]
    assert report.result("images") == "passed"


@pytest.mark.parametrize(
    ("auths", "expires", "code"),
    [
        ({}, "", "CHR0904"),
        ({ECR: {"auth": PULL.basic}}, "2026-01-31T18:00:00Z", "CHR0905"),
    ],
    ids=["empty", "ended"],
)
def test_a_secret_that_its_refresher_does_not_renew(
    auths, expires, code, private, secret: Secret, request, monkeypatch, cluster: KubernetesState
) -> None:
    secret(auths, **({"chaosreg_expires": expires} if expires else {}))
    role = "arn:aws:iam::123456789012:role/pull"
    patient = private(ECR, {"type": "aws_ecr"}, pull_secret={"identity": role, "name": named(request)})
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, str(urlsplit(cluster.server).hostname))
    with ConnectProxy({}) as proxy:  # nobody is asked outside of this machine
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.host}")
        report = examined(patient)
    assert report.failed == {"TCP": ["CHR0401"], "pull Secret": [code]}
    assert "kubectl get jobs --namespace" in report.text


@pytest.mark.parametrize(
    ("password", "expires", "step", "code"),
    [
        (PULL.password, "2026-01-31", "pull Secret", "CHR0905"),
        ("of-another-turn", "2999-01-31", "login", "CHR0403"),
    ],
    ids=["ended", "refused"],
)
def test_a_made_credential_that_nobody_renewed(
    password, expires, step, code, admit, namespace, kubeconfig, secret: Secret, request, monkeypatch, one_private
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    basic = base64.b64encode(f"{PULL.username}:{password}".encode()).decode()
    secret({one_private.host: {"auth": basic}}, chaosreg_expires=expires)
    made = {"type": "private", "kind": "harbor", "authentication": {"type": "made", "lifetime_days": 90}}
    repositories = {"create": True, "login": "harbor-admin"}
    patient = admit(
        one_private.host,
        made,
        namespace=namespace,
        repositories=repositories,
        pull_secret={"name": named(request)},
    )
    report = examined(patient)
    assert report.failed == {step: [code]}
    assert "run `pulumi up" in report.text
