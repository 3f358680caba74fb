"""The results of the mirror's benchmark as tables: for a terminal, and for the documentation.

python -m benchmarks.report                      # prints both of what benchmarks/results/mirror.json holds
python -m benchmarks.report --write docs/mirror.md    # puts the table between the page's two marks
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.images import Bound
from benchmarks.pages import with_table
from benchmarks.results import RESULTS

_TITLES = {
    "twelve": "12 chaos images, cold target",
    "nothing to do": "the same, nothing to do",
    "one large": "one image of 5 × 50 MB",
    "two hundred": "200 images, 20 % new",
    "latency": "12 images, 40 ms away",
    "tls": "12 images, TLS target",
}


def lines(registry: str, case: str, result: Mapping[str, Any], near: Mapping[str, Any] | None = None) -> Iterator[str]:
    """A case for a terminal. `near` is the same case without a delay, which tells how many round trips were waited."""
    bound = Bound(**result["bound"])
    yield f"{case} on {registry}: {result['images']} images, {result['date']}"
    yield (
        f"  at least {bound.bytes / 1e6:.1f} MB in {bound.blobs} blobs, {bound.mounts} mounts, "
        f"{bound.manifests} manifests, {bound.source_requests} + {bound.target_requests} requests"
    )
    if result["line"]:
        yield "  " + ", ".join(f"{key} {value:.1f}" for key, value in result["line"].items())
    heads = {"median": 8, "min": 8, "max": 8, "CPU s": 7, "registries": 11, "MB": 6, "source": 7, "target": 7}
    yield f"  {'':<11}" + "".join(f"{head:>{wide}}" for head, wide in heads.items())
    for tool, figure in result["tools"].items():
        yield (
            f"  {tool:<11}"
            + "".join(
                f"{figure[key]:>{wide}.{digits}f}"
                for key, wide, digits in (
                    ("median", 8, 3),
                    ("min", 8, 3),
                    ("max", 8, 3),
                    ("cpu", 7, 2),
                    ("registries cpu", 11, 2),
                    ("memory MB", 6, 0),
                    ("source requests", 7, 0),
                    ("target requests", 7, 0),
                )
            )
            + f"  {_trips(result, near, tool)}{figure['note']}"
        )
    for tool, error in result["errors"].items():
        yield f"  {tool:<11} no time: {error.splitlines()[-1][:150] if error.strip() else '?'}"
    for key, verdict in result["verdict"].items():
        against = f" ({result['best peer']})" if "peer" in key else ""
        yield f"  {key}{against}: {verdict['value']:.2f}, aim {verdict['aim']:g}"


def markdown(document: Mapping[str, Any]) -> str:
    """The table for the README: a row for each case and registry."""
    rows = ["| case | registry | ours, s | best peer, s | ratio | aim | requests (at least) | CPU s | MB |"]
    rows.append("|---|---|---|---|---|---|---|---|---|")
    for registry, of_kind in document["registries"].items():
        for name, result in of_kind["cases"].items():
            own, best = result["tools"].get("ours"), result["best peer"]
            if not own or not best:
                continue
            peer, bound = result["tools"][best], Bound(**result["bound"])
            requests = own["source requests"] + own["target requests"]
            aims = [f"{one['aim']:g}{' s' if key == 'seconds' else ''}" for key, one in result["verdict"].items()]
            rows.append(
                f"| {_TITLES[name]} | {registry} {of_kind['version']} | {own['median']:.2f} "
                f"| {peer['median']:.2f} ({best}) | {own['median'] / peer['median']:.2f} | {aims[0]} "
                f"| {requests:.0f} ({bound.source_requests + bound.target_requests}) "
                f"| {own['cpu']:.2f} | {own['memory MB']:.0f} |"
            )
    return "\n".join(rows)


def _trips(result: Mapping[str, Any], near: Mapping[str, Any] | None, tool: str) -> str:
    if not result["delay"] or not near or tool not in near["tools"]:
        return ""
    more = result["tools"][tool]["median"] - near["tools"][tool]["median"]
    return f"waits as for {more / (2 * result['delay']):.0f} round trips; "


def main() -> None:
    """Print or write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, metavar="PAGE")
    options = parser.parse_args()
    document = json.loads(RESULTS.read_text("utf-8"))
    if options.write:
        options.write.write_text(with_table(options.write.read_text("utf-8"), "mirror", markdown(document)), "utf-8")
        return
    for registry, of_kind in document["registries"].items():
        for case, result in of_kind["cases"].items():
            print("\n".join(lines(registry, case, result, of_kind["cases"].get("twelve"))), end="\n\n")
    print(markdown(document))


if __name__ == "__main__":
    main()
