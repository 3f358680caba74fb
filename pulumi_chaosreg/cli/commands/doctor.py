"""Find out from this machine why an infrastructure's images cannot be pulled: stack files, DNS, TCP, TLS, `/v2/`, the
pull Secret in its cluster, the login, and every required image. Stops at the cause, and says what to do.

INFRA is a path, an id, a path above it, or a pattern. Nothing is written, neither to a registry nor to a cluster. A
node may see other names, proxies and authorities than this machine.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pulumi_chaosreg.cli.formats import plain_finding
from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.output import add_output, as_json
from pulumi_chaosreg.cli.selection import select
from pulumi_chaosreg.cli.terminal import colored, colored_finding
from pulumi_chaosreg.doctor.case import Surroundings
from pulumi_chaosreg.doctor.examination import Seen, examine
from pulumi_chaosreg.doctor.step import Failed, Passed, Result, Unseen
from pulumi_chaosreg.errors import ChaosregError, visible
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.stacks.project_file import find_project

ABOUT = "find out why images cannot be pulled"
NEEDS = Needs.NETWORK
EXITS = {
    0: "nothing fails, as far as it can be seen from here",
    1: "a pull fails: the cause is shown",
    2: "could not run, or could not look at everything",
}
EXAMPLES = """\
examples:
  chaosreg doctor prod-eu
  chaosreg doctor 'payments/*' -o json | jq '.infrastructures[].steps[] | select(.result == "failed")'
"""
_WORDS: Mapping[type[Result], str] = {Passed: "passed", Failed: "failed", Unseen: "unseen"}
_MARKS: Mapping[type[Result], tuple[str, str]] = {Passed: ("✓", "green"), Failed: ("✗", "red"), Unseen: ("–", "yellow")}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("infrastructures", nargs="+", metavar="INFRA")
    add_output(parser, "text", "json")


def run(options: argparse.Namespace) -> int:
    """Examine each infrastructure, and print what was found."""
    project = Path(options.project).resolve()
    try:
        project = find_project(project)
        reviewed = review(project)
        chosen = select(reviewed, options.infrastructures)
    except ChaosregError as error:
        if options.output != "json":
            raise
        print(
            as_json({"infrastructures": [], "findings": [plain_finding(one, project) for one in error.findings]}),
            end="",
        )
        return 2
    machine, results, documents = MachineLogins(), list[Result](), list[dict[str, object]]()
    for config in chosen:
        path, registry = config.infrastructure.path, ""
        if options.output == "text":
            print(colored(path, "bold"))
        steps = []
        for seen in examine(Surroundings(config, reviewed.errors, reviewed.company.catalogue, machine)):
            if options.output == "text":
                if seen.registry != registry:
                    print(colored(seen.registry, "bold"))
                print("\n".join(_lines(seen)), flush=True)  # the next step may take a while
            registry = seen.registry
            steps.append(_plain(seen, project))
            results.append(seen.result)
        documents.append({"infrastructure": path, "steps": steps})
    if options.output == "json":
        print(as_json({"infrastructures": documents}), end="")
    else:
        print(_last(results))
    return _code(results)


def _code(results: Sequence[Result]) -> int:
    if any(isinstance(result, Failed) for result in results):
        return 1
    return 2 if any(isinstance(result, Unseen) and result.findings for result in results) else 0


def _lines(seen: Seen) -> Iterator[str]:
    """The step on one line, and below it what is wrong."""
    mark, color = _MARKS[type(seen.result)]
    yield f"  {colored(mark, color)} {seen.step:<13} {visible(seen.result.said)}".rstrip()
    for finding in seen.result.findings:
        yield from (f"      {line}" for line in colored_finding(finding).splitlines())


def _last(results: Sequence[Result]) -> str:
    match _code(results):
        case 1:
            return "a pull fails, as this machine sees it: the cause is below ✗"
        case 2:
            return "nothing fails, as this machine sees it; not everything could be looked at: what is below –"
    return "nothing fails, as this machine sees it"


def _plain(seen: Seen, project: Path) -> dict[str, object]:
    return {
        "registry": seen.registry or None,
        "step": seen.step,
        "result": _WORDS[type(seen.result)],
        "said": seen.result.said,
        "findings": [plain_finding(one, project) for one in seen.result.findings],
    }
