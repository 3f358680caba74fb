"""Pods of the lab's node that must pull the images of an infrastructure, by what a company has given to its cluster."""

from lab import node
from lab.pods import delete_pod, make_service_account, run_pod, wait_event, wait_running
from lab.state import LabState
from lab.workspace import Workspace


def assert_pods_run(lab: LabState, company: Workspace, infrastructure: str, space: str, account: str) -> None:
    """Each image, pulled anew, with what this ServiceAccount has."""
    node.remove_images()
    images = images_of(company, infrastructure)
    for number, reference in enumerate(images):
        run_pod(lab.kubernetes, lab.node, space, f"{infrastructure}-{number}", reference, service_account=account)
    for number, reference in enumerate(images):
        status = wait_running(lab.kubernetes, space, f"{infrastructure}-{number}")["status"]["containerStatuses"][0]
        assert status["imageID"].partition("@")[2] == reference.partition("@")[2]
        delete_pod(lab.kubernetes, space, f"{infrastructure}-{number}")


def assert_refused(lab: LabState, company: Workspace, infrastructure: str, space: str, account: str = "nobody") -> None:
    """The registry does not let this ServiceAccount in; `nobody` has no Secret."""
    node.remove_images()
    make_service_account(lab.kubernetes, space, account)
    image = images_of(company, infrastructure)[0]
    run_pod(lab.kubernetes, lab.node, space, "refused", image, service_account=account)
    assert "401" in wait_event(lab.kubernetes, space, "refused", "401")
    delete_pod(lab.kubernetes, space, "refused")


def images_of(company: Workspace, infrastructure: str) -> list[str]:
    """Their references, as it gets them."""
    fields = company.json("chaosreg", "resolve", infrastructure, "-o", "json")[0]["fields"]
    images = [said["value"] for name, said in fields.items() if name.startswith("image.")]
    assert images
    return images
