"""The keys of a `config:` that are ours, as the engine reads them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import Cause, Finding, Keys, Place
from pulumi_chaosreg.settings.near_misses import near_misses
from pulumi_chaosreg.settings.yaml_file import snake_case

NAMESPACE = "chaosreg"
CREDENTIALS = "chaosreg-credentials"
SECTIONS = ("account", "organization", "project", "infrastructures", "parent_stack")


def is_of_ours(project: str) -> Callable[[Keys], bool]:
    """Tells whether a key path in a file of this project's engine leads to or into what we read."""

    def is_ours(keys: Keys) -> bool:
        name = str(keys[1]) if len(keys) > 1 and keys[0] == "config" else ""
        name = name if ":" in name else f"{project}:{name}"
        return name.startswith((f"{NAMESPACE}:", f"{CREDENTIALS}:")) and len(keys) > 1

    return is_ours


def section_of(
    key: str, config: Mapping[str, Any], path: Path, findings: list[Finding], project: str = ""
) -> str | None:
    """The section that this key of a `config:` names, also in camelCase; None for other keys, and for unknown ones,
    which are findings.
    """
    namespace, _, name = key.partition(":")
    if meant := meant_prefix(key, project):
        place = Place(file=path, keys=("config", key))
        what = "section" if meant == NAMESPACE else "credential"
        findings.append(_unknown_section(f"`{key}` is not a {what}", place, f"write `{meant}:{name}`"))
        return None
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


def meant_prefix(key: str, project: str) -> str:
    """Our prefix where this names a section or a credential with one that is almost ours, and not the project's own
    name; otherwise empty.
    """
    namespace, colon, name = key.partition(":")
    if not colon or namespace in (NAMESPACE, CREDENTIALS, project):
        return ""
    if name in SECTIONS and near_misses(namespace, [NAMESPACE], cutoff=0.8):
        return NAMESPACE
    is_near = near_misses(namespace, [CREDENTIALS], cutoff=0.7 if namespace.startswith(NAMESPACE) else 0.85)
    return CREDENTIALS if is_near else ""


def _unknown_section(message: str, place: Place, advice: str) -> Finding:
    return Finding("CHR0110", message, place, help=advice, cause=Cause.UNKNOWN_SECTION, hides_value=True)


def full_keys(config: Mapping[str, Any], project: str, path: Path, findings: list[Finding]) -> dict[str, Any]:
    """The configuration with the project's name before keys that have none, as the engine reads them."""
    full: dict[str, Any] = {}
    for key, value in config.items():
        place = Place(file=path, keys=("config", key))
        name = key if ":" in key else f"{project}:{key}"
        if name in full:
            message = f"`{key}` and `{name}` are two spellings of one section"
            findings.append(Finding("CHR0103", message, place, help="keep one of the two", cause=Cause.UNREADABLE))
        else:
            full[name] = value
    return full


def stands_in_plain_text(value: object) -> bool:
    """Whether a secret part of a credential, all but the user's name, can be read by everybody who reads the file."""
    if not isinstance(value, dict):
        return value is not None
    if "secure" in value:
        return False
    return any(stands_in_plain_text(part) for key, part in value.items() if key != "username")
