"""The logins that this machine already has: docker's configuration file and its helpers."""

import json
import os
import sys
from base64 import b64encode

import pytest

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.machine import MachineLogins

HARBOR = "harbor.company.com"


def machine_login(server, repository="harness/app"):
    return MachineLogins().of(Reference(server, repository, "1")).current()


def _auth(user="u", password="p"):
    return {"auth": b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """Writes docker's configuration file, in a folder of its own."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    (tmp_path / "docker").mkdir()

    def write(config):
        text = config if isinstance(config, str) else json.dumps(config)
        (tmp_path / "docker" / "config.json").write_text(text)

    return write


@pytest.fixture
def helper(tmp_path, monkeypatch):
    """Puts a `docker-credential-<name>` on PATH that knows these servers."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "bin").mkdir()

    def install(name, logins, says=None):
        script = tmp_path / "bin" / f"docker-credential-{name}"
        script.write_text(
            f"#!{sys.executable} -IS\n"
            "import json, sys\n"
            f"logins, says = {logins!r}, {says!r}\n"
            "asked = sys.stdin.read()\n"
            "if sys.argv[1:] != ['get'] or asked not in logins and says is None:\n"
            "    sys.exit('credentials not found in native keychain')\n"
            "user, secret = logins.get(asked, ('', ''))\n"
            "print(says or json.dumps({'ServerURL': asked, 'Username': user, 'Secret': secret}))\n"
        )
        script.chmod(0o755)

    return install


@pytest.mark.parametrize("key", [HARBOR, f"https://{HARBOR}"])
def test_a_login_of_the_file_is_found(docker, key):
    docker({"auths": {"other.example": _auth("no", "no"), key: _auth("u", "p:with:colons")}})
    assert machine_login(HARBOR) == Login("u", "p:with:colons")


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "index.docker.io", "docker.io"])
def test_docker_hub_has_several_keys(docker, key):
    docker({"auths": {key: _auth()}})
    assert machine_login("docker.io") == Login("u", "p")


def test_ports_tell_registries_apart(docker):
    docker({"auths": {HARBOR: _auth()}})
    assert machine_login(f"{HARBOR}:8443") is None


@pytest.mark.parametrize("config", [{}, {"auths": {}}, {"auths": None}, {"auths": {HARBOR: {}}}, [], "{broken", ""])
def test_a_configuration_without_the_server_has_no_login(docker, config):
    docker(config)
    assert machine_login(HARBOR) is None


def test_a_machine_without_docker_has_no_login(monkeypatch, tmp_path):
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert machine_login(HARBOR) is None


def test_the_home_folder_is_where_docker_looks_too(monkeypatch, tmp_path):
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(json.dumps({"auths": {HARBOR: _auth()}}))
    assert machine_login(HARBOR) == Login("u", "p")


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


@pytest.mark.parametrize("says", ["not json", "{}", '{"Username": "u"}'])
def test_a_helper_that_answers_nonsense_is_no_login(docker, helper, says):
    docker({"credHelpers": {HARBOR: "corporate"}})
    helper("corporate", {}, says=says)
    assert machine_login(HARBOR) is None


def test_a_helper_that_knows_nothing_or_is_missing_is_no_login(docker, helper):
    helper("corporate", {})
    docker({"credHelpers": {HARBOR: "corporate"}})
    assert machine_login(HARBOR) is None
    docker({"credHelpers": {HARBOR: "never-installed"}})
    assert machine_login(HARBOR) is None


@pytest.mark.parametrize(
    "auths",
    [{HARBOR: {"auth": "a"}}, {HARBOR: {"auth": b64encode(b"\xff\xfe:x").decode()}}, {HARBOR: "text"}, [HARBOR]],
)
def test_a_damaged_entry_is_no_login(docker, auths):
    docker({"auths": auths})
    assert machine_login(HARBOR) is None


def test_no_error_and_no_repr_of_a_login_shows_its_password(docker):
    docker({"auths": {HARBOR: _auth("u", "canary")}})
    assert "canary" not in repr(machine_login(HARBOR))
