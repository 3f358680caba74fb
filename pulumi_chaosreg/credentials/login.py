"""What lets us into a registry, and the protocol of those who know it. Its `repr` never shows a secret."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol, Self

from pulumi_chaosreg.errors import Finding


class LoginKind(Enum):
    """What the secret of a login is."""

    PASSWORD = auto()  # also a personal access token, or a cloud's short-lived one: all that goes with a user name
    IDENTITY = auto()  # a refresh token, for which the token endpoint gives access tokens (docker's `identitytoken`)
    REGISTRY = auto()  # an access token, sent as it is (docker's `registrytoken`)
    ENTRA = auto()  # Azure's own token, which the registry exchanges for an IDENTITY


@dataclass(frozen=True, slots=True)
class Login:
    """A user and a secret. It is a source of itself: one that never changes."""

    username: str
    password: str = field(repr=False)
    kind: LoginKind = LoginKind.PASSWORD
    tenant: str = ""
    """Of an ENTRA token: the directory that issued it, where somebody said so."""
    origin: str = field(default="", compare=False)
    """Where it was found, for messages: `/home/u/.docker/config.json`."""

    @property
    def basic(self) -> str:
        """Base64 of `username:password`: the `auth` of a docker config and of an Authorization header. Secret."""
        return b64encode(f"{self.username}:{self.password}".encode()).decode()

    @property
    def title(self) -> str:
        """As a message names it: "user `robot` (/home/u/.docker/config.json)"."""
        who = f"user `{self.username}`" if self.kind is LoginKind.PASSWORD else f"the {self.kind.name.lower()} token"
        return f"{who} ({self.origin})" if self.origin else who

    def current(self) -> Self:
        """Itself."""
        return self

    def again(self, _refused: "Login | None") -> bool:
        """Never another one."""
        return False

    def findings(self) -> Sequence[Finding]:
        """None: nothing was looked for."""
        return ()


class LoginSource(Protocol):
    """Who knows the login for a registry. Threads may share one."""

    def current(self) -> Login | None:
        """What to log in with: looked for when first asked, renewed before it expires; None to go on without."""
        ...

    def again(self, refused: Login | None) -> bool:
        """Look again, and further, because the registry refused this; whether `current` is another one now."""
        ...

    def findings(self) -> Sequence[Finding]:
        """What went wrong while looking, for whoever was refused."""
        ...
