"""How much memory `chaosreg mirror` takes for an image of 10 GiB, in a process that is given 200 MB and no more.

python -m benchmarks.memory            # result in benchmarks/results/memory.json
python -m benchmarks.memory --gib 1    # a quick look; printed only

No disk is needed: the source makes the bytes up, and the target forgets them (made_up_registries.py).
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.made_up_registries import MIB, Layer, Registries
from lab import cgroups

LIMIT_MB = 200
RESULTS = Path(__file__).parent / "results" / "memory.json"

_SELF_LIMIT = """
import os, resource, sys, threading
if limit := int(os.environ.get("CHAOSREG_DATA_LIMIT", "0")):
    # RLIMIT_AS would count what is only reserved (64 MiB for each malloc arena, 8 MiB for each thread's stack), and
    # RLIMIT_RSS is ignored by Linux. RLIMIT_DATA counts all private memory; so the stacks are made smaller.
    threading.stack_size(512 << 10)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
"""
_PROGRAM = f"""{_SELF_LIMIT}
from pulumi_chaosreg.cli.main import main
code = main(sys.argv[1:])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print("PEAK", int(peak.split()[1]) // 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True)
class Measured:
    """One run."""

    gib: float
    layers: int
    limited_by: str
    limit_mb: int
    peak_rss_mb: int
    """The process's own, by /proc/self/status (VmHWM)."""
    peak_getrusage_mb: int
    peak_cgroup_mb: int | None
    """With what the kernel keeps for it, sockets for instance; None without a cgroup."""
    seconds: float
    received_bytes: int
    """What the target hashed, each digest right."""


def measure(gib: float, limit_mb: int = LIMIT_MB, *, cgroup: bool = True) -> Measured:
    """Mirror an image of that size with the real command; AssertionError where it did not arrive whole."""
    sizes = [int(gib * 4 / 10 * 1024) * MIB, *[int(gib * 5 / 100 * 1024) * MIB] * 12]  # one of 4 GiB, 12 of 512 MiB
    layers = [Layer.make(number, size) for number, size in enumerate(sizes)]
    registries = Registries(layers)
    with (
        tempfile.TemporaryDirectory() as folder,
        registries,
        _limit(limit_mb, cgroup) as (limited_by, command, environment),
    ):
        root = registries.write_project(Path(folder))
        started = time.monotonic()
        arguments = [sys.executable, "-c", _PROGRAM, "--project", str(root), "mirror"]
        ended = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, env={**os.environ, **environment}, check=False
        )
        seconds = time.monotonic() - started
        peak_cgroup = _peak(limited_by)
    assert ended.returncode == 0, f"ended with {ended.returncode}\n{ended.stdout}{ended.stderr}"
    assert registries.tagged == [registries.digest], "the tag is not what it should be"
    assert registries.received == {layer.digest: layer.size for layer in layers} | registries.small
    peaks = re.search(r"^PEAK (\d+) (\d+)$", ended.stderr, re.MULTILINE)
    assert peaks, ended.stderr
    received = sum(registries.received.values())
    how = "cgroup" if limited_by else "RLIMIT_DATA"
    return Measured(
        gib, len(layers), how, limit_mb, int(peaks[1]), int(peaks[2]), peak_cgroup, round(seconds, 1), received
    )


@contextmanager
def _limit(megabytes: int, cgroup: bool) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """The cgroup's name, the command that enters it, and the environment that limits where there is none."""
    name = f"chaosreg-memory-{os.getpid()}"
    folder = _cgroup(name, megabytes) if cgroup else None
    if not folder:
        yield "", [], {"CHAOSREG_DATA_LIMIT": str(megabytes * MIB), "MALLOC_ARENA_MAX": "2"}
        return
    try:
        yield name, ["sh", "-c", f'echo $$ > {folder}/cgroup.procs && exec "$@"', "sh"], {}
    finally:
        cgroups.remove(name)


def _cgroup(name: str, megabytes: int) -> Path | None:
    """A memory cgroup of that size, of either version; None where we may not make one."""
    root = Path("/sys/fs/cgroup")
    for parent, limits in (
        (root / "memory", {"memory.limit_in_bytes": str(megabytes * MIB)}),
        (root, {"memory.max": str(megabytes * MIB), "memory.swap.max": "0"}),
    ):
        folder = parent / name
        try:
            folder.mkdir()
            for file, value in limits.items():
                if (folder / file).exists() or file != "memory.swap.max":
                    (folder / file).write_text(value, "ascii")
        except OSError:
            cgroups.remove_if_empty(name)
        else:
            return folder
    return None


def _peak(name: str) -> int | None:
    for folder in cgroups.folders(name) if name else ():
        for file in ("memory.max_usage_in_bytes", "memory.peak"):
            if (folder / file).exists():
                return int((folder / file).read_text("ascii")) // MIB
    return None


def prove_the_limit(limit_mb: int = LIMIT_MB, *, cgroup: bool = True) -> None:
    """A process that takes half as much again must not survive: else the limit is none. AssertionError."""
    take = f"bytearray(os.urandom({limit_mb * 3 // 2} << 20))"
    with _limit(limit_mb, cgroup) as (_, command, environment):
        ended = subprocess.run(
            [*command, sys.executable, "-c", f"{_SELF_LIMIT}\n{take}"],
            env={**os.environ, **environment},
            capture_output=True,
            check=False,
        )
    assert ended.returncode != 0, f"a process of {limit_mb * 3 // 2} MB lived within {limit_mb} MB"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gib", type=float, default=10)
    parser.add_argument("--rlimit", action="store_true", help="limit by RLIMIT_DATA even where a cgroup can be made")
    options = parser.parse_args()
    prove_the_limit(cgroup=not options.rlimit)
    measured = measure(options.gib, cgroup=not options.rlimit)
    machine = {"cpus": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()}
    result = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine, **asdict(measured)}
    text = json.dumps(result, indent=1)
    print(text)
    if options.gib >= 10 and not options.rlimit:
        RESULTS.write_text(f"{text}\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
