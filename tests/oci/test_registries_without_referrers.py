"""Registries without the referrers API refuse in their own ways: tags stand in for it, and somebody is told, once."""

import json

import pytest

from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.mirror.companions import Tags
from pulumi_chaosreg.oci import Host, Patience, Registry, RegistryError
from pulumi_chaosreg.oci.manifest import OCI_INDEX, referrers_tag
from tests.support.answering import AnsweringServer, Asked, Said

DIGEST, SIGNATURE = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
LISTED = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": SIGNATURE, "size": 2}
INDEX = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [LISTED]}).encode()
CHALLENGE = {"WWW-Authenticate": 'Basic realm="registry"'}


def registry_with(referrers: Said) -> AnsweringServer:
    """Stand-in: has the list of referrers under its tag, and answers like this where the API would be."""

    def script(asked: Asked) -> Said:
        if "/referrers/" in asked.path:
            return referrers
        if asked.path.endswith("/tags/list"):
            return Said(200, json.dumps({"tags": [referrers_tag(DIGEST)]}).encode())
        return Said(200, INDEX, {"Content-Type": OCI_INDEX})

    return AnsweringServer(script)


def client(server: AnsweringServer, login: Login | None = None) -> Registry:
    return Registry(server.host, login, host=Host(Patience(first=0.01)))


REFUSALS = [Said(401), Said(401, headers=CHALLENGE), Said(403), Said(400), Said(406), Said(415), Said(501)]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda said: f"{said.status}{' '.join(said.headers)}")
def test_what_refers_to_an_image_is_found_by_its_tag_and_the_registry_is_named_once(refusal: Said) -> None:
    with registry_with(refusal) as server:
        registry = client(server, Login("user", "canary"))
        for _ in range(2):
            assert [one.digest for one in Tags(registry).referrers("app", DIGEST)] == [SIGNATURE]
        (warning,) = registry.findings()
    assert (warning.code, warning.severity) == ("CHR0440", "warning")
    assert f"registry `{server.host}` does not list what refers to an image: it answers {refusal.status}" in str(
        warning
    )


@pytest.mark.parametrize("status", [404, 405])
def test_a_clear_answer_needs_no_warning(status: int) -> None:
    with registry_with(Said(status)) as server:
        registry = client(server)
        assert [one.digest for one in Tags(registry).referrers("app", DIGEST)] == [SIGNATURE]
    assert registry.findings() == []


def test_a_repository_that_refuses_says_nothing_of_the_others() -> None:
    """Artifactory's repositories differ: whoever is asked first must not decide for all."""

    def script(asked: Asked) -> Said:
        if "/referrers/" in asked.path and "/refusing/" in asked.path:
            return Said(403)
        if asked.path.endswith("/tags/list"):
            return Said(200, json.dumps({"tags": ["1"]}).encode())
        return Said(200, INDEX, {"Content-Type": OCI_INDEX})

    with AnsweringServer(script) as server:
        tags = Tags(client(server))
        assert tags.referrers("refusing", DIGEST) == tags.referrers("refusing", DIGEST) == ()
        assert [one.digest for one in tags.referrers("app", DIGEST)] == [SIGNATURE]
        assert sum("/refusing/referrers/" in asked.path for asked in server.seen) == 1


def test_an_answer_that_is_no_list_is_told_too() -> None:
    with registry_with(Said(200, b"<html>")) as server:
        registry = client(server)
        assert [one.digest for one in Tags(registry).referrers("app", DIGEST)] == [SIGNATURE]
    assert "its answer is not a list" in str(registry.findings())


@pytest.mark.parametrize("status", [401, 403, 406, 429, 500, 503])
def test_a_redirect_to_a_host_that_knows_nothing_of_it_is_no_api_and_is_asked_once(status: int) -> None:
    """GitHub sends unknown paths to its website, which limits the rate of those who ask often."""
    elsewhere = AnsweringServer(lambda _: Said(status, b"", {"Retry-After": "30"}))
    with elsewhere, registry_with(Said(303, headers={"Location": f"http://{elsewhere.host}/login"})) as server:
        registry = client(server)
        assert [one.digest for one in Tags(registry).referrers("app", DIGEST)] == [SIGNATURE]
    assert len(elsewhere.seen) == 1
    assert f"another host that it redirects to answers {status}" in str(registry.findings()[0])


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/", "ftp://127.0.0.1/", "http://[nobody"])
def test_a_redirect_that_leads_nowhere_is_no_api(location: str) -> None:
    with registry_with(Said(302, headers={"Location": location})) as server:
        registry = client(server)
        assert [one.digest for one in Tags(registry).referrers("app", DIGEST)] == [SIGNATURE]
    assert "redirects to another host" in str(registry.findings()[0])


@pytest.mark.parametrize(
    "refusal", [Said(429), Said(503), Said(500), Said(403, b'{"errors":[{"code":"TOOMANYREQUESTS"}]}')]
)
def test_what_may_pass_is_no_answer(refusal: Said) -> None:
    with registry_with(refusal) as server, pytest.raises(RegistryError):
        Tags(client(server)).referrers("app", DIGEST)


def test_a_second_page_that_is_refused_is_half_a_list() -> None:
    def script(asked: Asked) -> Said:
        return Said(403) if "last" in asked.query else Said(200, INDEX, {"Link": "<?last=b>; rel=next"})

    with AnsweringServer(script) as server, pytest.raises(RegistryError, match="CHR0404"):
        client(server).referrers("app", DIGEST)
