"""A difference as the comment of a pull request: short enough for one, and with nothing in it that acts.

Everything that comes from a file is put into code spans, where neither Markdown, nor HTML, nor mentions count.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from pulumi_chaosreg.cli.diff.rows import (
    Row,
    Shown,
    advices,
    counted,
    headline,
    is_untold,
    listed,
    marked,
    named,
    of_value,
    rows,
    whom,
)
from pulumi_chaosreg.cli.terminal import shortened
from pulumi_chaosreg.review.credential_changes import CredentialChange
from pulumi_chaosreg.review.difference import Change

COMMENT_LIMIT = 60_000
"""Characters of a pull request's comment; code hosts cut at 64,000 or so."""
_NAMES = 10
"""How many names stand in a line."""
_MARKS = 20
"""How many marks of one kind are told one by one."""


def as_markdown(shown: Shown) -> str:
    """A comment of at most COMMENT_LIMIT characters: what does not fit is counted."""
    base = code(shown.base)
    text = "".join(f"> ⚠️ This is incomplete: {code(warning)}\n\n" for warning in shown.warnings)
    if shown.is_nothing:
        return f"{text}**chaosreg**: nothing changes for any infrastructure since {base}.\n"
    lines = [f"**chaosreg**: {headline(shown)} since {base}.\n", *_order(shown), *_marks(shown), *_sections(shown)]
    ending = f"\n… and {{}} more lines: {code(f'chaosreg diff {shown.base}')} shows them.\n"
    for number, line in enumerate(lines):
        if len(text) + len(line) > COMMENT_LIMIT - len(ending) - 10:
            return text + ending.format(len(lines) - number)
        text += line
    return text


def code(text: str) -> str:
    """The text as a code span, whatever is in it; also inside a table."""
    text = shortened(text)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|") if text else "—"


def _plain(text: str) -> str:
    """A sentence of ours as one code span: its own backticks would end it."""
    return code(text.replace("`", ""))


def _order(shown: Shown) -> Iterator[str]:
    waves = [listed(wave, _NAMES, code) for wave in shown.waves()]
    if waves:
        yield f"`up` in this order: {', then '.join(waves)}.\n"
    for one in shown.untold()[:_NAMES]:
        yield f"\n- {code(one.stack)}: {_plain(listed(one.reasons, 3))}\n"
    if shown.gone:
        yield f"Without a stack file now: {listed(shown.gone, _NAMES, code)}.\n"


def _marks(shown: Shown) -> Iterator[str]:
    by_sign: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for sign, text, where in marked(shown.comparison.marks):
        by_sign.setdefault(sign, []).append((text, where))
    if by_sign:
        yield "\n"
    for sign, told in by_sign.items():
        for text, where in told[:_MARKS]:
            yield f"- ⚠️ **{sign}**: {_plain(text)} ({listed(where, 3, code)})\n"
        if len(told) > _MARKS:
            rest = sorted({path for _, where in told[_MARKS:] for path in where})
            yield f"- ⚠️ **{sign}**: {len(told) - _MARKS} more ({listed(rest, 3, code)})\n"


def _sections(shown: Shown) -> Iterator[str]:
    found = shown.comparison
    yield from _section("Clusters", found.infrastructures, "infrastructure")
    yield from _section("Registries: what is mirrored from where, and how it is trusted", found.registries, "registry")
    yield from _section("Who may override", found.levels, "level")
    yield from _credentials(found.credentials)


def _section(title: str, changes: Sequence[Change], word: str) -> Iterator[str]:
    if not changes:
        return
    yield f"\n#### {title}\n"
    for change in changes:
        for advice in advices(change):
            yield f"\n- {code(advice)}"
    if any(advices(change) for change in changes):
        yield "\n"
    removed = [named(change) for change in changes if change.kind == "removed"]
    if removed:
        yield f"\nGone: {listed(removed, _NAMES, code)}\n"
    untold = [change for change in changes if is_untold(change)]
    if same := [named(change) for change in untold if change.fields]:
        yield f"\nOnly the credential changes (see below): {listed(same, _NAMES, code)}\n"
    if moved := [named(change) for change in untold if not change.fields]:
        yield f"\nOnly the name or stack changes: {listed(moved, _NAMES, code)}\n"
    every = rows(changes)
    changed = [row for row in every if row.kind == "changed"]
    added = [row for row in every if row.kind == "added" and not row.field.startswith("origin.")]
    everybody = {kind: [named(c) for c in changes if c.kind == kind] for kind in ("changed", "added")}
    if changed:
        yield f"\n| field | before | after | because | {word} |\n|---|---|---|---|---|\n"
        yield from (_changed(row, whom(row.where, everybody["changed"], word, code)) for row in changed)
    if added:
        yield f"\nNew: {listed(everybody['added'], _NAMES, code)}\n\n| field | value | {word} |\n|---|---|---|\n"
        for row in added:
            yield f"| {code(row.field)} | {code(row.after)} | {whom(row.where, everybody['added'], word, code)} |\n"


def _changed(row: Row, where: str) -> str:
    return f"| {code(row.field)} | {code(row.before)} | {code(row.after)} | {_plain(row.because)} | {where} |\n"


def _credentials(changes: Iterable[CredentialChange]) -> Iterator[str]:
    for number, change in enumerate(changes):
        if number == 0:
            yield "\n#### Who gets which credential\n\n"
        stack = f" (stack {code(change.stack)})" if change.stack else " (in no stack file)"
        parts = [f"{counted(len(who), 'user')} {word}: {listed(who, 3, code)}" for word, who in _sides(change) if who]
        parts += [told] if (told := of_value(change)) else []
        yield f"- {code(change.name)}{stack}: {'; '.join(parts)}\n"


def _sides(change: CredentialChange) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("more", change.gets), ("less", change.loses)
