"""Where this package came from: another machine has to get it from there, too."""

import json
import re
from collections.abc import Collection
from importlib.metadata import PackageNotFoundError, distribution

NAME = "pulumi-chaosreg"
_OF_AN_EXTRA = re.compile(r"""(?P<name>[\w.-]+).*\bextra\s*==\s*["'](?P<extra>[\w-]+)""")


def requirement(extras: str = "") -> str:
    """What `pip install` needs to get the package again: by its address, unless it is from an index."""
    name = f"{NAME}[{extras}]" if extras else NAME
    address = _address()
    return f"{name} @ {address}" if address else name


def has_extras(extras: Collection[str]) -> bool:
    """Whether this installation has what these extras add."""
    try:
        said = distribution(NAME).requires or ()
        for line in said:
            found = _OF_AN_EXTRA.match(line)
            if found and found["extra"] in extras:
                distribution(found["name"])
    except PackageNotFoundError:
        return False
    return True


def is_of_this_machine() -> bool:
    """Whether it is a folder or file here, which other machines do not have."""
    return _address().startswith("file:")


def _address() -> str:
    """As pip wrote it down (PEP 610); empty where it is from an index, or nobody installed it."""
    try:
        said = json.loads(distribution(NAME).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return ""
    url, version_control = said.get("url", ""), said.get("vcs_info")
    if version_control:
        return f"{version_control['vcs']}+{url}@{version_control['commit_id']}"
    return str(url)
