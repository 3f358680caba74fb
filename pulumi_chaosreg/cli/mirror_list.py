"""What `chaosreg mirror` copies, and the file that carries it to where no stack files are: `--list FILE`.

The file is a YAML list. It holds no credential and needs no other file:

    - source: docker.io/harness/chaos-ddcr:1.94.0@sha256:…
      target: harbor.company.com/chaos-engineering/chaos-ddcr:1.94.0
      signatures: skip          # `copy` where nothing is said
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pulumi_chaosreg.errors import ChaosregError, Finding, Place
from pulumi_chaosreg.images.reference import Reference, reference_problem
from pulumi_chaosreg.scopes.yaml_file import read_yaml

_KEYS = ("source", "target", "signatures")
_SIGNATURES = ("copy", "skip")


@dataclass(frozen=True, slots=True)
class Job:
    """One tag to make true."""

    source: Reference
    """With the digest of the lockfile."""
    target: Reference
    """Without a digest."""
    signatures: bool = True
    """Whether referrers and cosign's tags go along."""


def list_text(jobs: Iterable[Job]) -> str:
    """The content of a list file; the same for the same jobs."""
    return yaml.safe_dump([_entry(job) for job in jobs], sort_keys=False, width=1000)


def read_list(path: Path) -> list[Job]:
    """The jobs of a list file. Raises ChaosregError: CHR0101 to CHR0103 for YAML, CHR0460 for all that is no job."""
    listed = read_yaml(path)
    if not isinstance(listed, list):
        problems = ["it is not a list"]
    else:
        numbered = list(enumerate(listed, 1))
        problems = [f"entry {number}: {problem}" for number, entry in numbered for problem in _problems(entry)]
    if problems:
        advice = "print it anew with `chaosreg mirror --as-job`, or write `source` (with a digest) and `target`"
        place = Place(file=path)
        raise ChaosregError(
            Finding("CHR0460", f"this is not a list of images to mirror: {problem}", place, help=advice)
            for problem in problems
        )
    return [_job(entry) for entry in listed]


def _entry(job: Job) -> dict[str, str]:
    return {"source": str(job.source), "target": str(job.target)} | ({} if job.signatures else {"signatures": "skip"})


def _problems(entry: Any) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield "it has no `source` and no `target`"
        return
    yield from (f"`{key}` is not a key here" for key in entry if key not in _KEYS)
    for key, ending in (("source", "digest"), ("target", "tag")):
        text = entry.get(key)
        problem = reference_problem(text) if isinstance(text, str) else "it is missing"
        if not problem and getattr(Reference.parse(str(text)), ending) is None:
            problem = f"it has no {ending}"
        if problem:
            yield f"`{key}`: {problem}"
    if entry.get("signatures", "copy") not in _SIGNATURES:
        yield "`signatures` is neither `copy` nor `skip`"


def _job(entry: Mapping[str, str]) -> Job:
    target = Reference.parse(entry["target"]).with_digest(None)
    return Job(Reference.parse(entry["source"]), target, signatures=entry.get("signatures") != "skip")
