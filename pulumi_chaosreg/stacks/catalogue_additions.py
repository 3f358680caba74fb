"""`stacks/chaosreg.catalogue.yaml`: releases and sources that a project knows and our catalogue does not."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import Cause, ChaosregError, Finding, Place
from pulumi_chaosreg.images.catalogue import Catalogue, Release
from pulumi_chaosreg.images.reference import SEGMENT
from pulumi_chaosreg.settings.checking import check_table, type_name
from pulumi_chaosreg.settings.grammars import SOURCE, TAG_GRAMMAR
from pulumi_chaosreg.settings.kinds import Grammar, Table, Text, TextMap, Texts
from pulumi_chaosreg.settings.yaml_file import read_yaml

FILE_NAME = "chaosreg.catalogue.yaml"

_IMAGE = Grammar(
    "CHR0301",
    "an image's name",
    re.compile(rf"^{SEGMENT}\Z"),
    "write the last part of its repository, as in `chaos-ddcr`",
)
_RELEASE = Table(
    "one release",
    {
        "date": Text("when it came out, as the release notes say it"),
        "source": Text("where its images are listed"),
        "ddcr": TextMap("image name → tag", grammar=TAG_GRAMMAR, key_grammar=_IMAGE),
        "dedicated": TextMap("image name → tag", grammar=TAG_GRAMMAR, key_grammar=_IMAGE),
        "load-testing": TextMap("image name → tag", grammar=TAG_GRAMMAR, key_grammar=_IMAGE),
        "without": Texts("images that infrastructures needed before, and that this release no longer has"),
    },
)


def add_to_catalogue(catalogue: Catalogue, folder: Path, findings: list[Finding]) -> Catalogue:
    """The catalogue with what the file in this folder adds; what is wrong with it goes to `findings`."""
    path = folder / FILE_NAME
    if not path.exists():
        return catalogue
    wrong: list[Finding] = []
    try:
        catalogue = _with_additions(catalogue, path, wrong)
    except ChaosregError as error:
        wrong += error.findings
    findings += [replace(finding, cause=Cause.DAMAGED_CATALOGUE) for finding in wrong]
    return catalogue


def _with_additions(catalogue: Catalogue, path: Path, findings: list[Finding]) -> Catalogue:
    content = read_yaml(path)
    parts = {"releases": Table("version → images"), "sources": Table("`server/account` → infrastructure types")}
    # only the outermost keys here: versions and sources are the user's own
    outer = {key: {} if key in parts else value for key, value in content.items()} if _is_map(content) else content
    findings += check_table(Table("the file", parts), outer, Place(file=path))[1]
    given = content if _is_map(content) else {}
    releases = [
        _release(version, section, catalogue, path, findings)
        for version, section in _mapping(given, "releases", path, findings).items()
    ]
    sources = {
        source: kinds
        for source, said in _mapping(given, "sources", path, findings).items()
        if (kinds := _kinds(source, said, catalogue, path, findings))
    }
    return catalogue.with_more({release.version: release for release in releases if release}, sources)


def _release(version: str, section: Any, catalogue: Catalogue, path: Path, findings: list[Finding]) -> Release | None:
    """One added release; to one that we know, the infrastructure types that it lacks here may be added."""
    place = Place(file=path, keys=("releases", version))
    checked, wrong = check_table(_RELEASE, section, place)
    if TAG_GRAMMAR.problem(version) is not None:
        wrong.append(Finding("CHR0301", "this is not a version", place, help="write it as in `1.101.0`"))
    kinds = [kind for kind in (*catalogue.sets, *catalogue.groups) if checked.get(kind)]
    sets = {kind: {name: (tag,) for name, tag in checked[kind].items()} for kind in kinds}
    known = catalogue.releases.get(version)
    for kind in known.sets if known else ():
        for name, tags in sets.get(kind, {}).items():
            ours = known.images(kind).get(name, ()) if known else ()
            if ours != tags:
                wrong.append(
                    Finding(
                        "CHR0317",
                        f"release `{version}` has `{name}` at another tag than the built-in catalogue",
                        replace(place, keys=(*place.keys, kind, name)),
                        notes=(("built in", f"{', '.join(ours) or 'no such image'}, from {known and known.source}"),),
                        help="remove the entry, or give the image its tag under `images.tags` where it is needed",
                    )
                )
    findings += wrong
    if wrong:
        return None
    for kind, images in sets.items():
        if kind in catalogue.sets and (known is None or kind not in known.sets):
            needed = [name for name in catalogue.sets[kind] if name not in checked.get("without", ())]
            findings += _lacking(version, kind, images, needed, replace(place, keys=(*place.keys, kind)))
    date, source = str(checked.get("date", "")), str(checked.get("source", FILE_NAME))
    return replace(known, sets={**sets, **known.sets}) if known else Release(version, sets, date, source)


def _lacking(
    version: str, kind: str, images: Mapping[str, object], needed: list[str], place: Place
) -> Iterator[Finding]:
    """CHR0328: an infrastructure would pull what is listed, and nothing else."""
    missing = [name for name in needed if name not in images]
    if not missing:
        return
    strange = [name for name in images if name not in needed]
    near = [(name, found[0]) for name in strange if (found := get_close_matches(name, missing, n=1))]
    meant = "".join(f"did you mean `{right}` by `{wrong}`? " for wrong, right in near)
    yield Finding(
        "CHR0328",
        f"release `{version}` lacks images that {kind} infrastructures need: "
        + ", ".join(f"`{name}`" for name in missing),
        place,
        help=f"{meant}add them with their tags; list those that it no longer has under `without`",
    )


def _kinds(source: str, said: Any, catalogue: Catalogue, path: Path, findings: list[Finding]) -> tuple[str, ...]:
    """The infrastructure types whose images an added source carries; none where it is wrong."""
    place = Place(file=path, keys=("sources", source))
    if SOURCE.problem(source) is not None:
        place = Place(file=path, keys=("sources",))  # the key itself may have a login in front of its host
        findings.append(Finding("CHR0301", "a key here is not `server/account`", place, help=SOURCE.advice))
        return ()
    table = Table("", {source: Texts("the infrastructure types whose images it carries", or_one=True)})
    checked, wrong = check_table(table, {source: said}, Place(file=path, keys=("sources",)))
    unknown = [kind for kind in checked.get(source, ()) if kind not in catalogue.sets]
    if unknown:
        valid = f"valid values: {', '.join(catalogue.sets)}"
        wrong.append(Finding("CHR0107", f"`{unknown[0]}` is not an infrastructure type", place, help=valid))
    findings += wrong
    return () if wrong else tuple(checked[source])


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _mapping(content: Mapping[str, Any], key: str, path: Path, findings: list[Finding]) -> Mapping[str, Any]:
    value = content.get(key, {})
    if isinstance(value, dict):
        return value
    message = f"`{key}` must be a mapping, but is {type_name(value)}"
    findings.append(Finding("CHR0106", message, Place(file=path, keys=(key,)), help="write a mapping"))
    return {}
