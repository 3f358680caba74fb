"""A Kustomize component: the images by every name that they have at a source, and patches for the pull Secrets."""

from collections.abc import Iterator
from typing import Any

from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.manifests.target import Target

_PODS = {
    "Pod": ("v1", ("spec",)),
    "Deployment": ("apps/v1", ("spec", "template", "spec")),
    "DaemonSet": ("apps/v1", ("spec", "template", "spec")),
    "StatefulSet": ("apps/v1", ("spec", "template", "spec")),
    "Job": ("batch/v1", ("spec", "template", "spec")),
    "CronJob": ("batch/v1", ("spec", "jobTemplate", "spec", "template", "spec")),
    "ServiceAccount": ("v1", ()),
}
"""The kinds that Kustomize knows how to merge: of others it would replace whole lists."""


def kustomization(target: Target) -> dict[str, Any]:
    """The component. Kustomize compares an image's name letter by letter, so each name of it is a line."""
    component: dict[str, Any] = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
    component["images"] = [
        {"name": name, **_new(references[0])}
        for image, references in sorted(target.images.items())
        for name in _names(image, target)
        if name != references[0].name
    ]
    if target.secrets:
        component["patches"] = [
            {"target": {"kind": kind}, "patch": _patch(kind, api, path, target.secrets)}
            for kind, (api, path) in _PODS.items()
        ]
    return component


def _names(image: str, target: Target) -> Iterator[str]:
    kinds = [kind for kind, names in target.catalogue.sets.items() if image in names]
    for source, there in target.catalogue.sources.items():
        if not kinds or set(kinds) & set(there):
            yield f"{source}/{image}"
            if source.startswith("docker.io/"):
                yield f"{source.removeprefix('docker.io/')}/{image}"


def _new(reference: Reference) -> dict[str, str]:
    new = {"newName": reference.name}
    if reference.digest:
        return {**new, "digest": reference.digest}
    return {**new, "newTag": reference.tag or "latest"}


def _patch(kind: str, api: str, path: tuple[str, ...], secrets: tuple[str, ...]) -> str:
    lines = [f"apiVersion: {api}", f"kind: {kind}", "metadata:", "  name: every"]
    for depth, key in enumerate(path):
        lines.append(f"{'  ' * depth}{key}:")
    margin = "  " * len(path)
    lines.append(f"{margin}imagePullSecrets:")
    lines += [f"{margin}  - name: {secret}" for secret in secrets]
    return "\n".join(lines) + "\n"
