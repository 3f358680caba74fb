"""What a cluster pulls without a mirror of ours: tags that move, and hosts that its Secret has no login for."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.company import Company
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage


def check_pulls(company: Company, configs: Iterable[ResolvedConfig], *, is_acting: bool) -> list[Finding]:
    """CHR0313 and CHR0511. `is_acting`: a program would hand these images to a cluster now."""
    findings: list[Finding] = []
    seen: set[int] = set()
    for config in configs:
        if id(config.images) in seen:  # siblings share their images
            continue
        seen.add(id(config.images))
        for image in config.images:
            findings += _floating(image, company, is_acting=is_acting)
            if image.is_custom:
                findings += _without_login(image, config)
    return findings


def _floating(image: ResolvedImage, company: Company, *, is_acting: bool) -> Iterator[Finding]:
    reference = image.reference
    floats = reference.tag is None or company.catalogue.is_floating(reference.tag)
    if image.source or reference.digest or not floats:
        return
    tag = f"tag `{reference.tag}` moves" if reference.tag else "an image without a tag means `latest`, which moves"
    yield Finding(
        "CHR0313",
        f"`{reference}` may be another image tomorrow: {tag}, and the lockfile has no digest for it",
        image.origin.place,
        help="write a release's tag, or run `chaosreg lock` and commit the lockfile",
        severity="error" if is_acting else "warning",
    )


def _without_login(image: ResolvedImage, config: ResolvedConfig) -> Iterator[Finding]:
    """The kubelet looks a login up by host, port and path: the Secret's only key is the registry's server."""
    if config.secret and config.secret.value.create and image.reference.server != config.server.value:
        yield Finding(
            "CHR0511",
            f"`{image.reference.tagged}` would be pulled without a login: the pull Secret has one for "
            f"`{config.server.value}` only",
            image.origin.place,
            help="fine where that image is public; otherwise mirror it, or give the credential as a docker config with "
            f"both keys, `{config.server.value}` and `{image.reference.server}`",
            severity="warning",
        )
