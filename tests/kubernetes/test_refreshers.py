"""What renews a Secret in a cluster: how often, under which name, as whom; and what its script says when it fails."""

import ast
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from pulumi_chaosreg.kubernetes.deliveries.refresher import schedule
from pulumi_chaosreg.kubernetes.refreshing import RENEWALS, scripts
from pulumi_chaosreg.registries.kinds import all_kinds
from pulumi_chaosreg.scopes.refresher import refresher_name
from pulumi_chaosreg.settings.refresher_identities import KEY_PARTS
from tests.support.canary import PULL
from tests.support.refreshing import refresher_of as of
from tests.support.refreshing import run_script as run_text

SERVER = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def minutes_of(text: str, end: int) -> list[int]:
    """The values of one field of a schedule."""
    span, _, step = text.partition("/")
    first, _, last = (f"0-{end - 1}" if span == "*" else span).partition("-")
    return list(range(int(first), int(last or first) + 1, int(step or 1)))


@pytest.mark.parametrize("seconds", [60, 300, 600, 1200, 3599, 3600, 5400, 7200, 14400, 43200])
@pytest.mark.parametrize("name", ["a/x", "b/y", "harness-chaos/chaos-image-registry-prod-eu-refresher"])
def test_no_two_runs_are_further_apart_than_asked(seconds: int, name: str) -> None:
    minute, hour, *rest = schedule(seconds, name).split()
    assert rest == ["*", "*", "*"]
    runs = [60 * h + m for h in minutes_of(hour, 24) for m in minutes_of(minute, 60)]
    runs += [run + 24 * 60 for run in runs]
    assert max(later - earlier for earlier, later in pairwise(runs)) * 60 <= seconds


def test_clusters_do_not_all_ask_in_one_minute() -> None:
    assert len({schedule(14400, f"n/{number}") for number in range(100)}) > 30


