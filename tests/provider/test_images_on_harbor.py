"""`MirroredImage` at Harbor, on the engine: kept back until it is scanned, waited for, and a tag that goes alone."""

from pathlib import Path

import pytest

from lab import harbor_orders
from lab.registry import RegistryServer
from pulumi_chaosreg.registries.kinds import all_kinds
from tests.support.builder import image, index, layer, push
from tests.support.canary import traces_of
from tests.support.lab_harbor import HarborProject
from tests.support.one_image import OneImage

pytestmark = [pytest.mark.engine, pytest.mark.registry]

TREE = index(image(layer("a", 1000), name="a"), image(layer("b", 1000), name="b"))
RIGHTS = all_kinds()["harbor"].rights


def test_an_image_is_kept_back_then_waited_for_and_goes_alone(
    harbor_project: HarborProject, upstream: RegistryServer, tmp_path: Path
) -> None:
    harbor = harbor_project.harbor
    login = harbor_project.robot(*RIGHTS["push"], *RIGHTS["delete"])
    push(upstream.host, "app", "1", TREE)
    harbor_project.set(prevent_vul="true", severity="high", auto_scan="false")
    target = f"{harbor.host}/{harbor_project.name}/team/app"
    one = OneImage(
        tmp_path,
        source=f"{upstream.host}/app:1",
        target=f"{target}:1",
        digest=TREE.digest,
        push={"username": login.username, "password": login.password},
        on_destroy="delete",
    )
    said = one.up()
    assert "warning[CHR0463]" in said
    outputs = one.outputs()
    assert outputs
    assert (outputs["digest"], outputs["written"]) == (TREE.digest, True)
    refreshed = one.refresh()
    assert "kept as it was" not in refreshed, "what is kept back is known by the API"
    assert one.change() == ("same", ())

    harbor_project.set(auto_scan="true")
    harbor_orders.scans(harbor, seconds=0.5)
    push(upstream.host, "app", "2", other := index(image(layer("c", 1000), name="c"), *TREE.children))
    one.inputs |= {"source": f"{upstream.host}/app:2", "target": f"{target}:2", "digest": other.digest}
    one.inputs["wait_for_scan"] = "1m"
    waited = one.up()
    assert "CHR04" not in waited
    assert one.change() == ("same", ())
    kept = harbor_project.call("GET", "/repositories/team%252Fapp/artifacts?page_size=50")
    assert [tag["name"] for found in kept for tag in found["tags"] or ()] == ["2"], "the one before was ours, and went"

    artifact = f"/repositories/team%252Fapp/artifacts/{other.digest}"
    harbor_project.call("POST", f"{artifact}/tags", {"name": "somebody-s"})
    one.inputs = {}
    said += refreshed + waited + one.up()
    assert [tag["name"] for tag in harbor_project.call("GET", artifact)["tags"]] == ["somebody-s"]
    assert not traces_of(login, said)
