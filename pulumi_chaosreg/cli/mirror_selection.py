"""Which copies `chaosreg mirror` makes: what the stack files say, or some of it."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from pulumi_chaosreg.cli.mirror_list import Job
from pulumi_chaosreg.cli.selection import fits
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.signing_policy import SigningPolicy
from pulumi_chaosreg.review.review import Review
from pulumi_chaosreg.scopes.model import Scope, nearest
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage, mirrored
from pulumi_chaosreg.scopes.signers import signing_policy


def select_jobs(reviewed: Review, wanted: Sequence[str]) -> list[Job]:
    """What is mirrored, each target once, sorted; ChaosregError (CHR0118) for what is wanted and names nothing."""
    chosen = {image.reference.tagged: image for image in mirrored(reviewed.resolved.values())}
    policies = _Policies(reviewed)
    jobs: dict[str, Job] = {}
    named: set[str] = set()
    for resolved in reviewed.resolved.values():
        of_scope = [text for text in wanted if fits(resolved, text)]
        for image in resolved.images:
            name = image.reference.repository.rpartition("/")[2]
            fitting = [*of_scope, *(text for text in wanted if fnmatchcase(name, text))]
            named.update(fitting)
            if image.source and resolved.owner and (fitting or not wanted):
                tagged = image.reference.tagged
                jobs[tagged] = _job(reviewed, resolved, resolved.owner, chosen[tagged], policies)
    missing = [text for text in wanted if text not in named]
    if missing:
        advice = "write an infrastructure's or scope's path, or an image's name: `chaosreg resolve` shows them"
        raise ChaosregError([Finding("CHR0118", f"nothing is called `{text}`", help=advice) for text in missing])
    return [jobs[tagged] for tagged in sorted(jobs)]


class _Policies:
    """Who must have signed what an owner mirrors; files are read once for each owner."""

    def __init__(self, reviewed: Review) -> None:
        self._project = reviewed.project
        self._known: dict[Scope, SigningPolicy | None] = {}

    def of(self, owner: Scope) -> SigningPolicy | None:
        if owner not in self._known:
            self._known[owner] = signing_policy(owner, self._project)[0]
        return self._known[owner]


def _job(reviewed: Review, resolved: ResolvedConfig, owner: Scope, image: ResolvedImage, policies: _Policies) -> Job:
    assert image.source
    target = image.reference.with_digest(None)
    signatures, foreign = (nearest(owner, ("mirror", key)) for key in ("signatures", "foreign_layers"))
    floats = reviewed.company.catalogue.is_floating(target.tag)
    return Job(
        image.source,
        target,
        signatures=signatures is None or signatures.value != "skip",
        digest=image.digest,
        platforms=image.platforms,
        must_be_locked=not resolved.pinning.may_copy_unlocked(floating=floats),
        keep_foreign=foreign is not None and foreign.value == "keep",
        unique=floats,
        verify=policies.of(owner),
    )