def test_a_name_is_one_that_a_cron_job_may_have() -> None:
    assert refresher_name("chaos-image-registry-eu") == "chaos-image-registry-eu-refresher"
    long = {refresher_name(f"chaos-image-registry-prod-eu-{SERVER}-{number}") for number in range(20)}
    assert len(long) == 20
    assert all(len(name) <= 52 and re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", name) for name in long)


def test_every_kind_that_names_a_refresher_has_one() -> None:
    assert {kind.refresher for kind in all_kinds().values() if kind.refresher} == set(RENEWALS)


@pytest.mark.parametrize(
    ("server", "sts", "ecr"),
    [
        (SERVER, "https://sts.eu-west-1.amazonaws.com", "https://api.ecr.eu-west-1.amazonaws.com"),
        ("1" * 12 + ".dkr-ecr.us-east-1.on.aws", "https://sts.us-east-1.amazonaws.com", "https://api.ecr.us-east-1.amazonaws.com"),
        ("1" * 12 + ".dkr.ecr-fips.us-east-1.amazonaws.com", "https://sts-fips.us-east-1.amazonaws.com", "https://ecr-fips.us-east-1.amazonaws.com"),
        ("1" * 12 + ".dkr-ecr-fips.us-west-2.on.aws", "https://sts-fips.us-west-2.amazonaws.com", "https://ecr-fips.us-west-2.amazonaws.com"),
        ("1" * 12 + ".dkr.ecr-fips.us-gov-west-1.amazonaws.com", "https://sts.us-gov-west-1.amazonaws.com", "https://ecr-fips.us-gov-west-1.amazonaws.com"),
        ("1" * 12 + ".dkr.ecr.cn-north-1.amazonaws.com.cn", "https://sts.cn-north-1.amazonaws.com.cn", "https://api.ecr.cn-north-1.amazonaws.com.cn"),
    ],
)  # fmt: skip
def test_it_asks_in_the_region_of_the_registry(server: str, sts: str, ecr: str) -> None:
    environment = RENEWALS["ecr"](server, of("keys")).environment
    assert (environment["AWS_ENDPOINT_URL_STS"], environment["AWS_ENDPOINT_URL_ECR"]) == (sts, ecr)


@pytest.mark.parametrize("script", ["renewing", *RENEWALS])
def test_a_script_is_one_of_python_3_9(script: str) -> None:
    text = files(scripts).joinpath(f"{script}.py").read_text("utf-8")
    tree = ast.parse(text, feature_version=(3, 9))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


@pytest.mark.parametrize(("kind", "cloud"), [("ecr", "aws"), ("acr", "azure")])
def test_keys_have_the_parts_that_the_settings_speak_of(kind: str, cloud: str) -> None:
    server = {"ecr": SERVER, "acr": "acme.azurecr.io"}[kind]
    assert tuple(RENEWALS[kind](server, of("keys")).keys.values()) == KEY_PARTS[cloud]


def test_who_it_is() -> None:
    role = RENEWALS["ecr"](SERVER, of("arn:aws:iam::123456789012:role/pull"))
    assert (role.environment["AWS_ROLE_ARN"][-9:], role.audience, dict(role.keys)) == (
        "role/pull",
        "sts.amazonaws.com",
        {},
    )
    keys = RENEWALS["ecr"](SERVER, of("keys"))
    assert (keys.audience, set(keys.keys)) == ("", {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"})
    pod = RENEWALS["ecr"](SERVER, of("eks_pod_identity"))
    assert (pod.audience, dict(pod.keys)) == ("", {})


def run_script(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    said = {"CHAOSREG_SERVER": SERVER, "AWS_REGION": "eu-west-1"}
    return run_text(tmp_path, RENEWALS["ecr"](SERVER, of("keys")), {**said, **environment})


def test_without_an_identity_it_says_what_is_missing(tmp_path: Path) -> None:
    ran = run_script(tmp_path)
    assert ran.returncode == 1
    assert "this Pod has no AWS identity" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_what_was_not_understood_is_told_without_what_it_holds(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_bytes(b"\xff" + PULL.password.encode())  # no text
    ran = run_script(tmp_path, AWS_ROLE_ARN="arn:aws:iam::1:role/x", AWS_WEB_IDENTITY_TOKEN_FILE=str(token))
    assert ran.returncode == 1
    assert ran.stderr.strip() == "the refresher failed: UnicodeDecodeError"


@contextmanager
def answering(status: int, body: str, **headers: str) -> Iterator[tuple[str, list[tuple[str, Mapping[str, str]]]]]:
    """(URL, paths and headers of what was asked) of a server on loopback that has one answer for everybody."""
    asked: list[tuple[str, Mapping[str, str]]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, dict(self.headers)))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": PULL.password}


@pytest.mark.parametrize("body", ['{"authorizationData": []}', "[]", '{"authorizationData": null}'])
def test_an_answer_that_is_another_than_ecrs_is_one_line(tmp_path: Path, body: str) -> None:
    with answering(200, body) as (url, _):
        ran = run_script(tmp_path, AWS_ENDPOINT_URL_ECR=url, **KEYS)
    assert ran.returncode == 1
    assert ran.stderr.startswith("the refresher failed: ")
    assert len(ran.stderr.splitlines()) == 1
    assert PULL.password not in ran.stderr


def test_nobody_is_followed_to_another_host(tmp_path: Path) -> None:
    with answering(302, "", Location="/elsewhere") as (url, asked):
        ran = run_script(tmp_path, AWS_ENDPOINT_URL_ECR=url, **KEYS)
    assert [path for path, _ in asked] == ["/"]
    assert "ECR gives no password" in ran.stderr


def test_what_eks_pod_identity_gives_signs_the_question(tmp_path: Path) -> None:
    """As AWS's SDKs ask its agent: with the Pod's token, and the session's own token beside the signature."""
    token = tmp_path / "token"
    token.write_text("of-the-pod\n", "utf-8")
    role = {"AccessKeyId": "ASIAOFTHEROLE", "SecretAccessKey": PULL.password, "Token": "of-the-session"}
    with answering(200, json.dumps(role)) as (agent, of_agent), answering(403, "{}") as (ecr, of_ecr):
        ran = run_script(
            tmp_path,
            AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{agent}/v1/credentials",
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(token),
            AWS_ENDPOINT_URL_ECR=ecr,
        )
    ((path, asked),), ((_, signed),) = of_agent, of_ecr
    assert (path, asked["Authorization"]) == ("/v1/credentials", "of-the-pod")
    assert signed["X-Amz-Security-Token".title()] == "of-the-session"
    assert signed["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=ASIAOFTHEROLE/")
    assert ran.returncode == 1
    assert not {PULL.password, "of-the-session", "of-the-pod"} & {*ran.stderr.split(), *ran.stdout.split()}
