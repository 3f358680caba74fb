"""How long our mirror takes beside other tools, in the same run and on the same registries; nothing leaves loopback.

python -m benchmarks.mirror                         # all cases on all registries, into benchmarks/results/mirror.json
python -m benchmarks.mirror --case twelve tls       # these again; the other results stay
python -m benchmarks.mirror --missing               # what an interrupted run has left
python -m benchmarks.mirror --scale 0.05 --rounds 2 # a quick look: images of a twentieth; printed only
python -m benchmarks.mirror --tool ours --beside ../other-checkout

The source registry stays. The target of a cold round is a new process with a new folder. Rounds are interleaved and
their order rotates, so that a slow minute of the machine hits every tool. A first round warms up and is proved: crane
must find the right digest behind every tag, otherwise the tool has no time.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.cases import CASES
from benchmarks.certificates import loopback_name
from benchmarks.course import Course, Round
from benchmarks.ours import ours
from benchmarks.peers import Peer
from benchmarks.places import Kind, kinds, place
from benchmarks.report import lines
from benchmarks.results import RESULTS, Results, figures_of

ROUNDS = 7


def run_case(course: Course, tools: Sequence[Peer], rounds: int) -> dict[str, Any]:
    """All rounds of a case, interleaved; a tool that fails once is out."""
    errors: dict[str, str] = {}
    taken: dict[str, list[Round]] = {tool.name: [] for tool in tools}
    for number in range(rounds + 1):
        shift = number % len(tools)
        for tool in [*tools[shift:], *tools[:shift]]:
            if tool.name in errors:
                continue
            done = course.run(tool, prove=number == 0)
            _say(f"{course.case.name}: round {number} of {rounds}, {tool.name}: {done.cost.seconds:.3f} s")
            if done.cost.error:
                errors[tool.name] = done.cost.error
                _say(done.cost.error)
            elif number:
                taken[tool.name].append(done)
    return figures_of(course, tools, taken, errors)


def run_kind(kind: Kind, tools: Sequence[Peer], results: Results, options: argparse.Namespace) -> None:
    """The cases on one kind of registry."""
    with place(kind, options.scale) as at:
        for case in CASES:
            if (options.case and case.name not in options.case) or (options.missing and results.has(kind, case.name)):
                continue
            if case.tls and not loopback_name():
                _say("tls: /etc/hosts has no name of 127.0.0.1 but localhost, which means plain http to all tools")
                continue
            with ExitStack() as stack:
                course = Course(case, at, options.scale, stack)
                figures = run_case(course, tools, options.rounds)
            results.add(kind, case.name, figures)
            near = results.document["registries"][kind.name]["cases"].get("twelve")
            print("\n" + "\n".join(lines(kind.name, case.name, figures, near)), flush=True)


def missed(results: Results, factor: float | None) -> list[str]:
    """What is wrong with the figures."""
    found = []
    for registry, of_kind in results.document["registries"].items():
        for name, case in of_kind["cases"].items():
            if "ours" in case["errors"]:
                found.append(f"{name} on {registry}: ours failed")
            for key, one in case["verdict"].items():
                if factor and one["value"] > one["aim"] * factor:
                    found.append(f"{name} on {registry}, {key}: {one['value']:.2f}, aim {one['aim']:g}")
    return found


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="size of the layers, 1 is as described")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--case", nargs="+", choices=[case.name for case in CASES])
    parser.add_argument("--registry", nargs="+", choices=["distribution", "debian"])
    parser.add_argument("--missing", action="store_true", help="only what the results do not have yet")
    parser.add_argument("--tool", nargs="+", metavar="TOOL", help="ours, image-sync, regsync, crane, skopeo")
    parser.add_argument("--beside", type=Path, nargs="+", default=[], metavar="DIR", help="other checkouts of ours")
    parser.add_argument("--check", type=float, nargs="?", const=1.0, metavar="FACTOR", help="fail beyond aim × FACTOR")
    parser.add_argument("--install", action="store_true", help="as root: Debian's skopeo and docker-registry")
    return parser.parse_args()


def main() -> int:
    """Measure what was asked for; 1 when ours failed, or with --check missed an aim."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the folder in memory is removed
    if options.install and os.geteuid() == 0:
        peers.install_debian()
    others, lacking = peers.all_peers()
    for name in lacking:
        _say(f"{name} is not installed: it has no figures")
    tools = [tool for tool in (ours(), *others) if not options.tool or tool.name in options.tool]
    tools += [ours(checkout, checkout.name) for checkout in options.beside]
    comparable = options.scale == 1.0 and options.rounds >= ROUNDS and not options.tool and not options.beside
    results = Results(RESULTS if comparable else None)
    for kind in kinds():
        if not options.registry or kind.name in options.registry:
            run_kind(kind, tools, results, options)
    wrong = missed(results, options.check)
    for line in wrong:
        _say(f"missed: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
