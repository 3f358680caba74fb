"""The images that one registry's owner copies into it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pulumi

from pulumi_chaosreg.components.aliases import MIRROR_TYPE
from pulumi_chaosreg.components.mirrored_image import MirroredImage
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.images.signing_policy import SigningPolicy
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.signers import signing_policy


def required_signers(owner: Scope) -> SigningPolicy | None:
    """Who must have signed what this owner mirrors, if anybody; files are looked for beside Pulumi.yaml.

    RunError where they cannot be read: a program without stack files finds it here, others in their review.
    """
    policy, findings = signing_policy(owner, Path(pulumi.get_root_directory() or Path.cwd()))
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise pulumi.RunError(str(ChaosregError(errors)))
    return policy


class ImageMirror(pulumi.ComponentResource):
    """One `MirroredImage` per target tag, made when the first infrastructure asks for it."""

    def __init__(
        self,
        name: str,
        *,
        prefix: str = "",
        account: str = "",
        push: pulumi.Input[Any] | None = None,
        pull: pulumi.Input[Any] | None = None,
        delete: pulumi.Input[Any] | None = None,
        on_destroy: str | None = None,
        signatures: str | None = None,
        platforms: Sequence[str] = (),
        foreign_layers: str | None = None,
        verify: SigningPolicy | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`prefix` goes before the resource names, so that two owners in one stack differ; `account` is the path on the
        server that goes without saying in them.
        """
        super().__init__(MIRROR_TYPE, name, {}, opts)
        self._prefix, self._account = prefix, f"{account}/" if account else ""
        self._push, self._pull, self._delete = push, pull, delete
        self._on_destroy, self._signatures = on_destroy, signatures
        self._platforms, self._foreign_layers = list(platforms), foreign_layers
        self._verify = verify.as_inputs() if verify else None
        self._images: dict[str, MirroredImage] = {}
        self.register_outputs({})

    def image(self, source: Reference, target: Reference, digest: str | None) -> MirroredImage:
        """The resource that keeps this target tag, and `digest` under it where that is known; the same one each time it
        is asked for.
        """
        tagged = target.tagged
        if tagged not in self._images:
            path = f"{target.repository}:{target.tag}".removeprefix(self._account)
            self._images[tagged] = MirroredImage(
                f"{self._prefix}{path}",
                # a subset has a digest of its own, so what it is made of has to be said
                source=str(source) if self._platforms else source.tagged,
                target=tagged,
                digest=digest,
                platforms=self._platforms or None,
                foreign_layers=self._foreign_layers,  # type: ignore[arg-type]  # checked by the settings table
                unique_tag=True if load_catalogue().is_floating(target.tag) else None,
                push=self._push,
                pull=self._pull,
                delete=self._delete,
                on_destroy=self._on_destroy,  # type: ignore[arg-type]  # checked by the settings table
                signatures=self._signatures,  # type: ignore[arg-type]  # likewise
                verify=self._verify,
                opts=pulumi.ResourceOptions(parent=self),
            )
        return self._images[tagged]
