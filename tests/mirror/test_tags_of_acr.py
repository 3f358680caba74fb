"""One of two tags of an image at Azure's registry, whose own API takes it away with any login of the registry.

The registry is a real one; before it stands a stand-in that asks for Azure's tokens (challenge, `/oauth2/exchange`,
`/oauth2/token`), deletes by digest only, and answers `/acr/v1/…`.
"""

import json
from collections.abc import Iterator

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.credentials.login import Login, LoginKind
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.mirror.removal import Removed, remove_tags
from pulumi_chaosreg.mirror.untagging import KeptError, Untag, untagger, untagging
from pulumi_chaosreg.mirror.untagging.protocol import Door
from pulumi_chaosreg.oci import Registry
from pulumi_chaosreg.registries.kinds import all_kinds
from tests.support.answering import AnsweringServer, Asked, Said
from tests.support.builder import image, index, layer, push

pytestmark = pytest.mark.registry

TREE = index(image(layer("a"), name="a"), image(layer("b"), name="b"))
REPOSITORY = "harness/chaos-ddcr"
MACHINE = Login("00000000-0000-0000-0000-000000000000", "canary-entra", LoginKind.ENTRA)
TOKEN = Login("chaos-prune", "canary-token-password")


class AzureRegistry(AnsweringServer):
    """Gives a token for what it is asked for, in its own name; `may` is what it allows."""

    def __init__(self, behind: RegistryServer) -> None:
        self.may = {"pull", "push", "delete"}
        self.refuses: Said | None = None
        super().__init__(self._answer, behind.host)

    def _answer(self, asked: Asked) -> Said | None:
        match asked.path:
            case "/oauth2/exchange":
                is_ours = asked.form.get("access_token") == MACHINE.password
                return _json({"refresh_token": "canary-refresh"}) if is_ours else Said(401)
            case "/oauth2/token":
                is_ours = (
                    asked.form.get("refresh_token") == "canary-refresh"
                    or asked.headers.get("Authorization") == f"Basic {TOKEN.basic}"
                )
                return (
                    _json({"access_token": f"canary {asked.form['scope']}".replace(" ", "|")}) if is_ours else Said(401)
                )
        repository = asked.path.removeprefix("/acr/v1/").removeprefix("/v2/")
        repository = repository.partition("/manifests/")[0].partition("/_tags/")[0].partition("/tags/")[0]
        needed = {"DELETE": "delete", "GET": "pull", "HEAD": "pull"}[asked.method]
        given = asked.headers.get("Authorization", "").rpartition("|")[2]
        if not given.startswith(f"repository:{repository}:"):
            realm = f'realm="http://{self.host}/oauth2/token",service="{self.host}"'
            challenge = f'Bearer {realm},scope="repository:{repository}:{needed}"'
            return Said(401, _errors("UNAUTHORIZED", "authentication required"), {"Www-Authenticate": challenge})
        if needed not in given.rpartition(":")[2].split(",") or needed not in self.may:
            return Said(403, _errors("DENIED", "requested access to the resource is denied"))
        if asked.method != "DELETE":
            return None
        if asked.path.startswith("/acr/v1/"):
            return self.refuses or self._untagged(repository, asked.path.rpartition("/")[2])
        return None if "sha256:" in asked.path else Said(405, _errors("UNSUPPORTED", "The operation is unsupported."))

    def _untagged(self, repository: str, tag: str) -> Said:
        there = Registry(self.behind).delete_manifest(repository, tag)
        return Said(202) if there else Said(404, _errors("TAG_UNKNOWN", "the tag does not exist"))


def _json(content: object) -> Said:
    return Said(200, json.dumps(content).encode(), {"Content-Type": "application/json"})


