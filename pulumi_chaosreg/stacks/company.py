"""A company: the account, everything below it, the catalogue and the lockfile, as far as a run needs them.

An owner's stack and `validate` read all stack files. An infrastructure's stack parses its own chain; the other files
are searched as text for a second account or a second scope of the same id, so that a lock cannot be walked around.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pulumi_chaosreg.errors import Cause, ChaosregError, Finding
from pulumi_chaosreg.images.catalogue import Catalogue, load_catalogue
from pulumi_chaosreg.images.lockfile import FILE_NAME, read_lockfile
from pulumi_chaosreg.scopes.delivery import Delivery
from pulumi_chaosreg.scopes.locks import check_exceptions
from pulumi_chaosreg.scopes.model import Level, Scope
from pulumi_chaosreg.scopes.moves import check_moves
from pulumi_chaosreg.settings.table import HARNESS, IMAGE_REGISTRY, SECTION
from pulumi_chaosreg.stacks.catalogue_additions import add_to_catalogue
from pulumi_chaosreg.stacks.sections import CREDENTIALS, NAMESPACE
from pulumi_chaosreg.stacks.stack_files import StackFile, StackFolder
from pulumi_chaosreg.stacks.tree import Tree, check_unique


@dataclass(frozen=True, slots=True)
class Company:
    """The account and what is below it."""

    folder: Path
    files: Mapping[str, StackFile] = field(default_factory=dict)
    scopes: tuple[Scope, ...] = ()
    """Account first, then by file and as written."""
    locked: Mapping[str, str] = field(default_factory=dict)
    """The lockfile: source → digest."""
    lockfile: Literal["missing", "read", "damaged"] = "missing"
    catalogue: Catalogue = field(default_factory=load_catalogue)
    """With the project's own additions."""
    unread: frozenset[str] = frozenset()
    """The stacks whose file cannot be read, and is not in `files`."""
    whole: bool = True
    """Whether all stack files were read, and not only one stack's chain."""

    def infrastructures(self) -> Iterator[Scope]:
        """Every infrastructure that was read."""
        return (scope for scope in self.scopes if scope.level is Level.INFRASTRUCTURE)

    def of_stack(self, stack: str) -> list[Scope]:
        """The scopes that this stack owns."""
        return [scope for scope in self.scopes if scope.stack == stack]

    def credential_stack(self, scope: Scope, name: str) -> str | None:
        """The stack nearest to the scope whose file holds `chaosreg-credentials:<name>`, or else the nearest that has
        an ESC environment, which may; None where none does.
        """
        return holder(scope, self.files, lambda stack: stack in self.files and name in self.files[stack].credentials)

    def holder_of(self, scope: Scope, delivery: Delivery) -> str | None:
        """The stack that has the value of a delivery's credential: the one that makes it, or whose file holds it."""
        return delivery.made.owner.stack if delivery.made else self.credential_stack(scope, delivery.credential)

    def has_credential(self, scope: Scope, name: str) -> bool:
        """Whether a stack file of the scope's chain, or Pulumi.yaml, holds `chaosreg-credentials:<name>`: by plain
        settings only, so that everybody who looks sees the same.
        """
        files = (self.files.get(above.stack) for above in scope.chain())
        return any(file is not None and name in file.credentials for file in files)

    def credential_places(self, scope: Scope, name: str) -> list[str]:
        """Every place in which `credential_stack` looks for a value, nearest first, as a message says it."""
        stacks = dict.fromkeys(above.stack for above in reversed(scope.chain()) if above.stack)
        return [f"{CREDENTIALS}:{name} in {self.folder.name}/Pulumi.{stack}.yaml" for stack in stacks]


def holder(scope: Scope, files: Mapping[str, StackFile], holds: Callable[[str], bool]) -> str | None:
    """The stack nearest to the scope that holds a credential, or else the nearest above it that has an ESC environment,
    which may; None where none does.
    """
    stacks = list(dict.fromkeys(above.stack for above in reversed(scope.chain())))
    may = (stack for stack in stacks[1:] if stack in files and files[stack].environments)
    return next(filter(holds, stacks), None) or next(may, None)


def load_company(
    project: Path, stack: str | None = None, engine_config: Mapping[str, str] | None = None
) -> tuple[Company, list[Finding]]:
    """Read the stack files that are needed, and what is wrong with them.

    Without `stack` all of them. `engine_config` is what the engine gave the stack that is running: it counts like
    the stack's own file.
    """
    findings: list[Finding] = []
    files = StackFolder(project, findings)
    if stack is not None:
        files.add_engine_values(stack, engine_config or {})
    tree = Tree(files, findings)
    whole = stack is None or _needs_all(files, tree, stack)
    if whole:
        for name in files.all():
            tree.link(name)
        scopes = tree.scopes()
        findings += check_unique(scopes)
    else:
        assert stack is not None
        scopes = tree.scopes()
        findings += _look_around(files, tree, stack)
    if not findings and not any(scope.level is Level.ACCOUNT for scope in scopes):
        findings.append(
            Finding(
                "CHR0204",
                f"no stack file in {files.folder} has `chaosreg:account`",
                help="every company has one account; add the section to the stack file at the top",
                cause=Cause.NO_ACCOUNT,
            )
        )
    findings += check_exceptions(scopes) if whole else []
    findings += check_moves(scopes)
    if stack is not None:
        findings += _seen_by_the_engine_only(files, scopes, stack)
    locked, lockfile = _lockfile(files.folder, findings)
    catalogue = add_to_catalogue(load_catalogue(), files.folder, findings)
    known = files.known()
    unread = frozenset(files.spoilt) - known.keys()
    return Company(files.folder, known, tuple(scopes), locked, lockfile, catalogue, unread, whole), findings


