"""What a configured docker config opens for the mirror: an entry means a login, and no entry means none."""

from base64 import b64encode
from typing import Any

import pytest

from pulumi_chaosreg.credentials.docker_config import read_credential
from pulumi_chaosreg.errors import ChaosregError

HARBOR = "harbor.company.com"


@pytest.mark.parametrize(
    "entry", [{}, None, "x", {"auth": "no base64"}, {"auth": b64encode(b"canary").decode()}, {"username": "canary"}]
)
def test_an_entry_without_a_login_is_no_anonymous_push(entry: Any) -> None:
    credential = read_credential("push", {"auths": {f"https://{HARBOR}/v2/": entry}, "credsStore": "desktop"})
    with pytest.raises(ChaosregError, match=r"CHR0525.*credential `push`.*`https://harbor.company.com/v2/`") as caught:
        credential.login_for(HARBOR, "chaos/app")
    assert "canary" not in str(caught.value)


def test_a_server_without_an_entry_is_everybody_s() -> None:
    credential = read_credential("pull", {"auths": {HARBOR: {}}})
    assert credential.login_for("docker.io", "harness/app") is None


def test_an_entry_without_a_login_beside_one_further_up_does_no_harm() -> None:
    auths = {f"{HARBOR}/chaos": {}, HARBOR: {"username": "robot", "password": "p"}}
    login = read_credential("push", {"auths": auths}).login_for(HARBOR, "chaos/app")
    assert login is not None
    assert login.username == "robot"
