"""How long loading, resolving and checking a company takes, by phase and by size; and what a start costs.

python -m benchmarks.resolve              # the figures, as a table and as JSON in benchmarks/results/resolve.json
python -m benchmarks.resolve --check      # also fails where an aim is missed, with a factor for a slow machine
"""

import argparse
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.company import write_company

SIZES = ((100, 10), (1_000, 40), (3_000, 100), (10_000, 300))
"""(infrastructures, stack files)."""
AIMS = {
    "10,000 in all, s": 3.0,
    "10,000 without reading YAML, s": 1.0,
    "memory, MB": 500.0,
    "time per infrastructure, largest / smallest of 1,000 and 10,000": 1.5,
    "one infrastructure's stack among 300 files, s": 0.05,
    "import pulumi_chaosreg beyond import pulumi, s": 0.06,
    "chaosreg validate of a small company, s": 0.5,
}
_ROUNDS = 5
_RESULTS = Path(__file__).parent / "results" / "resolve.json"


def measure(project: Path) -> dict[str, float]:
    """Seconds of each phase of one review, in this process: the best of some rounds, as noise only adds."""
    from pulumi_chaosreg.review import review as rooms
    from pulumi_chaosreg.settings import yaml_file
    from pulumi_chaosreg.stacks import stack_files

    spent: dict[str, float] = {}

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                spent[name] = spent.get(name, 0.0) + time.perf_counter() - began

        return run

    originals = (stack_files.read_yaml, rooms.load_company, rooms.Resolver.resolve)
    best: dict[str, float] = {}
    for _ in range(_ROUNDS):
        spent.clear()
        gc.collect()
        stack_files.read_yaml = timed("yaml", yaml_file.read_yaml)
        rooms.load_company = timed("load", originals[1])
        rooms.Resolver.resolve = timed("resolve", originals[2])
        began = time.perf_counter()
        reviewed = rooms.review(project)
        total = time.perf_counter() - began
        stack_files.read_yaml, rooms.load_company, rooms.Resolver.resolve = originals
        assert not reviewed.findings, reviewed.findings[0]
        phases = {
            "yaml": spent["yaml"],
            "link": spent["load"] - spent["yaml"],
            "resolve": spent["resolve"],
            "validate": total - spent["load"] - spent["resolve"],
            "total": total,
        }
        if not best or total < best["total"]:
            best = phases
    return best


def peak_memory(project: Path) -> float:
    """MB of a fresh process that reviews the project."""
    code = (
        "import resource,sys;from pathlib import Path;from pulumi_chaosreg.review.review import review;"
        f"review(Path({str(project)!r}));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024)"
    )
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def one_stack(project: Path, stack: str) -> float:
    """Seconds of what a preview of this stack spends in our pure rooms; median."""
    from pulumi_chaosreg.review.review import review

    times = []
    for _ in range(9):
        began = time.perf_counter()
        assert not review(project, stack, {}).errors
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def process_time(*arguments: str, rounds: int = 9) -> float:
    """Seconds of a Python process from start to end; the median of some, after one that warms up."""
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def import_cost() -> float:
    """Seconds that `import pulumi_chaosreg` adds to `import pulumi`: alternating, so that drift hits both."""
    alone, both = [], []
    for _ in range(9):
        alone.append(process_time("-c", "import pulumi", rounds=1))
        both.append(process_time("-c", "import pulumi, pulumi_chaosreg", rounds=1))
    return max(0.0, statistics.median(both) - statistics.median(alone))


def run() -> dict[str, Any]:
    """All figures."""
    sizes: dict[int, dict[str, float]] = {}
    with TemporaryDirectory() as folder:
        for infrastructures, files in SIZES:
            project = Path(folder) / str(infrastructures)
            write_company(project, infrastructures, files)
            sizes[infrastructures] = measure(project)
        largest = Path(folder) / "10000"
        small = Path(folder) / "100"
        total = sizes[10_000]["total"]
        per_one = [sizes[count]["total"] / count for count in (1_000, 10_000)]
        figures = {
            "10,000 in all, s": total,
            "10,000 without reading YAML, s": total - sizes[10_000]["yaml"],
            "memory, MB": peak_memory(largest),
            "time per infrastructure, largest / smallest of 1,000 and 10,000": max(per_one) / min(per_one),
            "one infrastructure's stack among 300 files, s": one_stack(largest, "environment-7"),
            "import pulumi_chaosreg beyond import pulumi, s": import_cost(),
            "chaosreg validate of a small company, s": process_time(
                "-m", "pulumi_chaosreg.cli.main", "--project", str(small), "validate"
            ),
        }
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{_processor()}, {machine}",
        "figures": figures,
        "aims": AIMS,
        "seconds by infrastructures and phase": sizes,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", type=float, nargs="?", const=1.0, metavar="FACTOR", help="fail beyond aim × FACTOR")
    options = parser.parse_args()
    result = run()
    print(f"{result['date']}  {result['machine']}\n")
    print(
        f"{'infrastructures':>15}  {'yaml':>7}  {'link':>7}  {'resolve':>7}  {'validate':>8}  {'total':>7}   (seconds)"
    )
    for count, phases in result["seconds by infrastructures and phase"].items():
        row = "  ".join(f"{phases[name]:>{size}.3f}" for name, size in zip(phases, (7, 7, 7, 8, 7), strict=True))
        print(f"{count:>15}  {row}")
    print()
    missed = []
    for name, value in result["figures"].items():
        print(f"{name:<66} {value:>8.3f}   aim {AIMS[name]:g}")
        if options.check and value > AIMS[name] * options.check:
            missed.append(name)
    _RESULTS.parent.mkdir(exist_ok=True)
    _RESULTS.write_text(json.dumps(result, indent=1) + "\n")
    for name in missed:
        print(f"missed: {name}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
