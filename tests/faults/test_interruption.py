"""`chaosreg mirror` killed in the middle: no tag, and the next run sends nothing that has arrived."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from lab.deadline import wait_for
from lab.registry import RegistryServer
from tests.support.builder import digest_of, image, index, layer, push
from tests.support.company import mirroring_company
from tests.support.fault_scripts import always
from tests.support.faults import Change, FaultServer
from tests.support.verdict import whole_tags

pytestmark = pytest.mark.registry

LONG = layer("long", 6_000_000)
SMALL = [layer(f"small {number}", 40_000) for number in range(5)]


def stored(target: RegistryServer) -> Counter[str]:
    """Digest → how often the target took such a blob."""
    taken = [one for one in target.requests() if one.method == "PUT" and "/uploads/" in one.path and one.status == 201]
    return Counter(one.query.rpartition("digest=")[2] for one in taken)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_has_arrived_before_a_signal_is_not_sent_again(
    number: signal.Signals, tmp_path: Path, upstream: RegistryServer, target: RegistryServer
) -> None:
    # given: an image that cannot be complete yet, because one of its layers comes slowly
    tree = push(upstream.host, "harness/chaos-ddcr", "1", index(image(LONG, *SMALL)))
    slowly = always(Change(drip=(200_000, 0.2)), "GET", digest_of(LONG))
    with FaultServer(slowly, upstream.host) as source:
        project = mirroring_company(tmp_path, source.host, target.host, {"chaos-ddcr": tree.digest})
        command = [sys.executable, "-m", "pulumi_chaosreg.cli.main", "--project", str(project), "mirror"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert wait_for(lambda: len(stored(target)) == len(SMALL) + 1, 20)  # and the config
        # when
        process.send_signal(number)
        out, _ = process.communicate(timeout=20)
        # then
        assert process.returncode == (-number if number == signal.SIGKILL else 130), out
        assert "Traceback" not in out
        assert whole_tags(target.host, "chaos/chaos-ddcr") == {}

        source.script = lambda seen: None
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert whole_tags(target.host, "chaos/chaos-ddcr") == {"1": tree.digest}
    assert stored(target) == Counter(tree.blob_digests())


@pytest.mark.parametrize("signals", [1, 2])
def test_a_silent_source_does_not_keep_the_command_from_ending(
    signals: int, tmp_path: Path, upstream: RegistryServer, target: RegistryServer
) -> None:
    """Within a few seconds after one signal, at once after another one."""
    tree = push(upstream.host, "harness/chaos-ddcr", "1", image(LONG))
    silent = always(Change(stall=1000), "GET", digest_of(LONG))
    with FaultServer(silent, upstream.host) as source:
        project = mirroring_company(tmp_path, source.host, target.host, {"chaos-ddcr": tree.digest})
        command = [sys.executable, "-m", "pulumi_chaosreg.cli.main", "--project", str(project), "mirror"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert wait_for(lambda: source.count("GET", digest_of(LONG)) == 1, 20)
        process.send_signal(signal.SIGTERM)
        if signals == 2:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode in ((130,) if signals == 1 else (130, -signal.SIGTERM))  # it may be faster than we
    assert whole_tags(target.host, "chaos/chaos-ddcr") == {}
