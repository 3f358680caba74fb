"""What works without what Linux alone has. Windows is not here: these tests take its absent parts away instead.

A process of its own first loads what others wrote, then loses the modules and calls that Windows lacks, and then loads
and runs what is ours.
"""

import _pyio
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pulumi_chaosreg.cli import first_stacks
from pulumi_chaosreg.images.lockfile import read_lockfile, write_lockfile
from pulumi_chaosreg.machine.auth_files import auth_file_paths

AS_ON_WINDOWS = """
import asyncio, concurrent.futures.thread, importlib.metadata, json, multiprocessing, pkgutil, signal, subprocess, sys
import tarfile, tempfile, webbrowser, os
from pathlib import Path
{imported}
ABSENT = {{"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty", "syslog"}}
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name in ABSENT:
            raise ModuleNotFoundError(f"no module named {{name!r}}: as on Windows", name=name)
sys.meta_path.insert(0, Hidden())
for name in ABSENT:
    sys.modules.pop(name, None)
for name in ("O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "ST_RDONLY", "chown", "fork", "getegid", "geteuid", "getgid",
             "getpgid", "getuid", "killpg", "mkfifo", "pread", "pwrite", "setsid", "statvfs", "uname"):
    delattr(os, name)
for name in ("SIGALRM", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGPIPE"):
    delattr(signal, name)
sys.platform = "win32"
{run}
"""
OTHERS = """
import grpc.aio, urllib3, yaml, json, hashlib, http.client
import pulumi, pulumi_kubernetes, pulumi_kubernetes.core.v1, kubernetes.client
from pulumi.runtime.proto import provider_pb2_grpc
"""


def run_as_on_windows(program: str, *words: str, others: str = "") -> "subprocess.CompletedProcess[str]":
    text = AS_ON_WINDOWS.format(imported=others, run=program)
    return subprocess.run([sys.executable, "-c", text, *words], capture_output=True, text=True, check=False)


@pytest.mark.timeout(60)  # all of Pulumi's SDKs are loaded
def test_every_module_can_be_imported() -> None:
    done = run_as_on_windows(
        """
import pulumi_chaosreg
missing = {}
for module in pkgutil.walk_packages(pulumi_chaosreg.__path__, "pulumi_chaosreg."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        missing[module.name] = error.name
print(json.dumps(missing))
""",
        others=OTHERS + "from importlib.util import find_spec\nimport importlib\n"
        "for name in ('boto3', 'azure.identity', 'google.auth.transport.requests', 'pulumi_aws', 'sigstore.verify'):\n"
        "    try: importlib.import_module(name)\n"
        "    except ImportError: pass\n",
    )
    assert done.returncode == 0, done.stderr
    # modules of extras that are not installed are missing on every system
    assert set(json.loads(done.stdout).values()) <= {"boto3", "botocore", "azure", "google", "google.auth"}


def test_commands_that_read_stack_files_work_and_logins_are_looked_for() -> None:
    done = run_as_on_windows(
        """
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.machine.auth_files import auth_file_paths
folder = sys.argv[1]
codes = [main(["--project", folder, command, *words]) for command, *words in
         (["validate"], ["resolve", "prod-eu"], ["explain", "prod-eu"], ["affected", "--since", folder])]
print("auth.json" in str(auth_file_paths({"HOME": folder})), codes, file=sys.stderr)
""",
        str(Path(__file__).parents[2]),  # our own company
    )
    assert done.stderr.strip().endswith("True [0, 0, 0, 0]"), done.stderr


def test_a_layout_says_that_it_needs_wsl(tmp_path: Path) -> None:
    done = run_as_on_windows(
        """
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.oci.layout import Layout
try:
    Layout.open(Path(sys.argv[1]))
except ChaosregError as error:
    print(error)
""",
        str(tmp_path),
    )
    assert "CHR0438" in done.stdout, done.stderr
    assert "run the command in WSL" in done.stdout


def test_a_new_project_finds_the_plugin_in_the_folder_that_this_system_s_environments_have(tmp_path: Path) -> None:
    done = run_as_on_windows(
        """
from pulumi_chaosreg.cli import first_stacks, first_steps
print(first_stacks.PULUMI_YAML)
answers = first_stacks.Answers("acme", {"prod": "prod"}, "1.94.4", "hce")
print(*first_steps.lacks("Pulumi.yaml", "", {"runtime": "python"}, answers))
"""
    )
    assert done.stdout.count("path: .venv/Scripts}") == 2, done.stdout + done.stderr
    assert "path: .venv/bin}" in first_stacks.PULUMI_YAML


@pytest.fixture
def texts_as_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that are opened as text get its line ends, where nobody says which: Python's own `open`, told so."""
    monkeypatch.setattr(os, "linesep", "\r\n")
    monkeypatch.setattr(io, "open", _pyio.open)


@pytest.mark.usefixtures("texts_as_on_windows")
def test_a_lockfile_has_the_same_bytes_on_every_system(tmp_path: Path) -> None:
    (tmp_path / "proof").write_text("\n", "utf-8")
    assert (tmp_path / "proof").read_bytes() == b"\r\n"
    lockfile, locked = tmp_path / "chaosreg.lock.yaml", {"docker.io/harness/app:1": f"sha256:{'a' * 64}"}

    assert write_lockfile(lockfile, locked)

    assert b"\r" not in lockfile.read_bytes()
    # and one that git has checked out with other line ends says the same
    lockfile.write_bytes(lockfile.read_bytes().replace(b"\n", b"\r\n"))
    assert read_lockfile(lockfile) == locked
    assert not write_lockfile(lockfile, locked)


def test_podman_has_one_file_on_macos(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    places = auth_file_paths({"HOME": str(tmp_path), "XDG_RUNTIME_DIR": "/run/user/7"})
    assert places == [tmp_path / ".config/containers/auth.json", tmp_path / ".docker/config.json"]
