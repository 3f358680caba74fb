"""An infrastructure whose images are on a registry of the lab, and the doctor as people call it."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.kubeapi import call
from lab.state import KubernetesState, load
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from tests.support import builder
from tests.support.builder import image, layer, push
from tests.support.projects import Project


@dataclass(frozen=True)
class Report:
    """What one run said: its exit code, every step's result, and the same as a person reads it."""

    code: int
    text: str
    steps: Mapping[tuple[str, str], Mapping[str, Any]]
    """(registry, step) → what `-o json` has of it; the infrastructure's own have no registry."""
    raw: str
    """The JSON itself."""

    @property
    def failed(self) -> dict[str, list[str]]:
        """Step → codes of its errors."""
        found = {step: one for (_, step), one in self.steps.items() if one["result"] == "failed"}
        return {step: [each["code"] for each in one["findings"]] for step, one in found.items()}

    def result(self, step: str) -> str:
        (found,) = [one["result"] for (_, name), one in self.steps.items() if name == step]
        return found

    def codes(self, step: str) -> list[str]:
        (found,) = [one["findings"] for (_, name), one in self.steps.items() if name == step]
        return [each["code"] for each in found]


@dataclass
class Patient:
    """The infrastructure `prod-eu` of a project, release 1.94.4, four images."""

    project: Project
    server: str
    capsys: pytest.CaptureFixture[str]
    pushed: dict[str, builder.Tree] = field(default_factory=dict)

    @property
    def config(self) -> ResolvedConfig:
        (config,) = self.project.review().resolved.values()
        return config

    def push(self, host: str = "", login: tuple[str, str] | None = None, without: str = "") -> None:
        """Put its images where it pulls them, or to the registry that really stands there."""
        for number, one in enumerate(self.config.images):
            if one.name != without:
                tree = image(layer(f"doctor-{number}", 1000))
                self.pushed[one.name] = push(
                    host or self.server, one.reference.repository, str(one.reference.tag), tree, login
                )

    def lock(self) -> None:
        """Write the lockfile as `chaosreg lock` would: what the pushed tags stand for."""
        lines = [f"{one.reference.tagged}: {self.pushed[one.name].digest}\n" for one in self.config.images]
        (self.project.stacks / "chaosreg.lock.yaml").write_text("".join(sorted(lines)))

    def examined(self) -> Report:
        """Ask twice: as a program and as a person; both must say the same."""
        self.capsys.readouterr()
        code = main(["--project", str(self.project.folder), "doctor", "prod-eu", "-o", "json"])
        raw = self.capsys.readouterr().out
        (document,) = json.loads(raw)["infrastructures"]
        steps = {(one["registry"] or "", one["step"]): one for one in document["steps"]}
        assert main(["--project", str(self.project.folder), "doctor", "prod-eu"]) == code
        said = self.capsys.readouterr()
        assert said.err == ""
        for one in document["steps"]:
            for each in one["findings"]:
                assert f"[{each['code']}]: {each['message']}" in said.out
        return Report(code, said.out, steps, raw)


Admit = Callable[..., Patient]


@pytest.fixture
def admit(new_project: Callable[[], Project], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch) -> Admit:
    """Make the project; `registry` says more of the registry, `registries` names others, the rest is the
    infrastructure's own. No login here.
    """
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "no logins"))

    def admit(
        server: str,
        registry: Mapping[str, Any] | None = None,
        registries: Mapping[str, Any] | None = None,
        repositories: Mapping[str, Any] | None = None,
        **infrastructure: Any,
    ) -> Patient:
        project = new_project()
        given = {"server": server, "account": "chaos", "type": "public", **(registry or {})}
        account = {"image_registry": given, "mirror": "off", **({"registries": registries} if registries else {})}
        account |= {"repositories": repositories} if repositories else {}
        project.four_levels(account=account, infrastructure=infrastructure)
        return Patient(project, server, capsys)

    return admit


def named(request: pytest.FixtureRequest) -> str:
    """The pull Secret of a test."""
    return request.node.name.replace("_", "-").replace("[", "-").rstrip("]")[:60].lower()


def kubeconfig_to(server: str, folder: Path) -> str:
    """One without a login, for the cluster of `prod-eu`."""
    path, name = folder / "kubeconfig", "prod-eu"
    document = {
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": server}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "users": [{"name": name, "user": {}}],
    }
    path.write_text(yaml.safe_dump(document))
    return str(path)


@pytest.fixture(scope="module")
def cluster() -> KubernetesState:
    return load().kubernetes


@pytest.fixture(scope="module")
def namespace(cluster: KubernetesState) -> Iterator[str]:
    name = f"doctor-{uuid.uuid4().hex[:8]}"
    call(cluster, "POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    call(cluster, "DELETE", f"/api/v1/namespaces/{name}/secrets")
    call(cluster, "DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    """What the doctor may do in the cluster."""
    every = (("secrets", "get"), ("serviceaccounts", "get"), ("pods", "list"))
    return [{"apiGroups": [""], "resources": [resource], "verbs": [verb]} for resource, verb in every]


@pytest.fixture(scope="module")
def kubeconfig(
    cluster: KubernetesState, namespace: str, rules: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A login that may do that, and nothing else."""
    path = f"/api/v1/namespaces/{namespace}"
    rights = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    call(cluster, "POST", f"{path}/serviceaccounts", {"metadata": {"name": "doctor"}})
    call(cluster, "POST", f"{rights}/roles", {"metadata": {"name": "doctor"}, "rules": rules})
    binding = {
        "metadata": {"name": "doctor"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "doctor"},
        "subjects": [{"kind": "ServiceAccount", "name": "doctor", "namespace": namespace}],
    }
    call(cluster, "POST", f"{rights}/rolebindings", binding)
    token = call(cluster, "POST", f"{path}/serviceaccounts/doctor/token", {"spec": {}})["status"]["token"]
    config = yaml.safe_load(Path(cluster.kubeconfig).read_text())
    for user in config["users"]:
        user["user"] = {"token": token}
    made = tmp_path_factory.mktemp("doctor") / "kubeconfig"
    made.write_text(yaml.safe_dump(config))
    return made


@pytest.fixture
def private(
    admit: Admit, namespace: str, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Callable[..., Patient]:
    """An infrastructure that pulls with the Secret of the test's name."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))

    def private(server: str, authentication: dict[str, Any] | None = None, **more: Any) -> Patient:
        said = authentication or {"secret_name": named(request)}
        return admit(server, {"type": "private", "authentication": said}, namespace=namespace, **more)

    return private
