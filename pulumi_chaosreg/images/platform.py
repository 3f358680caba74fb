"""Platforms as people write them, `os/architecture[/variant]`, compared as container runtimes do."""

import re
from collections.abc import Iterable

PLATFORM = re.compile(r"^[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9]+)?\Z")
_SYSTEMS = "aix|android|darwin|dragonfly|freebsd|illumos|ios|js|linux|netbsd|openbsd|plan9|solaris|wasi|wasip1|windows"
_ARCHITECTURES = "386|amd64|arm|arm64|loong64|mips|mips64|mips64le|mipsle|ppc64|ppc64le|riscv64|s390x|wasm"
KNOWN = re.compile(rf"^(?:{_SYSTEMS})/(?:{_ARCHITECTURES})(?:/[a-z0-9]+)?\Z")
"""Those of Go (`go tool dist list`), whose words indexes use."""
USUAL = ("linux/amd64", "linux/arm64", "linux/arm/v7", "linux/386", "linux/ppc64le", "linux/s390x", "windows/amd64")
_DEFAULT_VARIANTS = {"arm": "v7", "arm64": "v8", "amd64": "v1"}
"""What an architecture without a variant means (containerd's platforms.Normalize)."""


def canonical(platforms: Iterable[str]) -> tuple[str, ...]:
    """Each once, sorted: the same subset is the same text, however it was written."""
    return tuple(sorted(set(platforms)))


def fits(platform: str, wanted: str) -> bool:
    """Whether an image's platform is the wanted one; without a variant every variant is wanted."""
    system, architecture, variant = _parts(platform)
    wanted_system, wanted_architecture, wanted_variant = _parts(wanted)
    if (system, architecture) != (wanted_system, wanted_architecture):
        return False
    usual = _DEFAULT_VARIANTS.get(architecture, "")
    return not wanted_variant or (variant or usual) == wanted_variant


def _parts(platform: str) -> tuple[str, str, str]:
    system, architecture, *variant = platform.split("/")
    return system, architecture, variant[0] if variant else ""
