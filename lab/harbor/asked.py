"""One request of the API, and what its answers have in common: pages, and filters of `q`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from lab.harbor.answers import Answer, bad, said
from lab.harbor.callers import Caller
from lab.harbor.records import Project, Records

_MOST = 100


@dataclass(frozen=True)
class Asked:
    """What is asked, by whom, of what is known."""

    records: Records
    caller: Caller
    method: str
    path: str
    """Below `/api/v2.0`, as it came."""
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """The JSON of the body."""
        try:
            found = json.loads(self.body or b"null")
        except ValueError:
            raise bad('parsing body body from "" failed, because invalid character') from None
        if not isinstance(found, dict):
            raise bad("body in body is required")
        return found

    def parameter(self, name: str, default: str = "") -> str:
        return parse_qs(self.query).get(name, [default])[0]

    def filters(self) -> dict[str, str]:
        """`q=Level=project,ProjectID=3` as a mapping."""
        words = [word.partition("=") for word in self.parameter("q").split(",") if word]
        return {name: value for name, _, value in words}

    def project(self, named: str) -> Project | None:
        """By its name, or by its id where the header does not say that it is a name."""
        is_name = self.headers.get("X-Is-Resource-Name", "").lower() == "true"
        if named.isdigit() and not is_name:
            return self.records.projects.get(int(named))
        return self.records.named(named)

    def created(self, identity: object, answer: Any = None) -> Answer:
        location = {"Location": f"/api/v2.0{self.path.rstrip('/')}/{identity}"}
        return said(answer, 201, location) if answer is not None else Answer(201, headers=location)

    def page(self, found: Sequence[Any]) -> Answer:
        """The asked part of a list, with how many there are and where the next part is."""
        size = int(self.parameter("page_size", "10"))
        number = int(self.parameter("page", "1"))
        if not 1 <= size <= _MOST:
            raise bad(f"page_size in query should be less than or equal to {_MOST}")
        headers = {"X-Total-Count": str(len(found))}
        if number * size < len(found):
            kept = {name: values[0] for name, values in parse_qs(self.query).items()}
            query = urlencode(kept | {"page": str(number + 1), "page_size": str(size)})
            headers["Link"] = f'</api/v2.0{self.path}?{query}>; rel="next"'
        return said(list(found[(number - 1) * size : number * size]), headers=headers)


Handler = Callable[..., Answer]
"""(asked, what the path names…) → the answer."""
