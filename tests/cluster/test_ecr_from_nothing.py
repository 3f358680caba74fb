"""examples/ecr on the engine, from nothing: repositories, roles, images; then Pods on EKS and in a factory.

AWS is the lab's stand-in, under real names and by TLS; STS gives the role to just the ServiceAccount that it trusts.
"""

from pathlib import Path

import pytest

from lab import kubeapi, node
from lab.aws_orders import refused_logins
from lab.pods import make_service_account
from lab.python_image import python_image
from lab.state import LabState
from lab.workspace import Workspace
from tests.support.ecr_example import STACKS, STANDS_FOR, ecr_example
from tests.support.expected_previews import as_expected, expected
from tests.support.lab_aws import client
from tests.support.lab_roles import know_issuer
from tests.support.pulling import assert_pods_run

pytestmark = [pytest.mark.node, pytest.mark.engine, pytest.mark.controllers]
SERVER = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.fixture
def lab(lab_on_aws: LabState) -> LabState:
    return lab_on_aws


@pytest.fixture
def company(lab: LabState, tmp_path: Path) -> Workspace:
    know_issuer(client(lab.aws, "iam"), lab.kubernetes.issuer)
    return ecr_example(tmp_path / "company", lab, python_image(lab))


def test_from_nothing_to_pods_on_eks_and_elsewhere(lab: LabState, company: Workspace) -> None:
    for stack in STACKS:
        assert as_expected(company.preview(stack), STANDS_FOR) == expected("ecr", stack)
        company.up(stack)
    node.trust(SERVER, lab.aws.authority)

    # in the factory by the Secret that the first Job has filled: the node knows nobody
    assert_pods_run(lab, company, "plant", "hce", "litmus")
    # and on EKS without any: the node knows itself
    node.set_identity(on=True)
    make_service_account(lab.kubernetes, "hce", "of-eks")
    assert_pods_run(lab, company, "prod-eu", "hce", "of-eks")
    assert [one for one in refused_logins(lab.aws) if one["path"].startswith("/v2/chaos/")] == []  # others ask, too

    for stack in STACKS:
        company.up(stack, "--expect-no-changes")

    # what is destroyed leaves images, repositories, and who pulls
    for stack in reversed(STACKS):
        company.run("pulumi", "destroy", "--stack", stack, "--yes", "--skip-preview")
    assert len(client(lab.aws, "ecr").describe_images(repositoryName="chaos/chaos-ddcr")["imageDetails"]) > 0
    assert kubeapi.get(lab.kubernetes, "/apis/batch/v1/namespaces/hce/cronjobs")["items"] == []
