"""What of a source's image a target shall have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pulumi_chaosreg.images.signing_policy import SigningPolicy
from pulumi_chaosreg.scopes.mirror_policy import MirrorPolicy


@dataclass(frozen=True, slots=True)
class Wanted:
    """By default all of it, as the source has it now, with what belongs to it."""

    digest: str | None = None
    """What the target becomes, wherever the source's tag points now."""
    platforms: Sequence[str] = ()
    """These only; `digest` is then what the image becomes by that (`Mirror.subset_digest`)."""
    keep_foreign: bool = False
    """Whether layers that their vendor alone may hand out stay references to his address, or are an error."""
    signatures: bool = True
    """Whether referrers and cosign's tags of the image and of its children go along."""
    unique: bool = False
    """Whether a second tag (`unique_tag`) keeps the digest alive: for tags that move."""
    verify: SigningPolicy | None = None
    """Who must have signed it; nothing is written otherwise, and signatures go along."""
    wait_for_scan: int = 0
    """Seconds that a target is waited for which gives images to nobody before they were scanned."""

    @classmethod
    def by(cls, policy: MirrorPolicy, *, digest: str | None, platforms: Sequence[str], unique: bool) -> Self:
        """What a policy wants of one image. The platforms are the image's, by which it was locked."""
        return cls(
            digest,
            platforms,
            policy.keeps_foreign,
            policy.copies_signatures,
            unique,
            policy.signers,
            policy.scan_seconds,
        )


ALL = Wanted()
