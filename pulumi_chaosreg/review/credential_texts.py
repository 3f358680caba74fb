"""What stands in the files for each credential, mostly cyphertext: only to be compared, never to be shown."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.review.review import Review
from pulumi_chaosreg.settings.yaml_file import read_yaml
from pulumi_chaosreg.stacks.sections import CREDENTIALS
from pulumi_chaosreg.stacks.stack_files import StackFile


def credential_texts(reviewed: Review) -> dict[str, Mapping[str, Any]]:
    """Stack → NAME → value in Pulumi.yaml or the stack's file."""
    return {stack: _of(reviewed.project, file) for stack, file in reviewed.company.files.items() if file.credentials}


def _of(project: Path, file: StackFile) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in (project / "Pulumi.yaml", file.path):
        try:
            content = read_yaml(path)
        except ChaosregError:  # told already
            continue
        config = content.get("config") if isinstance(content, dict) else None
        keys = {name: f"{CREDENTIALS}:{name}" for name in file.credentials}
        found |= {name: config[key] for name, key in keys.items() if isinstance(config, dict) and key in config}
    return found
