"""Show what an edit changes for each infrastructure: a git revision or a folder against the working tree.

Infrastructures with the same changes are shown together, the biggest effects first. The keys are those of the
cluster's ConfigMap, as in the preview of its stack, and what decides how it gets there.
"""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pulumi_chaosreg.cli.base import project_at
from pulumi_chaosreg.cli.resolve import warn_of_errors
from pulumi_chaosreg.cli.terminal import colored, shortened
from pulumi_chaosreg.scopes.difference import Change, FieldChange, compare
from pulumi_chaosreg.scopes.review import review
from pulumi_chaosreg.scopes.stack_files import find_project
from pulumi_chaosreg.scopes.yaml_file import Lines

EXAMPLES = """\
examples:
  chaosreg diff                            what is not committed yet
  chaosreg diff origin/main                what this branch changes
  chaosreg diff origin/main -o markdown    as a comment of a pull request
  chaosreg diff ../other-checkout -o json
"""
COMMENT_LIMIT = 60_000
"""Characters of a pull request's comment; code hosts cut at 64,000 or so."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("base", nargs="?", default="HEAD", metavar="BASE", help="default: HEAD")
    parser.add_argument("-o", "--output", choices=tuple(_FORMATS), default="text", help="default: text")


def run(options: argparse.Namespace) -> int:
    """Print the changes; 1 if the stack files have errors, and what is printed may be incomplete."""
    project = find_project(Path(options.project).resolve())
    after = review(project)
    with project_at(project, options.base) as before:
        changes = compare(review(before), after)
    lines = Lines()
    print(_FORMATS[options.output]([_with_lines(change, lines) for change in changes], options.base), end="")
    return warn_of_errors(after)


@dataclass(frozen=True, slots=True)
class _Group:
    """Infrastructures to which the same happens."""

    kind: str
    fields: tuple[FieldChange, ...]
    changes: tuple[Change, ...]

    @property
    def weight(self) -> int:
        return len(self.changes) * max(1, len(self.fields))

    @property
    def title(self) -> str:
        count = len(self.changes)
        noun = "infrastructure" if count == 1 else "infrastructures"
        return f"{count} {noun} {self.kind}"


def _groups(changes: Sequence[Change]) -> list[_Group]:
    """The biggest effect first."""
    together: dict[tuple[str, tuple[FieldChange, ...]], list[Change]] = {}
    for change in changes:
        alone = change.path if change.kind != "changed" else ""  # what is new or gone has its own values
        together.setdefault((change.kind + alone, change.fields), []).append(change)
    groups = [_Group(of_one[0].kind, of_one[0].fields, tuple(of_one)) for of_one in together.values()]
    return sorted(groups, key=lambda group: (-group.weight, group.changes[0].path))


def _text(changes: Sequence[Change], base: str) -> str:
    if not changes:
        return f"nothing changes for any infrastructure since {base}\n"
    lines: list[str] = []
    for group in _groups(changes):
        lines.append(colored(group.title, "bold"))
        lines += [f"  {_name(change)}" for change in group.changes]
        for field in group.fields if group.kind == "changed" else ():
            lines.append(f"  ~ {colored(field.field, 'cyan')}")
            if field.before is not None:
                lines.append(f"      {colored('- ' + shortened(field.before), 'red')}")
            if field.after is not None:
                lines.append(f"      {colored('+ ' + shortened(field.after), 'green')}")
            lines.append(f"      because {_cause(field)}")
        lines.append("")
    return "\n".join(lines)


def _markdown(changes: Sequence[Change], base: str) -> str:
    """A comment of at most COMMENT_LIMIT characters: what does not fit is counted."""
    if not changes:
        return f"**chaosreg**: nothing changes for any infrastructure since `{base}`.\n"
    groups = _groups(changes)
    text = f"**chaosreg**: {_summary(changes)} since `{base}`.\n"
    for number, group in enumerate(groups):
        rest = sum(len(later.changes) for later in groups[number:])
        ending = f"\n… and {rest} more infrastructures: `chaosreg diff {base}` shows them.\n"
        room = COMMENT_LIMIT - len(text) - len(ending)
        block = _block(group, room)
        if len(block) > room:
            return text + ending
        text += block
    return text


def _summary(changes: Sequence[Change]) -> str:
    counts = {kind: sum(change.kind == kind for change in changes) for kind in ("changed", "added", "removed")}
    said = [f"{count} {kind}" for kind, count in counts.items() if count]
    return f"{len(changes)} infrastructure{'' if len(changes) == 1 else 's'} ({', '.join(said)})"


def _block(group: _Group, room: int) -> str:
    shown, names = 0, ""
    for change in group.changes[:200]:
        name = f"{', ' if names else ''}`{_name(change)}`"
        if len(names) + len(name) > room // 2:
            break
        names, shown = names + name, shown + 1
    more = len(group.changes) - shown
    names += f" and {more} more" if more else ""
    block = f"\n#### {group.title}\n\n{names}\n"
    if group.kind != "changed" or not group.fields:
        return block
    block += "\n| field | before | after | because |\n|---|---|---|---|\n"
    for number, field in enumerate(group.fields):
        row = f"| `{field.field}` | {_cell(field.before)} | {_cell(field.after)} | {_escaped(_cause(field))} |\n"
        if len(block) + len(row) > room - 100:
            return f"{block}\n… and {len(group.fields) - number} more fields\n"
        block += row
    return block


def _json(changes: Sequence[Change], base: str) -> str:
    plain = [
        {
            "infrastructure": change.path,
            "stack": change.stack,
            "kind": change.kind,
            **({"moved_from": change.moved_from} if change.moved_from else {}),
            "fields": [
                {"field": field.field, "before": field.before, "after": field.after, "cause": _cause(field)}
                for field in change.fields
            ],
        }
        for change in changes
    ]
    return json.dumps({"base": base, "changes": plain}, indent=2, ensure_ascii=False) + "\n"


_FORMATS: Mapping[str, Callable[[Sequence[Change], str], str]] = {"text": _text, "markdown": _markdown, "json": _json}


def _with_lines(change: Change, lines: Lines) -> Change:
    fields = (
        replace(
            field, cause=replace(field.cause, place=lines.located(field.cause.place) if field.cause.place else None)
        )
        for field in change.fields
    )
    return replace(change, fields=tuple(fields))


def _name(change: Change) -> str:
    return f"{change.moved_from} → {change.path}" if change.moved_from else change.path


def _cause(field: FieldChange) -> str:
    place = field.cause.place
    where = f" ({replace(place, scope='')!s})" if place and place.file else ""
    return shortened(field.cause.text) + where


def _cell(value: str | None) -> str:
    return f"`{_escaped(shortened(value))}`" if value else "—"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
