"""Each form that a configured credential may have, and the docker config that comes of it."""

import json
from base64 import b64decode, b64encode
from urllib.parse import urlsplit

import pytest

from pulumi_chaosreg.credentials.docker_config import (
    Credential,
    checked_docker_config,
    named_input,
    read_credential,
    read_input,
)
from pulumi_chaosreg.credentials.keyring import matches
from pulumi_chaosreg.credentials.login import Login, LoginKind
from pulumi_chaosreg.errors import ChaosregError

CANARY = "canary:4711 {ü}"
HARBOR = "harbor.company.com"
AUTHS = {HARBOR: {"auth": b64encode(f"u:{CANARY}".encode()).decode()}}


@pytest.mark.parametrize(
    ("value", "settings_user", "username"),
    [
        (CANARY, "chaos-user", "chaos-user"),
        ({"password": CANARY}, "chaos-user", "chaos-user"),
        ({"username": "robot$x", "password": CANARY}, None, "robot$x"),
        ({"username": "robot$x", "password": CANARY}, "chaos-user", "robot$x"),  # the value's own wins
        (json.dumps({"username": "robot$x", "password": CANARY}), None, "robot$x"),
    ],
)
def test_a_login_has_all_three_fields_and_they_say_the_same(value, settings_user, username):
    config = json.loads(read_credential("harbor", value, settings_user).docker_config(HARBOR))
    entry = config["auths"][HARBOR]
    assert list(config) == ["auths"]
    assert list(config["auths"]) == [HARBOR]
    assert (entry["username"], entry["password"]) == (username, CANARY)
    assert b64decode(entry["auth"]).decode() == f"{username}:{CANARY}"


KEY_FILE = json.dumps({"type": "service_account", "private_key": CANARY})


@pytest.mark.parametrize(
    ("value", "settings_user", "login"),
    [
        (KEY_FILE, "_json_key", ("_json_key", KEY_FILE)),
        ({"username": "_json_key", "password": KEY_FILE}, None, ("_json_key", KEY_FILE)),
        # as `pulumi config set --path` writes what looks like a number, or like true and false
        ({"username": 4711, "password": CANARY}, None, ("4711", CANARY)),
        ({"username": "u", "password": 12345678901234567890}, None, ("u", "12345678901234567890")),
        ('{"username": 0, "password": true}', None, ("0", "true")),
        ({"username": 4711.0, "password": CANARY}, None, ("4711", CANARY)),  # on its way through the engine
    ],
)
def test_a_key_file_is_a_password_and_numbers_are_the_texts_that_they_were(value, settings_user, login):
    found = read_credential("harbor", value, settings_user).login
    assert (found.username, found.password) == login


def test_the_password_before_may_have_been_a_number():
    assert read_credential("x", {"username": 7, "password": "new", "previous": 5}).previous == Login("7", "5")


@pytest.mark.parametrize(
    ("value", "opens"),
    [
        ({"username": "pusher", "password": CANARY, "previous": "old"}, Login("pusher", CANARY)),
        (json.dumps({"username": "pusher", "password": CANARY}), Login("pusher", CANARY)),
        ({"auths": AUTHS}, Login("u", CANARY)),
    ],
)
def test_an_input_of_a_resource_keeps_the_name_that_the_user_gave(value, opens):
    read = read_input("push", named_input("harbor-push", value))
    assert (read.name, read.login_for(HARBOR, "app")) == ("harbor-push", opens)


def test_what_is_no_credential_is_called_as_the_user_calls_it():
    with pytest.raises(ChaosregError, match="`chaosreg-credentials:harbor-push` is not a credential in a known form"):
        named_input("harbor-push", {"user": "x"})
    with pytest.raises(ChaosregError, match=r"error\[CHR0506\]: `push` is not a credential in a known form"):
        read_input("push", {"user": "x"})  # of a program's own MirroredImage


def test_a_password_may_start_with_a_brace():
    config = json.loads(read_credential("harbor", "{not json", "u").docker_config(HARBOR))
    assert config["auths"][HARBOR]["password"] == "{not json"


@pytest.mark.parametrize(
    "value", [{"auths": AUTHS}, json.dumps({"auths": AUTHS}), "\n " + json.dumps({"auths": AUTHS})]
)
def test_a_docker_config_is_taken_as_it_is(value):
    credential = read_credential("harbor", value)
    assert json.loads(credential.docker_config("whatever.example")) == {"auths": AUTHS}


def test_equal_content_is_equal_text():
    one = read_credential("x", {"auths": {"b": {"auth": "1"}, "a": {"auth": "2"}}})
    two = read_credential("x", {"auths": {"a": {"auth": "2"}, "b": {"auth": "1"}}})
    assert one.docker_config(HARBOR) == two.docker_config(HARBOR)


def test_docker_hub_s_login_stands_under_docker_hub_s_key():
    config = json.loads(read_credential("hub", "p", "u").docker_config("docker.io"))
    assert list(config["auths"]) == ["https://index.docker.io/v1/"]


def _kubelet_key(key):
    """The name under which the kubelet files a server key (keyring.go): without scheme, without `/v1/` or `/v2/`."""
    parts = urlsplit(key if "://" in key else f"https://{key}")
    path = parts.path[3:] if parts.path.startswith(("/v1/", "/v2/")) else parts.path
    return parts.netloc + (path if path != "/" else "")


