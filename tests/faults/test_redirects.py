"""Redirects and upload locations: followed where that is safe, never with a credential to another host, never on."""

import pytest

from tests.support import builder
from tests.support.builder import image, layer
from tests.support.canary import PULL, PUSH, traces_of
from tests.support.fault_scripts import always
from tests.support.faults import Change, FaultServer, Reply, Seen
from tests.support.trial import Trial

pytestmark = pytest.mark.registry


@pytest.fixture
def tree(trial: Trial) -> builder.Tree:
    return trial.push(image(layer("one"), layer("two")))


def told(server: FaultServer) -> str:
    return "\n".join(f"{seen.path}?{seen.query} {dict(seen.headers)}" for seen in server.seen)


def test_layers_that_lie_in_an_object_store_are_fetched_there_without_credentials(trial: Trial, tree) -> None:
    contents = {builder.digest_of(blob): blob for blob in tree.blobs}
    with FaultServer(lambda seen: Reply(200, contents[seen.path[1:]]), address="127.0.0.2") as store:

        def to_the_store(seen: Seen) -> Reply | None:
            if seen.method != "GET" or "/blobs/" not in seen.path or "Authorization" not in seen.headers:
                return None  # the real registry asks for a password
            return Reply(307, headers={"Location": f"http://{store.host}/{seen.path.rpartition('/')[2]}?X-Sig=s3cret"})

        outcome = trial.copy(source=to_the_store, most=40)
    assert outcome.digest == tree.digest
    assert len(store.seen) == len(contents)
    assert traces_of(PULL, told(store)) == []


def test_uploads_that_go_to_another_host_take_no_credentials_along(trial: Trial, tree) -> None:
    with FaultServer(lambda seen: Reply(201), address="127.0.0.2") as store:
        elsewhere = Change(headers={"Location": f"http://{store.host}/upload?X-Sig=s3cret"})
        outcome = trial.copy(target=always(elsewhere, "POST", "/uploads/"), most=40)
    # The store took the bytes and the registry never saw them: it refuses the manifest, and says what it lacks.
    assert outcome.code == "CHR0413"
    assert "BLOB_UNKNOWN" in str(outcome.error)
    assert len(store.seen) >= len(tree.blobs)
    assert traces_of(PUSH, told(store)) == []
    assert "s3cret" not in str(outcome.error)


def test_the_signature_of_an_upload_s_address_is_not_shown(trial: Trial, tree) -> None:
    def refuse(seen: Seen) -> Reply | Change | None:
        if seen.method == "PUT" and "X-Sig=s3cret" in seen.query:
            return Reply(403)
        return Change(location=lambda real: f"{real}&X-Sig=s3cret") if seen.method == "POST" else None

    outcome = trial.copy(target=refuse, most=40)
    assert outcome.code == "CHR0404"
    assert "asked: PUT http://" in str(outcome.error)
    assert "s3cret" not in str(outcome.error)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_a_redirect_that_leads_to_itself_ends(method: str, trial: Trial, tree) -> None:
    def around(seen: Seen) -> Reply | None:
        return Reply(307, headers={"Location": seen.path}) if seen.method == method else None

    outcome = trial.copy(source=around, most=40)
    assert outcome.code == "CHR0414"
    assert "more than 5 redirects" in str(outcome.error)


def test_two_hosts_that_send_us_to_and_fro_are_left(trial: Trial, tree) -> None:
    home: list[str] = []
    with FaultServer(lambda seen: Reply(302, headers={"Location": home[0] + seen.path}), address="127.0.0.2") as other:

        def to_the_other(seen: Seen) -> Reply | None:
            home[:] = [f"http://{seen.headers['Host']}"]
            if "Authorization" not in seen.headers and not other.seen:
                return None
            return Reply(302, headers={"Location": f"http://{other.host}{seen.path}"})

        outcome = trial.copy(source=to_the_other, most=40)
    assert outcome.code == "CHR0414"
    assert traces_of(PULL, told(other)) == []


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("ftp://example.com/x", "neither http nor https"),
        ("http://registry.example/x", "plain http"),
        ("file:///etc/passwd", "neither http nor https"),
    ],
)
def test_a_redirect_to_an_unsafe_address_is_not_followed(location: str, words: str, trial: Trial, tree) -> None:
    outcome = trial.copy(source=always(Reply(307, headers={"Location": location}), "GET", "/blobs/"), most=40)
    assert outcome.code == "CHR0414"
    assert words in str(outcome.error)


def test_a_write_that_is_redirected_is_not_repeated_elsewhere(trial: Trial, tree) -> None:
    with FaultServer(lambda seen: Reply(201), address="127.0.0.2") as thief:
        away = Reply(307, headers={"Location": f"http://{thief.host}/"})
        outcome = trial.copy(target=always(away, "PUT", "/manifests/"), most=40)
    assert outcome.code == "CHR0413"
    assert thief.seen == []
