"""Which images a release needs, by infrastructure type. The table is `releases.toml`; nothing here derives a tag."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from pulumi_chaosreg.errors import ChaosregError


@dataclass(frozen=True, slots=True)
class Release:
    """One release of Harness Chaos Engineering and the tags of its images."""

    version: str
    sets: Mapping[str, Mapping[str, str]]
    """Infrastructure type → image name → tag; a type that the release no longer supports is absent."""

    def tags(self, infrastructure_type: str) -> Mapping[str, str]:
        """Image name → tag for `ddcr` or `dedicated`; empty where the release has no such images."""
        return self.sets.get(infrastructure_type, {})


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All known releases, oldest first, and the names that settings may use for their images."""

    default_server: str
    default_account: str
    sets: Mapping[str, tuple[str, ...]]
    """Infrastructure type → the images that it needs, in the order in which Harness lists them."""
    custom_keys: Mapping[str, str]
    """Key of `custom_images` → image name."""
    releases: Mapping[str, Release]

    @property
    def newest(self) -> str:
        """The newest version that this table knows."""
        return list(self.releases)[-1]

    def release(self, version: str) -> Release:
        """The release of that exact version; ChaosregError (CHR0302) names the nearest ones otherwise."""
        if version in self.releases:
            return self.releases[version]
        near = self.nearest(version)
        raise ChaosregError.of(
            "CHR0302",
            f"release `{version}` is not in the catalogue",
            notes=(("nearest", ", ".join(near)), ("newest", self.newest)),
            help="write a release that the catalogue knows, or give each image its tag under `images.tags`",
        )

    def nearest(self, version: str) -> list[str]:
        """Up to three known versions that look like this one."""
        same_minor = [known for known in self.releases if known.split(".")[:2] == version.split(".")[:2]]
        return same_minor or get_close_matches(version, list(self.releases), n=3, cutoff=0.0)

    def newest_with(self, infrastructure_type: str) -> str:
        """The newest version that still has images for this infrastructure type."""
        return [version for version, release in self.releases.items() if release.tags(infrastructure_type)][-1]

    def image_of(self, custom_key: str) -> str | None:
        """The image that a key of `custom_images` replaces; None for a key that names no image."""
        if custom_key in self.custom_keys:
            return self.custom_keys[custom_key]
        name = custom_key.replace("_", "-")
        return name if any(name in names for names in self.sets.values()) else None

    @property
    def custom_image_keys(self) -> list[str]:
        """Every key that `custom_images` accepts."""
        plain = {name.replace("-", "_") for names in self.sets.values() for name in names}
        return sorted({*self.custom_keys, *plain})


@cache
def load_catalogue() -> Catalogue:
    """The table that ships with the package."""
    table: dict[str, Any] = tomllib.loads(files(__package__).joinpath("releases.toml").read_text("utf-8"))
    versions = sorted(table["releases"].items(), key=lambda item: [int(part) for part in item[0].split(".")])
    return Catalogue(
        default_server=table["default_server"],
        default_account=table["default_account"],
        sets={kind: tuple(names) for kind, names in table["sets"].items()},
        custom_keys=table["custom_keys"],
        releases={
            version: Release(version, {kind: tags for kind, tags in entry.items() if isinstance(tags, dict)})
            for version, entry in versions
        },
    )
