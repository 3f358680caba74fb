"""One of two tags of an image at Artifact Registry: Google's own API takes it away.

The API is a stand-in, which removes the tag from a real registry; google-auth is the real one. The registry answers to
the name of Google's host, and deletes by digest only.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.mirror.removal import Removed, remove_tags
from pulumi_chaosreg.mirror.untagging import KeptError, untagging
from pulumi_chaosreg.oci import Registry
from tests.support.answering import Asked, Said
from tests.support.builder import image, index, layer, push
from tests.support.faults import FaultServer, Reply, Seen
from tests.support.google import TOKEN, Google, google, refusal, said

pytestmark = [pytest.mark.registry, pytest.mark.extra("gcp", "verify")]

TREE = index(image(layer("a"), name="a"), image(layer("b"), name="b"))
HOST, PATH = "europe-west1-docker.pkg.dev", "acme-prod/chaos/harness/chaos-ddcr"
API = "/v1/projects/acme-prod/locations/europe-west1/repositories/chaos/packages/harness%2Fchaos-ddcr/tags/"


class ArtifactRegistry:
    """A registry as Google's looks to us, and the API beside it."""

    def __init__(self, behind: RegistryServer, folder: Path) -> None:
        self._behind, self._folder = behind, folder
        self.refuses: Said | None = None

    def by_digest_only(self, seen: Seen) -> Reply | None:
        if seen.method == "DELETE" and "sha256:" not in seen.path:
            return Reply(405, b'{"errors":[{"code":"UNSUPPORTED","message":"The operation is unsupported."}]}')
        return None

    def api(self, asked: Asked) -> Said | None:
        if self.refuses:
            return self.refuses
        package, _, tag = asked.path.partition("/packages/")[2].partition("/tags/")
        there = Registry(self._behind.host)
        image = f"acme-prod/chaos/{unquote(package)}"
        if asked.method != "DELETE" or "/" in package or not there.head_manifest(image, tag):
            return None
        there.delete_manifest(image, tag)
        return said({})


@pytest.fixture
def gar(target: RegistryServer, tmp_path: Path) -> ArtifactRegistry:
    return ArtifactRegistry(target, tmp_path)


