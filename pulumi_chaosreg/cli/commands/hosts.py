"""List every host and port that must be reachable, who asks it, and why: for firewalls and proxies.

CI stands for `chaosreg lock`, `chaosreg mirror` and `pulumi up`; nodes are the kubelets that pull; a refresher is the
Job that renews a pull Secret. The API servers of clusters are not listed. `--certs-d` prints what containerd needs on a
node for a registry whose certificate a private authority signed.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pulumi_chaosreg.cli.commands.resolve import warn_of_errors
from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.output import add_output, as_json
from pulumi_chaosreg.cli.selection import select
from pulumi_chaosreg.images.server_address import base_url
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.scopes.hosts import Asked, Who, asked, asked_for_record
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.scopes.unknown import UNKNOWN, are_hosts_unknown
from pulumi_chaosreg.stacks.project_file import find_project

ABOUT = "list the hosts that CI, nodes and refreshers must reach"
NEEDS = Needs.NONE
EXITS = {1: "the stack files have errors: hosts may be missing or wrong"}
EXAMPLES = """\
examples:
  chaosreg hosts                               of all infrastructures
  chaosreg hosts prod-eu --who nodes           what its nodes ask
  chaosreg hosts -o json | jq -r '.[].host'
  chaosreg hosts prod-eu --certs-d /etc/ssl/company.crt
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("infrastructures", nargs="*", metavar="INFRA")
    parser.add_argument("--who", choices=[who.value for who in Who], help="only what these ask")
    parser.add_argument(
        "--certs-d", metavar="FILE", help="print containerd's hosts.toml for each registry, with this authority"
    )
    add_output(parser, "text", "json")


def run(options: argparse.Namespace) -> int:
    """Print them; 1 if the stack files have errors, so that hosts may be missing or wrong."""
    reviewed = review(find_project(Path(options.project).resolve()))
    configs = []
    for config in select(reviewed, options.infrastructures):
        if are_hosts_unknown(config):
            print(f"chaosreg: the hosts of {config.infrastructure.path} are {UNKNOWN}", file=sys.stderr)
        else:
            configs.append(config)
    if options.certs_d is not None:
        servers = {image.reference.server for config in configs for image in config.images}
        print("\n".join(_certs_d(server, options.certs_d) for server in sorted(servers)), end="")
        return warn_of_errors(reviewed)
    records = [reviewed.published[scope] for scope in _with_levels_above(configs) if scope in reviewed.published]
    found = {*(one for config in configs for one in asked(config)), *map(asked_for_record, records)}
    every = sorted(one for one in found if options.who in (None, one.who))
    print(as_json(_plain(every)) if options.output == "json" else _text(every), end="")
    return warn_of_errors(reviewed)


def _with_levels_above(configs: Sequence[ResolvedConfig]) -> set[Scope]:
    return {scope for config in configs for scope in config.infrastructure.chain()}


def _together(every: Sequence[Asked]) -> dict[tuple[str, int], list[Asked]]:
    """By host and port."""
    found: dict[tuple[str, int], list[Asked]] = {}
    for one in every:
        found.setdefault((one.host, one.port), []).append(one)
    return found


def _plain(every: Sequence[Asked]) -> list[dict[str, object]]:
    return [
        {"host": host, "port": port, "asked_by": [{"who": one.who.value, "why": one.why} for one in reasons]}
        for (host, port), reasons in _together(every).items()
    ]


def _text(every: Sequence[Asked]) -> str:
    rows = [
        (f"{host}:{port}", "; ".join(f"{who}: {why}" for why, who in _whys(reasons)))
        for (host, port), reasons in _together(every).items()
    ]
    widest = max((len(address) for address, _ in rows), default=0)
    return "".join(f"{address:<{widest}}  {why}\n" for address, why in rows)


def _whys(reasons: Sequence[Asked]) -> list[tuple[str, str]]:
    """(why, who), each why once."""
    whys = dict.fromkeys(one.why for one in reasons)
    return [(why, ", ".join(one.who.value for one in reasons if one.why == why)) for why in whys]


def _certs_d(server: str, authority: str) -> str:
    address = base_url(server)
    return (
        f"# /etc/containerd/certs.d/{server}/hosts.toml\n"
        f"server = {json.dumps(address)}\n\n"
        f"[host.{json.dumps(address)}]\n"
        '  capabilities = ["pull", "resolve"]\n'
        f"  ca = {json.dumps(authority)}\n"
    )
