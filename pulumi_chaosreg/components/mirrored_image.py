"""The resource class of `MirroredImage`; its life is in `provider/mirrored_image.py`."""

from collections.abc import Mapping
from typing import Any, Literal

import pulumi

from pulumi_chaosreg import __version__


class MirroredImage(pulumi.CustomResource):
    """One image tag, copied from its source and kept at its target.

    `source` and `target` are `server/repository:tag`. With `digest` (from the lockfile) exactly that content is copied
    and a preview needs no network. `push` and `pull` are `{username, password}`, never shown, never a diff; without
    them the machine's docker configuration is read when needed. `on_destroy`: `retain` (default) or `delete`.
    `signatures`: `copy` (default) takes referrers and cosign's tags along when an image is copied, `skip` leaves them,
    and with `require` nothing is copied that nobody of `verify` has signed. `verify` is like `mirror.verify` in a stack
    file, with texts in the place of files: `public_keys` (PEM), `identities`, `trusted_root` (JSON), `each_platform`.
    """

    digest: pulumi.Output[str]
    """What the target's tag points to."""
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
        on_destroy: pulumi.Input[Literal["retain", "delete"]] | None = None,
        signatures: pulumi.Input[Literal["copy", "require", "skip"]] | None = None,
        verify: pulumi.Input[Mapping[str, Any]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "source": source,
            "target": target,
            "digest": digest,
            "push": None if push is None else pulumi.Output.secret(push),
            "pull": None if pull is None else pulumi.Output.secret(pull),
            "onDestroy": on_destroy,
            "signatures": signatures,
            "verify": verify,
            "reference": None,  # declares the output
        }
        ours = pulumi.ResourceOptions(version=__version__)
        super().__init__("chaosreg:index:MirroredImage", name, inputs, pulumi.ResourceOptions.merge(ours, opts))
