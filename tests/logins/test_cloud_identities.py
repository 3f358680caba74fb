"""Logins by the identity that a machine has in a cloud: the real SDKs against stand-ins of what they ask.

Each runs in a process of its own, as a user's does: the SDKs read some of the environment when they are imported.
"""

import json
import os
import subprocess
import sys

import pytest

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.machine.google_api import GoogleApiError, api_of
from pulumi_chaosreg.machine.identity import cloud_identity
from tests.support.certificates import Authority
from tests.support.clouds import ACR, ECR, ECR_PASSWORD, ENTRA_TOKEN, GAR, GCP_TOKEN, aws, azure, gcp, nobody
from tests.support.google import TOKEN, google, said

pytestmark = pytest.mark.extra("aws", "gcp", "azure")

PROGRAM = """
import json, sys, time
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.machine.identity import cloud_identity
try:
    found = cloud_identity(sys.argv[1], time.monotonic)
except ChaosregError as error:
    print(json.dumps({"error": str(error), "repr": repr(error)}))
else:
    login, left = found.login, found.expires - time.monotonic()
    print(json.dumps([login.username, login.password, login.kind.name, login.tenant, left, repr(found)]))
"""


def google_key(home, authority):
    """A service account's key: Google's metadata server never speaks TLS."""
    return google(home, lambda _: None, authority)


def _ask(server, environment):
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, server], env=kept | environment, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""  # the SDKs' own warnings are part of our errors, and of nothing else
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("server", "region", "service"),
    [
        (ECR, "eu-west-1", "ecr"),
        ("123456789012.dkr.ecr-fips.us-east-2.amazonaws.com", "us-east-2", "ecr"),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", "eu-west-1", "ecr"),
        ("123456789012.dkr-ecr-fips.us-gov-west-1.on.aws", "us-gov-west-1", "ecr"),
        ("123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "cn-north-1", "ecr"),
        ("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", "ecr"),
        ("public.ecr.aws", "us-east-1", "ecr-public"),
        ("ecr-public.aws.com", "us-east-1", "ecr-public"),
    ],
)
def test_ecr_opens_to_the_identity_at_aws(tmp_path, server, region, service):
    with aws(tmp_path) as cloud:
        user, password, kind, _, seconds, shown = _ask(server, cloud.environment)
    assert (user, password, kind) == ("AWS", ECR_PASSWORD, "PASSWORD")
    assert seconds == pytest.approx(12 * 3600, abs=60)
    assert ECR_PASSWORD not in shown
    (asked,) = cloud.server.seen
    assert f"/{region}/{service}/aws4_request" in asked.headers["Authorization"]


def test_artifact_registry_opens_to_the_identity_at_google(tmp_path):
    with gcp(tmp_path) as cloud:
        user, password, kind, _, seconds, shown = _ask(GAR, cloud.environment)
    assert (user, password, kind) == ("oauth2accesstoken", GCP_TOKEN, "PASSWORD")
    assert 3000 < seconds < 3600
    assert GCP_TOKEN not in shown


def test_azure_s_token_is_for_registries_alone(tmp_path):
    with azure(tmp_path) as cloud:
        user, token, kind, tenant, seconds, shown = _ask(ACR, cloud.environment)
    assert (token, kind, tenant) == (ENTRA_TOKEN, "ENTRA", "company-tenant")
    assert user == "00000000-0000-0000-0000-000000000000"
    assert seconds == pytest.approx(12 * 3600, abs=60)
    assert ENTRA_TOKEN not in shown
    assert cloud.server.seen[-1].form["resource"] == "https://containerregistry.azure.net"


@pytest.mark.parametrize(
    ("server", "cloud", "password"), [(ECR, aws, ECR_PASSWORD), (ACR, azure, ENTRA_TOKEN), (GAR, google_key, TOKEN)]
)
def test_every_cloud_is_believed_that_a_company_s_authority_has_signed(tmp_path, server, cloud, password):
    authority = Authority(tmp_path / "authority")
    with cloud(tmp_path, authority=authority) as running:
        environment = {**nobody(tmp_path), **running.environment, "SSL_CERT_FILE": str(authority.certificate)}
        assert _ask(server, environment)[1] == password


def test_google_s_apis_are_believed_as_well(tmp_path, monkeypatch):
    authority = Authority(tmp_path / "authority")
    with google(tmp_path, lambda _: said({"name": "x"}), authority) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # requests hears these first
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(GoogleApiError, match=r"(?i)certificate"):
            api_of("artifactregistry").get("v1/x")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
        assert api_of("artifactregistry").get("v1/x") == {"name": "x"}


