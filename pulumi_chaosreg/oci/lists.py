"""Lists that a registry gives out page by page: what is on a page, and where the next one is.

Who deletes, or copies signatures, trusts that a list is whole. So what cannot be read here is an error and never the
end of a list.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TARGET = re.compile(r"[ \t]*<([^<>\s]*)>")
_PARAMETER = re.compile(
    rf'[ \t]*;[ \t]*(?:(?P<name>{_WORD})[ \t]*(?:=[ \t]*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>{_WORD})))?)?'
)
_RELATION = re.compile(r"[a-z][a-z0-9.-]*|[a-z][a-z0-9+.-]*:[^'\"]+")
"""A registered name, or an address for what somebody made up; `'next'` is neither."""
_END = re.compile(r"[ \t]*(?:,[ \t]*)+|[ \t]*\Z")


class MalformedList(ValueError):  # noqa: N818
    """A page, or what leads to the next one, that cannot be read; the text says why and repeats nothing of it."""


def next_link(header: str, page: str) -> str | None:
    """The target of the link to the next page by the rules of RFC 8288; None where there is no such link.

    `header` is all Link headers of the answer, with commas between; `page` the address that was asked, which an
    `anchor` is compared with: a link may be about something else. MalformedList where a link cannot be understood.
    """
    targets = {
        target
        for target, parameters in _links(header)
        if "next" in _relations(parameters) and _is_about(parameters.get("anchor"), page)
    }
    if len(targets) > 1:
        raise MalformedList("its `Link` header names more than one next page")
    return targets.pop() if targets else None


def names_on(body: bytes, key: str) -> list[str]:
    """The names under that key of a page's JSON; `null` is how Go writes an empty list. MalformedList otherwise."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedList("it is not JSON") from None
    if not isinstance(document, dict) or key not in document:
        raise MalformedList(f"it has no `{key}`")
    names = document[key] if document[key] is not None else []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise MalformedList(f"its `{key}` is not a list of strings")
    return names


def _links(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(target, parameters) of each link; of a parameter that stands twice the first counts (RFC 8288 3.3)."""
    at = _skipped(header, 0)
    while at < len(header):
        found = _TARGET.match(header, at)
        if not found:
            raise MalformedList("its `Link` header has a link without `<` and `>`")
        target, parameters, at = found[1], dict[str, str](), found.end()
        while found := _PARAMETER.match(header, at):
            quoted, plain = found["quoted"], found["plain"]
            if found["name"]:
                value = plain or "" if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
                parameters.setdefault(found["name"].lower(), value)
            at = found.end()
        end = _END.match(header, at)
        if not end:
            raise MalformedList("a parameter in its `Link` header cannot be read")
        yield target, parameters
        at = end.end()


def _skipped(header: str, at: int) -> int:
    """Behind what an empty element leaves: lists may have some (RFC 9110 5.6.1)."""
    while at < len(header) and header[at] in ", \t":
        at += 1
    return at


def _relations(parameters: dict[str, str]) -> list[str]:
    relations = parameters.get("rel", "").lower().split()
    if not relations:
        raise MalformedList("a link in its `Link` header does not say what it leads to (`rel`)")
    if not all(map(_RELATION.fullmatch, relations)):
        raise MalformedList("what a link in its `Link` header leads to (`rel`) cannot be read")
    return relations


def _is_about(anchor: str | None, page: str) -> bool:
    """Whether a link is about this list. Another query of it counts as this list: better to read on."""
    if anchor is None:
        return True
    try:
        about, here = urlsplit(urljoin(page, anchor)), urlsplit(page)
    except ValueError:
        raise MalformedList("an anchor in its `Link` header cannot be read") from None
    return (about.scheme, about.netloc.lower(), about.path) == (here.scheme, here.netloc.lower(), here.path)
