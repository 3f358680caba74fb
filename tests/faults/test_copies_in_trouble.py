"""What a copy does when a registry, or something before it, misbehaves: the right bytes or one clear error, no tag."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from lab.ports import free_port
from lab.registry import RegistryServer
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci import Host, Registry
from tests.support import builder
from tests.support.builder import image, index, layer, push
from tests.support.clock import Clock
from tests.support.fault_scripts import first
from tests.support.faults import FaultServer, Reply, Script, Seen

pytestmark = pytest.mark.registry


@pytest.fixture
def tree(upstream: RegistryServer) -> builder.Tree:
    return push(upstream.host, "app", "1", index(image(layer("big", 3_000_000), layer("small"))))


def app(host: str) -> Reference:
    return Reference(host, "app", "1")


def spoiling_blobs(spoil, part: str = "/blobs/sha256:") -> Script:
    return lambda seen: spoil(seen) if seen.method == "GET" and part in seen.path else None


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(200, layer("big", 3_000_000)[:2_500_000], promise=3_000_000), "CHR0418"),
        (Reply(200, layer("big", 3_000_000)[:2_500_000]), "CHR0407"),
        (Reply(200, layer("evil", 3_000_000)), "CHR0407"),
        (Reply(200, layer("big", 3_000_000) + b"more"), "CHR0407"),
        (Reply(404), "CHR0406"),
    ],
    ids=["cut off", "too short", "other content", "too long", "missing"],
)
def test_a_damaged_source_blob_is_never_stored(
    reply: Reply, code: str, upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    big = builder.digest_of(layer("big", 3_000_000))
    with (
        FaultServer(spoiling_blobs(lambda seen: reply, big), upstream.host) as front,
        pytest.raises(ChaosregError, match=code),
    ):
        mirror.copy(app(front.host), app(target.host))

    assert mirror.digest(app(target.host)) is None
    assert not Registry(target.host).has_blob("app", big)
    assert mirror.copy(app(upstream.host), app(target.host)).digest == tree.digest


def test_a_damaged_manifest_is_refused(upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree) -> None:
    other = push(upstream.host, "other", "1", image(layer("small")))
    script = spoiling_blobs(
        lambda seen: Reply(200, other.raw, {"Content-Type": other.media_type}), "/manifests/sha256:"
    )
    with (
        FaultServer(script, upstream.host) as front,
        pytest.raises(ChaosregError, match=r"CHR0407.*its digest is .*, not sha256"),
    ):
        mirror.copy(app(front.host), app(target.host))
    assert mirror.digest(app(target.host)) is None


def test_a_manifest_of_more_than_4_mib_is_refused(host: Host) -> None:
    with (
        FaultServer(lambda seen: Reply(200, b"{" + b" " * (5 << 20) + b"}")) as front,
        pytest.raises(ChaosregError, match=r"CHR0415.*larger than 4 MiB"),
    ):
        Registry(front.host, host=host).get_manifest("app", "1")


def test_where_nobody_listens_it_says_so_within_8_seconds(mirror: Mirror) -> None:
    host = f"127.0.0.1:{free_port('127.0.0.1')}"
    started = time.monotonic()
    with pytest.raises(ChaosregError, match=rf"CHR0401.*registry `{host}` cannot be reached: connection refused"):
        Registry(host).head_manifest("app", "1")
    assert time.monotonic() - started < 8


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_a_burst_of_failures_is_sat_out(
    status: int, method: str, upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    tree = push(upstream.host, "app", "1", image(layer("x")))
    burst = Reply(status, b"<html>Bad\r\n Gateway</html>")
    with (
        FaultServer(first(3, burst, lambda seen: seen.method == method), upstream.host) as source,
        FaultServer(first(3, burst, lambda seen: seen.method == method), target.host) as sink,
    ):
        assert mirror.copy(app(source.host), app(sink.host)).digest == tree.digest


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_connections_that_break_are_tried_again(
    method: str, upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    reset = Reply(reset=True)
    with (
        FaultServer(first(2, reset, lambda seen: seen.method == method), upstream.host) as source,
        FaultServer(first(2, reset, lambda seen: seen.method == method), target.host) as sink,
    ):
        assert mirror.copy(app(source.host), app(sink.host)).digest == tree.digest


@pytest.mark.parametrize(
    "lost",
    [
        Reply(503),
        Reply(416),
        Reply(404, b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}'),
        Reply(400, b'{"errors":[{"code":"DIGEST_INVALID"}]}'),
    ],
    ids=["unavailable", "range", "unknown", "damaged"],
)
def test_a_failed_upload_starts_again_with_a_new_session_and_the_whole_blob(
    lost: Reply, upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    push(upstream.host, "app", "1", image(layer("x")))
    with FaultServer(first(1, lost, lambda seen: seen.method == "PUT" and "uploads" in seen.path), target.host) as sink:
        mirror.copy(app(upstream.host), app(sink.host))

    assert sink.count("POST", "uploads") == 3  # two blobs, one of them twice
    sessions = [seen.path for seen in sink.seen if seen.method == "PUT" and "uploads" in seen.path]
    assert len(set(sessions)) == 3


def test_a_client_error_is_not_tried_again(host: Host) -> None:
    with (
        FaultServer(lambda seen: Reply(418, b"teapot")) as front,
        pytest.raises(ChaosregError, match=r"CHR0413.*answered 418[\s\S]*teapot"),
    ):
        Registry(front.host, host=host).get_manifest("app", "1")
    assert len(front.seen) == 1


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after_is_honoured(as_date: bool) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=31), usegmt=True) if as_date else "30"
    clock = Clock()
    found = Reply(200, headers={"Docker-Content-Digest": builder.digest_of(b"")})
    replies = iter([Reply(429, headers={"Retry-After": later}), found])
    with FaultServer(lambda seen: next(replies)) as front:
        assert Registry(front.host, host=clock.host()).head_manifest("app", "1")
    assert clock.pauses == [pytest.approx(30, abs=2)]


def test_a_registry_that_wants_an_hour_is_not_waited_for() -> None:
    with (
        FaultServer(lambda seen: Reply(429, headers={"Retry-After": "3600"})) as front,
        pytest.raises(ChaosregError, match="CHR0412"),
    ):
        Registry(front.host).head_manifest("app", "1")
    assert len(front.seen) == 1


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(500, b'{"errors":[{"code":"UNKNOWN","message":"x","detail":"no space left on device"}]}'), "CHR0409"),
        (Reply(507), "CHR0409"),
        (Reply(403, b'{"errors":[{"code":"DENIED","message":"no"}]}'), "CHR0404"),
        (Reply(404, b'{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}'), "CHR0408"),
    ],
)
def test_an_upload_that_cannot_succeed_is_soon_given_up(
    reply: Reply, code: str, upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    tree = push(upstream.host, "app", "1", image(b"", note="one blob"))
    with (
        FaultServer(first(99, reply, lambda seen: seen.method == "POST"), target.host) as sink,
        pytest.raises(ChaosregError, match=code),
    ):
        mirror.copy(app(upstream.host), app(sink.host))
    assert sink.count("POST", "uploads") <= 2 * len(
        tree.blobs
    )  # each with the question whether it is there, and without


@pytest.mark.parametrize("status", [202, 401, 403, 404, 405])
def test_a_refused_mount_becomes_an_upload(
    status: int, upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    for name in ("one", "two"):
        push(upstream.host, name, "1", image(layer("shared"), name=name))

    def script(seen: Seen) -> Reply | None:
        if "mount=" not in seen.query:
            return None
        if status != 202:
            return Reply(status)
        answer = builder.urllib3.request("POST", f"http://{target.host}{seen.path}")
        return Reply(202, headers={"Location": answer.headers["Location"]})

    with FaultServer(script, target.host) as sink:
        mirror.copy(Reference(upstream.host, "one", "1"), Reference(sink.host, "one", "1"))
        result = mirror.copy(Reference(upstream.host, "two", "1"), Reference(sink.host, "two", "1"))
    assert (result.blobs_copied, result.blobs_mounted) == (2, 0)
    assert sink.count("POST", "/two/") == (2 if status == 202 else 3)  # the session that a 202 opens is used


@pytest.fixture
def without_tag_deletes(upstream: RegistryServer) -> Iterator[FaultServer]:
    """distribution 2.8: deletes by digest only."""
    refusal = Reply(400, b'{"errors":[{"code":"DIGEST_INVALID","message":"provided digest did not match"}]}')
    tag = first(99, refusal, lambda seen: seen.method == "DELETE" and "sha256:" not in seen.path)
    with FaultServer(tag, upstream.host) as front:
        yield front


def test_a_registry_without_tag_deletes_is_asked_by_digest(
    without_tag_deletes: FaultServer, mirror: Mirror, tree
) -> None:
    mirror.remove(without_tag_deletes.host, "app", ["1"])
    assert mirror.digest(app(without_tag_deletes.host)) is None


def test_a_digest_that_another_tag_needs_is_not_deleted(
    without_tag_deletes: FaultServer, upstream: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    push(upstream.host, "app", "stable", tree)
    with pytest.raises(ChaosregError, match=r"CHR0420.*tag `stable` stands for the same image"):
        mirror.remove(without_tag_deletes.host, "app", ["1"])
    assert mirror.digest(app(upstream.host)) == tree.digest


def test_a_list_of_tags_without_end_is_refused() -> None:
    def script(seen: Seen) -> Reply:
        return Reply(
            200, b'{"tags":["a"]}', {"Link": f"</v2/app/tags/list?last={len(seen.query)}{seen.query}>; rel=next"}
        )

    with FaultServer(script) as front, pytest.raises(ChaosregError, match=r"CHR0423.*does not end"):
        Registry(front.host).list_tags("app")


def test_all_pages_of_the_tags_are_read(upstream: RegistryServer) -> None:
    pages = {"": ["a", "b"], "last=b": ["c"]}

    def script(seen: Seen) -> Reply:
        page = "last=b" if "last=b" in seen.query else ""
        more = {} if page else {"Link": '</v2/app/tags/list?n=2&last=b>; rel="next"'}
        return Reply(200, builder.json.dumps({"tags": pages[page]}).encode(), more)

    with FaultServer(script) as front:
        assert Registry(front.host).list_tags("app") == ["a", "b", "c"]
    assert Registry(upstream.host).list_tags("nowhere") == []


def test_an_unsafe_token_realm_gets_nothing(host: Host) -> None:
    challenge = {"WWW-Authenticate": 'Bearer realm="http://registry.example/token",service="s"'}
    with (
        FaultServer(lambda seen: Reply(401, headers=challenge)) as front,
        pytest.raises(ChaosregError, match=r"CHR0414.*not https"),
    ):
        Registry(front.host, host=host).head_manifest("app", "1")


def test_a_tls_failure_is_told_apart(host: Host) -> None:
    with FaultServer(lambda seen: Reply()) as plain:
        challenge = {"WWW-Authenticate": f'Bearer realm="https://{plain.host}/token"'}
        with (
            FaultServer(lambda seen: Reply(401, headers=challenge)) as front,
            pytest.raises(ChaosregError, match=rf"CHR0402.*{plain.host}"),
        ):
            Registry(front.host, host=host).head_manifest("app", "1")


def test_a_redirect_loop_ends(host: Host) -> None:
    with (
        FaultServer(lambda seen: Reply(307, headers={"Location": "/again"})) as front,
        pytest.raises(ChaosregError, match=r"CHR0414.*redirects"),
    ):
        Registry(front.host, host=host).head_manifest("app", "1")
    assert len(front.seen) < 10


def test_a_tag_that_somebody_else_overwrites_at_the_same_time_is_noticed(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror, tree: builder.Tree
) -> None:
    written = []

    def script(seen: Seen) -> Reply | None:
        if seen.method == "PUT" and "/manifests/" in seen.path:
            written.append(seen)
        if seen.method == "HEAD" and seen.path.endswith("/manifests/1") and written:
            return Reply(200, headers={"Docker-Content-Digest": builder.digest_of(b"another"), "Content-Type": "x/y"})
        return None

    with FaultServer(script, target.host) as front, pytest.raises(ChaosregError, match="CHR0419"):
        mirror.copy(app(upstream.host), app(front.host))
