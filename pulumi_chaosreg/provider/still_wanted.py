"""Who still wants an image, a Secret's name in an account's list, or a record in Harness, that a deletion is about to
take away.

The engine creates first and deletes last, and what it deletes knows nothing of what has taken its place: the resource
of another owner, of another name, its own replacement. So a deletion asks what this run's resources keep, and what the
project's stack files resolve to. Whatever cannot be found out keeps it.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.harness.scope import HarnessScope
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.registries.servers import identity

if TYPE_CHECKING:
    from pulumi_chaosreg.review.review import Review
    from pulumi_chaosreg.scopes.demand import Demand
    from pulumi_chaosreg.scopes.model import Scope
    from pulumi_chaosreg.scopes.resolved import ResolvedConfig


class StillWanted:
    """What stays, whatever else is deleted; one object for all resources of a kind in a run."""

    def __init__(self, run: Run, folder: Path | None = None) -> None:
        """`folder` is the project's, or one in it; the working directory otherwise: the engine starts plugins there."""
        self._run, self._folder = run, folder
        self._files: dict[str, _StackFiles] = {}
        self._guard = threading.Lock()

    def keep(self, target: str) -> None:
        """A resource of this run has this target. The engine checks all of them before it deletes the first one."""
        self._run.keep(_place(Reference.parse(target)))

    def is_kept_here(self, target: Reference) -> bool:
        """Whether a resource of this run has it now."""
        return self._run.is_kept(_place(target))

    def elsewhere(self, urn: str, target: Reference, digest: str | None) -> str:
        """Why an image must stay although no resource of this run has it; "" where nothing says so.

        What a stack says that is being destroyed does not keep its own images; what every other stack says does.
        """
        return self._said(urn, lambda files, destroyed: files.puller(target, digest, destroyed))

    def entry_elsewhere(self, urn: str, cluster: str | None, namespace: str, account: str, secret: str) -> str:
        """The same for a Secret's name in a ServiceAccount's list."""
        place = (cluster, namespace, secret)
        return self._said(urn, lambda files, destroyed: files.lister(place, account, destroyed))

    def record_elsewhere(self, urn: str, level: HarnessScope) -> str:
        """The same for the record of a level in Harness."""
        return self._said(urn, lambda files, destroyed: files.publisher(level, destroyed))

    def _said(self, urn: str, ask: Callable[["_StackFiles", str | None], str]) -> str:
        stack, project = urn.split("::")[0].rpartition(":")[2], urn.split("::")[1]
        try:
            with self._guard:
                if project not in self._files:
                    self._files[project] = _StackFiles.of(project, self._folder or Path.cwd())
            files = self._files[project]
        except (ChaosregError, OSError) as error:
            why = error.findings[0].message if isinstance(error, ChaosregError) else type(error).__name__
            return f"others may need it: {why}"
        if user := ask(files, None if self._run.has_program else stack):
            return user
        if self._run.leaves_out:
            return "this run leaves out resources (`--target`), and one may need it"
        return ""


class _StackFiles:
    """What all stack files of a project resolve to."""

    def __init__(self, reviewed: "Review | None") -> None:
        self._reviewed = reviewed

    @classmethod
    def of(cls, project: str, folder: Path) -> "_StackFiles":
        """ChaosregError where the project's files are not here, or cannot all be understood."""
        from pulumi_chaosreg.review.review import review  # late: most runs delete nothing
        from pulumi_chaosreg.stacks.project_file import find_project
        from pulumi_chaosreg.stacks.stack_files import StackFolder

        root, findings = find_project(folder), []  # type: ignore[var-annotated]
        files = StackFolder(root, findings)
        if files.project_name != project:
            raise ChaosregError.of("CHR0109", f"the Pulumi.yaml in {root} is not of project `{project}`")
        if not files.all() and not findings:
            return cls(None)  # a program of one's own, without stack files
        reviewed = review(root)
        if reviewed.errors:
            first = reviewed.errors[0]
            raise ChaosregError.of(first.code, f"the stack files have errors (`chaosreg validate`): {first.message}")
        return cls(reviewed)

    def puller(self, target: Reference, digest: str | None, destroyed: str | None) -> str:
        """Who pulls this tag, or its digest from the same repository, or mirrors it for others; "" for nobody."""
        for demand in self._demands():
            registry = demand.registry
            if registry.owner and not registry.policy and f"{target.name}/".startswith(f"{registry.path}/"):
                return f"`{registry.path}` is no longer ours to fill (`mirror: off`)"
        for demand in self._demands():
            if destroyed is None or destroyed not in (demand.scope.stack, _stack(demand.owner)):
                for image in demand.images:
                    if _is_of(image.reference, target, {image.reference.digest, image.digest} & {digest} - {None}):
                        verb = "still pulls it" if demand.is_pull else "still lists it in `mirror.also`"
                        return f"{_who(demand.scope)} {verb}"
        return ""

    def lister(self, place: tuple[str | None, str, str], account: str, destroyed: str | None) -> str:
        """Who wants a Secret's name, at (cluster, namespace, Secret), in this account's list; "" for nobody."""
        for config in self._configs():
            cluster = config.of_cluster()
            there = (cluster.get("identifier") or cluster.get("context"), config.namespace.value)
            is_there = any((*there, secret) == place for secret in config.secret_names)
            if is_there and account in config.service_accounts.value and config.infrastructure.stack != destroyed:
                return f"{_who(config.infrastructure)} still needs it"
        return ""

    def publisher(self, level: HarnessScope, destroyed: str | None) -> str:
        """Who publishes this level; "" for nobody."""
        for scope, record in self._reviewed.published.items() if self._reviewed else ():
            place = (record.account_id.value, record.organization, record.project, record.infrastructure)
            if scope.stack != destroyed and HarnessScope(*place).is_same(level):
                return f"{_who(scope)} publishes it"
        return ""

    def _demands(self) -> "Sequence[Demand]":
        return self._reviewed.demands if self._reviewed else ()

    def _configs(self) -> "Collection[ResolvedConfig]":
        return self._reviewed.resolved.values() if self._reviewed else ()


def _place(image: Reference) -> tuple[str, str, str | None]:
    """Where the image is, by whatever name its registry is called."""
    return identity(image.server), image.repository, image.tag


def _who(scope: "Scope") -> str:
    return f"{scope.title} of the stack `{scope.stack}`"


def _stack(scope: "Scope | None") -> str | None:
    return scope.stack if scope else None


def _is_of(reference: Reference, target: Reference, shared: Collection[str | None]) -> bool:
    """Whether a reference is pulled from this tag, or has one of these digests in the same repository."""
    (*near, tag), (*there, tag_there) = _place(reference), _place(target)
    return near == there and (tag == tag_there or bool(shared))
