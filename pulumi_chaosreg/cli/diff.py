"""Show what an edit changes for each infrastructure: a git revision or a folder against the working tree.

A revision is compared from where this branch left it, so that only the branch's own edits are shown. Infrastructures
with the same changes are shown together, the biggest effects first. The keys are those of the cluster's ConfigMap, as
in the preview of its stack, and what decides how it gets there. What only owners of registries do (`on_destroy`, the
mirror's logins) is in `chaosreg affected`.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from pulumi_chaosreg.cli.base import errors_of_base, project_at
from pulumi_chaosreg.cli.diff_groups import Difference, advices, caused, grouped, named, with_lines
from pulumi_chaosreg.cli.diff_markdown import as_markdown
from pulumi_chaosreg.cli.resolve import said_of_errors, warn_of_errors
from pulumi_chaosreg.cli.terminal import colored, shortened
from pulumi_chaosreg.review.difference import compare
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.settings.yaml_file import Lines
from pulumi_chaosreg.stacks.project_file import find_project

EXAMPLES = """\
examples:
  chaosreg diff                            what is not committed yet
  chaosreg diff origin/main                what this branch changes
  chaosreg diff origin/main -o markdown    as a comment of a pull request
  chaosreg diff ../other-checkout -o json
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("base", nargs="?", default="HEAD", metavar="BASE", help="default: HEAD")
    parser.add_argument("-o", "--output", choices=tuple(_FORMATS), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Print the changes; 1 if the stack files have errors, and what is printed may be incomplete."""
    project = find_project(Path(options.project).resolve())
    after = review(project)
    with project_at(project, options.base) as folder:
        before = review(folder)
        lines = Lines()
        changes = [with_lines(change, lines) for change in compare(before, after)]
    here = said_of_errors("the stack files have", len(after.errors))
    warnings = tuple(filter(None, (here, errors_of_base(before, options.base))))
    print(_FORMATS[options.output](Difference(options.base, grouped(changes), warnings)), end="")
    return warn_of_errors(after)


def _text(difference: Difference) -> str:
    lines = [colored(f"incomplete: {warning}", "yellow") for warning in difference.warnings]
    if not difference.groups:
        return "\n".join([*lines, f"nothing changes for any infrastructure since {difference.base}"]) + "\n"
    for group in difference.groups:
        lines.append(colored(group.title, "bold"))
        for change in group.changes:
            lines += [f"  {shortened(named(change))}", *(f"    {advice}" for advice in advices(change))]
        for field in group.fields if group.kind != "removed" else ():
            if group.kind == "added":
                lines.append(f"    {colored(field.field, 'cyan')} = {shortened(field.after or '')}")
                continue
            lines.append(f"  ~ {colored(field.field, 'cyan')}")
            if field.before is not None:
                lines.append(f"      {colored('- ' + shortened(field.before), 'red')}")
            if field.after is not None:
                lines.append(f"      {colored('+ ' + shortened(field.after), 'green')}")
            lines.append(f"      because {caused(field)}")
        lines.append("")
    return "\n".join(lines)


def _json(difference: Difference) -> str:
    plain = [
        {
            "infrastructure": change.path,
            "stack": change.stack,
            "kind": change.kind,
            **({"moved_from": change.moved_from} if change.moved_from else {}),
            **({"left_stack": change.left_stack} if change.left_stack else {}),
            "fields": [
                {"field": field.field, "before": field.before, "after": field.after, "cause": caused(field)}
                for field in change.fields
            ],
        }
        for change in sorted(difference.changes, key=lambda change: change.path)
    ]
    document = {"base": difference.base, "incomplete": list(difference.warnings), "changes": plain}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


_FORMATS: Mapping[str, Callable[[Difference], str]] = {"text": _text, "markdown": as_markdown, "json": _json}
