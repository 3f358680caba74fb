"""A program whose clusters pull with the key of a Google service account."""

import base64
import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

import pulumi_chaosreg as chaosreg
from tests.support.canary import PULL

pytestmark = pytest.mark.components

KEY = json.dumps({"type": "service_account", "client_email": "a@b", "private_key": PULL.password})
SECRET = "kubernetes:core/v1:Secret prod-eu"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pulumi, "get_root_directory", lambda: str(tmp_path))
    return tmp_path


def program(**credentials: Any) -> None:
    account = chaosreg.Account(
        "acme",
        image_registry={
            "server": "europe-docker.pkg.dev",
            "account": "acme/chaos",
            "type": "private",
            "authentication": {"type": "gcp_service_account", "key_file": "key.json"},
        },
        images={"release": "1.94.4"},
        credentials=credentials,
    )
    chaosreg.Infrastructure("prod-eu", account=account, cluster=chaosreg.Cluster(context="c"))


def login_of(secret: dict[str, Any]) -> list[str]:
    text = secret["data"]["value"][".dockerconfigjson"] if "value" in secret["data"] else secret["data"]
    auths = json.loads(base64.b64decode(text))["auths"]
    assert list(auths) == ["europe-docker.pkg.dev"]
    return base64.b64decode(auths["europe-docker.pkg.dev"]["auth"]).decode().split(":", 1)


def test_the_file_s_text_is_the_password(run: Any, folder: Path) -> None:
    (folder / "key.json").write_text(KEY)
    assert login_of(run(program).made[SECRET]) == ["_json_key", KEY]


def test_a_given_value_comes_before_the_file(run: Any, folder: Path) -> None:
    (folder / "key.json").write_text(KEY)
    other = KEY.replace("a@b", "c@d")
    made = run(lambda: program(**{"chaos-image-registry-prod-eu": pulumi.Output.secret(other)})).made
    assert login_of(made[SECRET]) == ["_json_key", other]


def test_without_the_file_nothing_is_made(run: Any, folder: Path) -> None:
    with pytest.raises(pulumi.RunError, match="CHR0501"):
        run(program)
