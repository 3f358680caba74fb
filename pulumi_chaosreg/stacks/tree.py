"""Links sections to scopes: who is whose parent, and what is wrong with the tree itself.

Files are read as they are asked for, parents first, so that one stack can link its own chain only.
"""

from collections.abc import Iterable
from dataclasses import replace

from pulumi_chaosreg.errors import Cause, Finding, Place, Severity
from pulumi_chaosreg.scopes.linking import linked
from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.settings.checking import check_settings, type_name
from pulumi_chaosreg.settings.grammars import ID
from pulumi_chaosreg.settings.near_misses import did_you_mean
from pulumi_chaosreg.settings.yaml_file import Lines
from pulumi_chaosreg.stacks.sections import NAMESPACE
from pulumi_chaosreg.stacks.stack_files import StackFile, StackFolder, infrastructures_of

UNNAMED = "?"
"""Stands for an id that is missing or no text, which is told already."""
_SECTION_LEVELS = (Level.ACCOUNT, Level.ORGANIZATION, Level.PROJECT)


class Tree:
    """The scopes of the files that were linked so far."""

    def __init__(self, files: StackFolder, findings: list[Finding]) -> None:
        self.files = files
        self.findings = findings
        self._lines = Lines()
        self._by_stack: dict[str, list[Scope]] = {}

    def link(self, stack: str) -> list[Scope]:
        """The scopes of this stack's file, linked to those of its parents."""
        if stack not in self._by_stack:
            file = self.files.read(stack)
            self._by_stack[stack] = self._link(file) if file else []
        return self._by_stack[stack]

    def scopes(self) -> list[Scope]:
        """All that were linked: account first, then by stack and as written."""
        every = [scope for stack in sorted(self._by_stack) for scope in self._by_stack[stack]]
        return sorted(every, key=lambda scope: scope.level.rank)

    def _link(self, file: StackFile) -> list[Scope]:
        scopes: list[Scope] = []
        levels = [level for level in _SECTION_LEVELS if level in file.sections]
        if not levels and "infrastructures" not in file.sections:
            self.findings += self._no_level(file)
            return []
        if Level.ACCOUNT in levels and self._has_account_above(file):
            levels.remove(Level.ACCOUNT)
            self._second_account(file)
        if not levels and "infrastructures" not in file.sections:
            return []
        first = levels[0] if levels else Level.INFRASTRUCTURE
        parent = self._parent(file, first)
        if parent is None and first is not Level.ACCOUNT:
            self._check_alone(file, levels)
            return []
        for level in levels:
            place = file.place(level)
            section = file.sections[level]
            name = section.get("id") if isinstance(section, dict) else None
            if name is None:
                self._finding("CHR0202", f"the {level} has no `id`", place, "add `id: <name>`")
            name = name if isinstance(name, str) else UNNAMED
            parent = self._scope(level, name, section, parent, place, file.stack)
            scopes.append(parent)
        if "infrastructures" in file.sections:
            scopes += [
                self._scope(Level.INFRASTRUCTURE, name, section, parent, place, file.stack)
                for name, section, place in infrastructures_of(file, self.findings)
            ]
        return scopes

    def _no_level(self, file: StackFile) -> list[Finding]:
        """CHR0127, unless the file has a finding of its own. A section without our prefix is most likely the level."""
        if file.stack in self.files.spoilt or "parent_stack" in file.elsewhere:
            return []
        keys = self.files.meant_for_sections(file.stack)
        name = f"{NAMESPACE}:{keys[0].rpartition(':')[2]}" if keys else ""
        place = Place(file=file.path, keys=("config", keys[0])) if keys else file.place("parent_stack")
        advice = f"write `{name}`" if keys else "write the level that it holds, or remove `chaosreg:parent_stack`"
        what = f"stack `{file.stack}` has a parent but no level, so nothing is made for it"
        severity: Severity = "error" if keys else "warning"
        return [Finding("CHR0127", what, place, help=advice, severity=severity, hides_value=True)]

    def _has_account_above(self, file: StackFile) -> bool:
        """Whether its parent's chain ends at an account without the file's own, which is one too many then."""
        seen, parent = [file.stack], file.sections.get("parent_stack")
        while isinstance(parent, str) and parent not in seen and (above := self.files.read(parent)):
            if Level.ACCOUNT in above.sections:
                return True
            seen.append(parent)
            parent = above.sections.get("parent_stack")
        return False

    def _second_account(self, file: StackFile) -> None:
        place, section = file.place(Level.ACCOUNT), file.sections[Level.ACCOUNT]
        self.findings += check_settings({} if section is None else section, place).findings
        self.findings.append(
            Finding(
                "CHR0206",
                f"an account has no parent, but this file names `{file.sections['parent_stack']}`",
                place,
                help="remove `chaosreg:account`; or `chaosreg:parent_stack`, where this is to be the only account",
                cause=Cause.UNREADABLE,  # which of the two counts is not known
            )
        )

    def _check_alone(self, file: StackFile, levels: list[Level]) -> None:
        """What is wrong inside the sections of a file whose parent is wrong: told in the same run."""
        sections = [(str(level), file.sections[level], file.place(level)) for level in levels]
        if "infrastructures" in file.sections:
            sections += infrastructures_of(file, self.findings)
        for name, section, place in sections:
            titled = Place(name, place.file, place.keys)
            self.findings += check_settings({} if section is None else section, titled).findings

    def _scope(self, level: Level, name: str, section: object, parent: Scope | None, place: Place, stack: str) -> Scope:
        place = Place(f"{level} `{name}`", place.file, place.keys)
        self.findings += check_id(name, place)
        settings, findings, left_out = check_settings({} if section is None else section, place)
        self.findings += findings
        if level is Level.INFRASTRUCTURE and "id" in settings:
            id_place = replace(place, keys=(*place.keys, "id"))
            message = "unknown key `id`: the id of an infrastructure is the key above it"
            advice = "remove it; Harness's own identifier is `harness_id`"
            self._finding("CHR0104", message, id_place, advice, hides_value=True)
        scope, findings = linked(Scope(level, name, settings, parent, place, stack, left_out), self._lines)
        self.findings += findings
        return scope

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
        if not isinstance(parent_stack, str):
            what = f"`chaosreg:parent_stack` must be the name of a stack, but is {type_name(parent_stack)}"
            self._finding("CHR0106", what, place, 'write it in quotes where it looks like a number: `"1"`')
            return None
        parent_file = self.files.read(parent_stack)
        if parent_file is None and parent_stack in self.files.spoilt:
            return None  # that file has a finding of its own
        if parent_file is None and (found := self.files.without_sections(parent_stack)):
            self.findings.append(found)
            return None
        if parent_file is None:
            known = [name for name in self.files.paths if name != file.stack]
            advice = f"{did_you_mean(parent_stack, known)}stack files: {', '.join(known) or 'none'}"
            message = f"parent stack `{parent_stack}` has no stack file"
            self._finding("CHR0207", message, place, advice, hides_value=True)
            return None
        above = [level for level in _SECTION_LEVELS if level in parent_file.sections and level.rank < first.rank]
        candidates = [s for s in self.link(parent_stack) if s.level.rank < first.rank] if above else []
        if parent_file.environments:
            self._outside(parent_file)
        if not above and parent_stack not in self.files.spoilt:  # otherwise that file has a finding of its own
            ring = self._ring(file)
            code = "CHR0208" if ring else "CHR0209"
            message = f"parents form a cycle: {' → '.join(ring)}"
            message = message if ring else f"stack `{parent_stack}` holds no level above {first}"
            self._finding(code, message, place, "name the stack whose file holds the level above")
        if not candidates:
            return None
        return max(candidates, key=lambda scope: scope.level.rank)

    def _ring(self, file: StackFile) -> list[str]:
        """The stacks that parents lead through until they are back at this file; empty where they do not come back."""
        names, current = [file.stack], file
        while True:
            parent = current.sections.get("parent_stack")
            if parent == file.stack:
                return [*names, parent]
            following = self.files.read(parent) if isinstance(parent, str) and parent not in names else None
            if following is None:
                return []
            names.append(following.stack)
            current = following

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

    def _finding(self, code: str, message: str, place: Place, advice: str, *, hides_value: bool = False) -> None:
        self.findings.append(Finding(code, message, place, help=advice, hides_value=hides_value))


