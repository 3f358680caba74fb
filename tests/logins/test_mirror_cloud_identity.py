"""A mirror whose only login is the machine's identity in a cloud: real SDKs, real registries, stand-ins of the clouds.

The identity is that of a cloud's registry by its name; the registry that takes it is a real one on loopback.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from tests.support import builder
from tests.support.answering import AnsweringServer, Asked, Said
from tests.support.builder import image, layer, push
from tests.support.clouds import ACR, ECR, ECR_PASSWORD, ENTRA_TOKEN, GAR, GCP_TOKEN, aws, azure, gcp, nobody
from tests.support.token_server import SERVICE, TokenServer, registry_believing, registry_with_tokens

pytestmark = pytest.mark.registry

PROGRAM = """
import sys
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.mirror import Mirror
server, source, *targets = sys.argv[1:]
login = MachineLogins().of(Reference(server, "app", "1"))
with Mirror() as mirror:
    for target in targets:
        try:
            print(mirror.copy(Reference.parse(source), Reference.parse(target), push=login).digest)
        except ChaosregError as error:
            print(error, repr(error))
"""


@pytest.fixture
def tree(upstream: RegistryServer) -> builder.Tree:
    return push(upstream.host, "harness/app", "1", image(layer("x"), layer("y")))


def _mirror(server: str, cloud: dict[str, str], source: str, *targets: str) -> str:
    """What a mirror of its own process says that has the identity for this server; no secret is ever in it."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    program = [sys.executable, "-c", PROGRAM, server, source, *targets]
    done = subprocess.run(program, env=kept | cloud, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    assert "canary" not in done.stdout
    return done.stdout


def test_ecr_by_the_identity_at_aws(tmp_path: Path, upstream: RegistryServer, tree: builder.Tree) -> None:
    with aws(tmp_path) as cloud, RegistryServer(tmp_path / "ecr", logins={"AWS": ECR_PASSWORD}) as server:
        targets = [f"{server.host}/app:1", f"{server.host}/app:2"]
        said = _mirror(ECR, cloud.environment, f"{upstream.host}/harness/app:1", *targets)
    assert said.split() == [tree.digest, tree.digest]
    assert len(cloud.server.seen) == 1


def test_artifact_registry_by_the_identity_at_google(
    tmp_path: Path, upstream: RegistryServer, tree: builder.Tree
) -> None:
    passwords, rights = {"oauth2accesstoken": GCP_TOKEN}, {"oauth2accesstoken": {"pull", "push"}}
    with gcp(tmp_path) as cloud, registry_with_tokens(tmp_path / "gar", passwords, rights) as (server, tokens):
        said = _mirror(GAR, cloud.environment, f"{upstream.host}/harness/app:1", f"{server.host}/app:1")
    assert said.split() == [tree.digest]
    assert "Authorization" not in tokens.seen[0].headers  # at first as everybody
    assert sum(asked.path.endswith("/token") for asked in cloud.server.seen) == 1


class Azure:
    """ACR's own front, as its reference describes it: an exchange of Azure's token, then OAuth2. A stand-in.

    Before a real registry, which believes the tokens that it gives.
    """

    def __init__(self, folder: Path) -> None:
        self.tokens = TokenServer({}, {"identity": {"pull", "push"}}, speaks=("POST",), uses=3)
        self.exchanged: list[dict[str, str]] = []
        self.front = AnsweringServer(self._answer)
        self._folder = folder

    @contextmanager
    def running(self) -> Iterator[str]:
        """Its host."""
        with self.front, registry_believing(self._folder, self.front, "/oauth2/token") as server:
            self.front.behind = server.host
            yield self.front.host

    def _answer(self, asked: Asked) -> Said | None:
        if asked.path == "/oauth2/token":
            # ACR answers an anonymous GET with 401, and knows no GET without a password.
            return self.tokens.token(asked) if asked.method == "POST" else Said(401, b'{"errors":[]}')
        if asked.path != "/oauth2/exchange":
            return None
        self.exchanged.append(asked.form)
        if asked.form["access_token"] != ENTRA_TOKEN:
            return Said(401, b'{"errors":[{"code":"UNAUTHORIZED","message":"failed: ' + asked.body + b'"}]}')
        return Said(200, json.dumps({"refresh_token": self.tokens.refresh_token("identity")}).encode())


def test_acr_by_the_identity_at_azure(tmp_path: Path, upstream: RegistryServer, tree: builder.Tree) -> None:
    acr = Azure(tmp_path / "acr")
    with azure(tmp_path) as cloud, acr.running() as host:
        targets = [f"{host}/app:1", f"{host}/other:1", f"{host}/third:1"]
        said = _mirror(ACR, cloud.environment, f"{upstream.host}/harness/app:1", *targets)

    assert said.split() == [tree.digest] * 3
    assert acr.exchanged[0] == {
        "grant_type": "access_token",
        "service": SERVICE,
        "tenant": "company-tenant",
        "access_token": ENTRA_TOKEN,
    }
    assert len(acr.exchanged) == 1  # each answer brought the next refresh token


def test_acr_that_refuses_the_exchange_is_said(tmp_path: Path, upstream: RegistryServer, tree, monkeypatch) -> None:
    monkeypatch.setattr("tests.support.clouds.ENTRA_TOKEN", "canary-of-another-tenant")
    acr = Azure(tmp_path / "acr")
    with azure(tmp_path) as cloud, acr.running() as host:
        said = _mirror(ACR, cloud.environment, f"{upstream.host}/harness/app:1", f"{host}/app:1")
    assert "CHR0403" in said
    assert "the entra token (identity at Azure) were sent" in said
    assert "[redacted]" in said


def test_a_machine_without_identity_says_why(tmp_path: Path, upstream: RegistryServer, tree: builder.Tree) -> None:
    with RegistryServer(tmp_path / "ecr", logins={"AWS": ECR_PASSWORD}) as server:
        said = _mirror(ECR, nobody(tmp_path), f"{upstream.host}/harness/app:1", f"{server.host}/app:1")
    assert "CHR0403" in said
    assert "no credentials are known for it" in said
    assert f"CHR0515]: `{ECR}` rejects the machine's identity at AWS" in said


def test_the_missing_extra_is_said_only_where_a_request_without_login_was_refused(
    tmp_path: Path, upstream: RegistryServer, tree: builder.Tree
) -> None:
    (tmp_path / "boto3.py").write_text("raise ModuleNotFoundError('No module named boto3', name='boto3')\n")
    machine = nobody(tmp_path) | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    source = f"{upstream.host}/harness/app:1"
    with (
        RegistryServer(tmp_path / "open") as everybody_s,
        RegistryServer(tmp_path / "ecr", logins={"AWS": ECR_PASSWORD}) as closed,
    ):
        assert _mirror(ECR, machine, source, f"{everybody_s.host}/app:1").split() == [tree.digest]
        said = _mirror(ECR, machine, source, f"{closed.host}/app:1")
    assert "pip install 'pulumi-chaosreg[aws]'" in said