def _needs_all(files: StackFolder, tree: Tree, stack: str) -> bool:
    """Whether what this stack makes depends on stacks below: it owns a registry, hands credentials down, or
    publishes in Harness what they take from there.
    """
    file = files.read(stack)
    if file is None or files.gives_all_stacks_a_section:
        return True
    every = tree.link(stack)
    above = [scope for scope in every if scope.level is not Level.INFRASTRUCTURE]
    if any(scope.get(HARNESS.publish) for scope in above):  # who takes it from there must fit
        return True
    return any(scope.get(IMAGE_REGISTRY.server) or scope.get(SECTION.registries) for scope in every) or bool(
        above and (file.credentials or file.from_engine or file.environments)
    )


def _look_around(files: StackFolder, tree: Tree, stack: str) -> list[Finding]:
    """What the files that nobody linked add to the tree twice (CHR0210). Only suspicious ones are parsed."""
    read, suspicion = files.known(), _Suspicion(tree.scopes(), stack, files.project_name)
    aside: list[Finding] = []  # other mistakes in those files are for their own stacks, and for `validate`
    files.findings = tree.findings = aside
    for name, path in files.paths.items():
        if name not in read and path.exists() and suspicion.falls_on(path):
            tree.link(name)
    unreadable = [finding for finding in aside if finding.cause is Cause.UNREADABLE]
    return [*check_unique(tree.scopes()), *unreadable]


class _Suspicion:
    """Tells by its text whether a file may have a second account, or a double of a scope of the stack's chain."""

    _ESCAPED = re.compile(rb"\\[xuU]|\x00")
    """Text that may spell a key otherwise than by its letters."""

    def __init__(self, scopes: Iterable[Scope], stack: str, project: str) -> None:
        self._has_bare_keys = project == NAMESPACE  # the engine puts the project's name before keys without one
        self._named: list[tuple[bytes, bytes]] = []
        self._ids_by_parent: dict[bytes, list[bytes]] = {}
        for scope in scopes:
            if scope.level is not Level.INFRASTRUCTURE:
                self._named.append((scope.level.encode(), scope.id.encode()))
            elif scope.stack == stack and scope.parent:
                self._ids_by_parent.setdefault(scope.parent.stack.encode(), [b"files"]).append(scope.id.encode())

    def falls_on(self, path: Path) -> bool:
        """False only where the file cannot have such a thing."""
        try:
            text = path.read_bytes()
        except OSError:  # reading it as YAML says what is wrong
            return True
        if self._has(b"account", text) or self._ESCAPED.search(text):
            return True
        if any(name in text and self._has(section, text) for section, name in self._named):
            return True
        if not self._has(b"infrastructures", text):
            return False
        # a double has the same parent, so its file names the stack that holds this
        return any(parent in text and any(name in text for name in ids) for parent, ids in self._ids_by_parent.items())

    def _has(self, section: bytes, text: bytes) -> bool:
        bare = self._has_bare_keys and re.search(rb"[\s{,\"']" + section + rb"[\"']?\s*:", text)
        return b"chaosreg:" + section in text or bool(bare)


def _seen_by_the_engine_only(files: StackFolder, scopes: Iterable[Scope], stack: str) -> list[Finding]:
    """Sections above other stacks that come from `-c` or ESC: those stacks would not see them (CHR0114)."""
    file = files.read(stack)
    below = {scope.stack for scope in scopes for above in scope.chain() if above.stack == stack} - {stack}
    if file is None or not below:
        return []
    return [
        Finding(
            "CHR0114",
            f"`chaosreg:{section}` differs from the file, but stacks below read only the file",
            file.place(section),
            notes=(("stacks below", ", ".join(sorted(below))),),
            help="write it into the stack file instead of `-c` or an ESC environment",
        )
        for section in sorted(file.from_engine)
    ]


def _lockfile(folder: Path, findings: list[Finding]) -> tuple[dict[str, str], Literal["missing", "read", "damaged"]]:
    path = folder / FILE_NAME
    try:
        return read_lockfile(path), "read" if path.exists() else "missing"
    except ChaosregError as error:
        findings += error.findings
        return {}, "damaged"
