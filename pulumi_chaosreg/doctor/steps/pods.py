"""What the kubelet says of Pods that wait for an image: the only evidence of a node that can be had from here."""

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_chaosreg.doctor.case import Case
from pulumi_chaosreg.doctor.step import Failed, Passed, Result, Unseen
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.reference import Reference, reference_problem
from pulumi_chaosreg.kubernetes.client import KubernetesError

NAME = "Pods"
NEEDS = ("configuration",)
_REASONS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable")
_MOST = 500
"""Pods that are looked at."""
_TOLD = 5


def look(case: Case) -> Result:
    """List the namespace's Pods once."""
    try:
        pods = case.around.ask("pods", limit=str(_MOST)).get("items") or []
    except KubernetesError:
        return Unseen("the cluster does not let this login list Pods, or does not answer")
    findings = [finding for pod in pods for finding in _waiting(case, pod)]
    if findings:
        return Failed(tuple(findings[:_TOLD]))
    return Passed(f"none of {len(pods)} in `{case.around.namespace}` waits for an image")


def _waiting(case: Case, pod: Mapping[str, Any]) -> Iterator[Finding]:
    status, spec = pod.get("status") or {}, pod.get("spec") or {}
    containers = (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ()))
    for container in containers:
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") in _REASONS:
            name, image = str((pod.get("metadata") or {}).get("name")), str(container.get("image"))
            yield Finding(
                "CHR0909",
                f"Pod `{name}` waits for `{image}`: {waiting['reason']}",
                notes=(("kubelet", str(waiting["message"])),) if waiting.get("message") else (),
                help=_advice(case, image, {str(one.get("name")) for one in spec.get("imagePullSecrets") or ()}),
            )


def _advice(case: Case, image: str, named: set[str]) -> str:
    """By what sets the Pod apart from what was resolved."""
    config = case.around.config
    ours = {one.reference.tagged for one in config.images}
    reference = None if reference_problem(image) else Reference.parse(image)
    if reference is None or reference.with_digest(None).tagged not in ours:
        return "it is not one of this infrastructure's images: `chaosreg render --from-cluster` shows what names it"
    if missing := [name for name in config.secret_names if name not in named]:
        return f"the Pod does not name the Secret `{missing[0]}`: Pods take it when created, so recreate the Pod"
    return "the steps below say why; if all pass, a node sees something different from this machine"
