"""Which images a release needs, by infrastructure type. The table is `releases.toml`; nothing here derives a tag."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

from pulumi_chaosreg.errors import ChaosregError


@dataclass(frozen=True, slots=True)
class Release:
    """One release of Harness Chaos Engineering and the tags of its images."""

    version: str
    sets: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Infrastructure type, or group → image name → tags; what the release does not have is absent."""
    date: str = ""
    """When it came out, as its source says it; empty where that does not."""
    source: str = ""
    """Where its images are listed."""

    def images(self, infrastructure_type: str) -> Mapping[str, tuple[str, ...]]:
        """Image name → tags for `ddcr` or `dedicated` (self-managed releases may need two tags of one image); empty
        where the release has no such images.
        """
        return self.sets.get(infrastructure_type, {})

    def listable(self, infrastructure_type: str, groups: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """The same with the images of these groups: what a list of one's own may take from the release."""
        further = {name: tags for group in groups for name, tags in self.sets.get(group, {}).items()}
        return {**further, **self.images(infrastructure_type)}


@dataclass(frozen=True)
class Catalogue:
    """All known releases, oldest first, where their images are, and the names that settings may use for them."""

    default_server: str
    default_account: str
    sets: Mapping[str, tuple[str, ...]]
    """Infrastructure type → the images that it needs, in the order in which Harness lists them."""
    groups: Mapping[str, tuple[str, ...]]
    """What more images are for → the images, which no infrastructure needs by its type."""
    custom_keys: Mapping[str, str]
    """Key of `custom_images` → image name."""
    releases: Mapping[str, Release]
    sources: Mapping[str, tuple[str, ...]]
    """`server/account` that images may be copied from → the infrastructure types whose images are there."""
    floating_tags: tuple[str, ...]
    """Patterns of tags that are moved to other images."""

    @cached_property
    def names(self) -> frozenset[str]:
        """Every image that some infrastructure type or release needs."""
        of_releases = (images for release in self.releases.values() for images in release.sets.values())
        every = (*self.sets.values(), *self.groups.values(), *of_releases)
        return frozenset(name for names in every for name in names)

    @property
    def newest(self) -> str:
        """The newest version that this table knows, of those that Harness runs."""
        return [version for version in self.releases if version[:1].isdigit()][-1]

    def with_more(self, releases: Mapping[str, Release], sources: Mapping[str, tuple[str, ...]]) -> "Catalogue":
        """The catalogue with these, too."""
        every = {**self.releases, **releases}
        ordered = {version: every[version] for version in sorted(every, key=_age)}
        return replace(self, releases=ordered, sources={**self.sources, **sources})

    def is_floating(self, tag: str | None) -> bool:
        """Whether this tag is one that is moved from image to image; no tag means `latest`."""
        return tag is None or any(fnmatchcase(tag, pattern) for pattern in self.floating_tags)

    def carries(self, source: str, image: str) -> bool:
        """Whether this source has the image; True where we do not know the source or the image."""
        kinds = self.sources.get(source)
        return (
            kinds is None
            or all(image not in names for names in self.sets.values())
            or any(image in self.sets[kind] for kind in kinds)
        )

    def release(self, version: str) -> Release:
        """The release of that exact version; ChaosregError (CHR0302) names the nearest ones otherwise."""
        if version in self.releases:
            return self.releases[version]
        near = self.nearest(version)
        raise ChaosregError.of(
            "CHR0302",
            f"release `{version}` is not in the catalogue",
            notes=(("nearest", ", ".join(map(self._dated, near))), ("newest", self._dated(self.newest))),
            help="use a release from the catalogue, or drop it and tag each image under `images.tags`",
        )

    def _dated(self, version: str) -> str:
        date = self.releases[version].date
        return f"{version} ({date})" if date else version

    def nearest(self, version: str) -> list[str]:
        """Known versions near this one: those of the same minor, or else the next older and the next newer one; the
        newest for what is no version.
        """
        number = re.search(r"\d+(?:\.\d+)*", version)
        if number is None:
            return [self.newest]
        asked = _age("smp-" * version.startswith("smp-") + number[0])
        alike = [known for known in self.releases if _age(known)[0] == asked[0]]  # of the same kind, oldest first
        same_minor = [known for known in alike if len(asked[1]) > 1 and _age(known)[1][:2] == asked[1][:2]]
        older = [known for known in alike if _age(known) < asked]
        newer = [known for known in alike if _age(known) > asked]
        return same_minor or [*older[-1:], *newer[:1]]

    def newest_with(self, infrastructure_type: str) -> str:
        """The newest version that still has images for this infrastructure type."""
        return [version for version, release in self.releases.items() if release.images(infrastructure_type)][-1]

    def image_of(self, custom_key: str) -> str | None:
        """The image that a key of `custom_images` replaces; None for a key that names no image."""
        if custom_key in self.custom_keys:
            return self.custom_keys[custom_key]
        name = custom_key.replace("_", "-")
        return name if name in self.names else None

    @property
    def custom_image_keys(self) -> list[str]:
        """Every key that `custom_images` accepts."""
        return sorted({*self.custom_keys, *(name.replace("-", "_") for name in self.names)})


@cache
def load_catalogue() -> Catalogue:
    """The table that ships with the package."""
    table: dict[str, Any] = tomllib.loads(files(__package__).joinpath("releases.toml").read_text("utf-8"))
    return Catalogue(
        default_server=table["default_server"],
        default_account=table["default_account"],
        sets={kind: tuple(names) for kind, names in table["sets"].items()},
        groups={group: tuple(names) for group, names in table["groups"].items()},
        custom_keys=table["custom_keys"],
        releases={
            version: _release(version, entry, table["source"])
            for version, entry in sorted(table["releases"].items(), key=lambda item: _age(item[0]))
        },
        sources={source: tuple(kinds) for source, kinds in table["sources"].items()},
        floating_tags=tuple(table["floating_tags"]),
    )


def _release(version: str, entry: Mapping[str, Any], source: str) -> Release:
    sets = {
        kind: {name: (tags,) if isinstance(tags, str) else tuple(tags) for name, tags in images.items()}
        for kind, images in entry.items()
        if isinstance(images, dict)
    }
    return Release(version, sets, entry.get("date", ""), entry.get("source", source))


def _age(version: str) -> tuple[bool, list[int]]:
    """Sorts the self-managed releases (`smp-0.44.0`) before the others, and each kind oldest first."""
    parts = version.removeprefix("smp-").split(".")
    return version[:1].isdigit(), [int(part) if part.isdigit() else 0 for part in parts]
