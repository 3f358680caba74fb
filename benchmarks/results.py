"""The figures of the mirror's benchmark: raw rounds in a file, medians and verdicts made of them."""

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.cases import Case
from benchmarks.course import Course, Round
from benchmarks.peers import Peer
from benchmarks.places import Kind

RESULTS = Path(__file__).parent / "results" / "mirror.json"
PEERS = ("image-sync", "regsync", "crane", "skopeo")


class Results:
    """Registry → case → figures. A case that is measured again replaces what was known of it."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self.document: dict[str, Any] = {"registries": {}}
        if file and file.exists():
            self.document = json.loads(file.read_text("utf-8"))

    def add(self, kind: Kind, case: str, figures: Mapping[str, Any]) -> None:
        """Keep a case, in the file too, so that what comes later may fail."""
        of_kind = self.document["registries"].setdefault(kind.name, {"version": kind.version, "cases": {}})
        of_kind["cases"][case] = figures
        if self._file:
            self._file.parent.mkdir(exist_ok=True)
            self._file.write_text(json.dumps(self.document, indent=1) + "\n", "utf-8")

    def has(self, kind: Kind, case: str) -> bool:
        """Whether the case was measured already."""
        return case in self.document["registries"].get(kind.name, {"cases": {}})["cases"]


def figures_of(
    course: Course, tools: Sequence[Peer], rounds: Mapping[str, Sequence[Round]], errors: Mapping[str, str]
) -> dict[str, Any]:
    """A case as it stands in the file."""
    of_tools = {tool.name: _of_tool(tool, rounds[tool.name]) for tool in tools if rounds[tool.name]}
    return {
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "machine": machine(),
        "images": len(course.stored),
        "bound": course.bound.document(),
        "line": course.line,
        "delay": course.case.delay,
        "tools": of_tools,
        "errors": dict(errors),
        **_verdict(course.case, len(course.stored), of_tools),
    }


def machine() -> str:
    """What it was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())
    return f"{model}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _of_tool(tool: Peer, rounds: Sequence[Round]) -> dict[str, Any]:
    seconds = [one.cost.seconds for one in rounds]
    return {
        "version": tool.version,
        "note": tool.note,
        "median": statistics.median(seconds),
        "min": min(seconds),
        "max": max(seconds),
        "cpu": statistics.median(one.cost.cpu for one in rounds),
        "registries cpu": statistics.median(one.registries for one in rounds),
        "memory MB": statistics.median(one.cost.memory for one in rounds),
        "source requests": statistics.median(one.source.total() for one in rounds),
        "target requests": statistics.median(one.target.total() for one in rounds),
        "rounds": [one.document() for one in rounds],
    }


def _verdict(case: Case, count: int, figures: Mapping[str, Any]) -> dict[str, Any]:
    """Our figures beside the aims: {name: {"value", "aim"}}."""
    verdict: dict[str, dict[str, float]] = {}
    own = figures.get("ours")
    others = {name: figure["median"] for name, figure in figures.items() if name in PEERS}
    best = min(others, key=lambda name: others[name], default=None)
    if own and case.best_ratio and best:
        verdict["ours / best peer"] = {"value": own["median"] / others[best], "aim": case.best_ratio}
    if own and case.most_seconds:
        verdict["seconds"] = {"value": own["median"], "aim": case.most_seconds}
    if own and case.most_requests:
        requests = own["source requests"] + own["target requests"]
        verdict["requests per image"] = {"value": requests / count, "aim": case.most_requests}
    return {"best peer": best, "verdict": verdict}
