"""All scopes of one `stacks/` folder, linked to their parents: from files to one tree.

Finds what is wrong with the tree itself: missing parents, cycles, a second account, an id given twice, a lock
that is passed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import ChaosregError, Finding, Place
from pulumi_chaosreg.images.lockfile import FILE_NAME, read_lockfile
from pulumi_chaosreg.scopes.locks import check_locks
from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.scopes.settings import check_settings
from pulumi_chaosreg.scopes.stack_files import (
    CREDENTIALS,
    StackFile,
    read_stack_files,
    stacks_folder,
    with_engine_values,
)

_ID = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_SECTION_LEVELS = (Level.ACCOUNT, Level.ORGANIZATION, Level.PROJECT)


@dataclass(frozen=True, slots=True)
class Company:
    """The account, everything below it, and the lockfile."""

    folder: Path
    files: Mapping[str, StackFile] = field(default_factory=dict)
    scopes: tuple[Scope, ...] = ()
    """Account first, then by file and as written."""
    locked: Mapping[str, str] = field(default_factory=dict)

    def infrastructures(self) -> Iterator[Scope]:
        """Every infrastructure of the company."""
        return (scope for scope in self.scopes if scope.level is Level.INFRASTRUCTURE)

    def of_stack(self, stack: str) -> list[Scope]:
        """The scopes that this stack owns."""
        return [scope for scope in self.scopes if scope.stack == stack]

    def credential_stack(self, scope: Scope, name: str) -> str | None:
        """The stack nearest to the scope whose file holds `chaosreg-credentials:<name>`; None where none does."""
        for above in reversed(scope.chain()):
            file = self.files.get(above.stack)
            if file and name in file.credentials:
                return above.stack
        return None

    def credential_places(self, scope: Scope, name: str) -> list[str]:
        """Every place in which `credential_stack` looks for a value, nearest first, as a message says it."""
        stacks = dict.fromkeys(above.stack for above in reversed(scope.chain()) if above.stack)
        return [f"{CREDENTIALS}:{name} in {self.folder.name}/Pulumi.{stack}.yaml" for stack in stacks]


def load_company(
    project: Path, stack: str | None = None, engine_config: Mapping[str, str] | None = None
) -> tuple[Company, list[Finding]]:
    """Read all stack files of the project, and what is wrong with them.

    `engine_config` is what the engine gave the stack that is running: it counts like the stack's own file.
    """
    findings: list[Finding] = []
    folder = stacks_folder(project)
    files = read_stack_files(folder, findings)
    if stack is not None:
        own = files.get(stack) or StackFile(stack, folder / f"Pulumi.{stack}.yaml", {})
        own = with_engine_values(own, engine_config or {})
        if own.sections:
            files[stack] = own
    scopes = _Tree(files, findings).scopes()
    if not findings and not any(scope.level is Level.ACCOUNT for scope in scopes):
        findings.append(
            Finding(
                "CHR0204",
                f"no stack file in {folder} has `chaosreg:account`",
                help="every company has one account; add the section to the stack file at the top",
            )
        )
    findings += check_locks(scopes)
    try:
        locked = read_lockfile(folder / FILE_NAME)
    except ChaosregError as error:
        findings += error.findings
        locked = {}
    return Company(folder, files, tuple(scopes), locked), findings


class _Tree:
    """Links sections to scopes, each file once, parents first."""

    def __init__(self, files: Mapping[str, StackFile], findings: list[Finding]) -> None:
        self.files = files
        self.findings = findings
        self.by_stack: dict[str, list[Scope]] = {}
        self.underway: list[str] = []

    def scopes(self) -> list[Scope]:
        for stack in self.files:
            self._of(stack)
        every = [scope for stack in self.files for scope in self.by_stack.get(stack, [])]
        every.sort(key=lambda scope: scope.level.rank)
        self._check_unique(every)
        return every

    def _of(self, stack: str) -> list[Scope]:
        if stack not in self.by_stack:
            self.underway.append(stack)
            self.by_stack[stack] = self._link(self.files[stack])
            self.underway.pop()
        return self.by_stack[stack]

    def _link(self, file: StackFile) -> list[Scope]:
        scopes: list[Scope] = []
        levels = [level for level in _SECTION_LEVELS if level in file.sections]
        first = levels[0] if levels else Level.INFRASTRUCTURE
        parent = self._parent(file, first)
        if parent is None and first is not Level.ACCOUNT:
            return []
        for level in levels:
            place = file.place(level)
            section = file.sections[level]
            name = section.get("id") if isinstance(section, dict) else None
            if not isinstance(name, str):
                self._missing_id(level, place)
                name = "?"
            parent = self._scope(level, name, section, parent, place, file.stack)
            scopes.append(parent)
        scopes += self._infrastructures(file, parent)
        return scopes

    def _infrastructures(self, file: StackFile, parent: Scope | None) -> list[Scope]:
        sections = file.sections.get("infrastructures", {})
        if not isinstance(sections, dict):
            self.findings.append(
                Finding(
                    "CHR0106",
                    "`chaosreg:infrastructures` must be a mapping of id to settings",
                    file.place("infrastructures"),
                    help="write `prod-eu: {cluster: {context: prod-eu}}` below it",
                )
            )
            return []
        if isinstance(sections.get("files"), str):
            self._finding(
                "CHR0111",
                "`files:` is not read in this version: infrastructures stand in the stack file itself",
                file.place("infrastructures", "files"),
                "write the infrastructures below `chaosreg:infrastructures`",
            )
            return []
        scopes = []
        for name, section in sections.items():
            place = file.place("infrastructures", name)
            scopes.append(self._scope(Level.INFRASTRUCTURE, name, section, parent, place, file.stack))
        return scopes

    def _scope(self, level: Level, name: str, section: Any, parent: Scope | None, place: Place, stack: str) -> Scope:
        place = Place(f"{level} `{name}`", place.file, place.keys)
        if name != "?" and not _ID.match(name):
            self.findings.append(
                Finding("CHR0201", f"`{name}` is not an id", place, help="ids are made of a-z, 0-9 and `-`, up to 63")
            )
        settings, findings = check_settings({} if section is None else section, place)
        self.findings += findings
        return Scope(level, name, settings, parent, place, stack)

    def _missing_id(self, level: Level, place: Place) -> None:
        self.findings.append(Finding("CHR0202", f"the {level} has no `id`", place, help="add `id: <name>`"))

    def _parent(self, file: StackFile, first: Level) -> Scope | None:
        """The nearest level above `first` in the parent stack's file; None (with a finding) where there is none."""
        place = file.place("parent_stack")
        parent_stack = file.sections.get("parent_stack")
        if parent_stack is None:
            if first is not Level.ACCOUNT:
                self._finding(
                    "CHR0205",
                    f"the chain above stack `{file.stack}` does not end at an account",
                    file.place(first if first is not Level.INFRASTRUCTURE else "infrastructures"),
                    "add `chaosreg:parent_stack: <stack>`, the stack whose file holds the level above",
                )
            return None
        if first is Level.ACCOUNT:
            self._finding("CHR0206", "an account has no parent", place, "remove `chaosreg:parent_stack`")
            return None
        if not isinstance(parent_stack, str) or parent_stack not in self.files:
            known = ", ".join(name for name in self.files if name != file.stack)
            self._finding(
                "CHR0207",
                f"parent stack `{parent_stack}` has no stack file with our sections",
                place,
                f"stacks that have one: {known or 'none'}",
            )
            return None
        if parent_stack in self.underway:
            ring = [*self.underway[self.underway.index(parent_stack) :], parent_stack]
            self._finding(
                "CHR0208",
                f"parents go round in a ring: {' → '.join(ring)}",
                place,
                "let one of them name another parent",
            )
            return None
        candidates = [scope for scope in self._of(parent_stack) if scope.level.rank < first.rank]
        if not candidates:
            if self.by_stack[parent_stack]:  # otherwise that file has a finding of its own
                self._finding(
                    "CHR0209",
                    f"stack `{parent_stack}` holds no level above {first}",
                    place,
                    "name the stack whose file holds the level above",
                )
            return None
        return max(candidates, key=lambda scope: scope.level.rank)

    def _finding(self, code: str, message: str, place: Place, advice: str) -> None:
        self.findings.append(Finding(code, message, place, help=advice))

    def _check_unique(self, scopes: list[Scope]) -> None:
        seen: dict[tuple[int, str, str], Scope] = {}
        for scope in scopes:
            account = scope.level is Level.ACCOUNT
            key = (0 if account else id(scope.parent), scope.level, "" if account else scope.id)
            first = seen.setdefault(key, scope)
            if first is not scope:
                what = "a second account" if account else f"{scope.title} is there twice below the same parent"
                self.findings.append(
                    Finding(
                        "CHR0210",
                        what,
                        scope.place,
                        notes=(("first given at", str(first.place.file)),),
                        help="keep one, or give one of them another id" if not account else "keep one account",
                    )
                )
