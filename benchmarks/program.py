"""What a stack costs beside the same objects written by hand with pulumi-kubernetes' typed classes: time and state.

python -m lab run --parts engine,kubernetes -- python -m benchmarks.program           # benchmarks/results/program.json
python -m lab run --parts engine,kubernetes -- python -m benchmarks.program --check   # small; fails beyond the limits
python -m benchmarks.program --write docs/stacks.md    # puts the table of the results between the page's two marks

Each infrastructure is a namespace, a pull Secret, a ConfigMap and an entry in a ServiceAccount, on a file backend. Both
programs take turns, so that what else the machine does hits both. With LAB_KUBERNETES_PLUGIN the official plugin
answers; the results say which one did.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.pages import with_table
from lab.state import load
from lab.workspace import Workspace

SIZES = (40, 80, 150)
ROUNDS = 3
AIMS = {
    "first preview": {40: 1.0, 150: 1.0},
    "up": {80: 1.4, 150: 1.4},
    "preview": {40: 1.0, 150: 1.0},
    "state, bytes": {40: 1.3, 80: 1.3, 150: 1.3},
}
"""Ours ÷ by hand, by infrastructures. `preview` is one without changes."""
CHECK_SIZE, CHECK_LIMITS = 20, {"first preview": 1.2, "up": 1.6, "preview": 1.2, "state, bytes": 1.3}
"""What `--check` compares: wider than the aims, since it is one round on a machine that may be busy."""
RESULTS = Path(__file__).parent / "results" / "program.json"

_STACK = """\
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    image_registry:
      server: harbor.company.com
      kind: harbor
      account: chaos-engineering
      type: private
      authentication: {username: chaos-user, password_secret: harbor}
    images: {release: "1.93.0"}
  chaosreg:project:
    id: checkout
  chaosreg:infrastructures:
"""
_INFRASTRUCTURE = """\
    NAME:
      cluster: {context: prod-eu}
      namespace: NAMESPACE
      service_accounts: [litmus]
"""
_BY_HAND = """\
import base64
import json
from pathlib import Path

import pulumi
from pulumi_kubernetes import Provider
from pulumi_kubernetes.core.v1 import ConfigMap, NamespacePatch, Secret, ServiceAccountPatch

SERVER = "harbor.company.com"


def docker_config(password: str) -> str:
    auth = base64.b64encode(f"chaos-user:{password}".encode()).decode()
    entry = {"auth": auth, "password": password, "username": "chaos-user"}
    return base64.b64encode(json.dumps({"auths": {SERVER: entry}}, sort_keys=True).encode()).decode()


cluster = Provider(
    "prod-eu",
    context="prod-eu",
    cluster_identifier="prod-eu",
    enable_secret_mutable=True,
    enable_config_map_mutable=True,
)
password = pulumi.Config("chaosreg-credentials").require_secret("harbor")
for name, infrastructure in json.loads(Path("infrastructures.json").read_text()).items():
    namespace, labels = infrastructure["namespace"], infrastructure["labels"]
    secret_name = f"chaos-image-registry-{name}"
    made = NamespacePatch(name, metadata={"name": namespace}, opts=pulumi.ResourceOptions(provider=cluster))
    secret = Secret(
        name,
        metadata={"name": secret_name, "namespace": namespace, "labels": labels},
        type="kubernetes.io/dockerconfigjson",
        data={".dockerconfigjson": password.apply(docker_config)},
        opts=pulumi.ResourceOptions(provider=cluster, depends_on=[made]),
    )
    after = pulumi.ResourceOptions(provider=cluster, depends_on=[secret])
    ConfigMap(
        name,
        metadata={"name": secret_name, "namespace": namespace, "labels": labels},
        data=infrastructure["data"],
        opts=after,
    )
    ServiceAccountPatch(
        f"{name}/litmus",
        metadata={"name": "litmus", "namespace": namespace, "annotations": {"pulumi.com/patchForce": "true"}},
        image_pull_secrets=[{"name": secret_name}],
        opts=after,
    )
