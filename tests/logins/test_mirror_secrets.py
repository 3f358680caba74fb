"""Canaries in every place where the mirror's commands find a login; none of them is in anything that they print."""

import json
import os
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.provider.mirrored_image import MirroredImage
from pulumi_chaosreg.provider.resource import Occasion
from tests.support.builder import image, layer, push
from tests.support.company import write_company
from tests.support.faults import FaultServer, Reply, Seen
from tests.support.token_server import registry_with_tokens

pytestmark = pytest.mark.registry

SECRET = "canary/pä&ss word"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def digest(upstream: RegistryServer) -> str:
    return push(upstream.host, "harness/app", "1", image(layer("x"))).digest


@pytest.fixture
def run(tmp_path: Path, upstream: RegistryServer, digest: str, monkeypatch, capsys) -> Run:
    """A command for a company that mirrors one image to this server, on a machine with this docker configuration."""

    def run(server: str, config: dict[str, object], *command: str) -> tuple[int, str]:
        (tmp_path / "docker").mkdir(exist_ok=True)
        (tmp_path / "docker" / "config.json").write_text(json.dumps(config))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
        write_company(
            tmp_path,
            f"""\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: "{server}", account: chaos, type: public}}
    mirror: {{source: "{upstream.host}/harness", allow_sources: ["{upstream.host}"]}}
    required_images: ["harness/app:1"]
  chaosreg:infrastructures:
    eu: {{cluster: {{context: eu}}}}
""",
        )
        (tmp_path / "stacks/chaosreg.lock.yaml").write_text(f"{upstream.host}/harness/app:1: {digest}\n")
        code = main(["--project", str(tmp_path), *command])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