def _errors(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


@pytest.fixture
def acr(target: RegistryServer) -> Iterator[AzureRegistry]:
    """Tags 1 and 2 of one image."""
    for tag in ("1", "2"):
        push(target.host, REPOSITORY, tag, TREE)
    with AzureRegistry(target) as running:
        yield running


def opened(acr: AzureRegistry, login: Login) -> tuple[Registry, Untag]:
    registry = Registry(acr.host, login)
    kind = all_kinds()["acr"]  # which the address does not tell
    return registry, untagger(kind.untags_by)(Door(kind, registry, login))


def remove(acr: AzureRegistry, *tags: str, login: Login = MACHINE) -> Removed:
    registry, untag = opened(acr, login)
    return remove_tags(registry, REPOSITORY, tags, untag=untag)


def tags(target: RegistryServer) -> list[str]:
    return Registry(target.host).list_tags(REPOSITORY)


@pytest.mark.parametrize("login", [MACHINE, TOKEN], ids=["this machine's identity", "a token of the registry"])
def test_one_of_two_tags_goes_alone(acr: AzureRegistry, target: RegistryServer, login: Login) -> None:
    with pytest.raises(ChaosregError, match=r"CHR0420.*tag `2` stands for the same image"):
        remove_tags(opened(acr, login)[0], REPOSITORY, ["1"])
    acr.seen.clear()

    assert remove(acr, "1", login=login) == Removed(("1",), ())

    assert tags(target) == ["2"]
    (asked,) = [asked for asked in acr.seen if asked.method == "DELETE" and "Authorization" in asked.headers]
    assert asked.path == f"/acr/v1/{REPOSITORY}/_tags/1"
    assert asked.headers["Authorization"] == f"Bearer canary|repository:{REPOSITORY}:delete"


def test_the_last_tag_leaves_an_image_that_goes_by_digest(acr: AzureRegistry, target: RegistryServer) -> None:
    removed = remove(acr, "1", "2")
    assert removed.tags == ("1", "2")
    assert set(removed.manifests) == {TREE.digest, *(child.digest for child in TREE.children)}
    assert tags(target) == []


def test_a_login_that_may_not_is_told_with_the_right_that_it_lacks(acr: AzureRegistry, target: RegistryServer) -> None:
    acr.refuses = Said(403, _errors("DENIED", "requested access to the resource is denied"))
    with pytest.raises(ChaosregError, match=r"CHR0447.*the registry does not allow it to this login") as refused:
        remove(acr, "1")
    assert f"`AcrDelete`, or its scope map `content/delete`, on `{REPOSITORY}`" in str(refused.value)
    assert "403 DENIED requested access to the resource is denied" in str(refused.value)
    assert f"`1` of `{REPOSITORY}`: tag `2` stands for the same image" in str(refused.value)
    assert "canary" not in str(refused.value) + repr(refused.value)
    acr.may = {"pull"}
    with pytest.raises(ChaosregError, match=r"CHR0447.*the registry does not allow it to this login"):
        remove(acr, "1")
    assert tags(target) == ["1", "2"]


def test_a_locked_tag_stays_and_nothing_else_is_tried(acr: AzureRegistry, target: RegistryServer) -> None:
    acr.refuses = Said(405, _errors("UNSUPPORTED", "The operation is disallowed on this image."))
    with pytest.raises(KeptError, match=rf"CHR0447.*tag `1` of `{REPOSITORY}` is locked") as refused:
        remove(acr, "1", "2")
    assert f"--image {REPOSITORY}:1 --delete-enabled true" in str(refused.value.findings[0].help)
    assert tags(target) == ["1", "2"]


def test_a_tag_that_went_meanwhile_is_no_trouble(acr: AzureRegistry) -> None:
    opened(acr, MACHINE)[1](REPOSITORY, ["gone"])
    assert [asked.path for asked in acr.seen if asked.method == "DELETE"][-1].endswith("/_tags/gone")


def test_a_registry_that_fails_is_no_refusal(acr: AzureRegistry) -> None:
    acr.refuses = Said(500, _errors("UNKNOWN", "sorry"))
    with pytest.raises(ChaosregError) as failed:
        opened(acr, TOKEN)[1](REPOSITORY, ["1"])
    assert failed.value.findings[0].code == "CHR0413"


def test_every_host_of_azure_has_this_way() -> None:
    assert untagging(Registry("company.azurecr.cn"), None)
    assert untagging(Registry("harbor.company.com"), None) is None
