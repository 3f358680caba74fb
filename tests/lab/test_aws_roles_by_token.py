"""STS and what its credentials are good for, at a control plane in this process; the cluster's key is the test's."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import time
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from werkzeug.test import Client

from lab.aws.answers import Answer
from lab.aws.control import ControlPlane
from lab.aws.refusals import Refusals
from lab.aws.registry import EcrRegistry, Request
from lab.aws.tokens import Tokens
from tests.support.lab_roles import AUDIENCE, trust

ACCOUNT, REGION = "123456789012", "eu-west-1"
ISSUER = "https://issuer.example/cluster"
SUBJECT = "system:serviceaccount:chaos:refresher"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/chaos/app"
LOGIN = (["ecr:GetAuthorizationToken"], "*")
USER = Credentials("AKIALAB", "secret of the lab")
PULL = (["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], REPOSITORY)


class Signer:
    """Signs tokens as an API server does."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.kid = secrets.token_hex(4)

    def jwks(self) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()
        x, y = (encoded(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": self.kid, "x": x, "y": y}]}

    def token(self, *, alg: str = "ES256", kid: str = "", **claims: Any) -> str:
        told = {"iss": ISSUER, "sub": SUBJECT, "aud": [AUDIENCE], "exp": time.time() + 600, **claims}
        parts = [encoded(json.dumps(part).encode()) for part in ({"alg": alg, "kid": kid or self.kid}, told)]
        r, s = decode_dss_signature(self._key.sign(".".join(parts).encode(), ec.ECDSA(SHA256())))
        return ".".join([*parts, encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))])


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Account:
    """An account that knows the cluster, and a role in it."""

    def __init__(self) -> None:
        self.iam = iam_backends[ACCOUNT]["aws"]
        self.iam.open_id_providers.clear()
        self.iam.create_open_id_connect_provider(ISSUER, [], [AUDIENCE], [])
        self.signer, self.tokens = Signer(), Tokens()
        self.client = Client(ControlPlane(self.tokens, Refusals(), self._cluster, {USER.access_key: USER.secret_key}))
        self.name = f"t{secrets.token_hex(4)}"
        self.role = f"arn:aws:iam::{ACCOUNT}:role/{self.name}"
        self.iam.create_role(self.name, json.dumps(trust(ACCOUNT, ISSUER, SUBJECT)), "/", None, "", [], "3600")

    def _cluster(self, path: str) -> dict[str, Any]:
        return {"issuer": ISSUER} if path.startswith("/.well-known") else self.signer.jwks()

    def trust(self, **more: Any) -> None:
        document = json.dumps(trust(ACCOUNT, ISSUER, SUBJECT, **more))
        self.iam.update_assume_role_policy(self.name, document)

    def allow(self, *allowed: tuple[list[str], str]) -> None:
        statements = [{"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in allowed]
        self.iam.put_role_policy(self.name, "may", json.dumps({"Version": "2012-10-17", "Statement": statements}))

    def assume(self, token: str | None = None, **more: str) -> str:
        form = {
            "Action": "AssumeRoleWithWebIdentity",
            "RoleArn": self.role,
            "RoleSessionName": "refresher",
            "WebIdentityToken": self.signer.token() if token is None else token,
            **more,
        }
        return str(self.client.post("/", data=form, headers={"Host": f"sts.{REGION}.amazonaws.com"}).text)

    def credentials(self) -> Credentials:
        answer = self.assume()
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        return Credentials(*(re.search(f"<{name}>(.*)</{name}>", answer)[1] for name in names))  # type: ignore[index]

    def ask_ecr(
        self, credentials: Credentials, operation: str = "GetAuthorizationToken", body: str = "{}", **lies: str
    ) -> Any:
        """The JSON answer to a request that botocore signs; `lies` are headers changed afterwards."""
        headers = {
            "X-Amz-Target": f"AmazonEC2ContainerRegistry_V20150921.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
        }
        request = AWSRequest("POST", f"https://api.ecr.{REGION}.amazonaws.com/", headers, body)
        SigV4Auth(credentials, "ecr", REGION).add_auth(request)
        told = {**dict(request.headers.items()), "Host": f"api.ecr.{REGION}.amazonaws.com"}
        told |= {name.replace("_", "-"): value for name, value in lies.items()}
        return json.loads(self.client.post("/", data=body, headers=told).text)

    def ask_registry(self, method: str, path: str) -> Any:
        """What the registry decides for a password that the role has got."""
        given = self.ask_ecr(self.credentials())["authorizationData"][0]
        host = given["proxyEndpoint"].removeprefix("https://")
        login = f"Basic {given['authorizationToken']}"
        return EcrRegistry(self.tokens).decide(Request(method, host, path, "", login))


@pytest.fixture
def account() -> Account:
    return Account()


def test_a_token_of_the_cluster_opens_the_role_that_trusts_its_subject(account: Account) -> None:
    answer = account.assume()
    assert f"<Arn>arn:aws:sts::{ACCOUNT}:assumed-role/{account.name}/refresher</Arn>" in answer
    assert f"<SubjectFromWebIdentityToken>{SUBJECT}</SubjectFromWebIdentityToken>" in answer
    assert f"<Audience>{AUDIENCE}</Audience>" in answer
    assert re.search("<Expiration>20..-..-..T..:..:..Z</Expiration>", answer)


def forged(token: str) -> str:
    head, _, signature = token.split(".")
    return (
        f"{head}.{encoded(json.dumps({'iss': ISSUER, 'sub': 'x', 'aud': AUDIENCE, 'exp': 9e9}).encode())}.{signature}"
    )


@pytest.mark.parametrize(
    ("token", "code", "words"),
    [
        (lambda signer: "no-token", "InvalidIdentityToken", "is not a valid JWT"),
        (lambda signer: "a.b.c", "InvalidIdentityToken", "is not a valid JWT"),
        (lambda signer: signer.token(iss="https://other.example"), "InvalidIdentityToken", "No OpenIDConnect provider"),
        (lambda signer: signer.token(aud=["somebody"]), "InvalidIdentityToken", "Incorrect token audience"),
        (lambda signer: signer.token(exp=time.time() - 1), "ExpiredTokenException", "Token expired: current date/time"),
        (lambda signer: forged(signer.token()), "InvalidIdentityToken", "is not signed by a key of its issuer"),
        (lambda signer: Signer().token(kid=signer.kid), "InvalidIdentityToken", "is not signed by a key of its issuer"),
        (lambda signer: Signer().token(), "InvalidIdentityToken", "is not signed by a key of its issuer"),
        (lambda signer: signer.token(alg="none"), "InvalidIdentityToken", "is not signed by a key of its issuer"),
        (
            lambda signer: signer.token(sub="system:serviceaccount:chaos:other"),
            "AccessDenied",
            "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        ),
    ],
)
def test_any_other_token_is_refused_in_the_words_of_sts(account: Account, token: Any, code: str, words: str) -> None:
    answer = account.assume(token(account.signer))
    assert f"<Code>{code}</Code>" in answer
    assert words in answer


@pytest.mark.parametrize(
    "trusting",
    [
        {"Action": "sts:AssumeRole"},
        {"Effect": "Deny"},
        {"Principal": {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/other.example"}},
        {"Principal": {"Service": "ec2.amazonaws.com"}},
        {"Principal": "*"},
        {"Condition": {"StringEquals": {"issuer.example:sub": SUBJECT}}},  # the path belongs to the issuer
        {"Condition": {"StringEquals": {"https://issuer.example/cluster:sub": SUBJECT}}},
    ],
)
def test_a_role_that_trusts_somebody_else_is_not_given(account: Account, trusting: dict[str, Any]) -> None:
    account.trust(**trusting)
    assert "<Code>AccessDenied</Code>" in account.assume()


def test_a_condition_that_the_lab_cannot_judge_is_no_answer_of_aws(account: Account) -> None:
    account.trust(Condition={"StringNotEquals": {"issuer.example/cluster:sub": "x"}})
    assert "<Code>BeyondTheLab</Code>" in account.assume()


def test_what_is_asked_must_be_possible(account: Account) -> None:
    assert "No OpenIDConnect provider" in account.assume(RoleArn="arn:aws:iam::111111111111:role/x")
    assert "<Code>AccessDenied</Code>" in account.assume(RoleArn=f"{account.role}-other")
    assert "at 'roleSessionName'" in account.assume(RoleSessionName="a b")
    assert "greater than or equal to 900" in account.assume(DurationSeconds="20")
    assert "exceeds the MaxSessionDuration" in account.assume(DurationSeconds="7200")


def test_a_cluster_that_does_not_answer_is_an_identity_provider_without_keys(account: Account) -> None:
    def nobody(path: str) -> dict[str, Any]:
        raise FileNotFoundError

    account.client = Client(ControlPlane(account.tokens, Refusals(), nobody, {}))
    assert "retrieve verification key from your identity provider" in account.assume()


def test_the_credentials_open_what_the_role_may(account: Account) -> None:
    credentials = account.credentials()
    refused = account.ask_ecr(credentials)
    assert refused["__type"] == "AccessDeniedException"
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{account.name}/refresher"
    assert refused["message"].startswith(f"User: {session} is not authorized to perform: ecr:GetAuthorizationToken on ")

    account.allow(LOGIN, (["ecr:ListImages"], REPOSITORY))
    given = account.ask_ecr(credentials)["authorizationData"][0]
    assert given["proxyEndpoint"] == f"https://{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
    made = account.ask_ecr(credentials, "CreateRepository", json.dumps({"repositoryName": "chaos/app"}))
    assert made["__type"] == "AccessDeniedException"
    listed = account.ask_ecr(credentials, "ListImages", json.dumps({"repositoryName": "chaos/app"}))
    assert listed["__type"] == "RepositoryNotFoundException"  # moto's turn

    account.iam.delete_role_policy(account.name, "may")
    account.iam.delete_role(account.name)
    assert account.ask_ecr(credentials)["__type"] == "AccessDeniedException"


def test_credentials_must_be_whole_in_time_and_signed_with(account: Account) -> None:
    account.allow(LOGIN)
    right = account.credentials()
    for wrong, reason in (
        (Credentials(right.access_key, right.secret_key, "other"), "UnrecognizedClientException"),
        (Credentials("ASIA" + "X" * 16, right.secret_key, right.token), "UnrecognizedClientException"),
        (Credentials(right.access_key, "other", right.token), "InvalidSignatureException"),
    ):
        assert account.ask_ecr(wrong)["__type"] == reason
    for lies in (
        {"X_Amz_Date": "20200101T000000Z"},
        {"X_Amz_Content_Sha256": hashlib.sha256(b"").hexdigest()},  # a header that is not signed
        {"Content_Type": "text/plain"},
    ):
        assert account.ask_ecr(right, **lies)["__type"] == "InvalidSignatureException"
    assert "authorizationData" in account.ask_ecr(right)

    session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(right.access_key)
    assert session
    session.expiration = session.expiration.fromtimestamp(time.time() - 1, session.expiration.tzinfo)
    assert account.ask_ecr(right)["__type"] == "ExpiredTokenException"


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "manifests/1", "ecr:BatchGetImage"),
        ("HEAD", "manifests/1", "ecr:BatchGetImage"),
        ("PUT", "manifests/1", "ecr:PutImage"),
        ("DELETE", "manifests/sha256:a", "ecr:BatchDeleteImage"),
        ("GET", "blobs/sha256:a", "ecr:GetDownloadUrlForLayer"),
        ("HEAD", "blobs/sha256:a", "ecr:BatchCheckLayerAvailability"),
        ("POST", "blobs/uploads/", "ecr:InitiateLayerUpload"),
        ("PATCH", "blobs/uploads/1", "ecr:UploadLayerPart"),
        ("PUT", "blobs/uploads/1", "ecr:CompleteLayerUpload"),
        ("GET", "tags/list", "ecr:ListImages"),
    ],
)
def test_a_password_opens_what_the_role_may_that_it_was_given_to(
    account: Account, method: str, path: str, action: str
) -> None:
    account.allow(LOGIN, ([action], REPOSITORY.replace("app", "other")))
    refused = account.ask_registry(method, f"/v2/chaos/app/{path}")
    assert isinstance(refused, Answer)
    assert refused.status == 403
    assert f"is not authorized to perform: {action} on resource: {REPOSITORY} because no identity" in str(refused.body)

    account.allow(LOGIN, ([action], REPOSITORY))
    allowed = account.ask_registry(method, f"/v2/chaos/app/{path}")
    assert b"NAME_UNKNOWN" in allowed.body  # there is none of that name


def test_a_boundary_takes_away(account: Account) -> None:
    account.allow(LOGIN, PULL)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": LOGIN[0], "Resource": "*"}]}
    boundary = account.iam.create_policy("", "/", json.dumps(document), f"b{account.name}", [])
    account.iam.put_role_permissions_boundary(account.name, boundary.arn)
    assert b"because no permissions boundary allows" in account.ask_registry("GET", "/v2/chaos/app/manifests/1").body


def test_an_explicit_deny_is_stronger(account: Account) -> None:
    account.allow(LOGIN, PULL)
    document = {"Statement": {"Effect": "Deny", "Action": "ecr:BatchGetImage", "Resource": "*"}}
    account.iam.put_role_policy(account.name, "may-not", json.dumps({"Version": "2012-10-17", **document}))
    assert b"with an explicit deny" in account.ask_registry("GET", "/v2/chaos/app/manifests/1").body


def test_the_keys_of_the_lab_itself_must_sign_right_and_any_others_are_believed(account: Account) -> None:
    assert "authorizationData" in account.ask_ecr(USER)
    assert account.ask_ecr(Credentials(USER.access_key, "other"))["__type"] == "InvalidSignatureException"
    assert "authorizationData" in account.ask_ecr(Credentials("AKIASOMEBODY", "other"))


def test_nobody_assumes_a_role_that_nobody_has_made(account: Account) -> None:
    """Moto itself gives away any."""
    request = AWSRequest(
        "POST",
        f"https://sts.{REGION}.amazonaws.com/",
        {"Content-Type": "application/x-www-form-urlencoded"},
        f"Action=AssumeRole&Version=2011-06-15&RoleSessionName=x1&RoleArn={account.role}-other",
    )
    SigV4Auth(USER, "sts", REGION).add_auth(request)
    said = account.client.post(
        "/", data=request.data, headers={**dict(request.headers.items()), "Host": f"sts.{REGION}.amazonaws.com"}
    ).text
    assert "<Code>AccessDenied</Code>" in said
