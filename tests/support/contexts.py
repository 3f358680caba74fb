"""The lab's one cluster under as many names of contexts as a company has."""

import os
from collections.abc import Iterable
from pathlib import Path

import yaml

from pulumi_chaosreg.scopes.model import Scope, nearest
from pulumi_chaosreg.settings.table import CLUSTER


def with_contexts(folder: Path, infrastructures: Iterable[Scope]) -> Path:
    """A kubeconfig in which every context of these is the lab's cluster."""
    config = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text("utf-8"))
    context = config["contexts"][0]["context"]
    names = [nearest(scope, CLUSTER.context) for scope in infrastructures]
    config["contexts"] = [{"name": name.value, "context": context} for name in names if name]
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(config), "utf-8")
    return file
