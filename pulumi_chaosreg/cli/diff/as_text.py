"""A difference for a terminal."""

from collections.abc import Iterator, Sequence

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
from pulumi_chaosreg.cli.terminal import colored, shortened
from pulumi_chaosreg.review.credential_changes import CredentialChange
from pulumi_chaosreg.review.difference import Change

_NAMES = 20


def as_text(shown: Shown) -> str:
    """The headline, what must not be missed, then what changes, the widest first."""
    lines = [colored(f"incomplete: {warning}", "yellow") for warning in shown.warnings]
    if shown.is_nothing:
        return "\n".join([*lines, f"nothing changes for any infrastructure since {shown.base}"]) + "\n"
    lines.append(colored(f"{headline(shown)} since {shown.base}", "bold"))
    waves = [listed(wave, _NAMES, shortened) for wave in shown.waves()]
    lines += [f"up: {', then '.join(waves)}"] if waves else []
    lines += [f"without a stack file now: {', '.join(map(shortened, shown.gone))}"] if shown.gone else []
    lines += [f"  {one.stack}: {shortened(listed(one.reasons, 3))}" for one in shown.untold()[:_NAMES]]
    for sign, text, where in marked(shown.comparison.marks):
        lines.append(colored(f"! {sign}: {shortened(text)} ({listed(where, 3, shortened)})", "yellow"))
    found = shown.comparison
    lines += _section("clusters", found.infrastructures, "infrastructure")
    lines += _section("registries: what is mirrored from where, and how it is trusted", found.registries, "registry")
    lines += _section("who may override", found.levels, "level")
    lines += _credentials(found.credentials)
    return "\n".join(lines) + "\n"


def _section(title: str, changes: Sequence[Change], word: str) -> Iterator[str]:
    if not changes:
        return
    yield ""
    yield colored(title, "bold")
    for kind in ("changed", "added", "removed"):
        names = [named(change) for change in changes if change.kind == kind]
        if names:
            yield f"  {counted(len(names), word)} {kind}: {listed(names, _NAMES, shortened)}"
    if same := [named(change) for change in changes if is_untold(change) and change.fields]:
        yield f"  only the credential changes, see below: {listed(same, _NAMES, shortened)}"
    for change in changes:
        yield from (f"    {shortened(advice)}" for advice in advices(change))
    everybody = {kind: [named(c) for c in changes if c.kind == kind] for kind in ("changed", "added")}
    for row in rows(changes):
        yield from _row(row, whom(row.where, everybody[row.kind], word, shortened))


def _row(row: Row, where: str) -> Iterator[str]:
    if row.kind == "added":
        yield f"  {colored(row.field, 'cyan')} = {shortened(row.after)}  {colored(f'({where})', 'dim')}"
        return
    yield f"  ~ {colored(row.field, 'cyan')}  {colored(f'({where})', 'dim')}"
    if row.before:
        yield f"      {colored('- ' + shortened(row.before), 'red')}"
    if row.after:
        yield f"      {colored('+ ' + shortened(row.after), 'green')}"
    yield f"      because {row.because}"


def _credentials(changes: Sequence[CredentialChange]) -> Iterator[str]:
    if changes:
        yield ""
        yield colored("who gets which credential", "bold")
    for change in changes:
        yield f"  {shortened(change.name)}  {f'stack {change.stack}' if change.stack else 'in no stack file'}"
        if change.gets:
            yield f"      {colored(f'+ {listed(change.gets, _NAMES, shortened)}', 'green')}"
        if change.loses:
            yield f"      {colored(f'- {listed(change.loses, _NAMES, shortened)}', 'red')}"
        if told := of_value(change):
            yield f"      {told}"
