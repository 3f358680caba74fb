"""Pulumi.yaml: the project's name, where its stack files are, and what it gives to all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import ChaosregError, Finding, Place
from pulumi_chaosreg.settings.yaml_file import read_yaml
from pulumi_chaosreg.stacks.nowhere import said_nowhere
from pulumi_chaosreg.stacks.sections import CREDENTIALS, full_keys, is_of_ours, section_of


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """One Pulumi.yaml, read once."""

    path: Path
    said: Mapping[str, Any]

    @classmethod
    def read(cls, project: Path) -> "ProjectFile":
        """That of a folder; ChaosregError (CHR0101 to CHR0103, CHR0123) where it cannot be read."""
        path = project / "Pulumi.yaml"
        content = read_yaml(path)
        own = cls(path, content if isinstance(content, dict) else {})
        if "config" in own.said:  # what is ours there depends on the project's name
            read_yaml(path, is_of_ours(own.name))
        return own

    @property
    def name(self) -> str:
        """The project's; empty where it has none."""
        name = self.said.get("name")
        return name if isinstance(name, str) else ""

    @property
    def stacks(self) -> Path:
        """Where the project keeps its stack files: `stackConfigDir`, or beside Pulumi.yaml."""
        keys = ("stackConfigDir", "config")  # `config:` with a text is its older name
        return self.path.parent / next((self.said[key] for key in keys if isinstance(self.said.get(key), str)), ".")

    def sections(self, findings: list[Finding]) -> dict[str, tuple[Any, Place]]:
        """Section, or `chaosreg-credentials:NAME` → (value, place) for what `config:` gives all stacks."""
        path, config = self.path, self.said.get("config")
        findings += said_nowhere(self.said, path, is_stack=False)
        config = full_keys(config, self.name, path, findings) if isinstance(config, dict) else {}
        found: dict[str, tuple[Any, Place]] = {}
        for key, given in config.items():
            is_credential = key.startswith(f"{CREDENTIALS}:")
            name = key if is_credential else section_of(key, config, path, findings, self.name)
            if name is None:
                continue
            place = Place(file=path, keys=("config", key))
            for inner in ("value", "default") if isinstance(given, dict) else ():
                if inner in given:
                    given, place = given[inner], replace(place, keys=(*place.keys, inner))
                    break
            found[name] = (given, place)
        return found


def find_project(start: Path) -> Path:
    """The folder of the nearest Pulumi.yaml at or above `start`; ChaosregError (CHR0109) where there is none."""
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
        if (folder / "Pulumi.yml").is_file():
            raise ChaosregError.of(
                "CHR0109",
                f"no Pulumi.yaml in {folder}, only a Pulumi.yml",
                help="rename it to Pulumi.yaml, and its stack files to `Pulumi.<stack>.yaml`",
            )
    raise ChaosregError.of(
        "CHR0109",
        f"no Pulumi.yaml in {start} or above",
        help="run this in a Pulumi project, or name its folder with --project",
    )
