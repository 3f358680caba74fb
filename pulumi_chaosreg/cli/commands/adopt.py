"""Adopt existing repositories: write what `pulumi import` reads, and show what `up` would change.

Looks at the registries that SCOPE owns, with the machine's identity and read-only actions; `up` itself never guesses.
What could only be replaced is not adopted: the message says what to write instead. Repositories without an image of
ours are left alone.
"""

import argparse
import json
import sys
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pulumi_chaosreg.adoption.adopters import adopter, can_adopt
from pulumi_chaosreg.adoption.import_file import Component, Key, import_file
from pulumi_chaosreg.adoption.protocol import Difference, Imported, UnansweredError
from pulumi_chaosreg.cli.adopt_report import Looked, Report, Standing, as_json, as_text, standing
from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.output import add_output
from pulumi_chaosreg.cli.side_by_side import side_by_side
from pulumi_chaosreg.cli.stack_state import resources
from pulumi_chaosreg.clock import today
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.provision.owned import owned_registry, repository_settings
from pulumi_chaosreg.provision.protocol import ImageRepository, OwnedRegistry, RepositorySettings
from pulumi_chaosreg.review.review import Review, review
from pulumi_chaosreg.scopes.component_names import REPOSITORIES_TYPE, component_type, mirror_name
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.registry import Registry
from pulumi_chaosreg.settings.near_misses import did_you_mean
from pulumi_chaosreg.settings.yaml_file import locate
from pulumi_chaosreg.stacks.project_file import find_project

ABOUT = "adopt existing repositories"
NEEDS = Needs.NETWORK | Needs.PULUMI
EXITS = {1: "something cannot be adopted as it is"}
EXAMPLES = """\
examples:
  chaosreg adopt acme                        what exists, and how it differs from what `up` would make
  chaosreg adopt acme --file import.json     also write the file; the last lines say how to use it
  chaosreg adopt payments/checkout -o json   the same for programs, with the file's content as `import`
"""
_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class Owned:
    """One registry whose repositories the scope's stack makes."""

    defined: Registry
    registry: OwnedRegistry
    settings: RepositorySettings
    images: tuple[ImageRepository, ...]

    @property
    def component(self) -> Key:
        """What its repositories hang below."""
        return REPOSITORIES_TYPE, self.registry.name


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument(
        "scope", metavar="SCOPE", help="path of the scope that owns the registry: ids below the account"
    )
    parser.add_argument("-f", "--file", type=Path, metavar="FILE", help="write the import file there")
    add_output(parser, "text", "json")


def run(options: argparse.Namespace) -> int:
    """Look, and write the file; 1 where something cannot be adopted as it is."""
    project = find_project(Path(options.project).resolve())
    reviewed = review(project)
    if reviewed.errors:
        raise ChaosregError(reviewed.errors)
    scope = _scope(reviewed, options.scope)
    every, skipped = _owned(reviewed, scope)
    if not every:
        raise _owns_nothing(reviewed, scope, skipped)
    known = {(one["type"], one["urn"].split("::", 3)[3]): one["urn"] for one in resources(project, scope.stack)}
    looked = _look(every)
    content = import_file(_components(scope, every), _imports(every, looked, known), known)
    written = options.file if content["resources"] else None
    report = Report(scope.path, scope.stack, looked, skipped, known, content, written)
    if written:
        _write(written, content)
    sys.stdout.write(as_json(report) if options.output == "json" else as_text(report))
    findings = _refusals(every, report)
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


def _scope(reviewed: Review, path: str) -> Scope:
    scopes = {scope.path: scope for scope in reviewed.company.scopes}
    if path not in scopes:
        owners = sorted(_owners(reviewed))
        advice = f"{did_you_mean(path, scopes)}scopes that own a registry: {', '.join(owners) or 'none'}"
        raise ChaosregError.of("CHR0118", f"no scope has the path `{path}`", help=advice)
    return scopes[path]


def _owners(reviewed: Review) -> set[str]:
    return {demand.owner.path for demand in reviewed.demands if demand.owner}


def _owned(reviewed: Review, scope: Scope) -> tuple[list[Owned], dict[str, str]]:
    """The registries that something can be adopted in; and why not in the scope's others."""
    kept = {registry.path: images for registry, images in reviewed.kept_by(scope)}
    every: list[Owned] = []
    skipped: dict[str, str] = {}
    for registry in {one.registry.path: one.registry for one in reviewed.mirrored_by(scope)}.values():
        settings = repository_settings(scope, registry, today())
        if not registry.kind.provisions:
            skipped[registry.path] = f"since we make no repositories of its kind ({registry.kind.title})"
        elif not can_adopt(registry.kind):
            skipped[registry.path] = f"since this version cannot look at what is there ({registry.kind.title})"
        elif not settings.create:
            skipped[registry.path] = "since `repositories: {create: true}` is not set"
        elif registry.path not in kept:
            skipped[registry.path] = "since no image goes there"
        else:
            name = mirror_name(scope.path, registry.path)
            images = ImageRepository.of(kept[registry.path], load_catalogue().is_floating)
            every.append(Owned(registry, owned_registry(scope, registry, name), settings, images))
    return every, skipped


