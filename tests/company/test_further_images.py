"""`mirror.also` on the real engine: what an owner lists is locked and mirrored, whoever pulls it."""

import json
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from lab.state import LabState
from lab.workspace import Workspace
from tests.support.crane import crane

pytestmark = pytest.mark.engine

ACME = """\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: "{target}", account: tools, type: public}}
    mirror:
      also: ["{source}/harness/chaos-exporter:1.53.0", "{source}/harness/chaos-runner:1.53.0@{pinned}"]
      allow_sources: ["{source}/harness"]
      push: push
"""


def test_what_an_owner_lists_is_mirrored_also_where_nobody_pulls_yet(
    tmp_path: Path, lab: LabState, private_target: RegistryServer
) -> None:
    company, digests = Workspace(tmp_path / "company"), lab.upstream.digests
    company.add_project()
    pinned = digests["chaos-runner:1.53.0"]
    text = ACME.format(target=private_target.host, source=lab.upstream.host, pinned=pinned)
    company.add_stacks(acme=text)
    company.run("chaosreg", "lock")
    company.init("acme")
    push = json.dumps(vars(lab.registry.push))
    company.run("pulumi", "config", "set", "--stack", "acme", "--secret", "chaosreg-credentials:push", push)

    company.up("acme")

    for image in ("chaos-exporter:1.53.0", "chaos-runner:1.53.0"):
        there = f"{private_target.host}/tools/{image}"
        assert crane(company, lab, "digest", there, "--insecure") == digests[image]
    company.up("acme", "--expect-no-changes")

    # what is listed no more leaves the program, by the name that every mirrored image has
    company.edit("stacks/Pulumi.acme.yaml", f'"{lab.upstream.host}/harness/chaos-exporter:1.53.0", ', "")
    gone = [(step.op, step.name) for step in company.preview("acme")]
    assert gone == [("delete", f"{private_target.host}/tools/chaos-exporter:1.53.0")]
