"""`image_transform`: a resource transform that lets the Kubernetes objects of a program pull what an infrastructure
resolves to, whoever wrote them: the program itself, a component, a chart.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pulumi
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from pulumi_chaosreg.components.infrastructure import Infrastructure
from pulumi_chaosreg.errors import Keys
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.manifests.changes import Left, changes_of, put
from pulumi_chaosreg.manifests.objects import rendered_object
from pulumi_chaosreg.manifests.target import Reason, Target
from pulumi_chaosreg.settings.grammars import MANAGED_BY, OURS

_TOLD = (Reason.UNRESOLVED, Reason.NO_LIST, Reason.ELSEWHERE)
"""What somebody has to do something about; the rest is not ours, or turns out later."""

Transform = Callable[[pulumi.ResourceTransformArgs], Awaitable[pulumi.ResourceTransformResult | None]]


def image_transform(infrastructure: Infrastructure) -> Transform:
    """For `opts=ResourceOptions(transforms=[…])` of a resource or component, or for
    `pulumi.runtime.register_resource_transform`: images of chaos experiments become those of the infrastructure, and
    its pull Secrets are named where a Pod pulls, as `chaosreg render` does it. What pulls such an image waits for the
    infrastructure. Objects of ours stay.
    """
    target = Target.of(infrastructure.resolved, load_catalogue())

    async def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if not args.custom or not args.type_.startswith("kubernetes:"):
            return None
        secrets: list[Keys] = []
        plain: dict[str, Any] = await _known(args.props, (), secrets)
        if _is_ours(plain):
            return None
        wanted, left = rendered_object(plain, target)
        for one in left:
            if one.reason in _TOLD and not _turns_out_later(plain, one):
                pulumi.log.warn(_said(args, one, target))
        if wanted == plain:
            return None
        changes = changes_of(plain, target)
        for replaced in changes.replaced:  # by the digest that the copy finds, where that is not known yet
            put(wanted, replaced.keys, infrastructure.unknown_references.get(replaced.new, replaced.new))
        for keys in secrets:  # the inner ones come first
            put(wanted, keys, pulumi.Output.secret(_at(wanted, keys)))
        waiting = pulumi.ResourceOptions(depends_on=[infrastructure] if changes.pulls else None)
        return pulumi.ResourceTransformResult(wanted, pulumi.ResourceOptions.merge(args.opts, waiting))

    return transform


async def _known(value: Any, keys: Keys, secrets: list[Keys]) -> Any:
    """The value without Outputs and marks of secrets, whose places go to `secrets`; in a preview an Output that nobody
    knows yet stays one.
    """
    if isinstance(value, pulumi.Output):
        if not await value.is_known():
            return value
        is_secret = await value.is_secret()
        value = await value.future()
    else:
        is_secret = is_rpc_secret(value)
        value = unwrap_rpc_secret(value)
    if isinstance(value, Mapping):
        value = {key: await _known(item, (*keys, key), secrets) for key, item in value.items()}
    elif isinstance(value, list):
        value = [await _known(item, (*keys, index), secrets) for index, item in enumerate(value)]
    if is_secret:
        secrets.append(keys)
    return value


def _at(value: Any, keys: Keys) -> Any:
    for key in keys:
        value = value[key]
    return value


def _is_ours(props: Mapping[str, Any]) -> bool:
    """Whether an infrastructure has made it, with the images that are right for it."""
    metadata = props.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    return isinstance(labels, dict) and labels.get(MANAGED_BY) == OURS


def _turns_out_later(props: Any, left: Left) -> bool:
    """Whether it is only in a preview that nobody knows what stands there."""
    value = props
    for key in left.keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
    return isinstance(value, pulumi.Output)


def _said(args: pulumi.ResourceTransformArgs, left: Left, target: Target) -> str:
    where = f"{args.type_.rpartition(':')[2]} `{args.name}`"
    what = "" if left.reason is Reason.NO_LIST else f"{left.text} is left as it is: "
    return f"{where}, {'.'.join(map(str, left.keys))}: {what}{left.why} ({target.infrastructure})"
