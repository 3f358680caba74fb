"""What `chaosreg init` wrote into a folder."""

from pathlib import Path
from typing import Any

from pulumi_chaosreg.settings.yaml_file import read_yaml

NEEDED = ("--account", "acme", "--infrastructure", "prod-eu=eks-eu")
"""The answers that no default stands for."""
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def files_in(folder: Path) -> list[str]:
    """All of them, sorted, relative to the folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def config_of(folder: Path, stack: str) -> Any:
    """What a stack file has below `config:`."""
    return read_yaml(folder / "stacks" / f"Pulumi.{stack}.yaml")["config"]
