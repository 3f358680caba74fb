"""A difference as the comment of a pull request: short enough for one, and with nothing in it that acts.

Everything that comes from a file is put into code spans, where neither Markdown, nor HTML, nor mentions count.
"""

import re
from collections.abc import Iterator

from pulumi_chaosreg.cli.diff_groups import Difference, Group, advices, caused, named
from pulumi_chaosreg.cli.terminal import shortened
from pulumi_chaosreg.review.difference import FieldChange

COMMENT_LIMIT = 60_000
"""Characters of a pull request's comment; code hosts cut at 64,000 or so."""
_NAMES = 200
"""How many infrastructures of a group are named."""


def as_markdown(difference: Difference) -> str:
    """A comment of at most COMMENT_LIMIT characters: what does not fit is counted."""
    base = code(difference.base)
    text = "".join(f"> ⚠️ This is incomplete: {code(warning)}\n\n" for warning in difference.warnings)
    if not difference.groups:
        return f"{text}**chaosreg**: nothing changes for any infrastructure since {base}.\n"
    text += f"**chaosreg**: {_summary(difference)} since {base}.\n"
    for number, group in enumerate(difference.groups):
        rest = sum(len(later.changes) for later in difference.groups[number:])
        ending = f"\n… and {rest} more infrastructures: {code(f'chaosreg diff {difference.base}')} shows them.\n"
        room = COMMENT_LIMIT - len(text) - len(ending)
        block = _block(group, room)
        if len(block) > room:
            return text + ending
        text += block
    return text


def code(text: str) -> str:
    """The text as a code span, whatever is in it; also inside a table."""
    text = shortened(text)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|") if text else "—"


def _summary(difference: Difference) -> str:
    kinds = [change.kind for change in difference.changes]
    said = [f"{kinds.count(kind)} {kind}" for kind in ("changed", "added", "removed") if kind in kinds]
    return f"{len(kinds)} infrastructure{'' if len(kinds) == 1 else 's'} ({', '.join(said)})"


def _block(group: Group, room: int) -> str:
    shown, names = 0, ""
    for change in group.changes[:_NAMES]:
        name = f"{', ' if names else ''}{code(named(change))}"
        if len(names) + len(name) > room // 2:
            break
        names, shown = names + name, shown + 1
    more = len(group.changes) - shown
    block = f"\n#### {group.title}\n\n{names}{f' and {more} more' if more else ''}\n"
    block += "".join(f"\n- {code(advice)}" for change in group.changes[:_NAMES] for advice in advices(change))
    rows = list(_rows(group))
    for number, row in enumerate(rows):
        if len(block) + len(row) > room - 100:
            return f"{block}\n… and {len(rows) - number} more fields\n"
        block += row
    return block


def _rows(group: Group) -> Iterator[str]:
    if group.kind == "removed" or not group.fields:
        return
    if group.kind == "added":
        yield "\n| field | value |\n|---|---|\n"
        for field in filter(_is_first_of_all, group.fields):
            yield f"| {code(field.field)} | {code(field.after or '')} |\n"
        return
    yield "\n| field | before | after | because |\n|---|---|---|---|\n"
    for field in group.fields:
        before, after = code(field.before or ""), code(field.after or "")
        yield f"| {code(field.field)} | {before} | {after} | {code(caused(field).replace('`', ''))} |\n"


def _is_first_of_all(field: FieldChange) -> bool:
    """What a reviewer of a new infrastructure asks first; the rest is in `chaosreg resolve`."""
    return not field.field.startswith("origin.")
