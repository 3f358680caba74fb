"""A program of one's own whose registry makes its pull credential: it reaches the Secret without a stack file."""

import base64
import json
from datetime import date
from typing import Any

import pulumi
import pytest

import pulumi_chaosreg as chaosreg
from pulumi_chaosreg import clock
from tests.support.mocked_program import Recorder, run_program

pytestmark = pytest.mark.components

HOST = "europe-docker.pkg.dev"
REGISTRY: dict[str, Any] = {
    "server": HOST,
    "account": "acme/chaos",
    "type": "private",
    "authentication": {"type": "made", "lifetime_days": 90, "per": "stack"},
}


class Google(Recorder):
    """What Google answers: each key is the text of its turn."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        made, outputs = super().new_resource(args)
        if args.typ == "gcp:serviceaccount/key:Key":
            outputs["privateKey"] = base64.b64encode(f"key of turn {args.inputs['keepers']['turn']}".encode()).decode()
        return made, outputs


def program(**repositories: Any) -> None:
    account = chaosreg.Account(
        "acme",
        image_registry=REGISTRY,
        repositories={"create": True, **repositories},
        mirror=False,
        images={"release": "1.94.4", "pin": "off"},
    )
    chaosreg.Infrastructure("eu", account=account, cluster=chaosreg.Cluster(context="eu"))
    chaosreg.Infrastructure("us", account=account, cluster=chaosreg.Cluster(context="us"))


def secret(recorder: Recorder, name: str) -> tuple[str, str]:
    """(login, day on which it ends) of an infrastructure's pull Secret."""
    inputs = recorder.made[f"kubernetes:core/v1:Secret {name}"]
    data = inputs["data"].get("value", inputs["data"])
    config = json.loads(base64.b64decode(data[".dockerconfigjson"]))
    return base64.b64decode(config["auths"][HOST]["auth"]).decode(), inputs["metadata"]["annotations"][
        "chaosreg/expires"
    ]


@pytest.mark.extra("gar")
def test_all_infrastructures_of_a_program_have_this_turn_s(monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    for day in ("2026-11-29", "2026-12-10"):
        monkeypatch.setattr(clock, "now", lambda day=day: date.fromisoformat(day))
        recorder = run_program(program, recorder=Google())
        eu, us = (secret(recorder, name) for name in ("eu", "us"))
        assert eu == us
        said.append(eu)
    (first, ends), (second, later) = said
    assert first.startswith("_json_key:key of turn ")
    assert int(second.rpartition(" ")[2]) == int(first.rpartition(" ")[2]) + 1
    assert (ends, later) == ("2027-01-17", "2027-03-03")


@pytest.mark.extra("gar")
def test_another_day_is_for_previews_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, "2999-01-01")
    recorder = run_program(program, recorder=Google(), preview=True)
    assert any(made.startswith("gcp:serviceaccount/key:Key ") for made in recorder.made)
    with pytest.raises(pulumi.RunError, match="CHR0128"):
        run_program(program, recorder=Google())


def test_a_program_is_told_that_nobody_makes_it() -> None:
    with pytest.raises(pulumi.RunError) as raised:
        run_program(lambda: program(create=False))
    assert "CHR0544" in str(raised.value)
