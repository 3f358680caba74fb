"""What the product is for: Pods of a real kubelet run mirrored images, pulled with the Secret that `up` made."""

from pathlib import Path

import pytest

from lab.node import allow_plain_http, remove_images
from lab.pods import delete_pod, make_service_account, run_pod, wait_event, wait_running
from lab.registry import read_requests
from lab.state import load
from lab.workspace import Workspace
from pulumi_chaosreg.review.review import review

pytestmark = pytest.mark.node


def test_pods_run_with_the_secret_and_are_refused_without(tmp_path: Path) -> None:
    # given an environment that is up, and a node without images
    lab = load()
    if lab.node.missing:
        pytest.skip(f"no kubelet here: {lab.node.missing}")
    company = Workspace.of_company(tmp_path / "company", lab)
    company.edit("stacks/Pulumi.checkout-prod.yaml", "namespace: harness-chaos\n", "namespace: node-test\n")
    company.run("chaosreg", "lock")
    company.init("acme", "checkout-prod")
    company.set_credentials("acme", lab)
    company.up("acme")
    company.up("checkout-prod")
    resolved = next(r for s, r in review(company.folder).resolved.items() if s.id == "prod-eu")
    allow_plain_http(lab.registry.host)
    remove_images()
    before = len(list(read_requests(Path(lab.registry.log))))

    # when Pods use the ServiceAccount that has the Secret
    for image in resolved.images:
        run_pod(lab.kubernetes, lab.node, "node-test", image.name, str(image.reference), service_account="litmus")

    # then all of them run what the lockfile says, pulled as the pull user
    for image in resolved.images:
        status = wait_running(lab.kubernetes, "node-test", image.name)["status"]["containerStatuses"][0]
        assert status["imageID"].endswith(f"@{image.reference.digest}")
    pulls = list(read_requests(Path(lab.registry.log)))[before:]
    assert {r.user for r in pulls if r.status == 200 and "/blobs/" in r.path} == {lab.registry.pull.username}

    # and a Pod without it is refused by the registry
    make_service_account(lab.kubernetes, "node-test", "nobody")
    first = str(resolved.images[0].reference)
    run_pod(lab.kubernetes, lab.node, "node-test", "refused", first, service_account="nobody")
    assert "401" in wait_event(lab.kubernetes, "node-test", "refused", "401")
    for name in (*(image.name for image in resolved.images), "refused"):
        delete_pod(lab.kubernetes, "node-test", name)
