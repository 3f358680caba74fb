"""Values for Helm charts: each chart has its own shape, which `charts.toml` tells."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.manifests.target import Target

NAMES = ("chaos-infra", "delegate", "litmus", "smp")


@dataclass(frozen=True, slots=True)
class Chart:
    """Where a chart wants what."""

    about: str
    type: str
    """Of the infrastructures that it is for; empty for all."""
    source: str
    images: Mapping[str, tuple[str, ...]]
    """Where an image goes → the image, or those of which the first that there is goes there."""
    secrets: Mapping[str, str]
    secret: tuple[str, ...]
    registry: tuple[str, ...]
    notes: tuple[str, ...]


@cache
def load_charts() -> Mapping[str, Chart]:
    """The charts that we know, by name."""
    table: dict[str, Any] = tomllib.loads(files(__package__).joinpath("charts.toml").read_text("utf-8"))
    return {
        name: Chart(
            entry["about"],
            entry.get("type", ""),
            entry["source"],
            {
                path: (image,) if isinstance(image, str) else tuple(image)
                for path, image in entry.get("images", {}).items()
            },
            entry.get("secrets", {}),
            tuple(entry.get("secret", ())),
            tuple(entry.get("registry", ())),
            tuple(entry["notes"]),
        )
        for name, entry in table.items()
    }


def chart_values(name: str, target: Target) -> dict[str, Any]:
    """The chart's values for this infrastructure: only what the settings decide.

    Raises ChaosregError (CHR0705) where the chart installs another type of infrastructure.
    """
    chart, values = load_charts()[name], dict[str, Any]()
    if chart.type and chart.type != target.type:
        raise ChaosregError.of(
            "CHR0705",
            f"the chart `{name}` installs {chart.type} infrastructures, but {target.infrastructure} is {target.type}",
            help="choose another chart, or another infrastructure: `chaosreg resolve` lists them",
        )
    for path in chart.registry:
        _put(values, path, target.registry)
    for path, images in chart.images.items():
        image = next((image for image in images if image in target.images), None)
        if image:
            _put(values, path, _parts(target.images[image][0]))
    for path, image in chart.secrets.items():
        if target.secrets and (not image or image in target.images):
            _put(values, path, [{"name": secret} for secret in target.secrets])
    for path in chart.secret:
        if target.secrets:
            _put(values, path, target.secrets[0])
    return values


def _parts(reference: Reference) -> dict[str, str]:
    """Charts write `registry/repository:tag`: a digest goes behind the tag, or its own colon serves as theirs."""
    repository, tag = reference.repository, reference.tag
    if reference.digest and tag:
        tag = f"{tag}@{reference.digest}"
    elif reference.digest:
        algorithm, _, tag = reference.digest.partition(":")
        repository = f"{repository}@{algorithm}"
    return {"registry": reference.server, "repository": repository, "tag": tag or "latest"}


def _put(values: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for key in above:
        values = values.setdefault(key, {})
    if isinstance(value, dict):
        values.setdefault(last, {}).update(value)
    else:
        values[last] = value
