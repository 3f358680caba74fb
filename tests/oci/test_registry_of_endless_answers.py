"""A registry that says numbers that are none, and lists without end. All answers are a stand-in's."""

import json

import pytest

from pulumi_chaosreg.oci import Descriptor, Registry, RegistryError
from pulumi_chaosreg.oci.manifest import OCI_INDEX, digest_of
from tests.support.answering import AnsweringServer, Asked, Said

MANIFEST = b'{"schemaVersion": 2, "layers": []}'
DIGEST = digest_of(MANIFEST)
MIB = 1 << 20


@pytest.mark.parametrize("length", ["\xb2", "-5", "9" * 5000, "twelve"])
def test_a_length_that_is_no_number_is_not_believed(length: str) -> None:
    def script(asked: Asked) -> Said:
        lying = {"Content-Length": length} if asked.method == "HEAD" else {}
        return Said(200, MANIFEST, {"Docker-Content-Digest": DIGEST, **lying})

    with AnsweringServer(script) as server:
        there = Registry(server.host).head_manifest("app", "1")
    assert there == Descriptor("application/vnd.oci.image.manifest.v1+json", DIGEST, len(MANIFEST))


@pytest.mark.parametrize("verb", ["list_tags", "referrers"])
def test_a_list_of_large_pages_is_given_up_soon(verb: str) -> None:
    page = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "tags": ["a"], "x": "x" * 3 * MIB})

    def script(asked: Asked) -> Said:
        return Said(200, page.encode(), {"Link": f"<{asked.path}?n={len(server.seen)}>; rel=next"})

    with AnsweringServer(script) as server:
        registry = Registry(server.host)
        with pytest.raises(RegistryError, match=r"CHR0423.*does not end after 32 MiB"):
            registry.list_tags("app") if verb == "list_tags" else registry.referrers("app", DIGEST)
        assert len(server.seen) < 15


def test_a_page_that_is_cut_is_no_empty_list() -> None:
    """Who deletes by such a list would take away what others use."""
    page = json.dumps({"tags": ["a"], "x": "x" * 5 * MIB}).encode()
    with (
        AnsweringServer(lambda _: Said(200, page, {})) as server,
        pytest.raises(RegistryError, match=r"CHR0423.*larger than 4 MiB"),
    ):
        Registry(server.host).list_tags("app")


@pytest.mark.parametrize(("status", "is_there"), [(200, True), (404, False)])
def test_a_gateway_without_head_is_not_believed_to_hold_nothing(status: int, is_there: bool) -> None:
    with AnsweringServer(lambda asked: Said(405 if asked.method == "HEAD" else status, b"x" * MIB)) as server:
        assert Registry(server.host).has_blob("app", DIGEST) is is_there
