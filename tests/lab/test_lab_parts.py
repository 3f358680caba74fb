"""Which parts a command gets, and what a machine says that cannot have one."""

import json
from importlib.metadata import distributions
from pathlib import Path

import pytest

from lab.parts import BY_NAME, TABLE, UnavailableError, chosen, debian_python, mirror_image
from lab.parts.engine import version_of
from lab.parts.engine_plugins import PLUGINS
from lab.state import load


def test_who_names_no_part_gets_all_but_those_that_act_on_their_own() -> None:
    assert set(TABLE) - set(chosen([])) == {"controller-manager", "scheduler", "kube-proxy"} == set(BY_NAME)


def test_who_names_parts_gets_what_they_need_too() -> None:
    assert chosen(["mirror-image", "scheduler"]) == ["upstream", "kubernetes", "mirror-image", "scheduler"]


def test_the_image_of_mirror_jobs_is_unavailable_where_debians_packages_are_not(monkeypatch) -> None:
    monkeypatch.setattr(debian_python.platform, "freedesktop_os_release", lambda: {"ID": "fedora", "VERSION_ID": "41"})
    with pytest.raises(UnavailableError, match="Debian 12"):
        mirror_image.MirrorImage().build("namespace")


def test_a_recipe_that_fails_is_said_with_its_last_words(monkeypatch, tmp_path) -> None:
    (tmp_path / "python.sh").write_text("echo E: no such package >&2; exit 100\n")
    monkeypatch.setattr(debian_python, "RECIPE", tmp_path)
    monkeypatch.setattr(debian_python.os, "geteuid", lambda: 65532)  # else `apt-get update` comes before another try
    with pytest.raises(UnavailableError, match=r"python\.sh.* failed: E: no such package"):
        debian_python.make_python(tmp_path / "root")


@pytest.mark.extra("dev")
def test_every_sdk_of_pulumi_that_is_installed_has_a_plugin_so_that_no_run_tries_a_download() -> None:
    assert installed_sdks() == {plugin.name for plugin in PLUGINS}


@pytest.mark.engine
def test_the_plugins_have_exactly_the_versions_of_the_sdks() -> None:
    engine = load().engine
    assert engine
    wanted = {f"resource-{name}-v{version}" for name, version in installed_versions().items()}
    assert wanted <= {folder.name for folder in Path(engine.home, "plugins").iterdir()}


@pytest.mark.engine
def test_asking_an_engine_for_its_version_leaves_the_user_s_home_alone(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    assert version_of(Path(load().bin["pulumi"]))
    assert list(tmp_path.iterdir()) == []


def installed_sdks() -> set[str]:
    return set(installed_versions())


def installed_versions() -> dict[str, str]:
    """Plugin → version, as the language host finds them: by the file that an SDK's package has. Ours has a path."""
    described = [
        json.loads(Path(str(file.locate())).read_text("utf-8")) | {"version": distribution.version}
        for distribution in distributions()
        if distribution.name != "pulumi-chaosreg"
        for file in distribution.files or ()
        if file.name == "pulumi-plugin.json"
    ]
    return {each["name"]: each["version"] for each in described}
