"""Pods of the lab act as in any cluster: they know the API server, who they are, and names."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from lab.aws_orders import refused_logins
from lab.names import API_SERVICE, CLUSTER_DOMAIN
from lab.network import BRIDGE_ADDRESS
from lab.state import LabState, load
from tests.support.controllers import controllers, own_namespace
from tests.support.lab_aws import Crane, client
from tests.support.lab_roles import AUDIENCE, know_issuer, make_role, trust
from tests.support.pod_scripts import said_in_a_pod

pytestmark = [pytest.mark.node, pytest.mark.controllers]


@pytest.fixture(scope="module")
def lab() -> Iterator[LabState]:
    missing = load().node.missing or load().python_image.missing
    if missing:
        pytest.skip(missing)  # the last lines of the run say it too
    with controllers() as state:
        yield state


@pytest.fixture
def namespace(lab: LabState) -> Iterator[str]:
    with own_namespace(lab) as name:
        yield name


ASK_THE_API = """
import json, os, ssl, urllib.error, urllib.request

def ask(server, path, **headers):
    trust = ssl.create_default_context(cafile=account + "ca.crt")
    try:
        with urllib.request.urlopen(urllib.request.Request(server + path, headers=headers), context=trust) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)

account = "/var/run/secrets/kubernetes.io/serviceaccount/"
token = open(account + "token").read()
namespace = open(account + "namespace").read()
server = "https://" + os.environ["KUBERNETES_SERVICE_HOST"] + ":" + os.environ["KUBERNETES_SERVICE_PORT"]
login = {"Authorization": "Bearer " + token}
print(json.dumps({
    "server": server,
    "token": token,
    "version": ask(server, "/version", **login),
    "by name": ask("https://kubernetes.default.svc", "/version", **login)[0],
    "nobody": ask(server, "/api")[1]["message"],
    "secrets": ask(server, f"/api/v1/namespaces/{namespace}/secrets", **login)[1]["message"],
}))
"""


def test_a_pod_asks_the_api_server_as_its_service_account(lab: LabState, namespace: str) -> None:
    said = said_in_a_pod(lab, namespace, ASK_THE_API)

    assert said["server"] == f"https://{API_SERVICE}:443"
    assert said["version"][0] == 200
    assert said["version"][1]["gitVersion"].startswith("v1.34")
    assert said["by name"] == 200
    assert "system:anonymous" in said["nobody"]
    assert f'User "system:serviceaccount:{namespace}:default" cannot list' in said["secrets"]
    assert claims(said["token"])["sub"] == f"system:serviceaccount:{namespace}:default"


LOOK_UP = """
import json, socket

def look_up(name, family=0):
    try:
        return sorted({each[4][0] for each in socket.getaddrinfo(name, 443, family)})
    except socket.gaierror as error:
        return [error.errno == socket.EAI_NONAME or error.errno == socket.EAI_NODATA or str(error)]

names = ["api.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "kubernetes.default.svc"]
print(json.dumps({
    "known": {name: look_up(name) for name in names},
    "no IPv6": look_up(names[0], socket.AF_INET6),
    "elsewhere": look_up("docker.io"),
    "resolv.conf": open("/etc/resolv.conf").read(),
}))
"""


def test_a_pod_knows_the_names_of_the_lab_and_no_other(lab: LabState, namespace: str) -> None:
    said = said_in_a_pod(lab, namespace, LOOK_UP, automountServiceAccountToken=False)

    assert list(said["known"].values()) == [[BRIDGE_ADDRESS], [BRIDGE_ADDRESS], [API_SERVICE]]
    assert said["no IPv6"] == [True]
    assert said["elsewhere"] == [True]
    assert f"nameserver {BRIDGE_ADDRESS}" in said["resolv.conf"]
    assert f"search {namespace}.svc.{CLUSTER_DOMAIN}" in said["resolv.conf"]

    # one that asks to see names as its node does
    as_node = said_in_a_pod(lab, namespace, LOOK_UP, automountServiceAccountToken=False, dnsPolicy="Default")
    assert as_node["known"]["api.ecr.eu-west-1.amazonaws.com"] == [BRIDGE_ADDRESS]
    assert "search" not in as_node["resolv.conf"]


ASK_AWS = """
import json, urllib.error, urllib.request

def ask(url, body, **headers):
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers), timeout=10)
    except urllib.error.HTTPError as refused:
        answer = refused
    return answer.status, answer.headers["Server"], answer.read().decode()

