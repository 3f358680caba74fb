"""Lists in pages: every form of a Link header (RFC 8288) is read, and what cannot be read is never the end."""

import gzip
import json
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest

from pulumi_chaosreg.oci import Registry, RegistryError
from pulumi_chaosreg.oci.lists import MalformedList, names_on, next_link
from pulumi_chaosreg.oci.manifest import OCI_INDEX
from tests.support.answering import AnsweringServer, Asked, Said

HERE = "https://registry.example/v2/app/tags/list?n=1000"
NEXT = "/v2/app/tags/list?last=b"
DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("", None),
        (f'<{NEXT}>; rel="next"', NEXT),
        (f"<{NEXT}>; rel=next", NEXT),
        (f"<{NEXT}>;rel=next", NEXT),
        (f"<{NEXT}> ; rel = next", NEXT),
        (f'<{NEXT}>; Rel="next"', NEXT),
        (f"<{NEXT}>; REL=NEXT", NEXT),
        (f'<{NEXT}>; rel="last next"', NEXT),
        (f'<{NEXT}>; rel="\\next"', NEXT),
        (f'<{NEXT}>; title="a, b; rel=prev"; rel=next', NEXT),
        (f"<{NEXT}>; title=x;; rel=next;", NEXT),
        (f"<{NEXT}>; crossorigin; rel=next", NEXT),
        (f"<{NEXT}>; title*=UTF-8''%e2%82%ac; rel=next", NEXT),
        (f"<{NEXT}>; rel=next; rel=prev", NEXT),  # the first of two counts
        (f"<{NEXT}>; rel=prev; rel=next", None),
        (f'</first>; rel="first", <{NEXT}>; rel="next"', NEXT),
        (f'<{NEXT}>; rel="next",</a,b>; rel="last"', NEXT),
        (f",, <{NEXT}>; rel=next ,", NEXT),
        (f'<{NEXT}>; rel="https://registry.example/relations/more next"', NEXT),
        ("</first>; rel=first, </next>; rel=prev", None),
        (f"<https://registry.example{NEXT}>; rel=next", f"https://registry.example{NEXT}"),
        ("<?last=b>; rel=next", "?last=b"),
        (f"<{NEXT}>; rel=next, <{NEXT}>; rel=next", NEXT),
        (f'<{NEXT}>; rel=next; anchor="/v2/other/tags/list"', None),
        (f'<{NEXT}>; rel=next; anchor="https://elsewhere.example/v2/app/tags/list"', None),
        (f'<{NEXT}>; rel=next; anchor=""', NEXT),
        (f'<{NEXT}>; rel=next; anchor="/v2/app/tags/list"', NEXT),
        (f'</x>; rel=next; anchor="/y", <{NEXT}>; rel=next', NEXT),
    ],
)
def test_the_next_page_is_found_in_every_form_of_a_link(header: str, target: str | None) -> None:
    assert next_link(header, HERE) == target


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (f"{NEXT}; rel=next", "without `<` and `>`"),
        (f"<{NEXT}; rel=next", "without `<` and `>`"),
        ("<<url>?n=2&last=b>; rel=next", "without `<` and `>`"),
        ("next", "without `<` and `>`"),
        (f"<{NEXT}>", "does not say what it leads to"),
        (f"<{NEXT}>; rel", "does not say what it leads to"),
        (f'<{NEXT}>; rel=""', "does not say what it leads to"),
        (f"<{NEXT}>; rel*=UTF-8''next", "does not say what it leads to"),
        (f"<{NEXT}>, rel=next", "does not say what it leads to"),
        (f"<{NEXT}> rel=next", "cannot be read"),
        (f'<{NEXT}>; rel="next', "cannot be read"),
        (f"<{NEXT}>; rel='next'>", "cannot be read"),
        (f"<{NEXT}>; Rel='next'", "cannot be read"),
        (f'<{NEXT}>; rel="next;"', "cannot be read"),
        (f"<{NEXT}>; rel=prev next", "cannot be read"),
        (f"<{NEXT}>; rel=next, </other>; rel=next", "more than one"),
        (f'<{NEXT}>; rel=next; anchor="//[x"', "anchor"),
    ],
)
def test_a_link_that_cannot_be_read_is_not_the_end(header: str, why: str) -> None:
    with pytest.raises(MalformedList, match=why):
        next_link(header, HERE)


@pytest.mark.parametrize(("body", "names"), [(b'{"tags": ["a", "b"]}', ["a", "b"]), (b'{"tags": null}', [])])
def test_names_of_a_page(body: bytes, names: list[str]) -> None:
    assert names_on(body, "tags") == names


