"""What the Pod of a refresher gets, whatever the cloud."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Renewal:
    """One cloud's way to a new password."""

    script: str
    """The file beside this one that the Pod runs."""
    environment: Mapping[str, str]
    """What the script must know; nothing secret."""
    audience: str = ""
    """Whom the ServiceAccount's token is for, where the cloud trusts the cluster's issuer; empty for no token."""
    token_variable: str = ""
    """The variable that says where that token is."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Variable → part of the configured value, where the refresher has keys of its own."""

    def text(self) -> str:
        """The script itself."""
        return files(__package__).joinpath(self.script).read_text("utf-8")