@pytest.mark.parametrize(("server", "cloud"), [(ECR, "AWS"), (ACR, "Azure")])
def test_a_machine_without_identity_is_told_what_to_check(tmp_path, server, cloud):
    found = _ask(server, nobody(tmp_path) | {"AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"})
    assert f"CHR0515]: `{server}` rejects the machine's identity at {cloud}" in found["error"]
    assert "check `a" in found["error"]


def test_a_machine_without_identity_at_google_is_told_what_to_check(tmp_path):
    found = _ask(GAR, nobody(tmp_path) | {"NO_GCE_CHECK": "true"})
    assert "rejects the machine's identity at Google Cloud" in found["error"]


def test_what_a_cloud_says_is_quoted_without_secrets(tmp_path):
    with aws(tmp_path) as cloud:
        found = _ask(ECR, cloud.environment | {"AWS_ACCESS_KEY_ID": "AKIDOTHER"})
    assert "UnrecognizedClientException" in found["error"]
    assert "canary" not in json.dumps(found)


@pytest.mark.parametrize("server", ["docker.io", "harbor.company.com", "ghcr.io", "127.0.0.1:5000"])
def test_other_registries_belong_to_no_cloud(server):
    assert cloud_identity(server, lambda: 0.0) is None


@pytest.mark.parametrize(
    ("server", "extra", "sdk"),
    [(ECR, "aws", "boto3.session"), (GAR, "gcp", "google.auth"), (ACR, "azure", "azure.identity")],
)
def test_without_the_extra_the_install_command_is_told(monkeypatch, server, extra, sdk):
    monkeypatch.delitem(sys.modules, f"pulumi_chaosreg.machine.{extra}", raising=False)
    monkeypatch.setitem(sys.modules, sdk, None)
    with pytest.raises(ChaosregError, match=rf"CHR0514.*\n.*pip install 'pulumi-chaosreg\[{extra}\]'"):
        cloud_identity(server, lambda: 0.0)


def test_nothing_of_a_cloud_is_imported_before_a_registry_asks():
    program = "import sys, pulumi_chaosreg.cli.main, pulumi_chaosreg.cli.commands.mirror; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert all(f"'{name}'" not in loaded for name in ("boto3", "google.auth", "azure.identity", "msal"))


# --- when it is asked


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def at_aws(tmp_path, monkeypatch):
    """This process has an identity at AWS; each password that ECR gives is another one."""
    given = iter(f"canary-{number}" for number in range(1, 100))
    with aws(tmp_path, password=lambda: next(given), expires=0) as cloud:
        for name, value in cloud.environment.items():
            monkeypatch.setenv(name, value)
        for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
            monkeypatch.delenv(name, raising=False)
        yield cloud


def test_the_identity_is_asked_when_a_request_without_login_was_refused(at_aws):
    source = MachineLogins().of(Reference(ECR, "app", "1"))
    assert source.current() is None
    assert at_aws.server.seen == []
    assert source.again(None)
    assert (source.current().username, source.current().password) == ("AWS", "canary-1")
    assert len(at_aws.server.seen) == 1


def test_a_login_of_docker_s_goes_before_the_identity(at_aws, tmp_path, monkeypatch):
    (tmp_path / "config.json").write_text(json.dumps({"auths": {ECR: {"username": "AWS", "password": "docker's"}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    source = MachineLogins().of(Reference(ECR, "app", "1"))
    assert source.current().password == "docker's"
    assert not source.again(source.current())
    assert at_aws.server.seen == []


def test_a_short_lived_login_is_renewed_before_it_expires(at_aws):
    clock = Clock()  # ECR's own time is in 1970 here: a machine whose clock is wrong gets five minutes
    source = MachineLogins(now=clock).of(Reference(ECR, "app", "1"))
    source.again(None)
    clock.seconds = 269
    assert source.current().password == "canary-1"
    clock.seconds = 271
    assert source.current().password == "canary-2"


def test_a_login_that_cannot_be_renewed_is_kept_as_long_as_it_is_good(at_aws, monkeypatch):
    clock = Clock()
    source = MachineLogins(now=clock).of(Reference(ECR, "app", "1"))
    source.again(None)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOTHER")
    clock.seconds = 271
    assert source.current().password == "canary-1"
    clock.seconds = 301
    assert source.current() is None
    assert [finding.code for finding in source.findings()] == ["CHR0515"]
