"""The identity that a machine has in a cloud (a role, a service account), as a login for that cloud's registries.

Which cloud a server belongs to stands in `registries/kinds.toml`. The SDKs are extras, and heavy: each is imported when
its identity is needed, and not before.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.registries.kinds import RegistryKind, registry_kind

_LOG = logging.getLogger(__name__)
_MAX_SECONDS = 12 * 3600.0
"""Seconds: no cloud's token lives longer (ECR's does as long)."""
_UNKNOWN = 300.0
"""Seconds, where an expiry makes no sense: this machine's clock may be wrong."""


@dataclass(frozen=True, slots=True)
class ShortLived:
    """A login that expires; times are of a monotonic clock."""

    login: Login
    renew: float
    expires: float

    @classmethod
    def lasting(cls, login: Login, seconds: float, now: float) -> Self:
        """A login that is good for so many seconds from now; renewed when nine tenths are over."""
        seconds = min(seconds, _MAX_SECONDS) if seconds > 0 else _UNKNOWN
        return cls(login, now + seconds * 0.9, now + seconds)


def cloud_identity(server: str, now: Callable[[], float]) -> ShortLived | None:
    """What the machine's identity opens the server with; None where the server belongs to no cloud.

    Raises ChaosregError: CHR0514 without the extra, CHR0515 where the cloud knows no identity or refuses it.
    """
    kind, asked = registry_kind(server), now()
    if kind.cloud is None:
        return None
    _LOG.info("%s: asks for this machine's identity (%s)", server, kind.cloud)
    try:
        login, seconds = _ask(kind, server)
    except ModuleNotFoundError as missing:
        if missing.name and missing.name.startswith("pulumi_chaosreg"):
            raise
        raise ChaosregError.of(
            "CHR0514",
            f"`{server}` accepts this machine's identity, but the extra `{kind.cloud}` is not installed",
            help=f"run `pip install 'pulumi-chaosreg[{kind.cloud}]'`, or log in: `docker login {server}`",
        ) from None
    return ShortLived.lasting(login, seconds, asked)


def _ask(kind: RegistryKind, server: str) -> tuple[Login, float]:
    match kind.cloud:
        case "aws":
            from pulumi_chaosreg.machine.aws import aws_login

            return aws_login(server, kind.region(server))
        case "gcp":
            from pulumi_chaosreg.machine.gcp import gcp_login

            return gcp_login(server)
        case "azure":
            from pulumi_chaosreg.machine.azure import azure_login

            return azure_login(server)
    raise AssertionError(f"kinds.toml names a cloud that nobody knows: {kind.cloud}")
