"""The logins that this machine has in files: docker's and podman's, in every spelling."""

import json
import os
from base64 import b64encode
from pathlib import Path

import pytest

from pulumi_chaosreg.credentials.login import Login, LoginKind
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.machine.auth_files import auth_file_paths

HARBOR = "harbor.company.com"


def machine_login(server, repository="harness/app"):
    return MachineLogins().of(Reference(server, repository, "1")).current()


def _auth(user="u", password="p"):
    return {"auth": b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    "key",
    [
        HARBOR,
        f"https://{HARBOR}",
        f"https://{HARBOR}/",
        f"http://{HARBOR}",
        f"{HARBOR}/v1/",
        f"https://{HARBOR}/v2/",
        f"https://{HARBOR}:443",
        HARBOR.upper(),
    ],
)
def test_a_login_of_the_file_is_found(docker, key):
    docker({"auths": {"other.example": _auth("no", "no"), key: _auth("u", "p:with:colons")}})
    assert machine_login(HARBOR) == Login("u", "p:with:colons")


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"])
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


@pytest.mark.parametrize(
    "auths",
    [{HARBOR: {"auth": "a"}}, {HARBOR: {"auth": b64encode(b"\xff\xfe:x").decode()}}, {HARBOR: "text"}, [HARBOR]],
)
def test_a_damaged_entry_is_no_login(docker, auths):
    docker({"auths": auths})
    assert machine_login(HARBOR) is None


def test_a_damaged_password_is_said_and_not_shown(docker):
    docker({"auths": {f"https://{HARBOR}": {"auth": "canary:not-base64"}}})
    logins = MachineLogins()
    assert logins.of(Reference(HARBOR, "app", "1")).current() is None
    (finding,) = logins.findings()
    assert (finding.code, f"https://{HARBOR}" in finding.message) == ("CHR0516", True)
    assert "canary" not in str(finding)


def test_no_error_and_no_repr_of_a_login_shows_its_password(docker):
    docker({"auths": {HARBOR: _auth("u", "canary")}})
    assert "canary" not in repr(machine_login(HARBOR))


# --- namespaces


@pytest.mark.parametrize(
    ("repository", "user"),
    [
        ("team/app", "team-app"),
        ("team/app/part", "team-app"),
        ("team/other", "team"),
        ("teams/app", "everybody"),
        ("v2/app", "everybody"),
    ],
)
def test_the_nearest_namespace_decides(docker, repository, user):
    docker(
        {
            "auths": {
                HARBOR: _auth("everybody"),
                f"{HARBOR}/team": _auth("team"),
                f"https://{HARBOR}/v2/team/app/": _auth("team-app"),
            }
        }
    )
    assert machine_login(HARBOR, repository).username == user


def test_a_namespace_of_docker_hub_has_its_own_login(docker):
    docker({"auths": {"docker.io/harness": _auth("harness"), "https://index.docker.io/v1/": _auth("me")}})
    assert machine_login("docker.io", "harness/chaos-ddcr").username == "harness"
    assert machine_login("docker.io", "library/alpine").username == "me"


def test_images_with_one_login_have_one_source_and_no_others(docker):
    docker({"auths": {HARBOR: _auth("everybody"), f"{HARBOR}/team": _auth("team")}})
    logins = MachineLogins()
    app, other, own = (logins.of(Reference(HARBOR, name, "1")) for name in ("app", "other", "team/app"))
    assert app is other
    assert app is not own


# --- tokens


def test_an_identity_token_goes_before_the_password(docker):
    docker({"auths": {HARBOR: {**_auth("user", "password"), "identitytoken": "refresh"}}})
    assert machine_login(HARBOR) == Login("user", "refresh", LoginKind.IDENTITY)


def test_a_registry_token_goes_before_all(docker):
    docker({"auths": {HARBOR: {**_auth(), "identitytoken": "refresh", "registrytoken": "bearer"}}})
    assert machine_login(HARBOR) == Login("u", "bearer", LoginKind.REGISTRY)