target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
print(json.dumps([
    ask("https://sts.eu-west-1.amazonaws.com/", b"Action=GetCallerIdentity&Version=2011-06-15"),
    ask("https://api.ecr.us-east-1.amazonaws.com/", b"{}", **{"X-Amz-Target": target}),
]))
"""


def test_a_pod_reaches_the_apis_of_aws_under_their_real_names_by_tls(lab: LabState, namespace: str) -> None:
    sts, ecr = said_in_a_pod(lab, namespace, ASK_AWS)

    assert (sts[0], ecr[0]) == (403, 400)
    assert "<Code>MissingAuthenticationToken</Code>" in sts[2]
    assert "MissingAuthenticationTokenException" in ecr[2]
    assert "stand-in" in sts[1]
    assert "stand-in" in ecr[1]


def test_the_image_with_python_has_the_standard_library_and_nothing_else(lab: LabState, namespace: str) -> None:
    script = "import importlib.util as u, json; print(json.dumps([bool(u.find_spec(n)) for n in ('hmac', 'urllib3')]))"
    assert said_in_a_pod(lab, namespace, script) == [True, False]


def claims(token: str) -> dict[str, Any]:
    """What a token says about itself, unverified."""
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


TAKE_A_ROLE = """
import json, os, urllib.error, urllib.parse, urllib.request

form = {
    "Action": "AssumeRoleWithWebIdentity",
    "Version": "2011-06-15",
    "RoleArn": os.environ["ROLE"],
    "RoleSessionName": "pod",
    "WebIdentityToken": open("/identity/token").read(),
}
try:
    answer = urllib.request.urlopen("https://sts.eu-west-1.amazonaws.com/", urllib.parse.urlencode(form).encode())
except urllib.error.HTTPError as refused:
    answer = refused
print(json.dumps(answer.read().decode()))
"""


def identity(audience: str = AUDIENCE) -> dict[str, Any]:
    """The volume that gives a Pod a token for somebody outside."""
    token = {"path": "token", "audience": audience, "expirationSeconds": 600}
    return {"name": "identity", "projected": {"sources": [{"serviceAccountToken": token}]}}


def test_a_pod_takes_the_role_that_trusts_its_service_account_and_pulls_but_does_not_push(
    lab: LabState, namespace: str, tmp_path: Path
) -> None:
    # given a role for the Pod's ServiceAccount that may pull, and an image
    aws, upstream = lab.aws, lab.upstream
    assert aws
    assert upstream
    assert lab.kubernetes
    iam, issuer = client(aws, "iam"), lab.kubernetes.issuer
    know_issuer(iam, issuer)
    subject = f"system:serviceaccount:{namespace}:default"
    repository = f"arn:aws:ecr:{aws.region}:{aws.account}:repository/{namespace}/*"
    pull = (["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], repository)
    login = (["ecr:GetAuthorizationToken"], "*")
    role = make_role(iam, trust(aws.account, issuer, subject), login, pull)
    client(aws, "ecr").create_repository(repositoryName=f"{namespace}/app")
    image = f"{aws.registry}/{namespace}/app"
    source = f"{upstream.host}/harness/{next(iter(upstream.digests))}"
    pusher = Crane(aws, tmp_path / "pusher")
    pusher.login()
    assert pusher("copy", source, f"{image}:1").returncode == 0

    # when the Pod shows its token to STS
    spec = {"automountServiceAccountToken": False, "volumes": [identity()]}
    answer = said_in_a_pod(lab, namespace, TAKE_A_ROLE, environment={"ROLE": role}, **spec)

    # then it gets credentials that pull, and do not push
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    keys = [re.search(f"<{name}>(.*)</{name}>", answer) for name in names]
    assert all(keys), answer
    given = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    as_pod = boto3.session.Session(
        **{name: found[1] for name, found in zip(given, keys, strict=True) if found}, region_name=aws.region
    )
    token = as_pod.client("ecr", endpoint_url=aws.endpoint).get_authorization_token()["authorizationData"][0]
    puller = Crane(aws, tmp_path / "puller")
    puller.login(token["authorizationToken"])
    before = len(refused_logins(aws))
    assert puller("validate", "--remote", f"{image}:1").returncode == 0
    assert refused_logins(aws)[before:] == []
    assert "not authorized to perform: ecr:" in puller("copy", source, f"{image}:2").stderr
    assert {each["status"] for each in refused_logins(aws)[before:]} == {403}

    # and nobody else gets any
    other = {**spec, "volumes": [identity("somebody")]}
    said = said_in_a_pod(lab, namespace, TAKE_A_ROLE, environment={"ROLE": role}, **other)
    assert "Incorrect token audience" in said
    stranger = make_role(iam, trust(aws.account, issuer, f"{subject}-other"), login)
    said = said_in_a_pod(lab, namespace, TAKE_A_ROLE, environment={"ROLE": stranger}, **spec)
    assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in said
