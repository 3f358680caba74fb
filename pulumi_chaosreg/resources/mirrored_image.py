"""`MirroredImage`: one image tag at its target."""

from typing import Any

from pulumi_chaosreg.images.platform import canonical
from pulumi_chaosreg.resources.table import Input, Output, ResourceTable, Shows, ValueType


def kept_platforms(said: Any) -> tuple[str, ...]:
    """The platforms in an order of their own: another order is no change."""
    said = said or ()
    return canonical(map(str, said)) if isinstance(said, list) else (str(said),) if said else ()


_REFERENCE = "`server/repository:tag`"

MIRRORED_IMAGE = ResourceTable(
    "chaosreg:index:MirroredImage",
    inputs=(
        Input("source", required=True, in_state=True, hint=_REFERENCE),
        Input("target", required=True, in_state=True, hint=_REFERENCE, shows=Shows.REPLACE),
        Input("digest", kind=ValueType.ANY, of_output=True),
        Input("push", ValueType.ANY, Shows.NOTHING, secret=True),
        Input("pull", ValueType.ANY, Shows.NOTHING, secret=True),
        Input("delete", ValueType.ANY, Shows.NOTHING, secret=True),
        Input("onDestroy", ValueType.WORD, in_state=True, default="retain", words=("retain", "delete")),
        Input(
            "platforms",
            ValueType.TEXTS,
            in_state=True,
            hint="`os/architecture`, as in `linux/amd64`",
            normal=kept_platforms,
        ),
        Input("foreignLayers", ValueType.WORD, Shows.NOTHING, words=("refuse", "keep")),
        Input("uniqueTag", ValueType.FLAG, in_state=True, normal=bool),
        Input("signatures", ValueType.WORD, Shows.NOTHING, words=("copy", "require", "skip")),
        Input("verify", ValueType.ANY, Shows.NOTHING),
        Input("waitForScan", ValueType.TEXT, Shows.NOTHING, hint="a span of time, as in `10m`"),
    ),
    outputs=(Output("reference"), Output("written"), Output("uniqueReference", optional=True)),
)
"""Credentials never cause a diff and are never outputs: a rotation is not a change of the image. Nor do `signatures`,
`verify`, `waitForScan` and `foreignLayers`: they count when an image is copied.
"""
