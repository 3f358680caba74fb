"""Links sections to scopes: who is whose parent, and what is wrong with the tree itself.

Files are read as they are asked for, parents first, so that one stack can link its own chain only.
"""

from collections.abc import Iterable
from dataclasses import replace

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.scopes.checking import check_settings
from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.scopes.settings import ID
from pulumi_chaosreg.scopes.stack_files import StackFile, StackFolder, infrastructures_of

_SECTION_LEVELS = (Level.ACCOUNT, Level.ORGANIZATION, Level.PROJECT)


class Tree:
    """The scopes of the files that were linked so far."""

    def __init__(self, files: StackFolder, findings: list[Finding]) -> None:
        self.files = files
        self.findings = findings
        self._by_stack: dict[str, list[Scope]] = {}
        self._underway: list[str] = []

    def link(self, stack: str) -> list[Scope]:
        """The scopes of this stack's file, linked to those of its parents."""
        if stack not in self._by_stack:
            file = self.files.read(stack)
            self._underway.append(stack)
            self._by_stack[stack] = self._link(file) if file else []
            self._underway.pop()
        return self._by_stack[stack]

    def scopes(self) -> list[Scope]:
        """All that were linked: account first, then by stack and as written."""
        every = [scope for stack in sorted(self._by_stack) for scope in self._by_stack[stack]]
        return sorted(every, key=lambda scope: scope.level.rank)

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
                self._finding("CHR0202", f"the {level} has no `id`", place, "add `id: <name>`")
                name = "?"
            parent = self._scope(level, name, section, parent, place, file.stack)
            scopes.append(parent)
        if "infrastructures" in file.sections:
            scopes += [
                self._scope(Level.INFRASTRUCTURE, name, section, parent, place, file.stack)
                for name, section, place in infrastructures_of(file, self.findings)
            ]
        return scopes

    def _scope(self, level: Level, name: str, section: object, parent: Scope | None, place: Place, stack: str) -> Scope:
        place = Place(f"{level} `{name}`", place.file, place.keys)
        if name != "?" and not ID.match(name):
            self._finding("CHR0201", f"`{name}` is not an id", place, "ids are made of a-z, 0-9 and `-`, up to 63")
        settings, findings = check_settings({} if section is None else section, place)
        self.findings += findings
        if level is Level.INFRASTRUCTURE and "id" in settings:
            id_place = replace(place, keys=(*place.keys, "id"))
            message = "`id` is not a key here: the id of an infrastructure is the key that it stands under"
            self._finding("CHR0104", message, id_place, "remove it; Harness's own identifier is `harness_id`")
        return Scope(level, name, settings, parent, place, stack)

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
        parent_file = self.files.read(parent_stack) if isinstance(parent_stack, str) else None
        if parent_file is None:
            known = ", ".join(name for name in self.files.all() if name != file.stack)
            self._finding(
                "CHR0207",
                f"parent stack `{parent_stack}` has no stack file with our sections",
                place,
                f"stacks that have one: {known or 'none'}",
            )
            return None
        if parent_stack in self._underway:
            ring = [*self._underway[self._underway.index(parent_stack) :], parent_stack]
            self._finding(
                "CHR0208",
                f"parents go round in a ring: {' → '.join(ring)}",
                place,
                "let one of them name another parent",
            )
            return None
        candidates = [scope for scope in self.link(parent_stack) if scope.level.rank < first.rank]
        if parent_file.has_environment:
            self._outside(parent_file)
        if not candidates:
            if self._by_stack[parent_stack]:  # otherwise that file has a finding of its own
                self._finding(
                    "CHR0209",
                    f"stack `{parent_stack}` holds no level above {first}",
                    place,
                    "name the stack whose file holds the level above",
                )
            return None
        return max(candidates, key=lambda scope: scope.level.rank)

    def _outside(self, file: StackFile) -> None:
        """An ESC environment may set sections that stacks below cannot see; its own `up` refuses if it does."""
        finding = Finding(
            "CHR0114",
            f"an ESC environment may set sections of stack `{file.stack}`, and stacks below read its file only",
            Place(file=file.path, keys=("environment",)),
            help="keep `chaosreg:` sections in the file; credentials may come from the environment",
            severity="warning",
        )
        if finding not in self.findings:
            self.findings.append(finding)

    def _finding(self, code: str, message: str, place: Place, advice: str) -> None:
        self.findings.append(Finding(code, message, place, help=advice))


def check_unique(scopes: Iterable[Scope]) -> list[Finding]:
    """One account, and every id once below its parent (CHR0210): a lock cannot be walked around."""
    findings: list[Finding] = []
    seen: dict[tuple[object, ...], Scope] = {}
    for scope in scopes:
        account = scope.level is Level.ACCOUNT
        key = (Level.ACCOUNT,) if account else (scope.parent, scope.level, scope.id)
        first = seen.setdefault(key, scope)
        if first is not scope:
            what = "a second account" if account else f"{scope.title} is there twice below the same parent"
            findings.append(
                Finding(
                    "CHR0210",
                    what,
                    scope.place,
                    notes=(("first given at", str(first.place.file)),),
                    help="keep one account" if account else "keep one, or give one of them another id",
                )
            )
    return findings
