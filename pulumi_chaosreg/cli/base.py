"""The project as it was: at a git revision, or in another folder. What an edit is compared with."""

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.scopes.stack_files import find_project


@contextmanager
def project_at(project: Path, base: str) -> Iterator[Path]:
    """The folder of Pulumi.yaml at this revision of the project's git repository, or in this folder.

    A revision without the project is an empty one. Raises ChaosregError (CHR0117) for what is neither.
    """
    if Path(base).is_dir():
        yield find_project(Path(base).resolve())
        return
    with TemporaryDirectory(prefix="chaosreg-base-") as folder:
        _extract(project, base, Path(folder))
        if not (Path(folder) / "Pulumi.yaml").exists():
            (Path(folder) / "Pulumi.yaml").write_text("name: nothing\n", "utf-8")
        yield Path(folder)


def changed_files(project: Path, base: str) -> list[str]:
    """The project's files that differ from this revision, relative to its folder; none where base is a folder."""
    if Path(base).is_dir():
        return []
    changed = _git(project, "diff", "--name-only", "-z", "--relative", base, "--", ".")
    new = _git(project, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    return [name for name in (changed + new).decode("utf-8", "surrogateescape").split("\0") if name]


def _extract(project: Path, base: str, folder: Path) -> None:
    """All YAML files of the project: which of them it reads, it decides itself."""
    commit = (
        _git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}").decode().strip()
    )
    listed = _git(project, "ls-tree", "-r", "-z", "--name-only", commit, "--", ".").split(b"\0")
    if not any(name.endswith((b".yaml", b".yml")) for name in listed):
        return
    archive = _git(project, "archive", "--format=tar", commit, "--", ":(glob)**/*.yaml")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")


def _git(project: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(project), *arguments], capture_output=True, check=False)  # noqa: S603, S607
    except FileNotFoundError:
        raise ChaosregError.of("CHR0117", "git is not there", help="install git, or compare with a folder") from None
    if done.returncode:
        base = next((text.partition("^")[0] for text in arguments if "^{commit}" in text), arguments[-1])
        cause = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ChaosregError.of(
            "CHR0117",
            f"`{base}` is neither a folder nor a revision that git has here",
            notes=[("git says", cause[-1])] if cause else [],
            help="fetch it first; in CI a shallow checkout has one commit only (`fetch-depth: 0`)",
        )
    return done.stdout
