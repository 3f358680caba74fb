"""Put what an infrastructure resolves to into Kubernetes manifests: its images, and its pull Secrets wherever a Pod
pulls one of them. Every other byte stays as it is, and a second run changes nothing.

INFRA is the path or id of one infrastructure. A FILE may have several objects, `-` is standard input. Images that are
left as they are, because they are not ours or not known there, are listed on standard error.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.notices import notice
from pulumi_chaosreg.cli.output import add_output, as_json
from pulumi_chaosreg.cli.render.cluster import report_cluster
from pulumi_chaosreg.cli.render.files import STANDARD_INPUT, Manifest, read_manifests, write_manifests
from pulumi_chaosreg.cli.selection import select
from pulumi_chaosreg.cli.yaml_text import yaml_text
from pulumi_chaosreg.errors import Cause, ChaosregError
from pulumi_chaosreg.manifests.charts import NAMES, chart_values, load_charts
from pulumi_chaosreg.manifests.document import without_mark
from pulumi_chaosreg.manifests.kustomization import kustomization
from pulumi_chaosreg.manifests.probes import probe_templates, probes
from pulumi_chaosreg.manifests.target import Target
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.scopes.autopilot import autopilot
from pulumi_chaosreg.scopes.model import Level
from pulumi_chaosreg.scopes.publication import harness_ids
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.stacks.project_file import find_project

ABOUT = "put an infrastructure's images and pull Secrets into Kubernetes manifests or chart values"
NEEDS = Needs.NONE
EXITS = {1: "with --check something would change; with --from-cluster something differs"}
EXAMPLES = """\
examples:
  chaosreg render prod-eu agent.yaml > out.yaml       one stream of all files
  helm template litmus … | chaosreg render prod-eu - | kubectl apply -f -
  chaosreg render prod-eu -i manifests/*.yaml         in place
  chaosreg render prod-eu --check manifests/*.yaml    for CI: 1 if something would change
  chaosreg render prod-eu --helm chaos-infra > values.yaml
  chaosreg render prod-eu --probes --for harness > Pulumi.yaml
  chaosreg render prod-eu --from-cluster              what runs there and pulls other images
"""

_PROMETHEUS = "http://prometheus-operated.monitoring.svc:9090"
_RUNTIME_INPUT = "<+input>"
"""What Harness asks for where a probe is made from a template."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("infrastructure", metavar="INFRA")
    parser.add_argument("files", nargs="*", metavar="FILE", help="manifests; - is standard input")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("-i", "--in-place", action="store_true", help="write the files that change")
    how.add_argument("--check", action="store_true", help="write nothing; 1 if something would change")
    how.add_argument("--helm", choices=NAMES, metavar="CHART", help=f"print values for a chart: {', '.join(NAMES)}")
    how.add_argument("--kustomize", action="store_true", help="print a Kustomize component")
    how.add_argument("--probes", action="store_true", help="print probes that watch the registry during an experiment")
    how.add_argument("--from-cluster", action="store_true", help="read what runs there; 1 if it pulls other images")
    parser.add_argument(
        "--for",
        dest="whose",
        choices=("litmus", "harness"),
        help="what --probes prints: entries of a ChaosEngine, or Harness probe templates (default: litmus)",
    )
    parser.add_argument(
        "--prometheus",
        metavar="WHERE",
        help=f"the Prometheus that --probes asks: an address (default: {_PROMETHEUS}), or a Harness connector "
        "(default: a"
        " runtime input)",
    )
    parser.add_argument(
        "--digest",
        action="store_true",
        help="every image by its digest, regardless of `images.pin`; always so on GKE Autopilot",
    )
    add_output(parser, "text", "json", about="for manifests json tells what changes and what is left")


def run(options: argparse.Namespace) -> int:
    """Render for one infrastructure."""
    reviewed = review(find_project(Path(options.project).resolve()))
    in_the_way = [finding for finding in reviewed.errors if finding.cause is not Cause.NO_DIGEST]
    if in_the_way:
        print(ChaosregError(in_the_way), file=sys.stderr)
        print("\nnothing is rendered: fix these first", file=sys.stderr)
        return 2
    config = _one(select(reviewed, [options.infrastructure]))
    target = Target.of(
        config, reviewed.company.catalogue, by_digest=options.digest or autopilot(config.infrastructure) is not None
    )
    for option, given in (("--for", options.whose), ("--prometheus", options.prometheus)):
        if given and not options.probes:
            raise ChaosregError.of(
                "CHR0706",
                f"`{option} {given}` is given, and nothing reads it: it says more of `--probes`",
                help="leave it out, or add `--probes`",
            )
    if options.from_cluster or options.helm or options.kustomize or options.probes:
        _no_files(options)
    if options.from_cluster:
        return report_cluster(config, target, options.output)
    if options.helm:
        _print(options.output, _about_chart(options.helm, target), chart_values(options.helm, target))
    elif options.kustomize:
        about = "A component: `components: [FOLDER]` in a kustomization.yaml"
        _print(options.output, [about], kustomization(target))
    elif options.probes:
        about, value = _probes(config, target, options)
        _print(options.output, [about], value)
    else:
        return _manifests(target, options)
    return 0


def _no_files(options: argparse.Namespace) -> None:
    if options.files:
        raise ChaosregError.of(
            "CHR0706",
            f"`{options.files[0]}` is not used: only manifests take files",
            help="remove it, or remove the option",
        )


def _about_chart(name: str, target: Target) -> list[str]:
    chart = load_charts()[name]
    lines = [f"{chart.about}: {target.infrastructure}", *chart.notes]
    if target.secrets and chart.secret and len(target.secrets) > 1:
        lines.append(f"It takes one pull Secret; there are more: {', '.join(target.secrets[1:])}.")
    return lines


def _print(output: str, about: Sequence[str], value: Any) -> None:
    """The value, below lines about it where the format has comments."""
    if output == "json":
        print(as_json(value), end="")
    else:
        print("".join(f"# {line}\n" for line in about) + yaml_text(value), end="")


def _probes(config: ResolvedConfig, target: Target, options: argparse.Namespace) -> tuple[str, dict[str, Any]]:
    """(what they are, they themselves)."""
    if options.whose != "harness":
        return "For a fault of a ChaosEngine", {"probe": probes(target, options.prometheus or _PROMETHEUS)}
    ids = harness_ids(config.infrastructure)
    places = {"orgId": Level.ORGANIZATION, "projectId": Level.PROJECT}
    project = {key: ids[level] for key, level in places.items() if level in ids}
    about = "A program of Pulumi YAML: probe templates, in the ChaosHub that `chaosHub` names"
    return about, probe_templates(target, project, options.prometheus or _RUNTIME_INPUT)


def _one(configs: Sequence[ResolvedConfig]) -> ResolvedConfig:
    if len(configs) == 1:
        return configs[0]
    paths = ", ".join(config.infrastructure.path for config in configs[:8])
    message = f"`render` is for one infrastructure, but {len(configs)} match"
    raise ChaosregError.of("CHR0118", message, help=f"name it by its path: {paths}")


def _manifests(target: Target, options: argparse.Namespace) -> int:
    if not options.files and sys.stdin.isatty():
        raise ChaosregError.of("CHR0706", "no manifest given", help="name files, or - for standard input")
    manifests = read_manifests(options.files or [STANDARD_INPUT], target)
    if not options.files and not manifests[0].rendered.text.strip():
        message = "no manifest given: no file is named, and standard input is empty"
        raise ChaosregError.of("CHR0706", message, help="name files, or pipe a manifest in")
    if options.output == "json":
        print(as_json(_plain(target, manifests)), end="")
    for manifest in manifests if options.output == "text" else ():
        for line in (*manifest.said(), *(manifest.said_of_changes() if options.check else ())):
            notice(line)
    changed = [manifest for manifest in manifests if manifest.rendered.changed]
    if options.check:
        return 1 if changed else 0
    if options.in_place:
        write_manifests(changed)
        if options.output == "text":
            notice(f"{len(changed)} of {len(manifests)} files changed")
    elif options.output == "text":
        sys.stdout.write(_stream(manifests))
    return 0


def _stream(manifests: Sequence[Manifest]) -> str:
    """All files as one: a document ends where the next file begins."""
    text = ""
    for manifest in manifests:
        rendered = manifest.rendered.text
        if text:
            _, rendered = without_mark(rendered)  # inside of a stream it would be a letter
        if text and not rendered.startswith("---"):
            text += ("" if text.endswith("\n") else "\n") + "---\n"
        elif text and not text.endswith("\n"):
            text += "\n"
        text += rendered
    return text


def _plain(target: Target, manifests: Sequence[Manifest]) -> dict[str, object]:
    return {"infrastructure": target.infrastructure, "files": [manifest.plain() for manifest in manifests]}
