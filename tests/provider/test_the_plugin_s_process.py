"""The process that the engine starts: without the SDK, and not for longer than the engine lives."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from lab.deadline import wait_for


def test_it_starts_without_the_sdk() -> None:
    program = """
from pulumi_chaosreg.provider.sdk import load_protocol_alone
load_protocol_alone()
from pulumi_chaosreg.provider.resources import RESOURCES
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.servicer import Servicer
Servicer("")
for served in RESOURCES.values():
    served.of_run(Run())
import sys
print(sorted({"pulumi", "pulumi_kubernetes", "kubernetes"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_it_ends_when_the_engine_was_killed() -> None:
    started = f'"{sys.executable}" -m pulumi_chaosreg.provider.main 127.0.0.1:1 & echo $!; wait'
    engine = subprocess.Popen(["sh", "-c", started], stdout=subprocess.PIPE, text=True)
    assert engine.stdout is not None
    plugin, port = int(engine.stdout.readline()), engine.stdout.readline()
    try:
        assert port.strip().isdigit()
        engine.kill()
        engine.wait()
        assert wait_for(lambda: not is_running(plugin), 8)
    finally:
        if is_running(plugin):
            os.kill(plugin, signal.SIGKILL)
        engine.stdout.close()


def is_running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
