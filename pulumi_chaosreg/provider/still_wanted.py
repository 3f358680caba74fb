"""Who still wants an image that a deletion is about to take away.

The engine creates first and deletes last, and what it deletes knows nothing of what has taken its place: the resource
of another owner, of another name, its own replacement. So a deletion asks what this run's resources keep, and what the
project's stack files resolve to. Whatever cannot be found out keeps the image.
"""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.provider.run import Run

if TYPE_CHECKING:
    from pulumi_chaosreg.review.review import Review


class StillWanted:
    """What stays, whatever else is deleted; one object for all images of a run."""

    def __init__(self, run: Run, folder: Path | None = None) -> None:
        """`folder` is the project's, or one in it; the working directory otherwise: the engine starts plugins there."""
        self._run, self._folder = run, folder
        self._files: dict[str, _StackFiles] = {}
        self._guard = threading.Lock()

    def keep(self, target: str) -> None:
        """A resource of this run has this target. The engine checks all of them before it deletes the first one."""
        self._run.keep(("image", Reference.parse(target).tagged))

    def is_kept_here(self, target: Reference) -> bool:
        """Whether a resource of this run has it now."""
        return self._run.is_kept(("image", target.tagged))

    def elsewhere(self, urn: str, target: Reference, digest: str | None) -> str:
        """Why the image must stay although no resource of this run has it; "" where nothing says so.

        What a stack says that is being destroyed does not keep its own images; what every other stack says does.
        """
        stack, project = urn.split("::")[0].rpartition(":")[2], urn.split("::")[1]
        try:
            with self._guard:
                if project not in self._files:
                    self._files[project] = _StackFiles.of(project, self._folder or Path.cwd())
            files = self._files[project]
        except (ChaosregError, OSError) as error:
            why = error.findings[0].message if isinstance(error, ChaosregError) else type(error).__name__
            return f"nobody can tell whether others need it: {why}"
        if user := files.user(target, digest, None if self._run.has_program else stack):
            return user
        if self._run.leaves_out:
            return "this run leaves resources out (`--target`), and one of them may have it"
        return ""


class _StackFiles:
    """What all stack files of a project resolve to."""

    def __init__(self, reviewed: "Review | None") -> None:
        self._reviewed = reviewed

    @classmethod
    def of(cls, project: str, folder: Path) -> "_StackFiles":
        """ChaosregError where the project's files are not here, or cannot all be understood."""
        from pulumi_chaosreg.review.review import review  # late: most runs delete nothing
        from pulumi_chaosreg.stacks.stack_files import StackFolder, find_project

        root, findings = find_project(folder), []  # type: ignore[var-annotated]
        files = StackFolder(root, findings)
        if files.project_name != project:
            raise ChaosregError.of("CHR0109", f"the Pulumi.yaml in {root} is not that of the project `{project}`")
        if not files.all() and not findings:
            return cls(None)  # a program of one's own, without stack files
        reviewed = review(root)
        if reviewed.errors:
            first = reviewed.errors[0]
            raise ChaosregError.of(first.code, f"the stack files have errors (`chaosreg validate`): {first.message}")
        return cls(reviewed)

    def user(self, target: Reference, digest: str | None, destroyed: str | None) -> str:
        """Who pulls this tag, or its digest from the same repository; "" for nobody."""
        for title, reference, known in self._pulled(destroyed):
            same_place = (reference.server, reference.repository) == (target.server, target.repository)
            if reference.tagged == target.tagged or (same_place and digest and digest in (reference.digest, known)):
                return f"{title} still pulls it"
        return ""

    def _pulled(self, destroyed: str | None) -> Iterator[tuple[str, Reference, str | None]]:
        """(who, reference, digest) of all images; without what the destroyed stack itself has or mirrors."""
        for scope, resolved in self._reviewed.resolved.items() if self._reviewed else ():
            owner = resolved.owner
            if destroyed is None or destroyed not in (scope.stack, owner.stack if owner else None):
                for image in resolved.images:
                    yield f"{scope.title} of the stack `{scope.stack}`", image.reference, image.digest