def _owns_nothing(reviewed: Review, scope: Scope, skipped: Mapping[str, str]) -> ChaosregError:
    owners = ", ".join(sorted(_owners(reviewed) - {scope.path}))
    return ChaosregError.of(
        "CHR0491",
        f"{scope.title} owns no registry whose repositories we make",
        notes=[(path, f"nothing to adopt, {reason}") for path, reason in skipped.items()],
        help=f"name the scope that defines the registry{f': {owners}' if owners else ''}"
        if not skipped
        else "repositories that others make need not be adopted",
    )


def _look(every: Sequence[Owned]) -> list[Looked]:
    """What is there; ChaosregError with everything that could not be looked at, so that no half of it is written."""
    adopters, refused = side_by_side(range(len(every)), lambda at: adopter(every[at].registry, every[at].settings))
    questions = [(at, image) for at in adopters for image in every[at].images]
    found, failed = side_by_side(questions, lambda asked: adopters[asked[0]].look(asked[1]))
    others, unlisted = side_by_side(
        adopters, lambda at: adopters[at].others({image.path for image in every[at].images})
    )
    findings = list(_told_once([*refused.values(), *failed.values(), *unlisted.values()]))
    if findings:
        raise ChaosregError(dict.fromkeys(findings))
    return [
        # several images may be in one repository
        Looked(one.registry, tuple(dict.fromkeys(found[at, image] for image in one.images)), others[at])
        for at, one in enumerate(every)
    ]


def _told_once(failures: Iterable[ChaosregError]) -> Iterator[Finding]:
    """What is refused for one repository is mostly refused for all."""
    alike: dict[Hashable, list[UnansweredError]] = {}
    for error in failures:
        if isinstance(error, UnansweredError):
            alike.setdefault(error.reason, []).append(error)
        else:
            yield from error.findings
    for first, *others in alike.values():
        paths = [other.path for other in others]
        finding = first.said_with(paths)
        same = ("the same for", f"{', '.join(paths[:_MOST_NAMES])}{', …' if len(paths) > _MOST_NAMES else ''}")
        yield replace(finding, notes=(*finding.notes, same)) if paths else finding


def _components(scope: Scope, every: Iterable[Owned]) -> Iterator[Component]:
    """What a stack has above the repositories: the chain of levels, and one component for each registry."""
    above: Key | None = None
    for level in scope.chain():
        component = Component(component_type(level.level), level.path, above)
        yield component
        above = component.key
    for one in every:
        yield Component(*one.component, above)


def _imports(
    every: Sequence[Owned], looked: Sequence[Looked], known: Mapping[Key, str]
) -> Iterator[tuple[Imported, Key]]:
    """What a stack that has the repository lacks below it, `up` puts there."""
    for one, of_registry in zip(every, looked, strict=True):
        for repository in of_registry.repositories:
            if standing(repository, known) is Standing.ADOPTED:
                yield from ((imported, imported.below or one.component) for imported in repository.imports)


def _refusals(every: Sequence[Owned], report: Report) -> list[Finding]:
    """CHR0495: what cannot be adopted as it is, each cause once."""
    findings: list[Finding] = []
    for one, looked in zip(every, report.looked, strict=True):
        alike: dict[tuple[Difference, ...], list[str]] = {}
        for repository in looked.repositories:
            if standing(repository, report.known) is Standing.REFUSED:
                alike.setdefault(repository.refused, []).append(repository.path)
        findings += [_refusal(one, refused, paths) for refused, paths in alike.items()]
    return locate(findings)


def _refusal(one: Owned, refused: Sequence[Difference], paths: Sequence[str]) -> Finding:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    ways = ", ".join(each.keep for each in refused if each.keep)
    keep = f"keep theirs with {ways} in its `repositories`, or " if ways else ""
    return Finding(
        "CHR0495",
        f"repository `{paths[0]}`{more} cannot be adopted as it is: its difference is permanent",
        one.defined.place,
        notes=tuple((each.setting, f"there {each.there}, ours {each.ours}") for each in refused),
        help=f"{keep}leave the repositories to others: `repositories: {{create: false}}`",
    )


def _write(file: Path, content: Mapping[str, Any]) -> None:
    try:
        file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise ChaosregError.of(
            "CHR0496", f"the import file cannot be written: {error.strerror}: {file}", help="name another `--file`"
        ) from None
