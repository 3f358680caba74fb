"""What `-v` and `-vv` tell of registries, and what no log may show. By a scripted registry that gives everything back
that it is sent: in redirects, in errors, in its own names.
"""

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import pytest

from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.cli.notices import listening
from pulumi_chaosreg.harness.client import Harness
from pulumi_chaosreg.harness.problems import HarnessError
from pulumi_chaosreg.harness.scope import HarnessScope
from pulumi_chaosreg.oci import Host, Patience, Registry, RegistryError
from pulumi_chaosreg.oci.manifest import Manifest
from tests.support.answering import AnsweringServer, Asked, Said
from tests.support.canary import PULL, traces_of
from tests.support.company import mirroring_company

DIGEST = f"sha256:{'1f' * 32}"
SIGNED = "X-Amz-Signature=canary-of-signature"
CHALLENGE = Said(401, headers={"WWW-Authenticate": 'Basic realm="x"'})
TREE = Manifest.parse(b'{"schemaVersion": 2, "manifests": []}', "application/vnd.oci.image.index.v1+json")
MANIFEST = {"Docker-Content-Digest": DIGEST, "Content-Type": "application/vnd.oci.image.index.v1+json"}
Run = Callable[..., tuple[int, str, str]]


def private(answer: Callable[[Asked], Said]) -> AnsweringServer:
    """A registry that answers those who have logged in."""
    return AnsweringServer(lambda asked: answer(asked) if "Authorization" in asked.headers else CHALLENGE)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`chaosreg …` for a company whose source is a registry that this machine has a login for."""

    def run(source: AnsweringServer, *arguments: str, helper: str = "") -> tuple[int, str, str]:
        mirroring_company(tmp_path, source.host, "harbor.example", {"chaos-ddcr": DIGEST})
        config = {"auths": {source.host: {"auth": PULL.basic}}, "credHelpers": {source.host: helper} if helper else {}}
        (tmp_path / "config.json").write_text(json.dumps(config))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        code = main(["--project", str(tmp_path), *arguments])
        return (code, *capsys.readouterr())

    return run


@contextmanager
def _logged(level: int) -> Iterator[StringIO]:
    """What the command would print at this level."""
    with pytest.MonkeyPatch.context() as patched:
        text = StringIO()
        patched.setattr("sys.stderr", text)
        with listening({logging.INFO: 1, logging.DEBUG: 2}[level]):
            yield text


def has_image(_: Asked) -> Said:
    return Said(headers={**MANIFEST, "Content-Length": "321"})


@pytest.mark.parametrize("words", [("-v", "lock", "--check"), ("lock", "--check", "-v"), ("lock", "-v", "--check")])
def test_v_says_whose_login_is_used_and_not_what_it_is(words: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    with private(has_image) as source:
        code, out, said = run(source, *words)

    assert code == 0
    assert f"oci.auth: {source.host}: logs in as user `puller` ({tmp_path}/config.json)\n" in said
    assert "HEAD" not in said
    assert out == "1 images looked at: none differ from the lockfile\n"
    assert traces_of(PULL, said) == []


@pytest.mark.parametrize(
    "words", [("-vv", "lock", "--check"), ("lock", "--check", "-vv"), ("-v", "lock", "--check", "-v")]
)
def test_vv_says_what_was_asked_of_which_registry_with_status_and_time(words: tuple[str, ...], run: Run) -> None:
    with private(has_image) as source:
        _, _, said = run(source, *words, "--check")

    asked = rf"HEAD http://{source.host}/v2/harness/chaos-ddcr/manifests/1"
    assert re.search(rf"^\d\d:\d\d:\d\d\.\d\d\d oci\.transport: {asked}: 401 in \d+ ms$", said, re.MULTILINE)
    assert re.search(rf"oci\.transport: {asked}: 200 in \d+ ms$", said, re.MULTILINE)
    assert "urllib3" not in said
    assert traces_of(PULL, said) == []


@pytest.mark.parametrize(
    "words", [("-q", "lock", "--check"), ("lock", "--quiet", "--check"), ("-q", "lock", "--check", "-v")]
)
def test_q_leaves_out_all_but_errors_and_the_result(words: tuple[str, ...], run: Run) -> None:
    # given a credential helper that is not installed, and a login beside it
    with private(has_image) as source:
        warned = run(source, "lock", "--check", helper="missing")
        quiet = run(source, *words, "--check", helper="missing")
    assert "warning[CHR0513]" in warned[2]
    assert quiet == (0, warned[1], "")


def test_q_keeps_errors(run: Run) -> None:
    with AnsweringServer(lambda _: Said(404)) as source:
        code, _, said = run(source, "-q", "lock", "--upgrade")
    assert code == 1
    assert "error[CHR0308]" in said


def test_a_wait_is_told_with_its_reason() -> None:
    answers = iter([Said(503), Said(headers=MANIFEST)])
    with AnsweringServer(lambda _: next(answers)) as server, _logged(logging.INFO) as said:
        Registry(server.host, None, host=Host(Patience(first=0.01))).head_manifest("app", "1")
    assert re.search(rf"{server.host}/app: waits 0\.0 s before try 2: .*503", said.getvalue())


def test_a_registry_that_gives_back_what_it_gets_puts_no_secret_into_the_log_or_the_error() -> None:
    # given a redirect whose path and query repeat what was sent, and an answer that repeats it once more
    def storage(asked: Asked) -> Said:
        return Said(
            403, f"you sent {asked.path} {asked.query} {PULL.password} {PULL.basic} {asked.query[16:]}".encode()
        )

    with AnsweringServer(storage, address="127.0.0.2") as cdn:

        def redirect(asked: Asked) -> Said:
            sent = quote(f"{asked.headers['Authorization']} {PULL.password}", safe="")
            return Said(307, headers={"Location": f"http://{cdn.host}/{sent}?{SIGNED}"})

        with private(redirect) as front, _logged(logging.DEBUG) as said:
            registry = Registry(front.host, PULL, host=Host(Patience(first=0.01)))
            with pytest.raises(RegistryError) as caught:
                registry.get_manifest("app", "1")

    assert f"GET http://{cdn.host}/" in said.getvalue()
    assert "[redacted]" in said.getvalue()
    for text in (said.getvalue(), str(caught.value), repr(caught.value)):
        assert traces_of(PULL, text) == []
        assert "canary" not in text


def test_a_token_is_in_no_log() -> None:
    token = "canary-token"

    def answer(asked: Asked) -> Said:
        if asked.path == "/token":
            return Said(200, json.dumps({"token": token}).encode())
        if asked.headers.get("Authorization") == f"Bearer {token}":
            return Said(headers={**MANIFEST, "X": token})
        return Said(401, headers={"WWW-Authenticate": f'Bearer realm="http://{server.host}/token?{SIGNED}"'})

    with AnsweringServer(answer) as server, _logged(logging.DEBUG) as said:
        assert Registry(server.host, PULL).head_manifest("app", "1")
    assert f"GET http://{server.host}/token: 200 in " in said.getvalue()
    assert "canary" not in said.getvalue()


def test_an_upload_is_told_with_what_was_sent() -> None:
    with AnsweringServer(lambda _: Said(201)) as server, _logged(logging.DEBUG) as said:
        Registry(server.host, None).put_manifest("app", TREE)
    assert f"PUT http://{server.host}/v2/app/manifests/{TREE.digest}: 201 in " in said.getvalue()
    assert f" ms, {len(TREE.raw)} bytes sent" in said.getvalue()


def test_what_is_asked_of_harness_is_told_without_the_key() -> None:
    key = "canary-key"
    with AnsweringServer(lambda asked: Said(400, asked.headers["x-api-key"].encode())) as server:
        harness = Harness(f"http://{server.host}", "acme", key)
        with _logged(logging.DEBUG) as said, pytest.raises(HarnessError):
            harness.look(HarnessScope("acme"))
    assert re.search(
        r"harness\.client: POST http://\S+/api/query \(getImageRegistry of .*\): 400 in \d+ ms", said.getvalue()
    )
    assert key not in said.getvalue()


@pytest.mark.parametrize("name", ["urllib3.connectionpool", "botocore.endpoint", "azure.core.pipeline", "google.auth"])
def test_other_libraries_stay_silent(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with listening(2):
        logging.getLogger(name).debug("GET /?%s", SIGNED)
        logging.getLogger(name).info("GET /?%s", SIGNED)
    assert capsys.readouterr() == ("", "")


def test_nobody_listens_where_the_command_does_not_run(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with private(has_image) as source:
        run(source, "-vv", "lock", "--check")
        capsys.readouterr()
        Registry(source.host, PULL).head_manifest("app", "1")
    assert capsys.readouterr() == ("", "")
    ours = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith("pulumi_chaosreg")]
    assert len(ours) > 3
    assert [one.name for one in ours if one.handlers or one.level] == []


def test_a_log_line_steers_no_terminal() -> None:
    with _logged(logging.INFO) as said:
        logging.getLogger("pulumi_chaosreg.oci").info("a\x1b[2J\nb")
    assert "a\\x1b[2J\\nb\n" in said.getvalue()
