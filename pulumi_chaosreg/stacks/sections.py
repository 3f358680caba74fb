"""The keys of a `config:` that are ours, as the engine reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import Cause, Finding, Place
from pulumi_chaosreg.settings.yaml_file import snake_case

NAMESPACE = "chaosreg"
CREDENTIALS = "chaosreg-credentials"
SECTIONS = ("account", "organization", "project", "infrastructures", "parent_stack")


def section_of(key: str, config: Mapping[str, Any], path: Path, findings: list[Finding]) -> str | None:
    """The section that this key of a `config:` names, also in camelCase; None for other keys, and for unknown ones,
    which are findings.
    """
    namespace, _, name = key.partition(":")
    if namespace != NAMESPACE or name in SECTIONS:
        return name if namespace == NAMESPACE else None
    place, ours = Place(file=path, keys=("config", key)), snake_case(name)
    if ours in SECTIONS and f"{NAMESPACE}:{ours}" not in config:
        message = f"`{key}` is read as `{NAMESPACE}:{ours}`: keys are written in snake_case"
        findings.append(Finding("CHR0113", message, place, help=f"write `{NAMESPACE}:{ours}`", severity="warning"))
        return ours
    advice = f"sections: {', '.join(f'{NAMESPACE}:{section}' for section in SECTIONS)}"
    findings.append(_unknown_section(f"`{key}` is not a section", place, advice))
    return None


def _unknown_section(message: str, place: Place, advice: str) -> Finding:
    return Finding("CHR0110", message, place, help=advice, cause=Cause.UNKNOWN_SECTION, hides_value=True)


def full_keys(config: Mapping[str, Any], project: str, path: Path, findings: list[Finding]) -> dict[str, Any]:
    """The configuration with the project's name before keys that have none, as the engine reads them."""
    full: dict[str, Any] = {}
    for key, value in config.items():
        place = Place(file=path, keys=("config", key))
        name = key if ":" in key else f"{project}:{key}"
        if key == "<<":
            message = "`<<` merges sections that we would not see"
            findings.append(_unknown_section(message, place, "write the sections out"))
        elif name in full:
            message = f"`{key}` and `{name}` are two spellings of one section"
            findings.append(Finding("CHR0103", message, place, help="keep one of the two", cause=Cause.UNREADABLE))
        else:
            full[name] = value
    return full
