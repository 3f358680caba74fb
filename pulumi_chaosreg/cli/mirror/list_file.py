"""What `chaosreg mirror` copies, and the file that carries it to where no stack files are: `--list FILE`.

The file is a YAML list of copies with the names of their fields. It holds no credential and needs no other file:

    - source: docker.io/harness/chaos-ddcr:1.94.0@sha256:…
      target: harbor.company.com/chaos-engineering/chaos-ddcr:1.94.0
      signatures: false         # what is left out has its default

A policy (`verify`) stands in it once, with an anchor, and as an alias wherever else it holds: its trusted root alone
has 6 kB.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any

from pulumi_chaosreg.cli.yaml_text import yaml_text
from pulumi_chaosreg.errors import ChaosregError, Finding, Place
from pulumi_chaosreg.images.platform import PLATFORM
from pulumi_chaosreg.images.reference import DIGEST, Reference, reference_problem
from pulumi_chaosreg.images.signing_policy import MalformedPolicy, SigningPolicy
from pulumi_chaosreg.mirror.wanted import ALL, Wanted
from pulumi_chaosreg.settings.yaml_file import read_yaml


@dataclass(frozen=True, slots=True)
class TagCopy:
    """One tag to make true."""

    source: Reference
    """With the digest of the lockfile."""
    target: Reference
    """Without a digest."""
    wanted: Wanted = ALL
    """What of the source's image the target shall have."""
    must_be_locked: bool = True
    """Whether it may not be copied without a digest."""


@dataclass(frozen=True, slots=True)
class _Form:
    """How a field's value is written."""

    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    problem: Callable[[Any], str]
    """What is wrong with what a file says; empty where nothing is."""


def _digest_problem(said: Any) -> str:
    return "" if isinstance(said, str) and DIGEST.match(said) else "it is not `sha256:` and 64 hex digits"


def _platforms_problem(said: Any) -> str:
    are = isinstance(said, list) and all(isinstance(one, str) and PLATFORM.match(one) for one in said)
    return "" if are else "it is not a list of `os/architecture`"


def _policy_problem(said: Any) -> str:
    try:
        SigningPolicy.parse(said).check_whole()
    except MalformedPolicy as malformed:
        return str(malformed)
    return ""


_FORMS: Mapping[Any, _Form] = {
    str | None: _Form(str, str, _digest_problem),
    Sequence[str]: _Form(list, tuple, _platforms_problem),
    SigningPolicy | None: _Form(SigningPolicy.as_inputs, SigningPolicy.parse, _policy_problem),
    Reference: _Form(
        str, Reference.parse, lambda said: reference_problem(said) if isinstance(said, str) else "it is not a string"
    ),
    int: _Form(int, int, lambda said: "" if type(said) is int and said > 0 else "it is no number of seconds"),
    bool: _Form(bool, bool, lambda said: "" if isinstance(said, bool) else "it is neither true nor false"),
}
"""By the field's type. A field of any other type is an error when this module is loaded: none is left out silently."""
_OF_COPY = [field for field in fields(TagCopy) if field.type is not Wanted]
_FIELDS = {field.name: (field, _FORMS[field.type]) for field in (*_OF_COPY, *fields(Wanted))}
"""A job's, and then what it wants, beside them."""


def list_text(copies: Iterable[TagCopy]) -> str:
    """The content of a list file; the same for the same copies."""
    policies: dict[SigningPolicy, dict[str, Any]] = {}
    entries = []
    for copy in copies:
        entry = _entry(copy)
        if copy.wanted.verify:
            # the same object becomes an alias
            entry["verify"] = policies.setdefault(copy.wanted.verify, entry["verify"])
        entries.append(entry)
    return yaml_text(entries, aliases=True)


def read_list(path: Path) -> list[TagCopy]:
    """The copies of a list file. Raises ChaosregError: CHR0101 to CHR0103 for YAML, CHR0460 for all that is none."""
    listed = read_yaml(path)
    if not isinstance(listed, list):
        problems = ["it is not a list"]
    else:
        numbered = enumerate(listed, 1)
        problems = [f"entry {number}: {problem}" for number, entry in numbered for problem in _problems(entry)]
    if problems:
        advice = "print it again with `chaosreg mirror-job`, or write `source` (with a digest) and `target`"
        place = Place(file=path)
        raise ChaosregError(
            Finding("CHR0460", f"this is not a list of images to mirror: {problem}", place, help=advice)
            for problem in problems
        )
    copies = [_copy({key: _FIELDS[key][1].read(said) for key, said in entry.items()}) for entry in listed]
    policies: dict[SigningPolicy | None, SigningPolicy | None] = {}
    shared = (
        replace(copy.wanted, verify=policies.setdefault(copy.wanted.verify, copy.wanted.verify)) for copy in copies
    )
    return [replace(copy, wanted=wanted) for copy, wanted in zip(copies, shared, strict=True)]


def _copy(values: Mapping[str, Any]) -> TagCopy:
    own = {field.name for field in _OF_COPY}
    wanted = Wanted(**{name: value for name, value in values.items() if name not in own})
    return TagCopy(wanted=wanted, **{name: value for name, value in values.items() if name in own})


def _entry(copy: TagCopy) -> dict[str, Any]:
    values = {name: getattr(copy if hasattr(copy, name) else copy.wanted, name) for name in _FIELDS}
    return {name: _FIELDS[name][1].write(value) for name, value in values.items() if value != _FIELDS[name][0].default}


def _problems(entry: Any) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield "it has no `source` and no `target`"
        return
    yield from (f"unknown key `{key}`" for key in entry if key not in _FIELDS)
    yield from (f"`{name}`: {problem}" for name in _FIELDS if (problem := _problem(name, entry)))


def _problem(name: str, entry: Mapping[str, Any]) -> str:
    field, form = _FIELDS[name]
    if name not in entry:
        return "it is missing" if field.default is MISSING else ""
    problem = form.problem(entry[name])
    if not problem and name == "target" and Reference.parse(entry[name]).tag is None:
        return "it has no tag"
    return problem
