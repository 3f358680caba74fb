"""The lab's own little Go programs (`lab/modules/programs`): one per folder, without any dependency."""

from pathlib import Path

from lab.gobuild import GoBuild

_VERSION = "1"


def program(name: str, architecture: str | None = None) -> Path:
    """A static program, for this machine or for linux on the given architecture."""
    target = {"GOOS": "linux", "GOARCH": architecture} if architecture else {}
    build = GoBuild("programs", _VERSION, {name: f"./{name}"}, cold="half a minute", environment=target)
    return build.ensure()[name]
