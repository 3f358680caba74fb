"""Which copies `chaosreg mirror` makes: what the stack files say, or some of it."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from pulumi_chaosreg.cli.mirror.list_file import Job
from pulumi_chaosreg.cli.selection import fits
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.mirror import Wanted
from pulumi_chaosreg.review.review import Review
from pulumi_chaosreg.scopes.demand import Demand, mirrored
from pulumi_chaosreg.scopes.mirror_policy import MirrorPolicy
from pulumi_chaosreg.scopes.resolved import ResolvedImage


def select_jobs(reviewed: Review, wanted: Sequence[str]) -> list[Job]:
    """What is mirrored, each target once, sorted; ChaosregError (CHR0118) for what is wanted and names nothing."""
    chosen = {image.reference.tagged: image for image in mirrored(reviewed.demands)}
    jobs: dict[str, Job] = {}
    named: set[str] = set()
    for demand in reviewed.demands:
        of_scope = [text for text in wanted if fits(demand.scope, text)]
        for image in demand.images:
            fitting = [*of_scope, *(text for text in wanted if fnmatchcase(image.reference.image, text))]
            named.update(fitting)
            policy = demand.registry.policy
            if image.source and policy and (fitting or not wanted):
                tagged = image.reference.tagged
                jobs[tagged] = _job(reviewed, demand, policy, chosen[tagged])
    missing = [text for text in wanted if text not in named]
    if missing:
        advice = "write an infrastructure's or scope's path, or an image's name: `chaosreg resolve` shows them"
        raise ChaosregError([Finding("CHR0118", f"nothing is called `{text}`", help=advice) for text in missing])
    return [jobs[tagged] for tagged in sorted(jobs)]


def _job(reviewed: Review, demand: Demand, policy: MirrorPolicy, image: ResolvedImage) -> Job:
    assert image.source
    target = image.reference.with_digest(None)
    floats = reviewed.company.catalogue.is_floating(target.tag)
    return Job(
        image.source,
        target,
        Wanted.by(policy, digest=image.digest, platforms=image.platforms, unique=floats),
        must_be_locked=not demand.pinning.may_copy_unlocked(floating=floats),
    )
