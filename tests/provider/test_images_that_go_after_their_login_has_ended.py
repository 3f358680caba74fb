"""An image that is dropped has the login of the last `up`, which may have ended since: another one of the run does."""

from pathlib import Path
from typing import Any

import pytest

from lab import harbor_orders
from lab.registry import RegistryServer
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.provider.logins_of_run import LoginsOfRun
from pulumi_chaosreg.provider.mirrored_image import MirroredImage
from pulumi_chaosreg.provider.resource import Occasion
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.still_wanted import StillWanted
from tests.support.builder import image, layer, push
from tests.support.canary import traces_of
from tests.support.lab_harbor import DELETE, PUSH, HarborProject
from tests.support.trial import HASTY

ONE = image(layer("a", 1000), name="a")
URN = "urn:pulumi:one::chaosreg::chaosreg:index:MirroredImage::app"


def as_input(login: Login) -> dict[str, str]:
    return {"username": login.username, "password": login.password}


def resource_of_a_run(folder: Path) -> MirroredImage:
    (folder / "Pulumi.yaml").write_text("name: chaosreg\nruntime: python\n", "utf-8")
    (folder / "stacks").mkdir(exist_ok=True)
    return MirroredImage(Mirror(patience=HASTY), StillWanted(Run(has_program=True, has_checked=True), folder))


@pytest.mark.registry
def test_the_login_of_an_image_that_stays_deletes_one_that_goes(
    harbor_project: HarborProject, upstream: RegistryServer, tmp_path: Path
) -> None:
    pusher, ended = harbor_project.robot(*PUSH), harbor_project.robot(*DELETE, name="ended", days=1)
    heard: list[str] = []
    occasion = Occasion(URN, lambda _: None, heard.append, heard.append)
    push(upstream.host, "app", "1", ONE)
    place = f"{harbor_project.harbor.host}/{harbor_project.name}/team"

    def inputs(name: str, delete: Login) -> dict[str, Any]:
        logins = {"push": as_input(pusher), "delete": as_input(delete)}
        return {"source": f"{upstream.host}/app:1", "target": f"{place}/{name}:1", "onDestroy": "delete", **logins}

    first = resource_of_a_run(tmp_path)
    dropped, failures = first.check(inputs("app", ended))
    assert failures == []
    ident, state = first.create(dropped, occasion)
    (robot,) = [one["id"] for one in harbor_orders.robots(harbor_project.harbor) if one["name"].endswith("+ended")]
    harbor_orders.age(harbor_project.harbor, robot, 2 * 86400)

    destroying = resource_of_a_run(tmp_path)
    with pytest.raises(ChaosregError) as refused:
        destroying.delete(ident, state, dropped, occasion)
    assert refused.value.is_denied
    assert "run `up` first, which renews it" in heard.pop()

    next_run = resource_of_a_run(tmp_path)
    fresh = harbor_project.robot(*DELETE)
    assert next_run.check(inputs("other", fresh))[1] == []
    next_run.delete(ident, state, dropped, occasion)
    assert harbor_project.call("GET", "/repositories/team%252Fapp/artifacts") == []
    for login in (pusher, ended, fresh):
        assert not traces_of(login, f"{heard}{refused.value}{vars(next_run)}{vars(next_run._of_run)}")


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("harbor.company.com/chaos/team/app:1", "team"),
        ("Harbor.company.com:443/chaos/team/new:1", "team"),
        ("harbor.company.com/chaos/others/app:1", "chaos"),
        ("harbor.company.com/another/team/app:1", None),
        ("other.company.com/chaos/team/app:1", None),
    ],
)
def test_the_nearest_image_has_the_login(target, found):
    logins = LoginsOfRun()
    logins.keep({"target": "harbor.company.com/chaos/app:1", "delete": "chaos"})
    logins.keep({"target": "harbor.company.com/chaos/team/web:1", "push": "team"})
    logins.keep({"target": "other.company.com/another/app:1", "delete": "other"})
    logins.keep({"target": "other.company.com/chaos/app:1"})
    given = logins.near(Reference.parse(target))
    assert (next(iter(given.values())) if given else None) == found