"""


@dataclass(frozen=True)
class Cost:
    """One command."""

    seconds: float
    cpu: float
    """Seconds of processor time: the engine, its plugins and the program."""


@dataclass(frozen=True)
class Figures:
    """One program's whole life in one round."""

    first_preview: Cost
    up: Cost
    preview: Cost
    state: int
    """Bytes of the state file."""
    resources: int


def measure(size: int, rounds: int, room: Path) -> dict[str, list[dict[str, Any]]]:
    """Rounds of both; who begins alternates."""
    found: dict[str, list[dict[str, Any]]] = {"ours": [], "by hand": []}
    for number in range(rounds):
        programs = ["ours", "by hand"] if number % 2 == 0 else ["by hand", "ours"]
        places = {}
        for program in programs:
            names = [f"cluster-{index:03}" for index in range(size)]
            folder = room / f"{size}-{number}-{program.replace(' ', '-')}"
            namespaces = {name: f"bench-{folder.name}-{name}" for name in names}
            places[program] = (write_ours if program == "ours" else write_by_hand)(folder, namespaces)
        # step by step, so that both meet the same minutes of the machine
        first = {program: timed(places[program], "preview") for program in programs}
        up = {program: timed(places[program], "up", "--yes", "--skip-preview") for program in programs}
        again = {program: timed(places[program], "preview", "--expect-no-changes") for program in programs}
        for program in programs:
            state = places[program].folder / ".backend" / ".pulumi" / "stacks" / "chaosreg" / "bench.json"
            resources = len(json.loads(state.read_text("utf-8"))["checkpoint"]["latest"]["resources"])
            figures = Figures(first[program], up[program], again[program], state.stat().st_size, resources)
            found[program].append(asdict(figures))
            print(f"  {size:>4} {program:<8} {_line(found[program][-1])}", flush=True)
    return found


def write_ours(folder: Path, namespaces: dict[str, str]) -> Workspace:
    """A stack file, and the two-line program."""
    workspace = Workspace(folder)
    workspace.add_project()
    (folder / "stacks").mkdir()
    each = (_INFRASTRUCTURE.replace("NAMESPACE", ours).replace("NAME", name) for name, ours in namespaces.items())
    (folder / "stacks" / "Pulumi.bench.yaml").write_text(_STACK + "".join(each), "utf-8")
    return _with_stack(workspace)


def write_by_hand(folder: Path, namespaces: dict[str, str]) -> Workspace:
    """A program with typed classes; names, labels and data are those that ours makes."""
    ours = write_ours(folder.with_name(folder.name + "-described"), namespaces)
    workspace = Workspace(folder)
    (folder / "Pulumi.yaml").write_text("name: chaosreg\nruntime: python\nstackConfigDir: stacks\n", "utf-8")
    (folder / "__main__.py").write_text(_BY_HAND, "utf-8")
    (folder / "infrastructures.json").write_text(json.dumps(_described(ours.folder)), "utf-8")
    return _with_stack(workspace)


def _described(project: Path) -> dict[str, dict[str, Any]]:
    """Infrastructure → namespace, labels and data, as a person would write them down."""
    from pulumi_chaosreg.review.review import review
    from pulumi_chaosreg.scopes.resolved import config_map_data

    reviewed = review(project, "bench", {})
    assert not reviewed.errors, reviewed.errors[0]
    return {
        scope.id: {
            "namespace": resolved.namespace.value,
            "labels": {
                "app.kubernetes.io/managed-by": "pulumi-chaosreg",
                **{f"chaosreg/{above.level}": above.id for above in scope.chain()},
            },
            "data": config_map_data(resolved),
        }
        for scope, resolved in reviewed.resolved.items()
    }


def _with_stack(workspace: Workspace) -> Workspace:
    workspace.init("bench")
    workspace.run("pulumi", "config", "set", "--stack", "bench", "--secret", "chaosreg-credentials:harbor", "pw-pw-pw")
    return workspace


