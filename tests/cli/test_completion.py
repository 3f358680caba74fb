"""What a shell offers at Tab: by the command's own answer, and in a real bash on a terminal."""

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from pulumi_chaosreg.cli.parsers import COMMANDS


@pytest.fixture
def offered(company, run):
    """What may become of the last word, in the company's folder."""

    def offered(*words: str) -> list[str]:
        code, out, said = run("__complete", *words)
        assert (code, said) == (0, "")
        return out.splitlines()

    return offered


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["mirr"], ["mirror", "mirror-job"]),
        (["-v", "--project", ".", "rel"], ["releases"]),
        (["--pro"], ["--project"]),
        (["lock", "--u"], ["--upgrade"]),
        (["resolve", "--quie"], ["--quiet"]),
        (["mirror", "--sha"], ["--shard"]),  # and not what belongs to `mirror-job`
        (["diff", "-o", ""], ["json", "markdown", "text"]),
        (["diff", "--output=j"], ["--output=json"]),
        (["diff", "--output", "=", "j"], ["json"]),  # as bash takes it apart
        (["diff", "--output", "="], ["json", "markdown", "text"]),
        (["resolve", ""], ["shop/checkout/eu", "shop/checkout/us", "shop/lab"]),
        (["resolve", "-o", "json", "eu", "u"], ["us"]),
        (["resolve", "shop/ch"], ["shop/checkout/eu", "shop/checkout/us"]),
        (["move", "shop/c"], ["shop/checkout", "shop/checkout/eu", "shop/checkout/us"]),
        (["move", "shop/checkout", "--from", "pr"], ["prod"]),
        (["validate", "--stack", ""], ["acme", "checkout", "other", "prod", "shop"]),
        (["mirror", "shop/lab", "chaos-ddcr-"], ["chaos-ddcr-faults"]),
        (["explain", "CHR020"], [f"CHR020{digit}" for digit in range(1, 10)]),
        (["explain", "eu", "image."], []),
        (["releases", "1.94"], ["1.94.4"]),
        (["render", "eu", "man"], []),  # the shell offers files
        (["completion", ""], ["bash", "fish", "zsh"]),
    ],
)
def test_what_may_come_next_is_offered(offered, words, expected):
    assert offered(*words) == expected


def test_every_command_is_offered(offered):
    assert offered("") == sorted(COMMANDS)


def test_the_project_may_be_another_one(run, tmp_path, project):
    project.write({"acme": "config: {chaosreg:account: {id: acme}, chaosreg:infrastructures: {far: {}}}"})
    assert run("__complete", "--project", str(project.folder), "resolve", "")[1] == "far\n"
    assert run("__complete", f"--project={project.folder}", "resolve", "")[1] == "far\n"
    assert run("__complete", "--project", str(tmp_path / "none"), "resolve", "") == (0, "", "")


def test_names_that_a_shell_would_run_are_not_offered(run, project):
    infrastructures = '{"$(touch x)": {}, "a b": {}, "fine": {}, "e\\u001b[2Jx": {}}'
    project.write({"acme": f"config: {{chaosreg:account: {{id: acme}}, chaosreg:infrastructures: {infrastructures}}}"})
    assert run("__complete", "--project", str(project.folder), "resolve", "")[1] == "fine\n"


@pytest.mark.parametrize("folder", ["~nosuchuser", "x" * 5000, "a\0b"])
def test_a_folder_that_cannot_be_stops_nobody(run, folder):
    assert run("__complete", "--project", folder, "resolve", "") == (0, "", "")


def test_stack_files_that_are_none_stop_nobody(offered, company):
    company.edit("prod", "config:", "config: [")
    assert offered("resolve", "") == ["shop/lab"]


def test_little_is_imported(company):
    """Tab must not wait: neither for Pulumi, nor for HTTP, nor for the checks of a review."""
    program = (
        "import sys; from pulumi_chaosreg.cli.main import main; main(['__complete', 'resolve', ''])\n"
        "heavy = {'pulumi', 'urllib3', 'ssl', 'kubernetes', 'pulumi_chaosreg.oci'}\n"
        "print(sorted(heavy & set(sys.modules)), len(sys.modules) < 400)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=company.folder)
    assert done.stdout.splitlines()[-1] == "[] True"


@pytest.fixture
def shell_environment(tmp_path) -> dict[str, str]:
    """One in which `chaosreg` is on PATH."""
    programs = tmp_path / "programs"
    programs.mkdir()
    script = programs / "chaosreg"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pulumi_chaosreg "$@"\n')
    script.chmod(0o755)
    home = {"HOME": str(tmp_path), "TERM": "dumb", "PS1": "$ "}
    return {**home, "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("chaosreg resolve shop/l", "chaosreg resolve shop/lab "),
        ("chaosreg diff --output=ma", "chaosreg diff --output=markdown "),
        ("chaosreg diff --output=text -o js", "chaosreg diff --output=text -o json "),
        ("chaosreg render shop/lab Pulumi.y", "chaosreg render shop/lab Pulumi.yaml "),
    ],
)
def test_bash_completes_what_is_typed(company, run, shell_environment, typed, becomes):
    (company.folder / "completion").write_text(run("completion", "bash")[1])
    keys = ["source ./completion; echo 're''ady'\n", f"{typed}\t\x01echo '<'\x05'>'\n", "exit\n"]
    told = _type(["bash", "--norc", "--noprofile", "-i"], keys, company.folder, shell_environment)
    assert f"\n<{becomes}>\r\n" in told


def _type(shell: Sequence[str], keys: Sequence[str], folder: Path, environment: dict[str, str]) -> str:
    """All that the terminal was told. Everything is typed at once: a shell reads it when it has time."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        shell, stdin=its, stdout=its, stderr=its, cwd=folder, env=environment, start_new_session=True
    ) as process:
        os.close(its)
        told = b""
        for key in keys:
            os.write(ours, key.encode())
            mark = {0: b"ready\r\n", 1: b">\r\n"}.get(keys.index(key))
            while mark and mark not in told:
                told += os.read(ours, 65536)
        process.wait()
    os.close(ours)
    return told.decode()


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed (Debian's package `fish`)")
def test_fish_completes_what_is_typed(company, run, shell_environment):
    (company.folder / "completion").write_text(run("completion", "fish")[1])

    def complete(typed: str) -> list[str]:
        command = ["fish", "--no-config", "-c", f"source completion; complete -C '{typed}'"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=company.folder, env=shell_environment)
        return done.stdout.splitlines()

    assert complete("chaosreg resolve shop/l") == ["shop/lab"]
    assert complete("chaosreg diff --output=ma") == ["--output=markdown"]
    assert complete("chaosreg render shop/lab Pulumi.y") == ["Pulumi.yaml"]


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed (Debian's package `zsh`)")
def test_zsh_understands_its_script(company, run):
    (company.folder / "completion").write_text(run("completion", "zsh")[1])
    done = subprocess.run(["zsh", "-n", "completion"], capture_output=True, text=True, cwd=company.folder)
    assert (done.returncode, done.stderr) == (0, "")
