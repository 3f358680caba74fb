"""A user name and a password for one registry; its `repr` never shows the password."""

from base64 import b64encode
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Login:
    """What a registry's basic authentication or token endpoint wants."""

    username: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """Base64 of `username:password`: the `auth` of a docker config and of an Authorization header. Secret."""
        return b64encode(f"{self.username}:{self.password}".encode()).decode()