def check_id(name: str, place: Place) -> list[Finding]:
    """CHR0201 where this is not an id."""
    if name == UNNAMED or ID.match(name):
        return []
    return [Finding("CHR0201", f"`{name}` is not an id", place, help="ids are made of a-z, 0-9 and `-`, up to 63")]


def check_unique(scopes: Iterable[Scope]) -> list[Finding]:
    """One account, and every id once below its parent (CHR0210): a lock cannot be walked around."""
    findings: list[Finding] = []
    lines = Lines()
    seen: dict[tuple[object, ...], Scope] = {}
    for scope in scopes:
        account = scope.level is Level.ACCOUNT
        if scope.id == UNNAMED and not account:
            continue
        key = (Level.ACCOUNT,) if account else (scope.parent, scope.level, scope.id)
        first = seen.setdefault(key, scope)
        if first is not scope:
            what = "a second account" if account else f"{scope.title} is defined twice below the same parent"
            notes = (("first given at", str(lines.located(first.place))),)
            findings.append(Finding("CHR0210", what, scope.place, notes=notes, help=_keep_one(scope, first)))
    return findings


def _keep_one(scope: Scope, first: Scope) -> str:
    if scope.level is not Level.INFRASTRUCTURE and scope.stack != first.stack:  # written again to stand below it
        instead = f"remove it here, and write `chaosreg:parent_stack: {first.stack}`"
        return instead if scope.level is Level.ACCOUNT else f"{instead}; or give it another id"
    return "keep one account" if scope.level is Level.ACCOUNT else "keep one, or give one of them another id"
