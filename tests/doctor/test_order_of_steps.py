"""What follows from what: no step is asked without what it needs, and the cause is named."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.doctor.case import Case, Surroundings
from pulumi_chaosreg.doctor.examination import examine
from pulumi_chaosreg.doctor.in_turn import InTurn
from pulumi_chaosreg.doctor.step import Failed
from pulumi_chaosreg.doctor.steps import OF_INFRASTRUCTURE, OF_REGISTRY
from pulumi_chaosreg.doctor.steps.door import is_registry
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.kubernetes.client import Cluster, KubernetesError
from pulumi_chaosreg.oci.problems import Answer

STEPS = (*OF_INFRASTRUCTURE, *OF_REGISTRY)


def test_every_need_is_a_step_before() -> None:
    names = [step.NAME for step in STEPS]
    assert len(set(names)) == len(names)
    for position, step in enumerate(STEPS):
        assert set(step.NEEDS) <= set(names[:position])


def test_every_step_hangs_on_the_configuration() -> None:
    hanging = {"configuration"}
    for step in STEPS[1:]:
        assert hanging & set(step.NEEDS), step.NAME
        hanging.add(step.NAME)


def test_errors_of_other_scopes_are_counted_and_do_not_stop_it(project, capsys, monkeypatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    registry = {"server": "127.0.0.1:1", "account": "chaos", "type": "public"}
    account = {"id": "acme", "image_registry": registry, "images": {"release": "1.94.4"}, "allow_overrides": True}
    infrastructures = {"eu": {"cluster": {"context": "eu"}}, "us": {"cluster": {"context": "us"}, "typo": 1}}
    project.write({"a": {"chaosreg:account": account, "chaosreg:infrastructures": infrastructures}})
    assert main(["--project", str(project.folder), "doctor", "eu"]) == 1
    said = capsys.readouterr().out
    assert "✓ configuration" in said
    assert "1 error of other scopes: `chaosreg validate`" in said
    assert main(["--project", str(project.folder), "doctor", "us"]) == 1
    assert "✗ configuration" in capsys.readouterr().out


def test_an_error_of_another_infrastructure_of_the_same_id_does_not_stop_it(project, capsys, monkeypatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    registry = {"server": "127.0.0.1:1", "account": "chaos", "type": "public"}
    account = {"id": "acme", "image_registry": registry, "images": {"release": "1.94.4"}, "allow_overrides": True}
    stacks: dict[str, dict[str, Any]] = {
        "a": {"chaosreg:account": account},
        "o": {"chaosreg:parent_stack": "a", "chaosreg:organization": {"id": "payments"}},
    }
    for name, more in (("billing", {"typo": 1}), ("checkout", {})):
        infrastructures = {"prod": {"cluster": {"context": name}, **more}}
        level = {"chaosreg:project": {"id": name}, "chaosreg:infrastructures": infrastructures}
        stacks[name] = {"chaosreg:parent_stack": "o", **level}
    project.write(stacks)
    main(["--project", str(project.folder), "doctor", "*/checkout/prod"])
    assert "✓ configuration" in capsys.readouterr().out
    main(["--project", str(project.folder), "doctor", "*/billing/prod"])
    assert "✗ configuration" in capsys.readouterr().out
    main(["--project", str(project.folder), "doctor", "*/billing/prod", "-o", "json"])
    (finding, *_) = json.loads(capsys.readouterr().out)["infrastructures"][0]["steps"][0]["findings"]
    assert (finding["code"], finding["file"]) == ("CHR0104", "stacks/Pulumi.billing.yaml")
    assert finding["line"]


def test_an_infrastructure_that_is_not_there(project, capsys) -> None:
    project.four_levels()
    assert main(["--project", str(project.folder), "doctor", "prod-us"]) == 2
    assert "CHR0118" in capsys.readouterr().err
    assert main(["--project", str(project.folder), "doctor", "prod-us", "-o", "json"]) == 2
    assert [one["code"] for one in json.loads(capsys.readouterr().out)["findings"]] == ["CHR0118"]


@dataclass(frozen=True)
class Said:
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Said(200, b"{}"), True),
        (Said(200), True),
        (Said(200, b"<html>", (("Docker-Distribution-Api-Version", "registry/2.0"),)), True),
        (Said(200, b"<html>"), False),
        (Said(401, b"<html>", (("WWW-Authenticate", 'Bearer realm="https://a/t"'),)), True),
        (Said(401, b"<html>", (("WWW-Authenticate", "Negotiate"),)), False),
        (Said(401), False),
        (Said(404, b"{}", (("Docker-Distribution-Api-Version", "registry/2.0"),)), False),
    ],
)
def test_by_what_a_registry_is_told_from_a_page(said: Said, expected: bool) -> None:
    assert is_registry(Answer(said.status, dict(said.headers), said.body)) is expected


def test_logins_are_tried_in_turn_and_none_twice() -> None:
    old, new = Login("u", "old"), Login("u", "new")
    logins = InTurn([old, new])
    assert logins.current() == old
    assert logins.again(old)
    assert logins.current() == new
    assert logins.again(old)  # a thread that is late finds the new one
    assert not logins.again(new)
    assert logins.current() == new


def test_what_no_step_expects_is_its_failure_and_no_crash(project, monkeypatch) -> None:
    def unusable(_: object) -> None:
        raise ChaosregError.of("CHR0401", "the proxy cannot be used")

    monkeypatch.setattr(Case, "line", property(unusable))
    around = Surroundings(project.four_levels().config, (), load_catalogue())
    (dns,) = [step for step in OF_REGISTRY if step.NAME == "DNS"]
    (seen,) = [seen.result for seen in examine(around) if seen.step == dns.NAME]
    assert isinstance(seen, Failed)
    assert seen.findings[0].message == "the proxy cannot be used"


def test_a_cluster_that_does_not_answer_is_waited_for_once(project, monkeypatch) -> None:
    # a stand-in for a cluster at whose address nobody listens
    asked: list[str] = []

    def unreachable(_: Cluster, method: str, path: str, *__: object, **___: str) -> None:
        asked.append(path)
        raise KubernetesError(Finding("CHR0605", "the cluster cannot be reached"))

    monkeypatch.setattr(Cluster, "request", unreachable)
    around = Surroundings(project.four_levels().config, (), load_catalogue())
    for what in ("secrets/a", "secrets/b", "pods"):
        with pytest.raises(KubernetesError):
            around.ask(what)
    assert len(asked) == 1
