"""The stack files of a project: which files there are, and which sections each one holds.

Everything here is what is written; who inherits from whom is `company.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import ChaosregError, Finding, Place
from pulumi_chaosreg.scopes.yaml_file import read_yaml

NAMESPACE = "chaosreg"
CREDENTIALS = "chaosreg-credentials"
SECTIONS = ("account", "organization", "project", "infrastructures", "parent_stack")


@dataclass(frozen=True, slots=True)
class StackFile:
    """One `Pulumi.<stack>.yaml` that has something to say to us."""

    stack: str
    path: Path
    sections: Mapping[str, Any]
    """`account`, `organization`, … as given."""
    credentials: frozenset[str] = frozenset()
    """The NAMEs under `chaosreg-credentials:`; never their values."""
    from_engine: frozenset[str] = field(default_factory=frozenset)
    """Sections whose value the engine gave (`-c`, ESC) and not the file: they have no line."""

    def place(self, section: str, *keys: str | int) -> Place:
        """Where a section, or a key in it, stands."""
        if section in self.from_engine:
            return Place(keys=(f"{NAMESPACE}:{section}", *keys))
        return Place(file=self.path, keys=("config", f"{NAMESPACE}:{section}", *keys))


def find_project(start: Path) -> Path:
    """The folder of the nearest Pulumi.yaml at or above `start`; ChaosregError (CHR0109) where there is none."""
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise ChaosregError.of(
        "CHR0109",
        f"no Pulumi.yaml in {start} or above",
        help="run this in a Pulumi project, or name its folder with --project",
    )


def stacks_folder(project: Path) -> Path:
    """Where the project keeps its stack files: `stackConfigDir`, or beside Pulumi.yaml."""
    settings = read_yaml(project / "Pulumi.yaml")
    folder = settings.get("stackConfigDir") if isinstance(settings, dict) else None
    return project / folder if isinstance(folder, str) else project


def read_stack_files(folder: Path, findings: list[Finding]) -> dict[str, StackFile]:
    """Stack name → file, for every stack file with one of our sections; sorted by name."""
    files: dict[str, StackFile] = {}
    for path in sorted(folder.glob("Pulumi.*.yaml")):
        stack = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
        try:
            content = read_yaml(path)
        except ChaosregError as error:
            findings += error.findings
            continue
        config = content.get("config") if isinstance(content, dict) else None
        if isinstance(config, dict):
            file = _stack_file(stack, path, config, findings)
            if file.sections:
                files[stack] = file
    return files


def _stack_file(stack: str, path: Path, config: Mapping[str, Any], findings: list[Finding]) -> StackFile:
    sections: dict[str, Any] = {}
    credentials: set[str] = set()
    for key, value in config.items():
        namespace, _, name = key.partition(":")
        if namespace == CREDENTIALS:
            credentials.add(name)
        elif namespace == NAMESPACE and name in SECTIONS:
            sections[name] = value
        elif namespace == NAMESPACE:
            findings.append(
                Finding(
                    "CHR0110",
                    f"`{key}` is not a section",
                    Place(file=path, keys=("config", key)),
                    help=f"sections: {', '.join(f'{NAMESPACE}:{section}' for section in SECTIONS)}",
                )
            )
    return StackFile(stack, path, sections, frozenset(credentials))


def with_engine_values(file: StackFile, config: Mapping[str, str]) -> StackFile:
    """The file, with the sections that the engine gives another value (`-c`, ESC, Pulumi.yaml).

    `config` is full key → text, as the engine hands it over: strings as they are, everything else as JSON.
    """
    sections, changed = dict(file.sections), set(file.from_engine)
    credentials = set(file.credentials)
    for key, text in config.items():
        namespace, _, name = key.partition(":")
        if namespace == CREDENTIALS:
            credentials.add(name)
        if namespace == NAMESPACE and name in SECTIONS and not _same(sections.get(name), text):
            sections[name] = _parsed(text)
            changed.add(name)
    return StackFile(file.stack, file.path, sections, frozenset(credentials), frozenset(changed))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _same(written: Any, text: str) -> bool:
    """Whether the engine's text is the file's value; both sides read as JSON, so that numbers compare as numbers."""
    return bool(written == text or json.loads(json.dumps(written, default=str)) == _parsed(text))
