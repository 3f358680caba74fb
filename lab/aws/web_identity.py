"""Tokens of ServiceAccounts, as STS takes them: of the lab's cluster, for an audience that IAM knows, not ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from moto.iam.models import iam_backends

from lab.aws.refused import RefusedError
from lab.cluster_tokens import Ask, ClusterToken, NoKeysError, NoTokenError

_NO_JWT: Final = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
_NO_KEY: Final = (
    "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity "
    "documentation for requirements"
)


@dataclass(frozen=True)
class Identity:
    """Who a verified token is about."""

    issuer: str
    """Without `https://`, as IAM writes it in providers and conditions."""
    subject: str
    audiences: tuple[str, ...]

    @property
    def facts(self) -> dict[str, tuple[str, ...]]:
        """The keys of conditions in a role's trust policy."""
        issuer = self.issuer.lower()
        return {f"{issuer}:sub": (self.subject,), f"{issuer}:aud": self.audiences}


def verified(token: str, account: str, cluster: Ask) -> Identity:
    """What the token proves in this account; RefusedError in STS's words when it proves nothing."""
    try:
        read = ClusterToken.read(token)
    except NoTokenError:
        raise _invalid(_NO_JWT) from None
    provider = next(
        (
            each
            for each in iam_backends[account]["aws"].open_id_providers.values()
            if each.url == read.issuer.removeprefix("https://")
        ),
        None,
    )
    if provider is None:
        raise _invalid(f"No OpenIDConnect provider found in your account for {read.issuer}")
    try:
        is_signed = read.is_signed_by(cluster)
    except NoKeysError:
        raise _invalid(_NO_KEY) from None
    if not is_signed:
        raise _invalid("The ID Token provided is not signed by a key of its issuer")
    if read.has_ended:
        words = f"Token expired: current date/time {time.time():.0f} must be before the expiration date/time "
        raise RefusedError("ExpiredTokenException", f"{words}{read.ends:.0f}")
    if not set(read.audiences) & set(provider.client_id_list):
        raise _invalid("Incorrect token audience")
    return Identity(provider.url, read.subject, read.audiences)


def _invalid(message: str) -> RefusedError:
    return RefusedError("InvalidIdentityToken", message)
