"""Targets that cannot take what they are sent: full, read-only, restarted, or written to by somebody else."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror, Progress
from pulumi_chaosreg.oci import Patience
from tests.support import builder
from tests.support.brands import BRANDS, on_a_small_disk
from tests.support.builder import image, index, layer, push
from tests.support.verdict import whole_tags

pytestmark = pytest.mark.registry


@pytest.fixture(params=BRANDS)
def brand(request: pytest.FixtureRequest) -> Path | None:
    return request.param


@pytest.fixture
def goal(brand: Path | None, tmp_path: Path) -> Iterator[RegistryServer]:
    with RegistryServer(tmp_path / "goal", binary=brand) as server:
        yield server


def app(server: RegistryServer, tag: str = "1") -> Reference:
    return Reference(server.host, "app", tag)


def writes(server: RegistryServer) -> list[str]:
    return [request.path for request in server.requests() if request.method in ("POST", "PUT")]


def test_a_registry_that_crashes_during_an_upload_and_comes_back_gets_the_rest(
    goal: RegistryServer, upstream: RegistryServer
) -> None:
    tree = push(upstream.host, "app", "1", image(layer("long", 20_000_000), layer("small")))
    crashed: list[Progress] = []

    def crash(progress: Progress) -> None:
        if progress.bytes_done > 5_000_000 and not crashed:
            crashed.append(progress)
            goal.kill()
            goal.start()  # with another secret for its upload sessions

    with Mirror(patience=Patience(first=0.4)) as mirror:  # a start may take its time
        assert mirror.copy(app(upstream), app(goal), progress=crash).digest == tree.digest
    assert crashed
    assert whole_tags(goal.host, "app") == {"1": tree.digest}
    assert len(writes(goal)) < 20


def test_a_registry_that_crashes_and_stays_away_is_an_error_without_a_tag(
    goal: RegistryServer, upstream: RegistryServer, mirror: Mirror
) -> None:
    tree = push(upstream.host, "app", "1", image(layer("long", 20_000_000)))
    with pytest.raises(ChaosregError, match="CHR0401"):
        mirror.copy(app(upstream), app(goal), progress=lambda at: goal.kill() if at.bytes_done > 5_000_000 else None)
    goal.start()
    assert whole_tags(goal.host, "app") == {}
    assert mirror.copy(app(upstream), app(goal)).digest == tree.digest


def test_a_full_disk_is_said_and_not_hammered(
    brand: Path | None, tmp_path: Path, upstream: RegistryServer, mirror: Mirror
) -> None:
    small = tmp_path / "small"
    push(upstream.host, "app", "1", image(layer("too much", 9_000_000)))
    with RegistryServer(small, binary=on_a_small_disk(small, brand, 4)) as server:
        with pytest.raises(ChaosregError, match=r"CHR0409[\s\S]*no space left on device"):
            mirror.copy(app(upstream), app(server))
        assert whole_tags(server.host, "app") == {}
        assert len(writes(server)) <= 4  # each of two blobs once

        # What arrived of the upload stays there (distribution lets nobody cancel it), so no session can be opened now.
        with pytest.raises(ChaosregError, match="CHR0409"):
            mirror.copy(app(upstream), app(server))
        assert len(writes(server)) <= 8


def test_a_read_only_registry_is_said(
    brand: Path | None, tmp_path: Path, upstream: RegistryServer, mirror: Mirror
) -> None:
    push(upstream.host, "app", "1", image(layer("x")))
    read_only = {"storage": {"maintenance": {"readonly": {"enabled": True}}}}
    with RegistryServer(tmp_path / "ro", binary=brand, extra=read_only) as server:
        with pytest.raises(ChaosregError, match=r"CHR0410.*does not support that"):
            mirror.copy(app(upstream), app(server))
        assert len(writes(server)) <= 2


def test_a_pull_through_cache_is_no_target(
    brand: Path | None, tmp_path: Path, upstream: RegistryServer, mirror: Mirror
) -> None:
    push(upstream.host, "app", "1", image(layer("x")))
    proxy = {"proxy": {"remoteurl": f"http://{upstream.host}"}}
    with (
        RegistryServer(tmp_path / "cache", binary=brand, extra=proxy) as cache,
        pytest.raises(ChaosregError, match="CHR0410"),
    ):
        mirror.copy(app(upstream), Reference(cache.host, "other", "1"))


def test_a_pull_through_cache_is_a_source_like_any_other(
    brand: Path | None, tmp_path: Path, upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    tree = push(upstream.host, "app", "1", index(image(layer("a")), image(layer("b"))))
    proxy = {"proxy": {"remoteurl": f"http://{upstream.host}"}}
    with RegistryServer(tmp_path / "cache", binary=brand, extra=proxy) as cache:
        assert mirror.copy(app(cache), app(target)).digest == tree.digest
    assert whole_tags(target.host, "app") == {"1": tree.digest}


def test_a_pull_through_cache_that_lost_its_upstream_has_manifests_without_blobs(
    brand: Path | None, tmp_path: Path, upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    tree = push(upstream.host, "app", "1", image(layer("never fetched")))
    proxy = {"proxy": {"remoteurl": f"http://{upstream.host}"}}
    with RegistryServer(tmp_path / "cache", binary=brand, extra=proxy) as cache:
        builder.urllib3.request("GET", f"http://{cache.host}/v2/app/manifests/{tree.digest}")
        upstream.kill()
        source = Reference(cache.host, "app", None, tree.digest)
        with pytest.raises(ChaosregError, match=r"CHR04(06|13)") as caught:
            mirror.copy(source, app(target))
        assert cache.host in str(caught.value)
        assert len(cache.requests()) < 40
    assert whole_tags(target.host, "app") == {}


_COPY = """
import sys
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
with Mirror() as mirror:
    for name in ("one", "two", "three"):
        mirror.copy(Reference(sys.argv[1], name, "1"), Reference(sys.argv[2], name, "1"))
"""


def test_two_mirrors_at_once_on_one_target_do_no_harm(goal: RegistryServer, upstream: RegistryServer) -> None:
    shared = layer("shared", 3_000_000)
    trees = {n: push(upstream.host, n, "1", index(image(shared, layer(n)))) for n in ("one", "two", "three")}
    command = [sys.executable, "-c", _COPY, upstream.host, goal.host]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ends = [(process.communicate(timeout=60)[1], process.returncode) for process in processes]
    assert ends == [("", 0), ("", 0)]
    for name, tree in trees.items():
        assert whole_tags(goal.host, name) == {"1": tree.digest}