@pytest.mark.parametrize("previous", ["old", {"password": "old"}, {"username": "u", "password": "old"}])
@pytest.mark.parametrize(
    "server",
    [
        HARBOR,
        f"{HARBOR}:8443",
        "docker.io",
    ],
)
def test_the_previous_login_is_tried_beside_the_new_one(server, previous):
    value = {"username": "u", "password": "new", "previous": previous}
    auths = json.loads(read_credential("x", value).docker_config(server))["auths"]
    assert sorted(entry["password"] for entry in auths.values()) == ["new", "old"]
    # then: both match, and both are filed under one name, so that the kubelet appends one to the other
    assert all(matches(key, f"{server}/p/x:1") for key in auths)
    assert len({_kubelet_key(key) for key in auths}) == 1


def test_the_previous_login_is_consistent_too():
    value = {"username": "u", "password": "new", "previous": {"username": "v", "password": "old"}}
    auths = json.loads(read_credential("x", value).docker_config(HARBOR))["auths"]
    assert b64decode(auths[f"https://{HARBOR}"]["auth"]).decode() == "v:old"
    assert auths[HARBOR]["password"] == "new"


@pytest.mark.parametrize("previous", [{"username": "v"}, 5.5, ["old"]])
def test_a_previous_login_that_is_none_is_told(previous):
    with pytest.raises(ChaosregError):
        read_credential("x", {"username": "u", "password": "new", "previous": previous})


@pytest.mark.parametrize(
    ("value", "username"),
    [
        (CANARY, None),  # a password without a user
        (CANARY, ""),
        ({"password": CANARY}, None),
        ({"username": "u"}, None),
        ({"username": "u", "password": ""}, None),
        ({"username": "u", "password": {"secure": CANARY}}, None),
        ({"username": "u", "pasword": CANARY}, None),
        ({"auths": CANARY}, None),
        ([CANARY], "u"),
        (json.dumps({"token": CANARY}), "u"),
        ("{" + CANARY, None),
        (4711, "u"),
        (None, "u"),
        ("", "u"),
    ],
)
def test_a_value_of_no_known_form_is_refused_without_being_repeated(value, username):
    with pytest.raises(ChaosregError) as caught:
        read_credential("harbor-credentials", value, username)
    (finding,) = caught.value.findings
    assert finding.code == "CHR0506"
    assert "`chaosreg-credentials:harbor-credentials`" in finding.message
    told = f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    assert "canary" not in told
    assert "4711" not in told


@pytest.mark.parametrize(
    "held",
    [
        Login("u", CANARY),
        Credential("x", Login("u", CANARY), Login("u", CANARY)),
        read_credential("x", {"username": "u", "password": CANARY, "previous": CANARY}),
        read_credential("x", {"auths": AUTHS}),
    ],
)
def test_no_repr_shows_a_password(held):
    shown = f"{held!r} {held}"
    for secret in (CANARY, "canary", Login("u", CANARY).basic, b64encode(CANARY.encode()).decode()):
        assert secret not in shown


def test_a_docker_config_opens_the_repositories_of_its_keys():
    robot, team = {"username": "robot", "password": "r"}, {"username": "team", "identitytoken": "t"}
    auths = {"https://harbor.company.com/v2/": robot, "harbor.company.com/team": team}
    credential = read_credential("push", {"auths": auths})
    assert credential.login_for("harbor.company.com", "chaos/app") == Login("robot", "r")
    assert credential.login_for("harbor.company.com", "team/app") == Login("team", "t", LoginKind.IDENTITY)
    assert credential.login_for("harbor.company.com:8443", "chaos/app") is None
    assert read_credential("push", "password", "robot").login_for("any", "app") == Login("robot", "password")


@pytest.mark.parametrize(
    "value",
    [
        f"github_pat_{CANARY}",
        {"username": "u", "password": f"github_pat_{CANARY}"},
        {"auths": {"ghcr.io": {"username": "u", "password": f"github_pat_{CANARY}"}}},
    ],
)
def test_a_token_that_the_registry_never_takes_is_told_without_being_repeated(value):
    with pytest.raises(ChaosregError) as caught:
        checked_docker_config("ghcr-token", value, "u", "ghcr.io/acme", ["ghcr.io/acme/chaos-ddcr:1"])
    (finding,) = caught.value.findings
    assert finding.code == "CHR0551"
    assert (
        "make a classic personal access token, and run `pulumi config set --secret chaosreg-credentials:ghcr-token`"
        in (finding.help)
    )
    assert "canary" not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


def test_elsewhere_it_may_be_a_password_and_so_may_another_server_s_in_one_docker_config():
    checked_docker_config("n", "github_pat_x", "u", "h.example", ["h.example/chaos/chaos-ddcr:1"])
    both = {"auths": {name: {"username": "u", "password": "github_pat_x"} for name in ("github.example", "ghcr.io/b")}}
    both["auths"]["ghcr.io/acme"] = {"username": "u", "password": "ghp_x"}
    checked_docker_config("n", both, None, "ghcr.io/acme", ["ghcr.io/acme/chaos-ddcr:1"])