@pytest.fixture
def api(gar: ArtifactRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    """Google's, as the identity of this machine."""
    with google(tmp_path, gar.api) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def registry(gar: ArtifactRegistry, target: RegistryServer) -> Iterator[Registry]:
    """Tags 1 and 2 of one image."""
    for tag in ("1", "2"):
        push(target.host, PATH, tag, TREE)
    with FaultServer(gar.by_digest_only, target.host) as front:
        found = Registry(front.host)
        found.server = HOST  # what it is called; its address stays
        yield found


def remove(registry: Registry, *tags: str, login: Login | None = None, named: str = "") -> Removed:
    return remove_tags(registry, PATH, tags, untag=untagging(registry, login, named=named))


def tags(target: RegistryServer) -> list[str]:
    return Registry(target.host).list_tags(PATH)


def test_one_of_two_tags_goes_alone(registry: Registry, target: RegistryServer, api: Google) -> None:
    with pytest.raises(ChaosregError, match=r"CHR0420.*tag `2` stands for the same image"):
        remove_tags(registry, PATH, ["1"])

    assert remove(registry, "1") == Removed(("1",), ())
    assert tags(target) == ["2"]
    (asked,) = api.asked
    assert (asked.method, asked.path) == ("DELETE", API + "1")


def test_the_last_tag_leaves_an_image_that_goes_by_digest(
    registry: Registry, target: RegistryServer, api: Google
) -> None:
    removed = remove(registry, "1", "2")
    assert removed.tags == ("1", "2")
    assert set(removed.manifests) == {TREE.digest, *(child.digest for child in TREE.children)}
    assert tags(target) == []


def test_a_key_that_a_setting_names_opens_the_api_and_the_machine_s_identity_is_not_used(
    registry: Registry, target: RegistryServer, api: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
    assert remove(registry, "1", login=Login("_json_key", api.key), named="mirror.delete").tags == ("1",)
    assert remove(registry, "2", login=Login("oauth2accesstoken", TOKEN), named="mirror.delete").tags == ("2",)
    assert tags(target) == []


@pytest.mark.parametrize(
    ("login", "words"),
    [
        (Login("robot", "canary-password"), "the login of `mirror.delete` is a registry login"),
        (Login("_json_key", '{"private_key": "canary-key"}'), "the JSON of a service account's key"),
        (Login("_json_key_base64", "canary-key"), "the JSON of a service account's key"),
    ],
)
def test_a_named_login_that_google_does_not_know_is_told_and_nobody_else_asked(
    registry: Registry, target: RegistryServer, api: Google, login: Login, words: str
) -> None:
    with pytest.raises(ChaosregError, match="CHR0447") as refused:
        remove(registry, "1", login=login, named="mirror.delete")
    assert words in str(refused.value)
    assert "canary" not in str(refused.value) + repr(refused.value)
    assert (tags(target), api.server.seen) == (["1", "2"], [])


def test_an_identity_that_may_not_is_told_in_google_s_words_with_the_role_that_it_lacks(
    registry: Registry, target: RegistryServer, gar: ArtifactRegistry, api: Google
) -> None:
    words = f"Permission 'artifactregistry.tags.delete' denied on resource (or it may not exist): {TOKEN}"
    gar.refuses = refusal(403, "PERMISSION_DENIED", words)
    with pytest.raises(ChaosregError, match=r"CHR0447.*this machine's identity could not do it") as refused:
        remove(registry, "1")
    assert "its API says: Permission 'artifactregistry.tags.delete' denied" in str(refused.value)
    assert f"`roles/artifactregistry.repoAdmin` on `{PATH}`" in str(refused.value)
    assert f"`1` of `{PATH}`: tag `2` stands for the same image" in str(refused.value)
    assert tags(target) == ["1", "2"]


def test_immutable_tags_stay_and_nothing_else_is_tried(
    registry: Registry, target: RegistryServer, gar: ArtifactRegistry, api: Google
) -> None:
    gar.refuses = refusal(400, "FAILED_PRECONDITION", "Tag is immutable.")
    with pytest.raises(KeptError, match=r"CHR0447.*`1` of .* stays, as the repository's tags are immutable") as refused:
        remove(registry, "1", "2")
    assert "`repositories: {immutable_tags: false}`" in str(refused.value.findings[0].help)
    assert tags(target) == ["1", "2"]


def test_without_any_identity_the_registry_s_own_way_serves_an_image_s_only_tag(
    registry: Registry, target: RegistryServer, api: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")
    with pytest.raises(ChaosregError, match=r"CHR0447.*nobody is known to Google here"):
        remove(registry, "1")
    assert remove(registry, "1", "2").tags == ("1", "2")
    assert tags(target) == []


def test_without_the_sdk_one_line_says_what_to_install(
    registry: Registry, api: Google, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pulumi_chaosreg.machine.google_api", "pulumi_chaosreg.mirror.untagging.gar"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "google.auth", None)
    with pytest.raises(ChaosregError, match=r"CHR0447.*the extra `gcp` is not installed") as refused:
        remove(registry, "1")
    assert refused.value.findings[0].help == "run `pip install 'pulumi-chaosreg[gcp]'`"


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("gcr.io", "acme/chaos-ddcr", "projects/acme/locations/us/repositories/gcr.io/packages/chaos-ddcr"),
        (
            "eu.gcr.io",
            "a.example/acme/x/y",
            "projects/a.example:acme/locations/europe/repositories/eu.gcr.io/packages/x%2Fy",
        ),
        ("us-docker.pkg.dev", "acme/r/i", "projects/acme/locations/us/repositories/r/packages/i"),
    ],
)
def test_the_api_s_name_of_an_image(
    registry: Registry, gar: ArtifactRegistry, api: Google, host: str, path: str, expected: str
) -> None:
    registry.server = host
    untag = untagging(registry, None)
    assert untag
    untag(path, ["1"])  # not there, and that is fine
    assert [asked.path for asked in api.asked] == [f"/v1/{expected}/tags/1"]
