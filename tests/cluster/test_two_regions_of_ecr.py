"""examples/multi-region on the engine: one `up` fills both regions, and Pods of each cluster pull from their own.

AWS is the lab's stand-in, under real names and by TLS.
"""

import shutil
from pathlib import Path

import pytest

from lab import node
from lab.pods import delete_pod, make_service_account, run_pod, wait_running
from lab.state import LabState
from lab.workspace import Workspace
from pulumi_chaosreg.review.review import review
from tests.support.contexts import with_contexts
from tests.support.expected_previews import EXAMPLES, as_expected, expected
from tests.support.lab_aws import client

pytestmark = [pytest.mark.node, pytest.mark.engine, pytest.mark.controllers, pytest.mark.nightly]

EXAMPLE = EXAMPLES / "multi-region"
STACKS = ("acme", "prod")
REGIONS = {"prod-eu": "eu-west-1", "prod-us": "us-east-1"}


@pytest.fixture
def company(lab_on_aws: LabState, tmp_path: Path) -> Workspace:
    assert lab_on_aws.upstream
    assert lab_on_aws.aws
    workspace = Workspace(tmp_path / "company")
    workspace.add_project()
    shutil.copytree(EXAMPLE / "stacks", workspace.folder / "stacks")
    upstream = f"{lab_on_aws.upstream.host}/harness"
    mirror = f"mirror: {{source: {upstream}, allow_sources: [{upstream}]}}"
    workspace.edit("stacks/Pulumi.acme.yaml", "mirror: {source: docker.io/harness}", mirror)
    workspace.environment |= lab_on_aws.aws.environment
    workspace.environment["KUBECONFIG"] = str(with_contexts(tmp_path, review(workspace.folder).resolved))
    workspace.run("chaosreg", "lock")
    workspace.init(*STACKS)
    return workspace


def test_each_cluster_pulls_from_its_own_region(lab_on_aws: LabState, company: Workspace) -> None:
    assert lab_on_aws.kubernetes
    assert lab_on_aws.aws
    for stack in STACKS:
        assert as_expected(company.preview(stack)) == expected("multi-region", stack)
        company.up(stack)
    node.set_identity(on=True)
    make_service_account(lab_on_aws.kubernetes, "hce", "of-eks")
    digests = {}
    for infrastructure, region in REGIONS.items():
        fields = company.json("chaosreg", "resolve", infrastructure, "-o", "json")[0]["fields"]
        reference = fields["image.chaos-ddcr"]["value"]
        server = reference.partition("/")[0]
        assert f".{region}." in server
        node.trust(server, lab_on_aws.aws.authority)
        node.remove_images()
        run_pod(lab_on_aws.kubernetes, lab_on_aws.node, "hce", infrastructure, reference, service_account="of-eks")
        status = wait_running(lab_on_aws.kubernetes, "hce", infrastructure)["status"]["containerStatuses"][0]
        delete_pod(lab_on_aws.kubernetes, "hce", infrastructure)
        digests[region] = status["imageID"].partition("@")[2]
        names = {
            one["repositoryName"]
            for one in client(lab_on_aws.aws, "ecr", region).describe_repositories()["repositories"]
        }
        assert "chaos/chaos-ddcr" in names
    assert len(set(digests.values())) == 1
    for stack in STACKS:
        company.up(stack, "--expect-no-changes")
