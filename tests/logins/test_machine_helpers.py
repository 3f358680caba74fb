"""Docker's credential helpers: real programs on PATH, asked when a registry asks, and quoted without their secrets."""

import pytest

from pulumi_chaosreg.credentials.login import Login, LoginKind
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.machine import MachineLogins

HARBOR = "harbor.company.com"


def machine_login(server):
    return MachineLogins().of(Reference(server, "harness/app", "1")).current()


def findings(server=HARBOR):
    logins = MachineLogins()
    assert logins.of(Reference(server, "harness/app", "1")).current() is None
    return [(finding.code, str(finding)) for finding in logins.findings()]


def test_the_helper_of_a_server_is_asked(docker, helper):
    docker({"credHelpers": {HARBOR: "corporate"}})
    helper("corporate", {HARBOR: ("robot", "secret")})
    assert machine_login(HARBOR) == Login("robot", "secret")


@pytest.mark.parametrize("auths", [{}, {HARBOR: {}}])
def test_the_store_is_asked_where_the_file_has_no_password(docker, helper, auths):
    docker({"credsStore": "desktop", "auths": auths})
    helper("desktop", {HARBOR: ("u", "kept")})
    assert machine_login(HARBOR) == Login("u", "kept")


def test_docker_hub_s_key_is_what_the_store_knows(docker, helper):
    docker({"credsStore": "desktop"})
    helper("desktop", {"https://index.docker.io/v1/": ("u", "hub")})
    assert machine_login("docker.io") == Login("u", "hub")


def test_the_user_called_token_has_an_identity_token(docker, helper):
    docker({"credHelpers": {HARBOR: "corporate"}})
    helper("corporate", {HARBOR: ("<token>", "refresh")})
    assert machine_login(HARBOR) == Login("", "refresh", LoginKind.IDENTITY)


def test_a_server_s_own_helper_goes_before_what_the_file_says(docker, helper):
    docker({"credHelpers": {f"https://{HARBOR}": "corporate"}, "auths": {HARBOR: {"auth": "dTpvbGQ="}}})
    helper("corporate", {f"https://{HARBOR}": ("u", "new")})
    assert machine_login(HARBOR) == Login("u", "new")
    helper("corporate", {})
    assert machine_login(HARBOR) == Login("u", "old")


def test_a_store_is_also_asked_for_the_spelling_of_the_file(docker, helper):
    docker({"credsStore": "desktop", "auths": {f"https://{HARBOR}/v1/": {}}})
    helper("desktop", {f"https://{HARBOR}/v1/": ("u", "kept")})
    assert machine_login(HARBOR) == Login("u", "kept")


def test_no_helper_runs_before_a_registry_asks(docker, helper):
    docker({"credsStore": "desktop"})
    helper("desktop", {HARBOR: ("u", "kept")})
    source = MachineLogins().of(Reference(HARBOR, "harness/app", "1"))
    assert helper.asked() == []
    for _ in range(3):
        source.current()
    assert helper.asked() == [HARBOR]


def test_a_helper_that_knows_nothing_is_no_mistake(docker, helper):
    docker({"credHelpers": {HARBOR: "corporate"}})
    for complains in (
        None,
        ("", "credentials not found in native keychain"),
        ("credentials not found in native keychain", ""),
    ):
        helper("corporate", {}, complains=complains)
        assert findings() == []


def test_a_helper_that_is_missing_is_named(docker):
    docker({"credHelpers": {HARBOR: "never-installed"}})
    ((code, text),) = findings()
    assert code == "CHR0513"
    assert "docker-credential-never-installed` gave no login for `harbor.company.com`: it is not on PATH" in text


@pytest.mark.parametrize("says", ["not json", "{}", '{"Username": "u"}', '{"Username": "u", "Secret": 7}', "[]"])
def test_a_helper_that_answers_nonsense_is_named(docker, helper, says):
    docker({"credHelpers": {HARBOR: "corporate"}})
    helper("corporate", {}, says=says)
    ((code, text),) = findings()
    assert code == "CHR0513"
    assert "its answer is not a login" in text


@pytest.mark.parametrize(
    ("complains", "words"),
    [
        (("", "Error: your session has expired, run `corporate login`"), "session has expired, run `corporate login`"),
        (("no such vault: /home/user/.vaults/main", ""), "no such vault: /home/user/.vaults/main"),
        (("", "\x1b[31mlocked\x1b[0m\nsecond line"), "locked"),
        (("", ""), "it printed nothing"),
    ],
)
def test_a_helper_that_fails_is_quoted(docker, helper, complains, words):
    docker({"credHelpers": {HARBOR: "corporate"}})
    helper("corporate", {}, complains=complains)
    ((code, text),) = findings()
    assert code == "CHR0513"
    assert "exit 1" in text
    assert words in text
    assert "second line" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    "complains",
    [
        ('{"Username": "u", "Secret": "Canary1"}', ""),
        ("", "token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJDYW5hcnkifQ.Canary1 is not valid"),
        ("", "cannot use ghp_Canary1aB2cD3eF4gH5iJ6kL7mN8"),
        ("", "secret=wJalrXUtnFEMI/K7MDENG/Canary1/bPxRfiCYEXAMPLEKEY refused"),
        ("dckr_pat_Canary1aB2cD3eF4gH5iJ", ""),
    ],
)
def test_what_could_be_a_secret_is_not_quoted(docker, helper, complains):
    docker({"credHelpers": {HARBOR: "corporate"}})
    helper("corporate", {}, complains=complains)
    ((_, text),) = findings()
    assert "docker-credential-corporate" in text
    assert "Canary1" not in text


def test_threads_that_were_refused_with_one_password_make_the_helper_run_once(docker, helper):
    docker({"credHelpers": {HARBOR: "corporate"}})
    helper("corporate", {HARBOR: ("u", "old")})
    source = MachineLogins().of(Reference(HARBOR, "harness/app", "1"))
    old = source.current()
    helper("corporate", {HARBOR: ("u", "new")})
    assert source.again(old)
    assert source.again(old)
    assert source.current().password == "new"
    assert helper.asked() == [HARBOR, HARBOR]
