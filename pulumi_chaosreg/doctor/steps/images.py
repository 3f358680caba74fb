"""Whether every image is there, and is what was locked. Asked with HEAD, which counts as a pull nowhere."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from pulumi_chaosreg.doctor.case import Access, Case
from pulumi_chaosreg.doctor.step import Failed, Passed, Result, Unseen
from pulumi_chaosreg.errors import Cause, Finding
from pulumi_chaosreg.oci import Registry, RegistryError
from pulumi_chaosreg.oci.problems import problem
from pulumi_chaosreg.scopes.resolved import ResolvedImage

NAME = "images"
NEEDS = ("login",)
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class _Seen:
    """One image."""

    image: ResolvedImage
    error: RegistryError | None = None
    moved: str | None = None
    """The digest that its tag stands for now, where another one is locked."""
    stands_in: bool = False

    @property
    def is_unknown(self) -> bool:
        """Whether it was refused to somebody who only stands in."""
        return self.error is not None and self.error.is_denied and self.stands_in


def look(case: Case) -> Result:
    """Ask for all of them side by side."""
    asked = [(client, access, image) for client, access, images in case.clients() for image in images]
    with ThreadPoolExecutor(_AT_ONCE, "chaosreg-doctor") as pool:
        seen = list(pool.map(lambda one: _look_at(*one), asked))
    failed = [one for one in seen if one.error and not one.is_unknown]
    unknown = [one for one in seen if one.is_unknown]
    warnings = tuple(_moved(one) for one in seen if one.moved)
    there = f"{len(seen) - len(failed) - len(unknown)} of {len(seen)} are there"
    if failed:
        return Failed((*_told(case, failed), *warnings))
    if unknown:
        return Unseen(f"{there}; the others are not open to this machine", (*_told(case, unknown), *warnings))
    return Passed(f"{there}, {_locked(seen)}", (*warnings, *_open_to_all(case)))


def _open_to_all(case: Case) -> Iterator[Finding]:
    """Whether what is said to be private is there for everybody: on Docker Hub a push may make a public repository. One
    image is asked for, as each is where the first is.
    """
    registry = case.around.config.registry
    ours = [one.reference for one in case.images if one.reference.name.startswith(f"{registry.path}/")]
    if registry.type.value != "private" or not ours:
        return
    try:
        is_there = case.anonymous.head_manifest(ours[0].repository, ours[0].digest or ours[0].tag or "")
    except RegistryError:
        return
    if is_there:
        yield Finding(
            "CHR0342",
            f"`{ours[0].name}` needs no login, but its registry is said to be `private`",
            registry.type_place,
            help="make the repository private, and have pushes make private ones; or write `type: public`",
            severity="warning",
        )


def _locked(seen: list[_Seen]) -> str:
    locked = [one for one in seen if one.image.digest]
    same = len([one for one in locked if not one.moved])
    if not locked:
        return "and none is locked"
    return "all as locked" if same == len(seen) else f"{same} of {len(locked)} as locked"


def _look_at(client: Registry, access: Access, image: ResolvedImage) -> _Seen:
    """By its tag, and by its digest where the cluster pulls that and the tag does not stand for it."""
    wanted, repository = image.reference, image.reference.repository
    moved = None
    try:
        if wanted.tag:
            found = client.head_manifest(repository, wanted.tag)
            if found and image.digest in (None, found.digest):
                return _Seen(image)
            moved = found.digest if found else None
            if moved and not wanted.digest:
                return _Seen(image, moved=moved)
        asked = wanted.digest or wanted.tag or ""
        if not wanted.digest or not client.head_manifest(repository, asked):
            subject = f"{'manifest' if wanted.digest else 'tag'} `{asked}`"
            raise problem("CHR0405", server=client.server, repository=repository, subject=subject, status=404)
    except RegistryError as error:
        return _Seen(image, error, moved, access.stands_in)
    return _Seen(image, moved=moved)


def _told(case: Case, failed: Iterable[_Seen]) -> list[Finding]:
    """One finding for each cause, which names the other images that it met."""
    groups: dict[Cause | None, list[_Seen]] = {}
    for one in failed:
        groups.setdefault(one.error.cause if one.error else None, []).append(one)
    return [_finding(case, group) for group in groups.values()]


def _finding(case: Case, group: list[_Seen]) -> Finding:
    error = group[0].error
    assert error
    finding = error.findings[0]
    if others := [str(one.image.reference) for one in group[1:]]:
        finding = replace(finding, notes=(*finding.notes, ("also", ", ".join(others))))
    advice = _advice(case, group)
    return replace(finding, help=advice) if advice else finding


def _advice(case: Case, group: list[_Seen]) -> str:
    """What helps a cluster, where it is another thing than what helps this machine; empty where it is not."""
    error, registry = group[0].error, case.around.config.registry
    is_ours = all(one.image.reference.name.startswith(f"{registry.path}/") for one in group)
    if error and error.is_missing and is_ours and registry.owner:
        if registry.off:
            return f"it must be copied there by what fills `{registry.path}` (`mirror: off`)"
        if all(one.image.source for one in group):
            return f"`pulumi up` of the stack `{registry.owner.stack}`, which mirrors it, or `chaosreg mirror`"
    if error and error.is_denied and not group[0].stands_in:
        if case.access[group[0].image].source:
            return "grant this login the right to pull there, if the image exists: many registries do not say"
        return "the cluster pulls it without a login: open the repository, or set `type: private` and `authentication`"
    return ""


def _moved(one: _Seen) -> Finding:
    pulled = "the locked one" if one.image.reference.digest else "what the tag stands for"
    return Finding(
        "CHR0907",
        f"`{one.image.reference.tagged}` is not what was locked: the cluster pulls {pulled}",
        notes=(("locked", str(one.image.digest)), ("now", str(one.moved))),
        help="find out who pushed it; follow it with `chaosreg lock --upgrade`, or mirror the locked one again",
        severity="warning",
    )
