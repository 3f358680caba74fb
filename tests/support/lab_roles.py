"""Roles at the lab's AWS that ServiceAccounts of its cluster may take, made by boto3."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

AUDIENCE = "sts.amazonaws.com"


def know_issuer(iam: Any, issuer: str) -> None:
    """An account knows a cluster once; no matter if it does already."""
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_open_id_connect_provider(Url=issuer, ClientIDList=[AUDIENCE])


def trust(account: str, issuer: str, subject: str, **more: Any) -> dict[str, Any]:
    """Exactly this subject, for STS."""
    name = issuer.removeprefix("https://")
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{account}:oidc-provider/{name}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{name}:sub": subject, f"{name}:aud": AUDIENCE}},
        **more,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def make_role(iam: Any, trusting: Mapping[str, Any], *allowed: tuple[list[str], str]) -> str:
    """The ARN of a new role that may do these actions on these resources."""
    name = f"t{secrets.token_hex(4)}"
    made = iam.create_role(RoleName=name, Path="/chaos/", AssumeRolePolicyDocument=json.dumps(trusting))
    statements = [{"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in allowed]
    if statements:
        document = {"Version": "2012-10-17", "Statement": statements}
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=json.dumps(document))
    return str(made["Role"]["Arn"])
