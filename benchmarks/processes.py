"""Runs a tool's processes and tells what they took."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.process import leashed

LIMIT = 300
"""Seconds after which a run is given up."""


@dataclass(frozen=True)
class Work:
    """Processes to run, so many at a time."""

    commands: Sequence[Sequence[str]]
    parallel: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: Sequence[str] = ()
    """For each of the commands; where there is none, they read nothing."""


@dataclass(frozen=True)
class Cost:
    """What a run took."""

    seconds: float
    """From before the first process starts until the last one has ended."""
    cpu: float
    """Seconds, user and system, of all processes."""
    memory: float
    """MB: the peak of the largest process; of several at a time, the sum of as many of the largest ones."""
    error: str = ""


# A small process starts the tools and waits for them: on Linux the peak memory of a child counts that of the process
# that it was forked from, and this program is larger than some tools.
_STARTER = """
import json, os, signal, sys, time
job = json.load(sys.stdin)
todo, running, memory, cpu, failed = job["commands"][::-1], set(), [], 0.0, 0
def late(*_):
    for pid in running:
        os.kill(pid, signal.SIGKILL)
    sys.exit("it did not end in time")
signal.signal(signal.SIGALRM, late)
signal.alarm(job["limit"])
log = (os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
files = [(os.POSIX_SPAWN_OPEN, 1, job["log"], *log), (os.POSIX_SPAWN_DUP2, 1, 2)]
began = time.perf_counter()
while todo or running:
    while todo and len(running) < job["parallel"]:
        stdin, *command = todo.pop()
        opened = [(os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0), *files]
        running.add(os.posix_spawn(command[0], command, job["environment"], file_actions=opened))
    pid, status, usage = os.wait4(-1, 0)
    running.discard(pid)
    memory.append(usage.ru_maxrss)
    cpu += usage.ru_utime + usage.ru_stime
    failed = failed or os.waitstatus_to_exitcode(status)
seconds = time.perf_counter() - began
json.dump({"seconds": seconds, "cpu": cpu, "memory": memory, "failed": failed}, sys.stdout)
"""


def run(work: Work, room: Path) -> Cost:
    """Run it to its end; nothing of it is left afterwards."""
    log = room / "log"
    commands = []
    for number, command in enumerate(work.commands):
        stdin = room / f"stdin-{number}"
        stdin.write_text(work.stdin[number] if work.stdin else "", "utf-8")
        commands.append([str(stdin), *command])
    settings = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(room),
        "DOCKER_CONFIG": str(room),
        "XDG_DATA_HOME": str(room / "data"),
        "XDG_RUNTIME_DIR": str(room),
        **work.environment,
    }
    task = {
        "commands": commands,
        "parallel": work.parallel,
        "environment": settings,
        "log": str(log),
        "limit": LIMIT,
    }
    starter = subprocess.run(
        leashed([sys.executable, "-I", "-S", "-c", _STARTER]),
        input=json.dumps(task).encode(),
        capture_output=True,
        timeout=LIMIT + 30,
        check=False,
    )
    said = log.read_text("utf-8", "replace") if log.exists() else ""
    if starter.returncode:
        return Cost(0, 0, 0, (starter.stderr.decode() or f"ended with {starter.returncode}") + said[-2000:])
    told: dict[str, Any] = json.loads(starter.stdout)
    memory = sum(sorted(told["memory"])[-work.parallel :]) / 1024
    error = f"ended with {told['failed']}: {said[-2000:]}" if told["failed"] else ""
    return Cost(told["seconds"], told["cpu"], memory, error)
