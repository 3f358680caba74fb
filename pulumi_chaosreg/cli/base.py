"""The project as it was: at a git revision, or in another folder. What an edit is compared with.

Files come out of git's own store and not out of an archive: attributes such as `export-ignore` change those.
"""

import os
import stat
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from pulumi_chaosreg.cli.commands.resolve import said_of_errors
from pulumi_chaosreg.cli.key_files import key_files
from pulumi_chaosreg.errors import Cause, ChaosregError
from pulumi_chaosreg.review.review import Review
from pulumi_chaosreg.stacks.project_file import ProjectFile

_MOST_LINKS = 8


@contextmanager
def project_at(project: Path, base: str) -> Iterator[Path]:
    """The folder of Pulumi.yaml where this branch left the revision, or a folder that has one.

    A revision without the project is an empty one. Raises ChaosregError (CHR0117) for what is neither.
    """
    commit = _commit(project, base)
    if commit is None:
        yield _folder(project, base)
        return
    with TemporaryDirectory(prefix="chaosreg-base-") as name:
        yield _Revision(project, base, commit).extract(Path(name).resolve())


def changed_files(project: Path, base: str) -> list[str]:
    """The files below the project's folder that differ from the base, relative to it."""
    commit = _commit(project, base)
    if commit is None:
        return _changed_between(_folder(project, base), project)
    changed = _git(project, base, "diff", "--name-only", "-z", "--relative", commit, "--", ".")
    new = _git(project, base, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    return [name for name in (changed + new).decode("utf-8", "surrogateescape").split("\0") if name]


def errors_of_base(before: Review, base: str) -> str:
    """What to say where the base had errors, so that what it had may be incomplete; empty where it had none."""
    errors = [finding for finding in before.errors if finding.cause is not Cause.NO_ACCOUNT]  # an empty project is none
    return said_of_errors(f"the stack files of {base} had", len(errors))


def _folder(project: Path, base: str) -> Path:
    if base and (Path(base) / "Pulumi.yaml").is_file():
        return Path(base).resolve()
    refusal = _git_refuses(project)
    raise ChaosregError.of(
        "CHR0117",
        f"`{base}` is neither a project's folder nor a git revision in this clone",
        notes=[("git says", refusal)] if refusal else [],
        help="" if refusal else "fetch it first; in CI a shallow checkout has one commit only (`fetch-depth: 0`)",
    )


def _commit(project: Path, base: str) -> str | None:
    """The commit to compare with: the last one that this branch shares with the revision; None where it is none."""
    named = (
        _git_says(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
        if base
        else None
    )
    if named is None:
        return None
    commit = named.decode().strip()
    shared = _git_says(project, "merge-base", "HEAD", commit)
    return shared.decode().strip() if shared else commit


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file of a commit."""

    mode: str
    blob: str

    @property
    def is_link(self) -> bool:
        return self.mode == "120000"

    @property
    def is_submodule(self) -> bool:
        return self.mode == "160000"


class _Revision:
    """Writes what the project reads, and no more, into a folder."""

    def __init__(self, project: Path, base: str, commit: str) -> None:
        self.project, self.base, self.commit = project, base, commit
        prefix = _git(project, base, "rev-parse", "--show-prefix").decode().strip()
        self.prefix = PurePosixPath(prefix or ".")
        self.entries: dict[PurePosixPath, _Entry] = {}
        for line in _git(project, base, "ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
            if line:
                head, _, name = line.partition(b"\t")
                mode, _, blob = head.decode().split()
                self.entries[PurePosixPath(name.decode("utf-8", "surrogateescape"))] = _Entry(mode, blob)

    def extract(self, folder: Path) -> Path:
        """The project's folder below this one, which stands for the repository's."""
        project = folder / self.prefix
        project.mkdir(parents=True, exist_ok=True)
        self._write([self.prefix / "Pulumi.yaml"], folder)
        if not (project / "Pulumi.yaml").exists():
            (project / "Pulumi.yaml").write_text("name: nothing\n", "utf-8")
            return project
        try:
            stacks = PurePosixPath(os.path.normpath(ProjectFile.read(project).stacks.relative_to(folder)))
        except (ChaosregError, ValueError):  # the first is told when it is read
            return project
        if self.entries.get(stacks, _Entry("", "")).is_submodule:
            advice = "compare with a folder: `git worktree add --detach ../base`, then `chaosreg diff ../base`"
            raise ChaosregError.of("CHR0117", f"`{stacks}` is a submodule at `{self.base}`", help=advice)
        files = [path for path in self.entries if path.is_relative_to(stacks) and self._is_read(path)]
        self._write(files, folder)
        read = [self.prefix / "Pulumi.yaml", *files]
        named = (
            PurePosixPath(os.path.normpath(self.prefix / name)) for name in key_files(folder / path for path in read)
        )
        self._write([path for path in named if path in self.entries], folder)
        return project

    def _is_read(self, path: PurePosixPath) -> bool:
        entry = self.entries[path]
        return path.suffix in (".yaml", ".yml") or entry.is_link

    def _write(self, paths: list[PurePosixPath], folder: Path) -> None:
        for _ in range(_MOST_LINKS):  # a link's target may be a link
            there = [path for path in paths if path in self.entries and not self.entries[path].is_submodule]
            contents = self._contents([self.entries[path].blob for path in there])
            targets: list[PurePosixPath] = []
            for path, content in zip(there, contents, strict=True):
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                if not self.entries[path].is_link:
                    file.write_bytes(content)
                    continue
                target = PurePosixPath(os.path.normpath(path.parent / content.decode("utf-8", "surrogateescape")))
                if target.is_absolute() or ".." in target.parts:
                    if path.suffix in (".yaml", ".yml"):
                        self._leads_out(path)
                    continue
                if not os.path.lexists(file):
                    file.symlink_to(folder / target)
                targets += [other for other in self.entries if other == target or other.is_relative_to(target)]
            paths = targets

    def _leads_out(self, path: PurePosixPath) -> None:
        advice = "compare with a folder: `git worktree add --detach ../base`, then `chaosreg diff ../base`"
        raise ChaosregError.of("CHR0117", f"`{path}` leads out of the repository at `{self.base}`", help=advice)

    def _contents(self, blobs: list[str]) -> list[bytes]:
        """What these blobs hold, by one process of git."""
        asked = "".join(f"{blob}\n" for blob in blobs).encode()
        answer = _git(self.project, self.base, "cat-file", "--batch", given=asked)
        contents, position = [], 0
        for _ in blobs:
            end = answer.index(b"\n", position)
            size = int(answer[position:end].split()[2])
            contents.append(answer[end + 1 : end + 1 + size])
            position = end + 1 + size + 1
        return contents


def _changed_between(before: Path, after: Path) -> list[str]:
    """The Python and requirements files that differ between two folders."""
    names = {
        str(path.relative_to(folder))
        for folder in (before, after)
        for pattern in ("*.py", "*.txt", "*.toml", "*.lock", "Pulumi.yaml")
        for path in folder.glob(pattern)
    }
    return sorted(name for name in names if _content(before / name) != _content(after / name))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() and stat.S_ISREG(path.stat().st_mode) else None


def _git(project: Path, base: str, *arguments: str, given: bytes = b"") -> bytes:
    said = _git_says(project, *arguments, given=given)
    if said is None:
        raise ChaosregError.of("CHR0117", f"git cannot read `{base}`", help=f"try `git {' '.join(arguments[:2])}`")
    return said


def _git_says(project: Path, *arguments: str, given: bytes = b"") -> bytes | None:
    """What git prints; None where it fails."""
    done = _git_run(project, arguments, given)
    return None if done is None or done.returncode else done.stdout


def _git_refuses(project: Path) -> str:
    """Why git does not work in this folder, in its own words (it is in no repository, it is somebody else's); empty
    where it does.
    """
    done = _git_run(project, ("rev-parse", "--is-inside-work-tree"))
    if done is None:
        return "nothing: `git` is not installed"
    return " ".join(done.stderr.decode("utf-8", "replace").split()) if done.returncode else ""


def _git_run(
    project: Path, arguments: Sequence[str], given: bytes = b""
) -> "subprocess.CompletedProcess[bytes] | None":
    """None where there is no git. A hook's own GIT_DIR would be another repository than the project's."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-C", str(project), *arguments]
    try:
        return subprocess.run(command, input=given, capture_output=True, check=False, env=environment)  # noqa: S603
    except FileNotFoundError:
        return None