def test_the_user_called_token_has_an_identity_token(docker):
    docker({"auths": {HARBOR: _auth("<token>", "refresh")}})
    assert machine_login(HARBOR) == Login("", "refresh", LoginKind.IDENTITY)


def test_a_login_without_base64_is_read_too(docker):
    docker({"auths": {HARBOR: {"username": "u", "password": "p"}}})
    assert machine_login(HARBOR) == Login("u", "p")


# --- which file


@pytest.fixture
def files(tmp_path):
    """Writes a file with a login whose user is the file's own name; the environment of a machine with a home."""

    def write(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(json.dumps({"auths": {HARBOR: _auth(name)}}))
        return {"HOME": str(tmp_path / "home")}

    write.at = lambda name: str(tmp_path / name)
    return write


def _user(environment):
    login = MachineLogins(environment).of(Reference(HARBOR, "app", "1")).current()
    return login and login.username


def test_files_are_read_in_the_order_of_skopeo(files):
    names = [
        "run/containers/auth.json",
        "xdg/containers/auth.json",
        "home/.docker/config.json",
    ]
    environment = files(*names) | {"XDG_RUNTIME_DIR": files.at("run"), "XDG_CONFIG_HOME": files.at("xdg")}
    for name in names:
        assert _user(environment) == name
        Path(files.at(name)).unlink()
    assert _user(environment) is None


def test_podman_s_own_folder_is_below_the_home(files):
    assert _user(files("home/.config/containers/auth.json")) == "home/.config/containers/auth.json"


def test_a_machine_without_sessions_has_podman_s_logins_elsewhere():
    assert [str(path) for path in auth_file_paths({"HOME": "/home/u"})] == [
        f"/run/containers/{os.getuid()}/auth.json",
        "/home/u/.config/containers/auth.json",
        "/home/u/.docker/config.json",
    ]


def test_what_a_variable_names_stands_alone(files):
    environment = files("home/.docker/config.json", "named.json", "folder/config.json")
    folder = environment | {"DOCKER_CONFIG": files.at("folder")}
    assert _user(folder) == "folder/config.json"
    assert _user(folder | {"REGISTRY_AUTH_FILE": files.at("named.json")}) == "named.json"
    assert _user(environment | {"REGISTRY_AUTH_FILE": files.at("missing.json")}) is None


@pytest.mark.parametrize("text", ["{broken canary", "[]", b"\xff\xfe"])
def test_a_damaged_file_is_passed_over_and_said(files, text):
    environment = files("home/.docker/config.json") | {"XDG_RUNTIME_DIR": files.at("run")}
    damaged = Path(files.at("run/containers/auth.json"))
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(text if isinstance(text, bytes) else text.encode())
    logins = MachineLogins(environment)
    source = logins.of(Reference(HARBOR, "app", "1"))
    assert source.current().username == "home/.docker/config.json"
    (finding,) = logins.findings()
    assert finding.code == "CHR0516"
    assert str(damaged) in finding.message
    assert "canary" not in str(finding)


# --- again


def test_a_password_that_changed_is_found_when_it_is_looked_for_again(docker):
    docker({"auths": {HARBOR: _auth("u", "old")}})
    source = MachineLogins().of(Reference(HARBOR, "app", "1"))
    old = source.current()
    docker({"auths": {HARBOR: _auth("u", "new")}})
    assert source.current() == old  # nobody has refused it
    assert source.again(old)
    assert source.current() == Login("u", "new")
    assert source.again(old)  # another thread was refused with the old one
    assert not source.again(Login("u", "new"))


def test_a_login_tells_where_it_comes_from(docker, tmp_path):
    docker({"auths": {HARBOR: _auth("u", "canary")}})
    assert machine_login(HARBOR).title == f"user `u` ({tmp_path / 'docker' / 'config.json'})"
