"""A lab of its own, beside the one that this test may run in: it comes, it goes, and nothing stays behind."""

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.deadline import wait_for
from lab.network import BRIDGE
from lab.parts.node_programs import other_kubelet
from lab.places import cache_folder, state_folder

pytestmark = pytest.mark.engine

CHECKOUT = Path(__file__).resolve().parents[2]
LAB = [sys.executable, "-m", "lab"]
PARTS = "registry,upstream,kubernetes"


@pytest.fixture
def own_lab(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder of a lab that no other command uses."""
    monkeypatch.setenv("LAB_INSTANCE", uuid.uuid4().hex[:6])
    monkeypatch.delenv("LAB_STATE", raising=False)
    folder = state_folder()
    yield folder
    subprocess.run([*LAB, "down"], cwd=CHECKOUT, check=True, capture_output=True)
    for lock in (cache_folder() / "locks").glob(f"{folder.name}*"):
        lock.unlink()


@pytest.mark.nightly
def test_two_runs_one_after_the_other_leave_nothing(own_lab: Path) -> None:
    for _ in range(2):
        done = run("--parts", PARTS, "--", "sh", "-c", "registry --version; crane version; test -f $KUBECONFIG; exit 7")
        assert done.returncode == 7, done.stderr
        assert "distribution" in done.stdout
        assert_nothing_remains(own_lab)


@pytest.mark.nightly
def test_a_run_with_a_node_leaves_nothing(own_lab: Path) -> None:
    if other_kubelet():
        pytest.skip("a kubelet runs already: the lab that this test runs in has one")
    done = run("--parts", "node", "--", "cat", "/proc/net/dev")
    if "cannot run here" in done.stderr:
        pytest.skip(done.stderr.strip())

    assert done.returncode == 0, done.stderr
    assert BRIDGE in done.stdout
    assert_nothing_remains(own_lab)


@pytest.mark.nightly
def test_a_killed_run_leaves_nothing(own_lab: Path) -> None:
    with subprocess.Popen(
        [*LAB, "run", "--parts", PARTS, "--", "sh", "-c", "echo up; exec sleep 300"],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout
        assert client.stdout.readline() == "up\n"
        client.kill()

    assert_nothing_remains(own_lab)


def test_a_terminated_run_ends_its_command_and_leaves_nothing(own_lab: Path) -> None:
    with subprocess.Popen(
        [
            *LAB,
            "run",
            "--parts",
            "registry",
            "--",
            "sh",
            "-c",
            "sleep 300 & trap 'kill $!; echo ended; exit 3' TERM; echo up; wait",
        ],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout
        assert client.stdout.readline() == "up\n"
        client.send_signal(signal.SIGTERM)
        assert client.stdout.readline() == "ended\n"
        assert client.wait(30) == 3

    assert_nothing_remains(own_lab)


@pytest.mark.nightly
def test_a_part_that_was_stopped_comes_back_at_its_address(own_lab: Path) -> None:
    script = (
        "import urllib.request, urllib.error, lab.session, lab.state\n"
        "host = lab.state.load().upstream.host\n"
        "catalogue = lambda: urllib.request.urlopen(f'http://{host}/v2/_catalog', timeout=5).read()\n"
        "before = catalogue()\n"
        "with lab.session.attach() as session:\n"
        "    session.stop('upstream')\n"
        "    assert session.status()['parts']['upstream'] == 'stopped'\n"
        "    try:\n"
        "        catalogue()\n"
        "        raise SystemExit('upstream still answers')\n"
        "    except urllib.error.URLError:\n"
        "        pass\n"
        "    session.start('upstream')\n"
        "assert lab.state.load().upstream.host == host\n"
        "assert catalogue() == before\n"
    )

    done = run("--parts", "upstream", "--", sys.executable, "-c", script)

    assert done.returncode == 0, done.stderr


@pytest.mark.nightly
def test_up_stays_until_down(own_lab: Path) -> None:
    up = subprocess.run([*LAB, "up", "registry"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert up.returncode == 0, up.stderr
    host = json.loads((own_lab / "state.json").read_text())["registry"]["host"]
    inside = run("--", "sh", "-c", "cat $LAB_STATE")
    assert json.loads(inside.stdout)["registry"]["host"] == host
    assert (own_lab / "state.json").stat().st_mode & 0o777 == 0o600

    down = subprocess.run([*LAB, "down"], cwd=CHECKOUT, capture_output=True, text=True, check=False)

    assert down.returncode == 0, down.stderr
    assert_nothing_remains(own_lab)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LAB, "run", *words], cwd=CHECKOUT, capture_output=True, text=True, check=False)


def assert_nothing_remains(folder: Path) -> None:
    # Processes that only wait for others to end may be seen a moment longer.
    assert wait_for(lambda: remains(folder) == [], 20), remains(folder)


def remains(folder: Path) -> list[str]:
    """What is left of the lab in this folder: files, processes, mounts, and containers' cgroups where it had any."""
    found = [str(folder)] if folder.exists() else []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if os.fsencode(folder) in words:
            found.append(f"process {entry.name}: {words.decode(errors='replace')}")
    found += [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(folder) in line]
    if not other_kubelet():
        found += [str(path) for path in Path("/sys/fs/cgroup").glob("**/k8s.io") if path.is_dir()]
    return found
