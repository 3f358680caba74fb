"""`stacks/chaosreg.catalogue.yaml`: releases and sources that a project knows and our catalogue does not."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import ChaosregError, Finding, Place
from pulumi_chaosreg.images.catalogue import Catalogue, Release
from pulumi_chaosreg.scopes.checking import check_table, type_name
from pulumi_chaosreg.scopes.kinds import Table, Text, TextMap, Texts
from pulumi_chaosreg.scopes.settings import SOURCE, TAG_GRAMMAR
from pulumi_chaosreg.scopes.yaml_file import read_yaml

FILE_NAME = "chaosreg.catalogue.yaml"

_RELEASE = Table(
    "one release",
    {
        "date": Text("when it came out, as the release notes say it"),
        "source": Text("where its images are listed"),
        "ddcr": TextMap("image name → tag", grammar=TAG_GRAMMAR),
        "dedicated": TextMap("image name → tag", grammar=TAG_GRAMMAR),
    },
)


def add_to_catalogue(catalogue: Catalogue, folder: Path, findings: list[Finding]) -> Catalogue:
    """The catalogue with what the file in this folder adds; what is wrong with it goes to `findings`."""
    path = folder / FILE_NAME
    if not path.exists():
        return catalogue
    try:
        content = read_yaml(path)
    except ChaosregError as error:
        findings += error.findings
        return catalogue
    top = Table("the file", {"releases": Table("version → images"), "sources": Table("`server/account` → types")})
    known = {key: {} if key in top.fields else value for key, value in content.items()} if _is_map(content) else content
    findings += check_table(top, known, Place(file=path))[1]
    if not _is_map(content):
        return catalogue
    releases = _mapping(content, "releases", path, findings)
    sources = _mapping(content, "sources", path, findings)
    return replace(
        catalogue,
        releases={**catalogue.releases, **_releases(releases, catalogue, path, findings)},
        sources={**catalogue.sources, **_sources(sources, catalogue, path, findings)},
    )


def _releases(
    given: Mapping[str, Any], catalogue: Catalogue, path: Path, findings: list[Finding]
) -> dict[str, Release]:
    added: dict[str, Release] = {}
    for version, section in given.items():
        place = Place(file=path, keys=("releases", version))
        checked, wrong = check_table(_RELEASE, section, place)
        findings += wrong
        sets = {kind: {name: (tag,) for name, tag in checked.get(kind, {}).items()} for kind in catalogue.sets}
        sets = {kind: tags for kind, tags in sets.items() if tags}
        known = catalogue.releases.get(version)
        for kind, tags in sets.items() if known else ():
            ours = known.images(kind) if known else {}
            findings += [
                Finding(
                    "CHR0317",
                    f"release `{version}` has `{name}` at another tag than the built-in catalogue",
                    replace(place, keys=(*place.keys, kind, name)),
                    notes=(("built in", ", ".join(ours.get(name, ())) or "no such image"),),
                    help="remove the entry, or give the image its tag under `images.tags` where it is needed",
                )
                for name, tag in tags.items()
                if ours and ours.get(name) != tag
            ]
        if known is None and not wrong:
            added[version] = Release(version, sets, str(checked.get("date", "")), FILE_NAME)
    return added


def _sources(
    given: Mapping[str, Any], catalogue: Catalogue, path: Path, findings: list[Finding]
) -> dict[str, tuple[str, ...]]:
    added: dict[str, tuple[str, ...]] = {}
    for source, kinds in given.items():
        place = Place(file=path, keys=("sources", source))
        if SOURCE.problem(source) is not None:
            findings.append(Finding("CHR0301", "this is not `server/account`", place, help=SOURCE.advice))
            continue
        table = Table("", {source: Texts("the infrastructure types whose images it carries", or_one=True)})
        checked, wrong = check_table(table, {source: kinds}, Place(file=path, keys=("sources",)))
        unknown = [kind for kind in checked.get(source, ()) if kind not in catalogue.sets]
        if unknown:
            valid = f"valid values: {', '.join(catalogue.sets)}"
            wrong.append(Finding("CHR0107", f"`{unknown[0]}` is no infrastructure type", place, help=valid))
        findings += wrong
        if not wrong:
            added[source] = tuple(checked[source])
    return added


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _mapping(content: Mapping[str, Any], key: str, path: Path, findings: list[Finding]) -> Mapping[str, Any]:
    value = content.get(key, {})
    if isinstance(value, dict):
        return value
    message = f"`{key}` must be a mapping, and is {type_name(value)}"
    findings.append(Finding("CHR0106", message, Place(file=path, keys=(key,)), help="write a mapping"))
    return {}
