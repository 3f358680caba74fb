"""The resource class of `MirroredImage`; its life is in `provider/mirrored_image.py`."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pulumi

from pulumi_chaosreg.custom_resource import CustomResource
from pulumi_chaosreg.resources.mirrored_image import MIRRORED_IMAGE


class MirroredImage(CustomResource):
    """One image tag, copied from its source and kept at its target.

    `source` and `target` are `server/repository:tag`. With `digest` (from the lockfile) exactly that content is copied
    and a preview needs no network. `push`, `pull` and `delete` are `{username, password}`, never shown, never a diff;
    without them the machine's docker configuration is read when needed (and `push` serves for `delete`).
    `on_destroy`: `retain` (default), or `delete`: the tag goes, with all that no other tag of the repository needs, if
    this resource wrote it.
    `platforms` (`["linux/amd64"]`) keeps these only; the image's index is then written again without the others, and
    `digest` is that of the new index.
    `foreign_layers`: `refuse` (default) an image with layers that their vendor alone may hand out, or `keep` them as
    references, which nodes follow to the vendor's address.
    `unique_tag`: whether the tag is one that moves; a second tag, `latest-sha256-3e9612ab34cd`, then keeps each digest
    alive for the Pods that are pinned to it, also when the tag has moved on.
    `signatures`: `copy` (default) takes referrers and cosign's tags along when an image is copied, `skip` leaves them,
    and with `require` nothing is copied that nobody of `verify` has signed. `verify` is like `mirror.verify` in a stack
    file, with texts in the place of files: `public_keys` (PEM), `identities`, `trusted_root` (JSON), `each_platform`.
    `wait_for_scan`: how long (`10m`) to wait where a registry gives out images only once they were scanned.
    """

    digest: pulumi.Output[str]
    """What the target's tag points to."""
    target: pulumi.Output[str]
    """The tag, once it is true."""
    reference: pulumi.Output[str]
    """`target@digest`."""

    def __init__(
        self,
        name: str,
        *,
        source: pulumi.Input[str],
        target: pulumi.Input[str],
        digest: pulumi.Input[str] | None = None,
        push: pulumi.Input[Mapping[str, str]] | None = None,
        pull: pulumi.Input[Mapping[str, str]] | None = None,
        delete: pulumi.Input[Mapping[str, str]] | None = None,
        on_destroy: pulumi.Input[Literal["retain", "delete"]] | None = None,
        platforms: pulumi.Input[Sequence[str]] | None = None,
        foreign_layers: pulumi.Input[Literal["refuse", "keep"]] | None = None,
        unique_tag: pulumi.Input[bool] | None = None,
        signatures: pulumi.Input[Literal["copy", "require", "skip"]] | None = None,
        verify: pulumi.Input[Mapping[str, Any]] | None = None,
        wait_for_scan: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        given = {
            "source": source,
            "target": target,
            "digest": digest,
            "push": push,
            "pull": pull,
            "delete": delete,
            "on_destroy": on_destroy,
            "platforms": platforms,
            "foreign_layers": foreign_layers,
            "unique_tag": unique_tag,
            "signatures": signatures,
            "verify": verify,
            "wait_for_scan": wait_for_scan,
        }
        super().__init__(MIRRORED_IMAGE, name, given, opts)
