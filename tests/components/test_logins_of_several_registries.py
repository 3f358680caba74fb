"""What is registered where custom images are on other registries: one Secret, and what renews the others."""

import base64
import json
from typing import Any

import pulumi
import pytest

import pulumi_chaosreg as chaosreg
from tests.support.canary import PULL

pytestmark = pytest.mark.components

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
PATH, NAME = "prod-eu", "chaos-image-registry-prod-eu"


def login(server: str, name: str, **more: Any) -> dict[str, Any]:
    return {"server": server, "type": "private", "authentication": {"username": name, "password_secret": name}, **more}


def made_by(run: Any, **infrastructure: Any) -> dict[str, dict[str, Any]]:
    def program() -> None:
        account = chaosreg.Account(
            "acme",
            allow_overrides=True,
            registries={
                "team": login("harbor.example", "team", account="team"),
                "aws": {"server": ECR, "account": "c", "type": "private", "authentication": {"type": "aws_ecr"}},
            },
            image_registry=login("harbor.example", "main", account="chaos"),
            images={"release": "1.94.4"},
            pull_secret={"identity": "keys"},
            credentials={
                "main": pulumi.Output.secret("of-main"),
                "team": pulumi.Output.secret("of-team"),
                "keys": pulumi.Output.secret({"access_key_id": "AKIA", "secret_access_key": PULL.password}),
            },
        )
        chaosreg.Infrastructure(
            "prod-eu",
            account=account,
            cluster=chaosreg.Cluster(context="c"),
            service_accounts=["litmus"],
            **infrastructure,
        )

    found: dict[str, dict[str, Any]] = run(program).made
    return found


def auths(secret: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(secret["data"]["value"][".dockerconfigjson"]))["auths"]
    return found


def test_logins_that_last_are_in_one_secret_each_under_its_own_path(run: Any) -> None:
    made = made_by(run, custom_images={"log_watcher": "harbor.example/team/x:1"})

    secret = made[f"kubernetes:core/v1:Secret {PATH}"]
    assert {key: entry["password"] for key, entry in auths(secret).items()} == {
        "harbor.example": "of-main",
        "harbor.example/team": "of-team",
    }
    assert [name for name in made if "ImagePullSecretEntry" in name] == [
        f"chaosreg:index:ImagePullSecretEntry {PATH}/litmus"
    ]


def test_a_token_has_a_secret_of_its_own_that_accounts_list_too(run: Any) -> None:
    made = made_by(run, custom_images={"log_watcher": f"{ECR}/c/x:1"})

    renewed = f"{NAME}-{ECR}"
    assert made[f"kubernetes:core/v1:Secret {PATH}/{ECR}"]["metadata"]["name"] == renewed
    (cron,) = [each for name, each in made.items() if name.startswith("kubernetes:batch/v1:CronJob")]
    environment = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {"name": "CHAOSREG_SERVER", "value": ECR} in environment
    entries = {name.partition(" ")[2]: each["secretName"] for name, each in made.items() if "SecretEntry" in name}
    assert entries == {f"{PATH}/litmus": NAME, f"{PATH}/litmus/{renewed}": renewed}
    assert made[f"kubernetes:core/v1:ConfigMap {PATH}"]["data"]["secret_names"] == f"{NAME}, {renewed}"


def test_keys_of_a_refresher_stand_in_a_secret_and_nowhere_else(run: Any) -> None:
    made = made_by(run, custom_images={"log_watcher": f"{ECR}/c/x:1"})

    keys = made.pop(f"kubernetes:core/v1:Secret {PATH}/{ECR}/refresher")
    assert keys["data"].keys() == {pulumi.runtime.rpc._special_sig_key, "value"}
    decoded = {part: base64.b64decode(text).decode() for part, text in keys["data"]["value"].items()}
    assert decoded == {"access_key_id": "AKIA", "secret_access_key": PULL.password}
    assert PULL.password not in json.dumps(made)
