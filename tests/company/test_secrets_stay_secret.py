"""A canary password is in no output, log, state or ConfigMap, in none of the forms that it could take."""

import json
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest

from lab.registry import read_requests
from lab.state import LabState
from lab.workspace import Workspace
from tests.support.workspaces import PULL_CANARY, PUSH_CANARY

pytestmark = pytest.mark.engine


def test_a_canary_is_found_nowhere(company: Workspace, lab: LabState) -> None:
    said = []
    for stack in ("acme", "checkout-prod"):
        for command in ("preview --diff", "preview --json", "up --yes", "refresh --yes"):
            verb, flag = command.split()
            done = company.run("pulumi", verb, "--stack", stack, flag)
            said.append((f"{command} of {stack}", done.stdout + done.stderr))
        said.append((f"state of {stack}", json.dumps(company.state(stack))))
    company.edit("stacks/Pulumi.acme.yaml", lab.upstream.host, "127.0.0.1:1")
    for stack in ("acme", "checkout-prod"):
        failed = company.run("pulumi", "preview", "--stack", stack, check=False)
        said.append((f"failing preview of {stack}", failed.stdout + failed.stderr))
    files = (company.folder / ".backend").rglob("*.json*")
    said += [(str(path), path.read_text("utf-8", "replace")) for path in files]

    assert list(read_requests(Path(lab.registry.log)))  # the passwords were really used
    found = [(where, form) for where, text in said for form in _forms() if form in text]
    assert found == []


def _forms() -> list[str]:
    forms = []
    for user, password in (("puller", PULL_CANARY), ("pusher", PUSH_CANARY)):
        forms += [password, quote(password), b64encode(f"{user}:{password}".encode()).decode()]
        for offset in range(3):  # base64 of a longer text that holds it, at each alignment
            encoded = b64encode(b"x" * offset + password.encode()).decode()
            forms.append(encoded[4:-4])
    return forms
