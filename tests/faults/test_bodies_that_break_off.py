"""A source whose body breaks off in the middle: gone on with from there where it can be, read again where not."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import partial

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Descriptor, Host, Patience, Registry
from tests.support import builder
from tests.support.builder import image, index, layer, push
from tests.support.faults import FaultServer, Reply, Seen

pytestmark = pytest.mark.registry

RAW = layer("big", 3_000_000)
BIG = builder.digest_of(RAW)


@pytest.fixture
def tree(upstream: RegistryServer) -> builder.Tree:
    return push(upstream.host, "app", "1", index(image(RAW, layer("small"))))


def breaking_off(server: RegistryServer, rest: Reply | None = None) -> AbstractContextManager[FaultServer]:
    """The registry, but the first body of the large blob ends after 2 MB; `rest` answers who asks for what is left."""
    cut = [Reply(200, RAW[:2_000_000], promise=len(RAW))]

    def script(seen: Seen) -> Reply | None:
        if "Range" in seen.headers:
            return rest
        return cut.pop() if cut and seen.method == "GET" and seen.path.endswith(BIG) else None

    return FaultServer(script, server.host)


def app(host: str) -> Reference:
    return Reference(host, "app", "1")


def test_a_body_that_breaks_off_is_gone_on_with(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    with breaking_off(upstream) as front:
        assert mirror.copy(app(front.host), app(target.host)).digest == tree.digest

    asked = [seen.headers.get("Range") for seen in front.seen if seen.path.endswith(BIG)]
    assert asked == [None, "bytes=2000000-"]
    uploads = [request for request in target.requests() if request.method == "PUT" and "/uploads/" in request.path]
    assert len(uploads) == 3  # two layers and a config, each once


@pytest.mark.parametrize(
    "rest",
    [
        Reply(200, RAW),
        Reply(206, RAW[:1_000_000], {"Content-Range": "bytes 0-999999/3000000"}),
        Reply(416),
        Reply(reset=True),
    ],
    ids=["whole", "another range", "refused", "broken again"],
)
def test_a_body_that_cannot_be_gone_on_with_is_read_again(
    rest: Reply, upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    with breaking_off(upstream, rest) as front:
        assert mirror.copy(app(front.host), app(target.host)).digest == tree.digest


def test_a_body_that_goes_on_with_other_bytes_is_refused_and_sent_anew(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    other = Reply(206, RAW[:1_000_000], {"Content-Range": "bytes 2000000-2999999/3000000"})
    with breaking_off(upstream, other) as front:
        assert mirror.copy(app(front.host), app(target.host)).digest == tree.digest
    puts = [one.status for one in target.requests() if one.method == "PUT" and BIG in one.query]
    assert puts == [400, 201]


def test_a_registry_that_allows_one_request_at_a_time_may_be_source_and_target(
    upstream: RegistryServer, stop: threading.Event, tree: builder.Tree
) -> None:
    # given: the upload is that one request, and the body that it sends breaks off
    host, blob = Host(Patience(first=0.01), stop), Descriptor("", BIG, len(RAW))
    for _ in range(6):
        host._complained(0.0)
    with breaking_off(upstream) as front, ThreadPoolExecutor(1) as thread:
        registry = Registry(front.host, host=host)
        sent = thread.submit(registry.put_blob, "elsewhere", blob, partial(registry.open_blob, "app", blob))
        try:
            sent.result(timeout=20)
        finally:
            stop.set()
    assert Registry(upstream.host).has_blob("elsewhere", BIG)
