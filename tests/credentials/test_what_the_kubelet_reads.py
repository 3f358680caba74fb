"""A docker config is judged as the kubelet reads it, entry by entry, before a Secret is written."""

import json
from base64 import b64encode
from typing import Any

import pytest

from pulumi_chaosreg.credentials.docker_config import checked_docker_config
from pulumi_chaosreg.credentials.kubelet import BrokenEntry, kubelet_login
from pulumi_chaosreg.errors import ChaosregError

HARBOR = "harbor.company.com"
IMAGE = f"{HARBOR}/chaos/chaos-ddcr:1.94.4"
CANARY = "canary-4711"


def basic(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("entry", "login"),
    [
        ({"auth": basic("u:p")}, ("u", "p")),
        ({"auth": basic("u:p:q")}, ("u", "p:q")),
        ({"auth": basic("us:p").rstrip("=")}, ("us", "p")),
        ({"auth": basic("u:p")[:4] + "\r\n" + basic("u:p")[4:]}, ("u", "p")),
        ({"username": "u", "password": "p"}, ("u", "p")),
        ({"Username": "u", "PASSWORD": "p"}, ("u", "p")),
        ({"username": "other", "password": "other", "auth": basic("u:p")}, ("u", "p")),
        ({"username": "u", "password": "p", "auth": ""}, ("u", "p")),
        ({"username": "u", "password": "p", "auth": None}, ("u", "p")),
        # no login
        ({}, None),
        (None, None),
        ({"identitytoken": "t"}, None),
        ({"username": "u", "identitytoken": "t"}, None),
        ({"registrytoken": "t"}, None),
        ({"auth": basic("<token>:")}, None),
        ({"auth": basic(":p")}, None),
        ({"email": "u@example"}, None),
    ],
)
def test_the_kubelet_reads_a_login(entry: Any, login: tuple[str, str] | None) -> None:
    assert kubelet_login(entry) == login


BROKEN = [
    {"auth": "p@ss"},
    {"auth": basic("user:p").replace("=", "") + "=="},
    {"auth": basic("u:p") + " "},
    {"auth": "A"},
    {"auth": basic("no colon")},
    {"auth": 4711},
    {"username": 4711, "password": "p"},
    {"username": "u", "password": ["p"]},
    "text",
    ["u", "p"],
]


@pytest.mark.parametrize("entry", BROKEN, ids=str)
def test_what_the_kubelet_cannot_read_is_broken(entry: Any) -> None:
    with pytest.raises(BrokenEntry):
        kubelet_login(entry)


def written(auths: dict[str, Any], images: tuple[str, ...] = (IMAGE,), **more: Any) -> str:
    return checked_docker_config("harbor", {"auths": auths, **more}, None, HARBOR, images)


def refusal(auths: dict[str, Any], images: tuple[str, ...] = (IMAGE,), **more: Any) -> str:
    with pytest.raises(ChaosregError) as caught:
        written(auths, images, **more)
    said = str(caught.value)
    assert CANARY not in said
    assert basic(f"u:{CANARY}") not in said
    return said


@pytest.mark.parametrize("entry", BROKEN, ids=str)
def test_a_broken_entry_of_another_host_is_told_because_the_good_one_is_not_used_either(entry: Any) -> None:
    said = refusal({HARBOR: {"auth": basic(f"u:{CANARY}")}, "old.example": entry})
    assert "error[CHR0524]: the kubelet cannot read entry `old.example` of `chaosreg-credentials:harbor`" in said


def test_an_entry_whose_login_is_in_a_helper_is_no_login() -> None:
    said = refusal({HARBOR: {}}, credsStore="desktop")
    assert f"error[CHR0523]: `chaosreg-credentials:harbor` gives the kubelet no login for `{IMAGE}`" in said
    assert f"`{HARBOR}`: is empty" in said
    assert "kept by a credential helper" in said


def test_an_identity_token_alone_is_no_login() -> None:
    said = refusal({HARBOR: {"username": "u", "identitytoken": CANARY, CANARY: "x"}})
    assert "error[CHR0523]" in said
    assert f"`{HARBOR}`: has only `username`, `identitytoken`" in said


