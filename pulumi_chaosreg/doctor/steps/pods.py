"""What the kubelet says of Pods that wait for an image: the only evidence of a node that can be had from here."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pulumi_chaosreg.doctor.case import Case, hindrance
from pulumi_chaosreg.doctor.step import Failed, Passed, Result, Unseen
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.reference import Reference, reference_problem
from pulumi_chaosreg.kubernetes.client import KubernetesError
from pulumi_chaosreg.kubernetes.workloads import objects_in
from pulumi_chaosreg.manifests.target import Target
from pulumi_chaosreg.scopes.autopilot import autopilot
from pulumi_chaosreg.settings.table import AUTOPILOT, CLUSTER

NAME = "Pods"
NEEDS = ("configuration",)
_REASONS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable")
_CONTAINERS = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
_TOLD = 5
_AUTOPILOT_S_NODES = "gk3-"
"""How the names of its nodes begin; those of other GKE clusters begin with `gke-`."""


def look(case: Case) -> Result:
    """List the namespace's Pods. One that waits for an image of somebody else is a warning: the namespace may be
    shared.
    """
    namespace = case.around.namespace
    try:
        pods = case.around.list("pods")
    except KubernetesError as error:
        return Unseen("they could not be listed", hindrance(error, f"`list` on Pods of `{namespace}`"))
    target = Target.of(case.around.config, case.around.catalogue)
    findings = [finding for pod in pods for finding in _waiting(case, target, pod)]
    findings.sort(key=lambda finding: finding.severity == "warning")
    told = (*findings[:_TOLD], *_on_autopilot(case, pods))
    if findings and findings[0].severity == "error":
        return Failed(told)
    image = "an image of this infrastructure" if findings else "an image"
    return Passed(f"none of {len(pods)} in `{namespace}` waits for {image}", told)


def _on_autopilot(case: Case, pods: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """What would be refused before there is a Pod: Autopilot's own admission asks for digests of chaos Pods."""
    nodes = {str((pod.get("spec") or {}).get("nodeName")) for pod in pods}
    on_it = sorted(node for node in nodes if node.startswith(_AUTOPILOT_S_NODES))
    if on_it and autopilot(case.around.config.infrastructure) is None:
        said = case.around.config.cluster.get(CLUSTER.provider.key)
        given = f"`{CLUSTER.provider}` is `{said.value}`" if said else f"nobody says `{CLUSTER.provider}`"
        yield Finding(
            "CHR0613",
            f"Pods of `{case.around.namespace}` run on GKE Autopilot (`{on_it[0]}`), but {given}",
            said.origin.place if said else case.around.config.infrastructure.place,
            help=f"write `cluster: {{provider: {AUTOPILOT}}}`: it admits chaos Pods by their images' digests only",
            severity="warning",
        )


def _waiting(case: Case, target: Target, pod: Mapping[str, Any]) -> Iterator[Finding]:
    status, spec = pod.get("status") or {}, pod.get("spec") or {}
    named = {str(one.get("name")) for one in objects_in(spec, "imagePullSecrets")}
    for container in (one for key in _CONTAINERS for one in objects_in(status, key)):
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in _REASONS:
            name, image = str((pod.get("metadata") or {}).get("name")), str(container.get("image"))
            advice = _advice(case, target, image, named)
            yield Finding(
                "CHR0909",
                f"Pod `{name}` waits for `{image}`: {waiting['reason']}",
                notes=(("kubelet", str(waiting["message"])),) if waiting.get("message") else (),
                help=advice or "it is not one of this infrastructure's images; ask the Pod's owner",
                severity="error" if advice else "warning",
            )


def _advice(case: Case, target: Target, image: str, named: set[str]) -> str:
    """By what sets the Pod apart from what was resolved; empty where the image is somebody else's."""
    if not _is_resolved(case, image):
        ours = target.verdict(image).new
        shows = f"`chaosreg render {target.infrastructure} --from-cluster` shows what names the other one"
        return f"this infrastructure pulls `{ours}`: {shows}" if ours else ""
    if missing := [name for name in case.around.config.secret_names if name not in named]:
        return f"the Pod does not name the Secret `{missing[0]}`: Pods take it when created, so recreate the Pod"
    return "the steps below say why; if all pass, a node sees something different from this machine"


def _is_resolved(case: Case, image: str) -> bool:
    """Whether it is what was resolved, or names the same image by its locked digest."""
    if reference_problem(image):
        return False
    reference = Reference.parse(image)
    return any(
        reference == one.reference
        or (reference.name == one.reference.name and reference.digest is not None and reference.digest == one.digest)
        for one in case.around.config.images
    )
