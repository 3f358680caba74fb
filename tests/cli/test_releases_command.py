"""`chaosreg releases`: what the catalogue knows, and what a registry has beside it."""

import json
from pathlib import Path

import pytest
import yaml

from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.stacks.catalogue_additions import add_to_catalogue
from tests.support.builder import image, layer, push

IMAGES = ("chaos-ddcr", "chaos-ddcr-faults", "chaos-log-watcher", "service-discovery-collector")


def test_releases_are_listed_oldest_first_with_types_images_and_tags(tmp_path: Path, capsys) -> None:
    assert main(["--project", str(tmp_path), "releases"]) == 0

    said = capsys.readouterr().out
    versions = [line.split()[0] for line in said.splitlines() if not line.startswith(" ")]
    assert versions == list(load_catalogue().releases)
    assert "1.94.4  (Jul 2026, https://developer.harness.io/release-notes/chaos-engineering)" in said
    assert "  ddcr          chaos-ddcr 1.90.0 and 1.90.1, chaos-ddcr-faults 1.90.0" in said
    assert "  load-testing  load-test-runner 0.4.0" in said


def test_those_that_are_named_are_listed_and_others_are_told(tmp_path: Path, capsys) -> None:
    assert main(["--project", str(tmp_path), "releases", "1.53.1", "-o", "json"]) == 0
    (release,) = json.loads(capsys.readouterr().out)
    assert release["version"] == "1.53.1"
    assert release["types"]["dedicated"]["chaos-argoexec"] == ["v3.4.16"]

    assert main(["--project", str(tmp_path), "releases", "1.53.0"]) == 2
    assert "error[CHR0302]" in capsys.readouterr().err


def test_what_a_project_adds_is_there_too(project, capsys) -> None:
    project.write({"chaosreg.catalogue.yaml": _added("1.95.0", "1.95.0")})

    assert main(["--project", str(project.folder), "releases", "1.95.0"]) == 0
    assert "load-testing  load-test-runner 0.4.1" in capsys.readouterr().out


def test_a_mistake_in_what_it_adds_is_told(project, capsys) -> None:
    project.write({"chaosreg.catalogue.yaml": _added("1.95.0", "not a tag")})

    assert main(["--project", str(project.folder), "releases"]) == 2
    assert "chaosreg.catalogue.yaml" in capsys.readouterr().err


def _added(version: str, tag: str) -> str:
    images = dict.fromkeys(IMAGES, tag)
    return yaml.safe_dump({"releases": {version: {"ddcr": images, "load-testing": {"load-test-runner": "0.4.1"}}}})


def _publish(server: RegistryServer, tags: dict[str, list[str]]) -> str:
    for name, of_one in tags.items():
        for tag in of_one:
            push(server.host, f"harness/{name}", tag, image(layer(f"{name}:{tag}", 100)))
    return f"{server.host}/harness"


@pytest.mark.registry
def test_a_source_with_nothing_newer_is_fine(upstream: RegistryServer, tmp_path: Path, capsys) -> None:
    known = {name: list(tags) for name, tags in load_catalogue().release("1.94.4").images("ddcr").items()}
    source = _publish(
        upstream, {name: [*tags, "0.9.0", "latest", "9.9.9-rc.1", "v9.0.0"] for name, tags in known.items()}
    )

    assert main(["--project", str(tmp_path), "releases", "--check", "--source", source]) == 0
    assert capsys.readouterr().out.count("is the newest") == 4


@pytest.mark.registry
def test_newer_tags_are_told_with_what_to_write(upstream: RegistryServer, project, capsys) -> None:
    known = {name: list(tags) for name, tags in load_catalogue().release("1.94.4").images("ddcr").items()}
    known["chaos-ddcr"] += ["1.101.0", "1.94.10", "1.95.0"]
    source = _publish(upstream, known)
    command = ["--project", str(project.folder), "releases", "--check", "--source", source]

    assert main(command) == 1
    said = capsys.readouterr()
    assert "chaos-ddcr                   1.94.0  newer: 1.94.10, 1.95.0, 1.101.0" in said.out

    # and what it says can be written as it stands
    snippet = said.err.partition("\n\n")[2].replace("<release>", "1.101.0")
    (project.stacks / "chaosreg.catalogue.yaml").write_text(snippet, "utf-8")
    findings: list = []
    catalogue = add_to_catalogue(load_catalogue(), project.stacks, findings)
    assert not findings
    assert catalogue.release("1.101.0").images("ddcr")["chaos-ddcr"] == ("1.101.0",)
    assert main(command) == 0


@pytest.mark.registry
def test_a_tag_that_the_source_lacks_is_told(upstream: RegistryServer, tmp_path: Path, capsys) -> None:
    source = _publish(upstream, {"chaos-ddcr": ["1.94.0"]})
    command = ["--project", str(tmp_path), "releases", "--check", "--source", source, "-o", "json"]

    assert main(command) == 1
    said = json.loads(capsys.readouterr().out)
    assert {one["image"]: one["is_there"] for one in said["images"]} == {name: name == "chaos-ddcr" for name in IMAGES}


def test_a_registry_that_does_not_answer_is_one_error(tmp_path: Path, capsys) -> None:
    command = ["--project", str(tmp_path), "releases", "--check", "--source", "localhost:1/harness"]

    assert main(command) == 2
    assert capsys.readouterr().err.count("error[CHR04") == 1
