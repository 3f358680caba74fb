"""AssumeRoleWithWebIdentity: a role for whom its trust policy names, by a token that proves it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from moto.iam.models import Role
from moto.sts.models import sts_backends

from lab.aws.policy_documents import concerns_action, fulfilled, statements
from lab.aws.refused import BeyondTheLabError, RefusedError
from lab.aws.rights import account_of, role_of
from lab.aws.web_identity import Identity, verified
from lab.cluster_tokens import Ask

_ACTION: Final = "sts:AssumeRoleWithWebIdentity"
_ROLE: Final = re.compile(r"arn:aws:iam::\d{12}:role/[\w+=,.@/-]+")
_SESSION: Final = re.compile(r"[\w+=,.@-]{2,64}")
_MIN_SECONDS = 900


def assume_role_with_web_identity(form: Mapping[str, str], region: str, cluster: Ask) -> str:
    """STS's answer, as XML, to this form."""
    arn, session, token = (form.get(name, "") for name in ("RoleArn", "RoleSessionName", "WebIdentityToken"))
    for name, value, right in (
        ("roleArn", arn, _ROLE.fullmatch(arn)),
        ("roleSessionName", session, _SESSION.fullmatch(session)),
        ("webIdentityToken", "…" if token else "", len(token) >= 4),
    ):
        if not right:
            raise _invalid(f"Value '{value}' at '{name}' failed to satisfy constraint")
    if any(name.startswith(("Policy", "ProviderId")) for name in form):
        raise BeyondTheLabError("knows no session policies and no providers of OAuth 2.0")
    identity = verified(token, account_of(arn), cluster)
    role = role_of(arn)
    if role is None or not _trusts(role, identity):
        raise RefusedError("AccessDenied", f"Not authorized to perform {_ACTION}", 403)
    made = sts_backends[account_of(arn)]["aws"].assume_role_with_web_identity(
        region_name=region,
        role_session_name=session,
        role_arn=arn,
        policy=None,
        duration=_duration(form.get("DurationSeconds", "3600"), role),
        external_id=None,
    )
    return _answer(made, identity)


def _trusts(role: Role, identity: Identity) -> bool:
    """Whether the role's trust policy allows it to the identity, and denies it nowhere."""
    provider = f"arn:aws:iam::{role.account_id}:oidc-provider/{identity.issuer}"
    effects = set()
    for statement in statements([str(role.assume_role_policy_document)]):
        if "NotPrincipal" in statement:
            raise BeyondTheLabError("knows no NotPrincipal")
        named = statement["Principal"]
        federated = named.get("Federated", []) if isinstance(named, dict) else []
        is_named = provider in (federated if isinstance(federated, list) else [federated])
        if is_named and concerns_action(statement, _ACTION) and fulfilled(statement, identity.facts):
            effects.add(statement["Effect"])
    return effects == {"Allow"}


def _duration(said: str, role: Role) -> int:
    seconds = int(said)
    if seconds < _MIN_SECONDS:
        words = f"Member must have value greater than or equal to {_MIN_SECONDS}"
        raise _invalid(f"Value '{seconds}' at 'durationSeconds' failed to satisfy constraint: {words}")
    if seconds > int(role.max_session_duration or 3600):
        raise RefusedError(
            "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    return seconds


def _invalid(detected: str) -> RefusedError:
    return RefusedError("ValidationError", f"1 validation error detected: {detected}")


def _answer(made: Any, identity: Identity) -> str:
    told = {
        "AssumedRoleUser": {"AssumedRoleId": made.user_id, "Arn": made.arn},
        "Audience": identity.audiences[0],
        "Credentials": {
            "AccessKeyId": made.access_key_id,
            "SecretAccessKey": made.secret_access_key,
            "SessionToken": made.session_token,
            "Expiration": made.expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        "Provider": f"arn:aws:iam::{made.account_id}:oidc-provider/{identity.issuer}",
        "SubjectFromWebIdentityToken": identity.subject,
    }
    result = f"<AssumeRoleWithWebIdentityResult>{_xml(told)}</AssumeRoleWithWebIdentityResult>"
    answer = "AssumeRoleWithWebIdentityResponse"
    return f'<{answer} xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{result}</{answer}>'


def _xml(told: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{_xml(value) if isinstance(value, dict) else escape(str(value))}</{name}>"
        for name, value in told.items()
    )