@pytest.fixture
def helper(tmp_path: Path, monkeypatch) -> Callable[[str], None]:
    """A credential helper `canary` that runs these lines of Python."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    def install(lines: str) -> None:
        script = tmp_path / "bin" / "docker-credential-canary"
        script.write_text(f"#!{sys.executable} -IS\n{lines}\n")
        script.chmod(0o755)

    return install


def _auth(user: str = "robot", secret: str = SECRET) -> dict[str, str]:
    return {"auth": b64encode(f"{user}:{secret}".encode()).decode()}


def _shows(text: str) -> list[str]:
    forms = ["canary", b64encode(f"robot:{SECRET}".encode()).decode(), quote_plus(SECRET), "Y2FuYXJ5"]
    return [form for form in forms if form in text]


def _echo(challenge: str) -> FaultServer:
    """A registry that repeats what it was sent, in each spelling that it can think of."""

    def script(seen: Seen) -> Reply:
        sent = seen.headers.get("Authorization", "")
        if not sent:
            return Reply(401, headers={"WWW-Authenticate": challenge})
        echo = f"{sent} {SECRET} {quote_plus(SECRET)} {json.dumps(SECRET)}"
        return Reply(
            403, json.dumps({"errors": [{"code": "DENIED", "message": echo, "detail": {"sent": sent}}]}).encode()
        )

    return FaultServer(script)


@pytest.mark.parametrize("output", ["text", "json"])
def test_an_echoed_password_is_in_no_output(run: Run, output: str) -> None:
    with _echo('Basic realm="x"') as front:
        code, said = run(front.host, {"auths": {f"https://{front.host}/v2/chaos": _auth()}}, "mirror", "-o", output)
    assert (code, _shows(said)) == (1, [])
    assert "CHR0404" in said
    assert "user `robot`" in said


@pytest.mark.parametrize("output", ["text", "json"])
@pytest.mark.parametrize("entry", [_auth(), {"identitytoken": "canary-identity"}, {"registrytoken": "canary-registry"}])
def test_what_a_token_endpoint_refuses_and_repeats_is_in_no_output(
    entry: dict[str, str], output: str, run: Run, tmp_path: Path
) -> None:
    with registry_with_tokens(tmp_path / "t", {}, {}) as (server, _):
        code, said = run(server.host, {"auths": {server.host: entry}}, "mirror", "-o", output)
    assert (code, _shows(said)) == (1, [])
    assert "CHR0403" in said


def test_tokens_and_refresh_tokens_are_in_no_output(run: Run, tmp_path: Path, digest: str) -> None:
    """The whole way, with an identity token that is renewed with each use, then with an endpoint that forgets it."""
    with registry_with_tokens(tmp_path / "t", {}, {"robot": {"pull", "push"}}, uses=1) as (server, tokens):
        config = {"auths": {server.host: {"identitytoken": tokens.refresh_token("robot")}}}
        code, said = run(server.host, config, "mirror", "-o", "json")
        assert (code, _shows(said)) == (0, [])
        assert digest in said
        code, said = run(server.host, config, "mirror")  # docker's file still has the first one
    assert (code, _shows(said)) == (1, [])
    assert "the identity token" in said


@pytest.mark.parametrize(
    "lines",
    [
        'print(\'{"Username": "robot", "Secret": "canary1Aa2Bb3Cc4Dd5Ee"}\')',
        "import sys; sys.exit('token canary1Aa2Bb3Cc4Dd5Ee is over')",
        'print(\'{"Username": "robot", "Secret": "canary"\')',
    ],
)
def test_what_a_helper_says_is_in_no_output(lines: str, run: Run, helper, tmp_path: Path) -> None:
    helper(lines)
    with RegistryServer(tmp_path / "private", logins={"robot": "other"}) as server:
        code, said = run(server.host, {"credHelpers": {server.host: "canary"}}, "mirror")
    assert code == 1
    assert "CHR0403" in said
    assert _shows(said.replace("docker-credential-canary", "")) == []


def test_a_helper_is_not_run_where_nobody_asks_for_a_login(run: Run, target: RegistryServer) -> None:
    """A registry that is open to everybody never asks, so the helper is not run."""
    code, said = run(target.host, {"credsStore": "never-installed"}, "mirror")
    assert code == 0
    assert "CHR0513" not in said


def test_a_helper_that_fails_is_a_warning_where_everybody_s_token_was_enough(run: Run, tmp_path: Path) -> None:
    with registry_with_tokens(tmp_path / "t", {}, {"": {"pull", "push"}}) as (server, _):
        code, said = run(server.host, {"credsStore": "never-installed"}, "mirror")
    assert code == 0
    assert said.count("warning[CHR0513]: the credential helper `docker-credential-never-installed` gave no login") == 1


def test_a_helper_that_fails_is_part_of_the_refusal(run: Run, tmp_path: Path) -> None:
    with RegistryServer(tmp_path / "private", logins={"robot": SECRET}) as server:
        code, said = run(server.host, {"credHelpers": {server.host: "never-installed"}}, "mirror")
    assert code == 1
    assert said.index("error[CHR0403]") < said.index("warning[CHR0513]")
    assert "it is not on PATH" in said


def test_in_a_pulumi_run_the_warning_comes_once(
    upstream: RegistryServer, digest: str, tmp_path: Path, monkeypatch, mirror: Mirror
) -> None:
    (tmp_path / "config.json").write_text('{"credsStore": "never-installed"}')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    images, said = MirroredImage(mirror), []
    with registry_with_tokens(tmp_path / "t", {}, {"": {"pull", "push"}}) as (server, _):
        for tag in ("1", "2"):
            inputs = {"source": f"{upstream.host}/harness/app:1", "target": f"{server.host}/app:{tag}"}
            occasion = Occasion("urn", said.append, said.append, said.append)
            assert images.create(inputs, occasion)[1]["digest"] == digest
            assert len([text for text in said if "CHR0513" in text]) == 1


def test_a_docker_config_as_an_input_opens_the_target_and_is_no_output(
    upstream: RegistryServer, digest: str, tmp_path: Path, mirror: Mirror
) -> None:
    with RegistryServer(tmp_path / "private", logins={"robot": SECRET}) as server:
        config = json.dumps({"auths": {f"https://{server.host}/v2/": _auth(), f"{server.host}/other": _auth("x", "y")}})
        inputs = {"source": f"{upstream.host}/harness/app:1", "target": f"{server.host}/app:1", "push": config}
        _, outputs = MirroredImage(mirror).put(inputs, lambda _: None)
    assert outputs["digest"] == digest
    assert _shows(json.dumps(outputs)) == []
