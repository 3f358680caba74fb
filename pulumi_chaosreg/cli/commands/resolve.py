"""Show what each infrastructure ends up with after inheritance, and which level decided each value.

INFRA is a path, an id, a path above it, or a pattern (`payments/*`); without one all are shown.
"""

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.output import add_output
from pulumi_chaosreg.cli.selection import select
from pulumi_chaosreg.cli.terminal import colored, shortened, width
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.review.review import Review, review
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.scopes.unknown import known_fields
from pulumi_chaosreg.stacks.project_file import find_project

ABOUT = "show what each infrastructure ends up with"
NEEDS = Needs.NONE
EXITS = {1: "the stack files have errors: values may be missing or wrong"}
EXAMPLES = """\
examples:
  chaosreg resolve                             every infrastructure, as a table
  chaosreg resolve prod-eu -o yaml
  chaosreg resolve 'payments/*' -o json | jq '.[].fields["image.chaos-ddcr"].value'
  chaosreg resolve prod-eu -o env > .env       IMAGE_CHAOS_DDCR=… for a script
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("infrastructures", nargs="*", metavar="INFRA")
    add_output(parser, *_FORMATS, former={"table": "text"})


def run(options: argparse.Namespace) -> int:
    """Print the resolved configs; 1 if the stack files have errors, so that values may be missing or wrong."""
    reviewed = review(find_project(Path(options.project).resolve()))
    form = _FORMATS[options.output]
    print(form(select(reviewed, options.infrastructures), len(reviewed.errors)), end="")
    return warn_of_errors(reviewed)


def warn_of_errors(reviewed: Review) -> int:
    """1, and a line on standard error, where the stack files have errors."""
    if reviewed.errors:
        said = said_of_errors("the stack files have", len(reviewed.errors))
        print(
            f"chaosreg: {said}, so values may be missing or wrong: `chaosreg validate` lists the errors",
            file=sys.stderr,
        )
    return 1 if reviewed.errors else 0


def said_of_errors(whose: str, count: int) -> str:
    """`the stack files have 2 errors`; empty for none."""
    return f"{whose} {'an error' if count == 1 else f'{count} errors'}" if count else ""


def _text(configs: Sequence[ResolvedConfig], _errors: int) -> str:
    """Field, origin and value; the value on a line of its own where the terminal is narrow."""
    rows = [[(one.name, shortened(one.value), str(one.origin)) for one in known_fields(c)] for c in configs]
    widths = [max((len(row[column]) for of_one in rows for row in of_one), default=0) for column in (0, 2, 1)]
    columns = width()
    is_narrow = columns is not None and sum(widths) + 6 > columns
    lines: list[str] = []
    for config, of_one in zip(configs, rows, strict=True):
        lines.append(colored(config.infrastructure.path, "bold"))
        for name, value, origin in of_one:
            if is_narrow:
                lines += [f"  {colored(name, 'cyan')}  {colored(origin, 'dim')}", f"    {value}"]
            else:
                field, where = f"{name:<{widths[0]}}", f"{origin:<{widths[1]}}"
                lines.append(f"  {colored(field, 'cyan')}  {colored(where, 'dim')}  {value}".rstrip())
        lines.append("")
    return "\n".join(lines)


def _plain(configs: Sequence[ResolvedConfig], errors: int) -> list[dict[str, object]]:
    return [
        {
            "infrastructure": config.infrastructure.path,
            "stack": config.infrastructure.stack,
            "complete": not errors,
            "fields": {
                one.name: {"value": None if one.is_unknown else str(one.value), "origin": str(one.origin)}
                for one in known_fields(config)
            },
        }
        for config in configs
    ]


def _json(configs: Sequence[ResolvedConfig], errors: int) -> str:
    return json.dumps(_plain(configs, errors), indent=2, ensure_ascii=False) + "\n"


def _yaml(configs: Sequence[ResolvedConfig], errors: int) -> str:
    from pulumi_chaosreg.cli.yaml_text import yaml_text  # PyYAML's writer is slow to import

    return yaml_text(_plain(configs, errors))


def _env(configs: Sequence[ResolvedConfig], errors: int) -> str:
    if len(configs) != 1:
        raise ChaosregError.of(
            "CHR0118",
            f"`-o env` prints one infrastructure, but {len(configs)} match",
            help="name it by its path: " + ", ".join(config.infrastructure.path for config in configs[:8]),
        )
    said = said_of_errors("the stack files have", errors)
    warning = f"# {said}, so values may be missing or wrong\n" if errors else ""
    lines = (
        f"# {_variable(one.name)} is {one.value}\n"
        if one.is_unknown
        else f"{_variable(one.name)}={shlex.quote(one.value)}\n"
        for one in known_fields(configs[0])
    )
    return warning + "".join(lines)


def _variable(field: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in field).upper()


_FORMATS: Mapping[str, Callable[[Sequence[ResolvedConfig], int], str]] = {
    "text": _text,
    "json": _json,
    "yaml": _yaml,
    "env": _env,
}