NO_PAGES = [
    b"",
    b"<html>log in</html>",
    b"[]",
    b"{}",
    b'{"errors": []}',
    b'{"tags": "a"}',
    b'{"tags": {"a": 1}}',
    b'{"tags": [1.10]}',
    b'{"tags": false}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("body", NO_PAGES, ids=lambda body: body[:20].decode())
def test_a_page_that_cannot_be_read_is_no_empty_list(body: bytes) -> None:
    with AnsweringServer(lambda _: Said(200, body)) as server, pytest.raises(RegistryError, match="CHR0423") as caught:
        Registry(server.host).list_tags("app")
    assert caught.value.status is None, "who falls back on an HTTP answer would take it for a registry without lists"


def paged(answer: Callable[[int], Said]) -> AnsweringServer:
    """Stand-in: answers with page 1, 2… in the order of the questions."""
    seen: list[Asked] = []

    def script(asked: Asked) -> Said:
        seen.append(asked)
        return answer(len(seen))

    return AnsweringServer(script)


LINK = {"Link": f"<{NEXT}>; rel=next"}


@pytest.mark.parametrize("status", [404, 204, 405])
def test_a_page_in_the_middle_that_is_not_there_is_an_error(status: int) -> None:
    with (
        paged(lambda number: Said(200, b'{"tags": ["a"]}', LINK) if number == 1 else Said(status)) as server,
        pytest.raises(RegistryError),
    ):
        Registry(server.host).list_tags("app")


def test_a_page_that_is_its_own_next_one_is_an_error() -> None:
    with (
        AnsweringServer(lambda _: Said(200, b'{"tags": ["a"]}', {"Link": "<?n=1000>; rel=next"})) as server,
        pytest.raises(RegistryError, match=r"CHR0423.*links to itself"),
    ):
        Registry(server.host).list_tags("app")


def full_pages(asked: Asked, *, knows_last: bool) -> Said:
    """2,300 tags in pages of as many as were asked for, without a link (distribution specification 1.1: it MAY be)."""
    everything = [f"t{number:04}" for number in range(2300)]
    query = parse_qs(asked.query)
    start = everything.index(query["last"][0]) + 1 if knows_last and "last" in query else 0
    return Said(200, json.dumps({"tags": everything[start : start + int(query["n"][0])]}).encode())


def test_a_full_page_without_a_link_is_not_believed_to_be_the_last() -> None:
    with AnsweringServer(lambda asked: full_pages(asked, knows_last=True)) as server:
        assert len(Registry(server.host).list_tags("app")) == 2300
        assert len(server.seen) == 3


def test_a_full_page_without_a_link_is_the_last_one_of_a_registry_that_gives_links() -> None:
    """Its links may lead by a token, and not by the last tag."""
    pages = [[f"{letter}{number}" for number in range(1000)] for letter in "ab"]

    def answer(number: int) -> Said:
        return Said(200, json.dumps({"tags": pages[number - 1]}).encode(), LINK if number == 1 else {})

    with paged(answer) as server:
        assert Registry(server.host).list_tags("app") == pages[0] + pages[1]


def test_a_list_that_a_proxy_has_packed_is_said_to_be() -> None:
    body = gzip.compress(b'{"tags": ["a"]}')
    with (
        AnsweringServer(lambda _: Said(200, body, {"Content-Encoding": "gzip"})) as server,
        pytest.raises(RegistryError, match=r"CHR0423.*not JSON(.|\n)*compressed \(`gzip`\)"),
    ):
        Registry(server.host).list_tags("app")


def test_a_registry_that_cannot_be_asked_for_more_than_a_full_page_is_an_error() -> None:
    with (
        AnsweringServer(lambda asked: full_pages(asked, knows_last=False)) as server,
        pytest.raises(RegistryError, match=r"CHR0423.*no link to the next page"),
    ):
        Registry(server.host).list_tags("app")


INDEX = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}).encode()


@pytest.mark.parametrize("body", [b"{}", b'{"errors": []}', b'{"schemaVersion": 2, "layers": []}', b"<html>"])
def test_referrers_that_are_no_index_are_no_api(body: bytes) -> None:
    """So that the tag is looked at which stands in for it."""
    with AnsweringServer(lambda _: Said(200, body)) as server:
        assert Registry(server.host).referrers("app", DIGEST) is None


@pytest.mark.parametrize("body", [b"{}", b"<html>"])
def test_a_second_page_of_referrers_that_is_no_index_is_an_error(body: bytes) -> None:
    with (
        paged(lambda number: Said(200, INDEX, LINK) if number == 1 else Said(200, body)) as server,
        pytest.raises(RegistryError, match=r"CHR0423.*page 2"),
    ):
        Registry(server.host).referrers("app", DIGEST)


def test_referrers_that_were_filtered_unasked_are_an_error() -> None:
    with (
        AnsweringServer(lambda _: Said(200, INDEX, {"OCI-Filters-Applied": "artifactType"})) as server,
        pytest.raises(RegistryError, match=r"CHR0423.*OCI-Filters-Applied"),
    ):
        Registry(server.host).referrers("app", DIGEST)
