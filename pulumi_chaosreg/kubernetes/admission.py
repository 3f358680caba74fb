"""`enforce`: the policy by which the API server admits only an infrastructure's images to its namespace.

A ValidatingAdmissionPolicy (Kubernetes 1.30) and its binding: nothing runs in the cluster for it. Both belong to the
whole cluster, so their name says whose they are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.servers import HUB, HUB_ALIASES
from pulumi_chaosreg.kubernetes.deliveries import Options
from pulumi_chaosreg.kubernetes.objects import api_object, token
from pulumi_chaosreg.scopes.enforcing import Enforce

GROUP = "admissionregistration.k8s.io/v1"
POLICY, BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
_ACTIONS = {Enforce.WARN: ["Warn", "Audit"], Enforce.DENY: ["Deny"]}
_MAX_NAMED = 10
"""References that a refusal names: the API server drops a message of more than five kilobytes."""
_MAX_REFUSED = 5
"""The same for images that are refused."""
_HUB = "|".join(name.replace(".", "[.]") for name in (HUB, *HUB_ALIASES))
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True, slots=True)
class Admitted:
    """What Pods of one namespace may pull."""

    who: str
    """As a refusal names the infrastructure."""
    namespace: str
    config_map: str
    """Where all its references stand."""
    enforce: Enforce
    """Warn or deny."""
    beginnings: Sequence[str] = ()
    """`server/path` below which everything is admitted."""
    others: Sequence[str] = ()
    """References that Pods of ours pull."""
    by_digest_only: bool = False
    """Whether a reference with a digest is admitted with its digest alone, and not by its tag."""


def admission(
    name: str,
    policy_name: str,
    admitted: Admitted,
    references: Sequence[pulumi.Input[str]],
    metadata: dict[str, Any],
    options: Options,
) -> None:
    """The policy, then its binding: from then on it is asked. `references` are those of the resolved config.

    A binding's name says its word: another word is another object, made before the old one goes. A preview could not
    show it as a change: there, server-side apply adds up what was created and what is applied, and `Warn` beside `Deny`
    is refused.
    """
    about = {**metadata, "name": policy_name}
    known = [one for one in references if isinstance(one, str)]
    spec: pulumi.Input[dict[str, Any]] = (
        policy(admitted, known)
        if len(known) == len(references)
        else pulumi.Output.all(*references).apply(lambda all_: policy(admitted, all_))
    )
    made = api_object(GROUP, POLICY, name, {"metadata": about, "spec": spec}, options(token(GROUP, POLICY)))
    binding = {
        "policyName": policy_name,
        "validationActions": _ACTIONS[admitted.enforce],
        "matchResources": {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": admitted.namespace}},
        },
    }
    after = pulumi.ResourceOptions(depends_on=[made])
    opts = pulumi.ResourceOptions.merge(options(token(GROUP, BINDING)), after)
    about = {**about, "name": f"{policy_name}.{admitted.enforce}"}
    api_object(GROUP, BINDING, name, {"metadata": about, "spec": binding}, opts)


def policy(admitted: Admitted, references: Sequence[str]) -> dict[str, Any]:
    """The spec of the policy. An image that a Pod had before is not asked about again: else a label or a finalizer of
    a Pod that is older than the policy could not change.
    """
    exact = list(dict.fromkeys(form for one in (*references, *admitted.others) for form in _forms(one, admitted)))
    below = list(dict.fromkeys(form for one in admitted.beginnings for form in _below(one)))
    names = [*references[:_MAX_NAMED], *(f"all of `{one}`" for one in admitted.beginnings[:_MAX_NAMED])]
    more = len(references) + len(admitted.beginnings) - len(names)
    rest = f" and {more} more" if more > 0 else ""
    where = f"; see ConfigMap `{admitted.namespace}/{admitted.config_map}`"
    allowed = f"; allowed: {', '.join(names) or 'nothing'}{rest}{where}"
    before = f"request.operation == 'UPDATE' ? ({_images('oldObject')}) : []"
    return {
        # what cannot be judged counts as a foreign image, which `warn` only warns of
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": ["pods", "pods/ephemeralcontainers"],
                }
            ]
        },
        "variables": [
            {"name": "before", "expression": before},
            {"name": "images", "expression": f"({_images('object')}).filter(i, !(i in variables.before))"},
            {"name": "named", "expression": f"variables.images.map(i, {_whole('i')})"},
            {
                "name": "foreign",
                "expression": f"variables.named.filter(i, !(i in {_list(exact)})"
                f" && !{_list(below)}.exists(b, i.startsWith(b)))",
            },
        ],
        "validations": [
            {
                "expression": "variables.foreign.size() == 0",
                "message": f"{admitted.who} does not pull one of this Pod's images{where}",
                "messageExpression": f"{_text(f'{admitted.who} does not pull ')}"
                f" + (variables.foreign.size() > {_MAX_REFUSED}"
                " ? variables.foreign[0] + ' and ' + string(variables.foreign.size() - 1) + ' more'"
                " : variables.foreign.join(', '))"
                f" + {_text(allowed)}",
                "reason": "Forbidden",
            }
        ],
    }


def _images(pod: str) -> str:
    """Of every container and volume of a Pod."""
    parts = [f"{pod}.spec.?{each}.orValue([]).map(c, c.?image.orValue(''))" for each in _CONTAINERS]
    volumes = f"{pod}.spec.?volumes.orValue([]).filter(v, has(v.image)).map(v, v.image.?reference.orValue(''))"
    return " + ".join([*parts, volumes])


def _whole(image: str) -> str:
    """An image's name with its server, as the node completes it: `nginx` is on Docker Hub, which has several names."""
    rest = f"{image}.substring({image}.indexOf('/') + 1)"
    on_hub = "'{hub}/' + ({rest}.contains('/') ? {rest} : 'library/' + {rest})"
    return (
        f"{image}.matches('^({_HUB})/') ? {on_hub.format(hub=HUB, rest=rest)}"
        f" : {image}.matches('^([^/]*[.:][^/]*|localhost)/') ? {image}"
        f" : {on_hub.format(hub=HUB, rest=image)}"
    )


def _forms(reference: str, admitted: Admitted) -> Iterator[str]:
    """How a Pod may write it: Harness asks by the tag alone for what is pinned by digest."""
    parsed = Reference.parse(reference)
    if parsed.digest:
        yield str(parsed)
        yield f"{parsed.name}@{parsed.digest}"
    if not (parsed.digest and admitted.by_digest_only):
        yield parsed.tagged
        if not parsed.tag:
            yield f"{parsed.name}:latest"


def _below(beginning: str) -> list[str]:
    """What the images at such a place begin with; a server's own name is no image."""
    ends = "/:@" if "/" in beginning else "/"
    return [f"{beginning}{end}" for end in ends]


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def _text(text: str) -> str:
    """A string of CEL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
