"""What a registry asks for: the schemes of its WWW-Authenticate headers, and the scopes of a token."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_PARAMETER = re.compile(r'\s*,?\s*([A-Za-z0-9_.-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_SCHEME = re.compile(r"\s*,?\s*([A-Za-z][A-Za-z0-9-]*)(?=\s|,|$)(?!\s*=)")

Scopes = frozenset[str]


@dataclass(frozen=True, slots=True)
class Challenge:
    """One scheme of a WWW-Authenticate header: `Bearer realm="…",service="…",scope="…"`."""

    scheme: str
    parameters: Mapping[str, str]

    @property
    def scopes(self) -> Scopes:
        """What the registry would need to see in a token; several are separated by blanks."""
        return frozenset(self.parameters.get("scope", "").split())


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """All challenges of all WWW-Authenticate headers (RFC 9110 11.6.1), schemes in lower case."""
    challenges = []
    for header in headers:
        at = 0
        while scheme := _SCHEME.match(header, at):
            at, parameters = scheme.end(), {}
            while found := _PARAMETER.match(header, at):
                name, quoted, plain = found.groups()
                parameters[name.lower()] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
                at = found.end()
            challenges.append(Challenge(scheme[1].lower(), parameters))
    return challenges


def unanswerable(headers: Mapping[str, str]) -> str:
    """What an answer asks for where none of it is a scheme that we have, as a message says it; empty otherwise."""
    asked = headers.get("WWW-Authenticate", "")
    schemes = {challenge.scheme for challenge in parse_challenges([asked])}
    if not asked or not schemes.isdisjoint(("basic", "bearer")):
        return ""
    named = ", ".join(f"`{scheme[:30]}`" for scheme in sorted(schemes)[:5]) or "something that cannot be read"
    return f"{named}, but we support `Basic` and `Bearer`"


def scope(repository: str, actions: str) -> str:
    """`repository:NAME:pull,push`: the form of the token specification."""
    return f"repository:{repository}:{actions}"


def covers(held: Scopes, needed: Scopes) -> bool:
    """Whether all that is needed is among what is held, action by action: `a:pull,push` covers `a:pull`."""

    def actions(scopes: Scopes) -> set[tuple[str, str]]:
        parts = (one.rpartition(":") for one in scopes)
        return {(resource, action) for resource, _, actions in parts for action in actions.split(",")}

    return actions(needed) <= actions(held)
