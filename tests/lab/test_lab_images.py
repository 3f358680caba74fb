"""The stand-in images are what a real registry and a second client take for images, the same on every machine."""

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.images import ARCHITECTURES, STAND_IN_LABEL, base_layer, fill, stand_in
from lab.oci_image import folder_layer, layer
from lab.registry import RegistryServer, Request

IMAGES = [("chaos-ddcr", "1.0.0"), ("chaos-log-watcher", "1.0.0")]


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, Path]:
    paths = {architecture: tmp_path / architecture for architecture in ARCHITECTURES}
    for architecture, path in paths.items():
        path.write_bytes(b"program for " + architecture.encode())
    return paths


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RegistryServer]:
    with RegistryServer(tmp_path / "registry", logins={"lab": "secret"}) as running:
        yield running


def test_digests_depend_on_nothing_but_the_content() -> None:
    def digest() -> str:
        programs = {name: layer({"/stand-in": name.encode()}, mode=0o755) for name in ARCHITECTURES}
        return stand_in("harness/chaos-ddcr", "1.0.0", base_layer(), programs).blob.digest

    assert digest() == digest() == "sha256:fe04490e66d438252e2bc898ed8f850abf49fe263b9f77799f63350f720569bd"


def test_a_folder_becomes_a_layer_that_keeps_programs_and_links(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir(mode=0o700)
    (tmp_path / "bin/run").write_text("run")
    (tmp_path / "bin/run").chmod(0o700)
    (tmp_path / "bin/start").symlink_to("run")
    (tmp_path / "notes").write_text("notes")

    with tarfile.open(fileobj=io.BytesIO(folder_layer(tmp_path).data)) as tar:
        found = {entry.name: (oct(entry.mode), entry.linkname, entry.uid, entry.mtime) for entry in tar}

    assert found == {
        "bin": ("0o755", "", 0, 0),
        "bin/run": ("0o755", "", 0, 0),
        "bin/start": ("0o755", "run", 0, 0),
        "notes": ("0o644", "", 0, 0),
    }


@pytest.mark.registry
def test_an_image_has_two_platforms_and_says_that_it_is_a_stand_in(
    server: RegistryServer, programs: dict[str, Path]
) -> None:
    digests = fill(server.host, IMAGES, program=programs, login=("lab", "secret"))

    name = f"{server.host}/harness/chaos-ddcr:1.0.0"
    login(server)
    index = json.loads(crane("manifest", name))
    assert [each["platform"]["architecture"] for each in index["manifests"]] == ["amd64", "arm64"]
    assert crane("digest", name).strip() == digests["chaos-ddcr:1.0.0"]
    for architecture in ARCHITECTURES:
        config = json.loads(crane("config", "--platform", f"linux/{architecture}", name))
        assert config["config"]["Labels"][STAND_IN_LABEL] == "true"
        assert config["config"]["User"] == "65532"
    assert crane("validate", "--remote", name).startswith("PASS")


@pytest.mark.registry
def test_a_second_fill_gives_the_same_digests(server: RegistryServer, programs: dict[str, Path]) -> None:
    first = fill(server.host, IMAGES, program=programs, login=("lab", "secret"))
    server.wipe()

    assert fill(server.host, IMAGES, program=programs, login=("lab", "secret")) == first


@pytest.mark.registry
def test_a_registry_comes_back_at_its_port_with_its_content_and_tells_its_requests(
    server: RegistryServer, programs: dict[str, Path]
) -> None:
    fill(server.host, IMAGES, program=programs, login=("lab", "secret"))
    host = server.host
    server.kill()
    server.start()

    login(server)
    crane("digest", f"{host}/harness/chaos-ddcr:1.0.0")
    assert Request("HEAD", "/v2/harness/chaos-ddcr/manifests/1.0.0", 200, "lab") in server.requests(), (
        "the log names the user"
    )
    assert Request("GET", "/v2/", 401, None) in server.requests(), "the challenge"


def login(server: RegistryServer) -> None:
    crane("auth", "login", server.host, "--username", "lab", "--password", "secret")


def crane(*words: str) -> str:
    return subprocess.run(["crane", *words], check=True, capture_output=True, text=True).stdout
