"""What the Pod of a refresher gets, whatever the cloud."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files

_SHARED = "renewing"


@dataclass(frozen=True, slots=True)
class Renewal:
    """One cloud's way to a new password."""

    script: str
    """The module of `scripts` that the Pod runs."""
    environment: Mapping[str, str]
    """What the script must know; nothing secret."""
    audience: str = ""
    """Whom the ServiceAccount's token is for, where the cloud trusts the cluster's issuer; empty for no token."""
    token_variable: str = ""
    """The variable that says where that token is."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Variable → part of the configured value, where the refresher has keys of its own."""
    account_annotations: Mapping[str, str] = field(default_factory=dict)
    """Of its ServiceAccount."""
    pod_labels: Mapping[str, str] = field(default_factory=dict)
    every: int | None = None
    """Seconds from one run to the next, where a new password may end sooner than the kind's usually do."""

    def texts(self) -> dict[str, str]:
        """File → what stands in it: the script, and what all scripts share."""
        folder = files(__package__).joinpath("scripts")
        return {f"{name}.py": folder.joinpath(f"{name}.py").read_text("utf-8") for name in (self.script, _SHARED)}
