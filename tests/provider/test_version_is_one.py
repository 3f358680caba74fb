"""The version stands in one file; the command, the wheel, the plugin and the state say the same."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf.empty_pb2 import Empty

import pulumi_chaosreg as chaosreg
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.provider.servicer import Servicer
from tests.support.mocked_program import run_program

ROOT = Path(__file__).parents[2]
VERSION = chaosreg.__version__


def test_it_is_a_version_to_python_and_to_the_engine_alike() -> None:
    assert re.fullmatch(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", VERSION)


def test_the_engine_hears_it_from_the_plugin_and_with_every_resource() -> None:
    assert asyncio.run(Servicer("").GetPluginInfo(Empty(), None)).version == VERSION
    recorder = run_program(
        lambda: chaosreg.MirroredImage("app", source="docker.io/harness/app:1", target="harbor.company.com/app:1")
    )
    assert recorder.options["chaosreg:index:MirroredImage app"].version == VERSION


def test_the_wheel_and_the_command_say_it(capsys) -> None:
    wheel = subprocess.run([sys.executable, "-m", "hatchling", "version"], cwd=ROOT, capture_output=True, text=True)
    assert wheel.stdout.strip() == VERSION, wheel.stderr
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"chaosreg {VERSION}\n"


def test_it_is_the_newest_release_of_the_changelog_and_examples_ask_for_no_other() -> None:
    releases = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert releases[0] == VERSION
    pinned = [
        (path.relative_to(ROOT), found)
        for path in (ROOT / "examples").rglob("*")
        if path.is_file() and path.suffix in (".txt", ".md", ".yaml", "")
        for found in re.findall(r"(?:pulumi-chaosreg==|chaosreg-mirror:)(\d+\.\d+\.\d+)", path.read_text("utf-8"))
    ]
    assert len(pinned) >= 3
    assert [(path, found) for path, found in pinned if found != VERSION] == []
