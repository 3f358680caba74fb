"""What stands in the files for each credential, mostly cyphertext: only to be compared, never to be shown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.review.review import Review
from pulumi_chaosreg.settings.yaml_file import read_yaml
from pulumi_chaosreg.stacks.sections import CREDENTIALS


def credential_texts(reviewed: Review) -> dict[str, Mapping[str, Any]]:
    """Stack → NAME → value in the stack's file or Pulumi.yaml, each of which is read once."""
    holding = {stack: file for stack, file in reviewed.company.files.items() if file.credentials}
    of_project = _config(reviewed.project / "Pulumi.yaml") if holding else {}
    found: dict[str, Mapping[str, Any]] = {}
    for stack, file in holding.items():
        config = {**of_project, **_config(file.path)}
        keys = {name: f"{CREDENTIALS}:{name}" for name in file.credentials}
        found[stack] = {name: config[key] for name, key in keys.items() if key in config}
    return found


def _config(path: Path) -> dict[str, Any]:
    try:
        content = read_yaml(path)
    except ChaosregError:  # told already
        return {}
    config = content.get("config") if isinstance(content, dict) else None
    return config if isinstance(config, dict) else {}
