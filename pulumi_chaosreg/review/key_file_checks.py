"""Key files that pull Secrets are made of: whether they are keys, and not everybody's."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pulumi_chaosreg.errors import ChaosregError, Finding, Place
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.table import PULL_SECRET
from pulumi_chaosreg.stacks.key_file import Tracked, read_key_file


def check_key_files(project: Path, configs: Iterable[ResolvedConfig]) -> list[Finding]:
    """CHR0540 to CHR0543 for every file that a delivery names."""
    named = {
        (delivery.key_file, delivery.key_file_place): config.infrastructure.is_unclear(PULL_SECRET.delivery)
        for config in configs
        for delivery in config.deliveries
        if delivery.key_file and delivery.needs_value
    }
    findings: list[Finding] = []
    for (said, place), is_perhaps_theirs in named.items():
        try:
            key = read_key_file(project, said, place)
            if key is None:
                findings.append(replace(_missing(said, place), follows=is_perhaps_theirs))
            elif key.tracked is Tracked.UNKNOWN:
                findings.append(_unchecked(said, place))
        except ChaosregError as error:
            findings += error.findings
    return findings


def _missing(said: str, place: Place) -> Finding:
    return Finding(
        "CHR0542",
        f"key file `{said}` does not exist: `up` needs it, or the key as a configured credential",
        place,
        help="put it on the machine that runs `up`, outside of Git; paths are relative to the folder of Pulumi.yaml",
        severity="warning",
    )


def _unchecked(said: str, place: Place) -> Finding:
    return Finding(
        "CHR0543",
        f"it is not known whether Git tracks key file `{said}`: `git ls-files` does not work here",
        place,
        help="run it there yourself: what Git tracks, everybody has who can read the repository",
        severity="warning",
    )