def timed(workspace: Workspace, *command: str) -> Cost:
    """One command of the CLI."""
    cpu, began = _cpu(), time.perf_counter()
    workspace.run("pulumi", *command, "--stack", "bench", "--non-interactive")
    return Cost(time.perf_counter() - began, _cpu() - cpu)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ratios(rounds: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """Ours ÷ by hand, of the medians; time and processor time apart."""

    def median(program: str, *keys: str) -> float:
        return statistics.median(_get(one, keys) for one in rounds[program])

    wanted = {
        "first preview": ("first_preview", "seconds"),
        "first preview, CPU": ("first_preview", "cpu"),
        "up": ("up", "seconds"),
        "up, CPU": ("up", "cpu"),
        "preview": ("preview", "seconds"),
        "preview, CPU": ("preview", "cpu"),
        "state, bytes": ("state",),
        "resources": ("resources",),
    }
    return {name: round(median("ours", *keys) / median("by hand", *keys), 2) for name, keys in wanted.items()}


def markdown(document: dict[str, Any]) -> str:
    """A row for each plugin and size, medians of all rounds: ours, by hand, and the ratio."""
    heads = ["first preview, s", "`up`, s", "preview without changes, s", "state, MB", "resources"]
    rows = [f"| infrastructures | plugin | {' | '.join(heads)} |", f"|{'---|' * (len(heads) + 2)}"]
    for plugin, of_plugin in document.items():
        for size, result in sorted(of_plugin.items(), key=lambda item: int(item[0])):
            cells = [_cell(result["rounds"], *how) for how in _CELLS]
            rows.append(f"| {size} | {plugin} | {' | '.join(cells)} |")
    return "\n".join(rows)


_CELLS: tuple[tuple[tuple[str, ...], float, int], ...] = (
    (("first_preview", "seconds"), 1, 1),
    (("up", "seconds"), 1, 1),
    (("preview", "seconds"), 1, 1),
    (("state",), 1e6, 2),
    (("resources",), 1, 0),
)
"""Where a figure is, its unit, and the digits after the point."""


def _cell(rounds: dict[str, list[dict[str, Any]]], keys: tuple[str, ...], unit: float, digits: int) -> str:
    ours, by_hand = (statistics.median(_get(one, keys) for one in rounds[program]) for program in ("ours", "by hand"))
    return f"{ours / unit:.{digits}f} / {by_hand / unit:.{digits}f} = {ours / by_hand:.2f}"


def _get(one: Any, keys: tuple[str, ...]) -> float:
    for key in keys:
        one = one[key]
    return float(one)


def _line(one: dict[str, Any]) -> str:
    times = "  ".join(f"{name} {one[name]['seconds']:6.1f} s" for name in ("first_preview", "up", "preview"))
    return f"{times}  state {one['state'] / 1e6:.2f} MB, {one['resources']} resources"


def main() -> int:
    """Measure, print, and keep or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--check", action="store_true", help=f"{CHECK_SIZE} infrastructures, one round, no results kept"
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="infrastructures")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", type=Path, metavar="PAGE", help="measure nothing")
    options = parser.parse_args()
    if options.write:
        table = markdown(json.loads(RESULTS.read_text("utf-8")))
        options.write.write_text(with_table(options.write.read_text("utf-8"), "program", table), "utf-8")
        return 0
    sizes, rounds = ([CHECK_SIZE], 1) if options.check else (options.sizes, options.rounds)
    engine = load().engine
    assert engine is not None, "the lab's part `engine` is needed"
    with TemporaryDirectory() as room:
        measured = {size: measure(size, rounds, Path(room)) for size in sizes}
    missed = []
    for size, found in measured.items():
        for name, ratio in ratios(found).items():
            limit = CHECK_LIMITS.get(name) if options.check else AIMS.get(name, {}).get(size)
            print(f"{size:>5} {name:<20} {ratio:>5.2f} x" + (f"   aim {limit}" if limit else ""))
            if limit and ratio > limit:
                missed.append(f"{name} at {size}: {ratio} x, not {limit} x")
    if not options.check:
        _keep(engine.plugins["kubernetes"], measured)
    for line in missed:
        print(f"missed: {line}", file=sys.stderr)
    return 1 if missed and options.check else 0


def _keep(plugin: str, measured: dict[int, Any]) -> None:
    """Beside what was measured with another plugin, or for other sizes."""
    kept = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    of_plugin = kept.setdefault(plugin, {})
    for size, found in measured.items():
        of_plugin[str(size)] = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            "ours / by hand": ratios(found),
            "rounds": found,
        }
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