def test_an_entry_that_has_a_login_beside_one_that_has_none_is_enough() -> None:
    auths = {f"{HARBOR}/chaos": {}, f"https://{HARBOR}": {"auth": basic("u:p")}, "ghcr.io": {"identitytoken": "t"}}
    assert json.loads(written(auths))["auths"] == auths


def test_docker_hub_s_default_is_not_used_where_another_key_matches() -> None:
    image = "docker.io/harness/chaos-ddcr:1.94.4"
    for auths, is_good in [
        ({"https://index.docker.io/v1/": {"auth": basic("u:p")}}, True),
        ({"https://index.docker.io/v1/": {"auth": basic("u:p")}, "docker.io": {}}, False),
        ({"index.docker.io/harness": {"auth": basic("u:p")}}, False),
    ]:
        try:
            checked_docker_config("hub", {"auths": auths}, None, "docker.io", [image])
        except ChaosregError:
            assert not is_good
        else:
            assert is_good


@pytest.mark.parametrize("key", ["https://harbor.company.com/v2", "harbor.company.com:443", "Harbor.company.com"])
def test_a_key_that_never_matches_is_told(key: str) -> None:
    assert "error[CHR0507]" in refusal({key: {"auth": basic("u:p")}})


@pytest.mark.parametrize(
    ("server", "image", "key"),
    [
        ("registry-1.docker.io", "docker.io/harness/chaos-ddcr:1.94.4", "https://index.docker.io/v1/"),
        ("registry.hub.docker.com", "harness/chaos-ddcr:1.94.4", "https://index.docker.io/v1/"),
        ("index.docker.io", "index.docker.io/harness/chaos-ddcr:1.94.4", "https://index.docker.io/v1/"),
        ("Harbor.Company.com:443", IMAGE, HARBOR),
    ],
)
def test_the_key_is_the_one_of_the_server_however_that_is_spelled(server: str, image: str, key: str) -> None:
    written = json.loads(checked_docker_config("c", "p", "u", server, [image]))
    assert list(written["auths"]) == [key]


@pytest.mark.parametrize("image", ["Harbor.Company.com/x:1", f"{HARBOR}:443/x:1"])
def test_an_image_that_a_pod_spells_otherwise_is_pulled_without_a_login(image: str) -> None:
    with pytest.raises(ChaosregError, match="CHR0507"):
        checked_docker_config("c", "p", "u", HARBOR, [image])


def test_without_an_image_to_compare_there_must_be_a_login_all_the_same() -> None:
    assert "error[CHR0523]: `chaosreg-credentials:harbor` gives the kubelet no login\n" in refusal({HARBOR: {}}, ())
    assert written({HARBOR: {"auth": basic("u:p")}}, ())


@pytest.mark.parametrize(
    "value",
    [{"username": "a:b", "password": CANARY}, {"password": "p", "previous": {"username": "a:b", "password": CANARY}}],
)
def test_a_user_that_the_kubelet_would_cut_is_told(value: dict[str, Any]) -> None:
    with pytest.raises(ChaosregError, match=r"CHR0523.*cuts the user off at `:`") as caught:
        checked_docker_config("harbor", value, "u", HARBOR, [IMAGE])
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("entry", [{"auth": "no base64"}, {}, {"auth": "dTpw"}])
def test_a_password_in_a_server_key_is_in_no_message(entry: dict[str, str]) -> None:
    value = {"auths": {"https://robot:S3CRET@other.example": entry}}
    with pytest.raises(ChaosregError) as error:
        checked_docker_config("harbor", value, None, "harbor.example", ["harbor.example/chaos/x:1"])
    assert "S3CRET" not in str(error.value)
    assert "other.example" in str(error.value)


def test_a_number_whose_digits_are_not_sure_is_no_password() -> None:
    with pytest.raises(ChaosregError, match="CHR0506"):
        checked_docker_config("harbor", {"username": "u", "password": 12345678901234567890.0}, None, "h.example", [])
