"""What Argo and Litmus say of their objects: the CustomResourceDefinitions that their own modules carry."""

from pathlib import Path

from lab.gobuild import GoBuild

_ARGO = "github.com/argoproj/argo-workflows/v3"
_FULL = "manifests/base/crds/full"
"""Those with every field; a cluster usually has the minimal ones, which let everything pass."""


def definitions() -> dict[str, Path]:
    """File name → definitions as YAML. Argo's are of the version that dedicated infrastructures run."""
    files = {
        "argo-workflows.yaml": (_ARGO, f"{_FULL}/argoproj.io_workflows.yaml"),
        "litmus.yaml": ("github.com/litmuschaos/chaos-operator", "deploy/chaos_crds.yaml"),
    }
    return GoBuild("definitions", "argo-3.4.16-litmus-20240301", {}, cold="seconds", copies=files).ensure()
