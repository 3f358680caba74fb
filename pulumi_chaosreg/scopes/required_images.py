"""Which images an infrastructure needs, at which tags: custom image, then tag, then release."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.catalogue import Release, load_catalogue
from pulumi_chaosreg.images.lockfile import pinned
from pulumi_chaosreg.images.reference import REPOSITORY, SERVER, Reference
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope, merged, nearest
from pulumi_chaosreg.scopes.resolved import ResolvedConfig, ResolvedImage

_SOURCE = re.compile(rf"{SERVER.pattern[:-2]}/{REPOSITORY.pattern[1:]}")


def required_images(
    resolved: ResolvedConfig, locked: Mapping[str, str], findings: list[Finding]
) -> Iterator[ResolvedImage]:
    """Each required image as the cluster will pull it; what is wrong goes to `findings` (CHR0301 to CHR0307)."""
    infrastructure = resolved.infrastructure
    malformed = _malformed(resolved)
    if malformed:
        findings += malformed
        return
    custom = _custom_images(infrastructure)
    tags = merged(infrastructure, ("images", "tags"))
    wanted = _wanted(resolved, findings)
    if "chaos-ddcr-lib" in custom:
        wanted.setdefault("chaos-ddcr-lib", None)
    source = nearest(resolved.owner, ("mirror", "source")) if resolved.owner else None
    for name, listed in wanted.items():
        try:
            if name in custom:
                yield ResolvedImage(name, pinned(Reference.parse(custom[name].value), locked), custom[name].origin)
                continue
            tag = tags.get(name) or listed
            if tag is None:
                findings.append(_no_tag(infrastructure, name))
                continue
            path = "/".join(part for part in (resolved.account.value.strip("/"), f"{name}:{tag.value}") if part)
            reference = Reference.parse(f"{resolved.server.value}/{path}")
            origin = (
                reference.tagged if source is None else Reference.parse(f"{source.value}/{name}:{tag.value}").tagged
            )
            digest = locked.get(origin)
            yield ResolvedImage(
                name,
                reference.with_digest(digest),
                tag.origin,
                Reference.parse(origin).with_digest(digest) if source else None,
            )
        except ChaosregError as error:
            decided = custom.get(name) or tags.get(name) or resolved.server
            findings += [replace(finding, place=decided.origin.place) for finding in error.findings]


def _malformed(resolved: ResolvedConfig) -> list[Finding]:
    """What would make every image's reference wrong, told once and where it stands. Never repeats the value."""
    parts = [
        (resolved.server, SERVER, "`image_registry.server` is not a server", "write host or host:port, no `https://`"),
        (
            resolved.account,
            REPOSITORY,
            "`image_registry.account` is not a path",
            "write lower case segments, as in `a/b`",
        ),
    ]
    source = nearest(resolved.owner, ("mirror", "source")) if resolved.owner else None
    if source:
        parts.append((source, _SOURCE, "`mirror.source` is not `server/account`", "write it as in `docker.io/harness`"))
    return [
        Finding("CHR0301", message, part.origin.place, help=advice)
        for part, grammar, message, advice in parts
        if part.value.strip("/") and not grammar.match(part.value.strip("/"))
    ]


def _custom_images(infrastructure: Scope) -> dict[str | None, Decided[str]]:
    """Image name → custom reference; the several keys of one image are one field."""
    custom: dict[str | None, Decided[str]] = {}
    for level in infrastructure.chain():
        for key, value in (level.get(("custom_images",)) or {}).items():
            custom[load_catalogue().image_of(key)] = Decided(value, Origin(level, ("custom_images", key)))
    return custom


def _wanted(resolved: ResolvedConfig, findings: list[Finding]) -> dict[str, Decided[str] | None]:
    """Image name → the tag that the list or the release gives it."""
    infrastructure = resolved.infrastructure
    explicit = nearest(infrastructure, ("required_images",))
    release = _release(infrastructure, findings)
    if explicit:
        return _explicit(explicit, release, resolved.infrastructure_type, findings)
    kind = resolved.infrastructure_type
    names = load_catalogue().sets[kind]
    if release and not release.value.tags(kind):
        findings.append(
            Finding(
                "CHR0305",
                f"release `{release.value.version}` has no images for {kind} infrastructures any more",
                infrastructure.at("type") if infrastructure.get(("type",)) else infrastructure.place,
                notes=(("release from", str(release.origin)), ("newest that has", load_catalogue().newest_with(kind))),
                help="move to `type: ddcr`, or set `images.release` to a release that still has them",
            )
        )
        return {}
    tags = release.value.tags(kind) if release else {}
    return {name: Decided(tags[name], release.origin) if release else None for name in names}


def _release(infrastructure: Scope, findings: list[Finding]) -> Decided[Release] | None:
    decided = nearest(infrastructure, ("images", "release"))
    if decided is None:
        return None
    try:
        return Decided(load_catalogue().release(decided.value), decided.origin)
    except ChaosregError as error:
        findings += [replace(finding, place=decided.origin.place) for finding in error.findings]
        return None


def _explicit(
    listed: Decided[list[str]], release: Decided[Release] | None, kind: str, findings: list[Finding]
) -> dict[str, Decided[str] | None]:
    """The images of an explicit list by their last path segment; two that collide are an error (CHR0306)."""
    wanted: dict[str, Decided[str] | None] = {}
    for index, text in enumerate(listed.value):
        assert listed.origin.scope is not None
        place = listed.origin.scope.at("required_images", index)
        try:
            image = Reference.parse(text)
        except ChaosregError as error:
            findings += [replace(finding, place=place) for finding in error.findings]
            continue
        name = image.repository.rpartition("/")[2]
        if image.digest or image.server != "docker.io" or text.startswith("docker.io/"):
            findings.append(
                Finding(
                    "CHR0312",
                    f"`{text}` names a server or a digest, and a required image has neither",
                    place,
                    help=f"write `{image.repository}:<tag>`, or give the full reference under `custom_images`",
                )
            )
            continue
        if name in wanted:
            findings.append(
                Finding(
                    "CHR0306",
                    f"two required images would both become `{name}`",
                    place,
                    help="only the last part of the path goes under the registry's account: list one of them",
                )
            )
        from_release = release.value.tags(kind).get(name) if release else None
        if image.tag:
            wanted[name] = Decided(image.tag, listed.origin)
        else:
            wanted[name] = Decided(from_release, release.origin) if release and from_release else None
    return wanted


def _no_tag(infrastructure: Scope, name: str) -> Finding:
    return Finding(
        "CHR0307",
        f"image `{name}` has no tag: no level sets `images.release` to a release that is known",
        infrastructure.place,
        notes=(("newest known release", load_catalogue().newest),),
        help=f'write `images: {{release: "{load_catalogue().newest}"}}` at the account, or a tag under `images.tags`',
    )
