"""The mirror on Harbor, which says 401 to three mistakes and keeps back what was not scanned. The lab's Harbor."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from lab import harbor_orders
from lab.registry import RegistryServer
from lab.state import HarborState
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Copied, Mirror, Wanted
from pulumi_chaosreg.mirror.gate import Gate
from pulumi_chaosreg.oci import Host, Registry
from tests.support.builder import Tree, image, index, layer, platform_index, push
from tests.support.canary import traces_of
from tests.support.lab_harbor import PULL, PUSH, HarborProject
from tests.support.trial import HASTY

pytestmark = pytest.mark.registry

ONE, TWO = image(layer("a", 1000), name="a"), image(layer("b", 1000), name="b")
TREE = index(ONE, TWO)
BLIND = ("repository:pull", "repository:push")
"""A robot that may not look at artifacts by the API."""

Copying = Callable[..., tuple[Copied, list[str]]]


@pytest.fixture
def copying(harbor_project: HarborProject, upstream: RegistryServer) -> Copying:
    """(login, tag, tree, …) → what a run of its own did, and its warnings."""

    def copy(
        login: Login,
        tag: str = "1",
        tree: Tree = TREE,
        wait: int = 0,
        project: str = "",
        stop: threading.Event | None = None,
    ) -> tuple[Copied, list[str]]:
        push(upstream.host, "app", "1", tree)
        target = Reference(harbor_project.harbor.host, f"{project or harbor_project.name}/team/app", tag)
        with Mirror(patience=HASTY, stop=stop) as mirror:
            copied = mirror.copy(Reference(upstream.host, "app", "1"), target, Wanted(wait_for_scan=wait), push=login)
            return copied, [str(finding) for finding in mirror.findings()]

    return copy


def api_path(project: HarborProject, digest: str = TREE.digest) -> str:
    return f"/repositories/team%252Fapp/artifacts/{digest}"


@contextmanager
def scanning(project: HarborProject, seconds: float, **how: object) -> Iterator[None]:
    """Somebody begins a scan in a moment."""
    harbor_orders.scans(project.harbor, **how)
    later = threading.Timer(seconds, lambda: project.call("POST", f"{api_path(project)}/scan"))
    later.start()
    try:
        yield
    finally:
        later.join()


def test_three_mistakes_have_three_messages(harbor_project: HarborProject, copying: Copying) -> None:
    pusher, puller = harbor_project.robot(*PUSH), harbor_project.robot(*PULL)
    mistakes = (
        (r"CHR0441.* has no project for `nowhere/team/app`", pusher, "nowhere"),
        (r"CHR0404.* forbids an upload of .*: the credentials of user `robot\$.*` were sent", puller, ""),
        (r"CHR0403.* wants other credentials for tag `1` of", Login(pusher.username, "wrong-1A"), ""),
    )
    for expected, login, project in mistakes:
        with pytest.raises(ChaosregError, match=expected) as refused:
            copying(login, project=project)
        assert not traces_of(login, str(refused.value))


def test_what_is_frozen_and_what_is_full_is_said(harbor_project: HarborProject, copying: Copying) -> None:
    pusher = harbor_project.robot(*PUSH)
    harbor_project.freeze()
    assert copying(pusher)[0].wrote
    assert not copying(pusher)[0].wrote, "what is right is left alone"
    with pytest.raises(ChaosregError, match=r"CHR0411.* does not allow tag `1` of .* to be overwritten"):
        copying(pusher, tree=ONE)
    harbor_project.set_quota(4000)
    with pytest.raises(ChaosregError, match=r"CHR0409.* has no room left") as full:
        copying(pusher, "2", image(layer("c", 5000), name="c"))
    assert "will exceed the configured upper limit of 3.9 KiB" in str(full.value)


def test_what_the_gate_keeps_back_is_copied_and_said(harbor_project: HarborProject, copying: Copying) -> None:
    pusher = harbor_project.robot(*PUSH)
    harbor_project.set(prevent_vul="true", severity="high")
    copied, warnings = copying(pusher)
    assert (copied.wrote, copied.digest) == (True, TREE.digest)
    (warning,) = warnings
    assert warning.startswith("warning[CHR0463]")
    assert f"does not give out tag `1` of `{harbor_project.name}/team/app` until it is scanned" in warning
    assert "412 PROJECTPOLICYVIOLATION current image without vulnerability scanning cannot be pulled" in warning
    assert "`mirror.wait_for_scan: 10m`" in warning
    again, warnings = copying(pusher)
    assert (again.wrote, len(warnings)) == (False, 1), "its digest is known by the API"
    moved, _ = copying(pusher, tree=ONE)
    assert (moved.wrote, moved.digest) == (True, ONE.digest)
    blind, warnings = copying(harbor_project.robot(*BLIND), tree=ONE)
    assert (blind.wrote, len(warnings)) == (True, 1), "whoever cannot see it writes it once more"


def test_the_mirror_waits_for_the_scan(harbor_project: HarborProject, copying: Copying) -> None:
    harbor_project.set(prevent_vul="true", severity="high")
    for number, rights in enumerate((PUSH, BLIND)):
        tree = index(image(layer("w", 1000), name=f"w{number}"), TWO)
        login, tag = harbor_project.robot(*rights), f"w{number}"
        harbor_orders.scans(harbor_project.harbor, seconds=0.3)
        harbor_project.set(auto_scan="true")
        copied, warnings = copying(login, tag, tree, wait=30)
        assert (copied.wrote, warnings) == (True, [])
        for digest in (tree.digest, *(child.digest for child in tree.children)):
            again = Mirror(patience=HASTY)
            there = Reference(harbor_project.harbor.host, f"{harbor_project.name}/team/app", digest=digest)
            assert again.digest(there, login) == digest, "and every image of it can be pulled"


def test_attestations_are_never_scanned_and_not_waited_for(harbor_project: HarborProject, copying: Copying) -> None:
    pusher = harbor_project.robot(*PUSH)
    tree = platform_index({"linux/amd64": ONE, "linux/arm64": TWO})
    harbor_project.set(prevent_vul="true", severity="high", auto_scan="true")
    copied, warnings = copying(pusher, tree=tree, wait=5)
    assert (copied.wrote, warnings) == (True, [])
    again, warnings = copying(pusher, tree=tree, wait=5)
    assert (again.wrote, warnings) == (False, [])
    registry = Registry(harbor_project.harbor.host, pusher, host=Host(HASTY))
    with pytest.raises(ChaosregError, match=r"412|scan"):
        registry.head_manifest(f"{harbor_project.name}/team/app", tree.children[-1].digest)


def test_it_waits_for_what_an_earlier_run_has_brought(harbor_project: HarborProject, copying: Copying) -> None:
    pusher = harbor_project.robot(*PUSH)
    harbor_project.set(prevent_vul="true")
    copying(pusher)
    with scanning(harbor_project, 0.3):
        copied, warnings = copying(pusher, wait=30)
    assert (copied.wrote, warnings) == (False, [])


def test_nothing_scans_it_or_too_slowly(harbor_project: HarborProject, copying: Copying) -> None:
    pusher = harbor_project.robot(*PUSH)
    harbor_project.set(prevent_vul="true")
    with pytest.raises(ChaosregError, match=r"CHR0465.*does not give out .*: after 1 s nothing has begun to scan it"):
        copying(pusher, wait=1)
    harbor_orders.scans(harbor_project.harbor, seconds=60)
    harbor_project.call("POST", f"{api_path(harbor_project)}/scan")
    for rights, expected in (
        (PUSH, r"\(Running, 0 %\)"),
        (BLIND, r"\(this login may not see it: it needs `artifact:read`\)"),
    ):
        registry = Registry(harbor_project.harbor.host, harbor_project.robot(*rights), host=Host(HASTY))
        gate = Gate(registry, 0.2, HASTY, threading.Event())
        with pytest.raises(ChaosregError, match=rf"CHR0465.* after 0 s its scan is not over.* {expected}"):
            gate.wait(f"{harbor_project.name}/team/app", "1")


def test_a_scan_that_fails_and_one_that_finds_too_much_end_the_wait(
    harbor_project: HarborProject, copying: Copying
) -> None:
    pusher = harbor_project.robot(*PUSH)
    harbor_project.set(prevent_vul="true", severity="high", auto_scan="true")
    harbor_orders.scans(harbor_project.harbor, outcome="Error")
    with pytest.raises(ChaosregError, match=r"CHR0465.* its scan has ended with `Error`"):
        copying(pusher, tree=ONE, wait=600)
    harbor_orders.scans(harbor_project.harbor, severity="Critical", found=2)
    with pytest.raises(ChaosregError, match=r"CHR0464.* a policy of the project forbids it") as barred:
        copying(pusher, "2", TWO, wait=600)
    assert "current image with 2 vulnerabilities cannot be pulled" in str(barred.value)
    with pytest.raises(ChaosregError, match="CHR0464"):
        copying(pusher, "2", TWO)
    harbor_orders.scans(harbor_project.harbor)
    fixed, _ = copying(pusher, "2", image(layer("fixed", 1000), name="fixed"), wait=30)
    assert fixed.wrote, "a tag that is kept back can be moved to a better image"


def test_a_wait_is_polite_and_ends_when_it_is_told(
    harbor: HarborState, harbor_project: HarborProject, copying: Copying
) -> None:
    pusher = harbor_project.robot(*PUSH)
    harbor_project.set(prevent_vul="true")
    copying(pusher)
    before = len(list(harbor_orders.requests(harbor)))
    harbor_orders.fail(harbor, "GET", f"/projects/{harbor_project.name}/.*scan_overview", status=503, times=1)
    stop = threading.Event()
    threading.Timer(0.8, stop.set).start()
    with pytest.raises(ChaosregError, match="CHR0417"):
        copying(pusher, wait=600, stop=stop)
    assert len(list(harbor_orders.requests(harbor))) - before < 40


def test_without_a_gate_nobody_waits(harbor: HarborState, harbor_project: HarborProject, copying: Copying) -> None:
    copied, warnings = copying(harbor_project.robot(*PUSH), wait=600)
    assert (copied.wrote, warnings) == (True, [])
    assert not [one for one in harbor_orders.requests(harbor) if f"/projects/{harbor_project.name}/rep" in one["path"]]
