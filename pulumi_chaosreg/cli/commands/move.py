"""Move a scope's resources to the stack whose file holds the scope now, around `pulumi state move`.

Edit the stack files first: move the section, and give a scope that also gets a new name or parent
`moved_from: <its old path>`. Then run this before the next `pulumi up`: no Secret is replaced, no image copied
again. A scope that stays in its stack needs `moved_from` only, and no command.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.output import add_output, as_json
from pulumi_chaosreg.cli.stack_state import resources, run_pulumi
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.scopes.component_names import MIRROR_TYPE, REPOSITORIES_TYPE, component_type
from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.scopes.moves import former_paths
from pulumi_chaosreg.stacks.project_file import find_project

ABOUT = "move a scope's resources to the stack whose file holds it now"
NEEDS = Needs.PULUMI
EXITS = {0: "moved, or with --dry-run listed", 1: "there is nothing to move"}
EXAMPLES = """\
examples:
  chaosreg move payments/checkout/prod-eu --from checkout-prod --dry-run
  chaosreg move payments --from acme --yes      the organization and everything below it that is now elsewhere
"""
_INFRASTRUCTURE = component_type(Level.INFRASTRUCTURE)
_OF_OWNER = (MIRROR_TYPE, REPOSITORIES_TYPE)


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("path", metavar="SCOPE", help="the scope's path now: ids below the account")
    parser.add_argument("--from", dest="source", required=True, metavar="STACK", help="the stack that has them now")
    parser.add_argument("--dry-run", action="store_true", help="only list what would be moved")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_output(parser, "text", "json", about="json needs --dry-run or --yes")
    parser.set_defaults(refuse=parser.error)


def run(options: argparse.Namespace) -> int:
    """Move what is in the source's state; 1 where there is nothing to move."""
    is_json = options.output == "json"
    if is_json and not (options.dry_run or options.yes):
        options.refuse("-o json asks nothing: give --dry-run or --yes, too")
    project = find_project(Path(options.project).resolve())
    reviewed = review(project)
    if reviewed.errors:
        raise ChaosregError(reviewed.errors)
    scopes = [scope for scope in reviewed.company.scopes if any(s.path == options.path for s in scope.chain())]
    if not scopes:
        known = ", ".join(scope.path for scope in reviewed.company.scopes[:8])
        raise ChaosregError.of("CHR0118", f"no scope has the path `{options.path}`", help=f"paths: {known}, …")
    elsewhere = [scope for scope in scopes if scope.stack != options.source]
    moves = _moves(elsewhere, resources(project, options.source))
    if is_json and (options.dry_run or not moves):
        print(as_json(_plain(options, moves)), end="")
    if not moves:
        if not is_json:
            print(f"stack `{options.source}` has nothing of `{options.path}` to move")
        return 1
    for target in moves if not options.dry_run else ():
        resources(project, target)  # says so where it was never initialised, before anything is moved
    for target, urns in moves.items():
        if not is_json:
            print(f"{options.source} → {target}", *(f"  {_shown(urn)}, and what is below it" for urn in urns), sep="\n")
        if not options.dry_run:
            flags = ["--yes"] if options.yes else []
            command = ["state", "move", "--source", options.source, "--dest", target, *flags, *urns]
            run_pulumi(project, *command, shown=not is_json)
    if is_json and not options.dry_run:
        print(as_json(_plain(options, moves)), end="")
    elif not options.dry_run:
        first = " ".join(moves)
        print(f"next: `pulumi preview` of {first}: nothing should be replaced; then `pulumi up`, {options.source} last")
    return 0


def _plain(options: argparse.Namespace, moves: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """For JSON: which components go where, each with what is below it."""
    return {
        "from": options.source,
        "moved": not options.dry_run and bool(moves),
        "moves": [{"to": target, "urns": list(urns)} for target, urns in moves.items()],
    }


def _moves(scopes: Iterable[Scope], known: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """Target stack → URNs of the components that go there with all that is below them."""
    urns = {(resource["type"], resource["urn"].split("::", 3)[3]): resource["urn"] for resource in known}
    moves: dict[str, list[str]] = {}
    for scope in scopes:
        paths = (scope.path, *former_paths(scope))
        if scope.level is Level.INFRASTRUCTURE:
            found = [urns[_INFRASTRUCTURE, path] for path in paths if (_INFRASTRUCTURE, path) in urns]
            moves.setdefault(scope.stack, []).extend(found[:1])
        # one for each registry that the scope owns; before 0.2 one that was called like the scope
        owned = [urn for (type_, name), urn in urns.items() if type_ in _OF_OWNER and name.partition(":")[0] in paths]
        moves.setdefault(scope.stack, []).extend(owned)
    return {stack: urns for stack, urns in moves.items() if urns}


def _shown(urn: str) -> str:
    *_, types, name = urn.split("::", 3)
    return f"{types.rpartition(':')[2]} {name}"
