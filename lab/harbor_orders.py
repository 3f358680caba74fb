"""What tests ask of the lab's Harbor that the real one does not do: failures, scans and time on demand."""

import base64
import json
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lab.state import HarborState


def fail(harbor: HarborState, method: str = "", path: str = "", **how: Any) -> None:
    """The next requests that match (regular expressions; `` for any) go so: `status`, `code`, `message`, `headers`;
    `cut`: the connection ends; `seconds` before that; `after`: so many go well before; `times`; `done`: it is done, and
    only the answer is lost.
    """
    _order(harbor, "fail", {"method": method, "path": path, **how})


def mend(harbor: HarborState) -> None:
    """Nothing fails any more, and scans go as ever."""
    _order(harbor, "mend", None)


def scans(harbor: HarborState, **how: Any) -> None:
    """How scans go that begin from now on: `seconds`, `severity`, `found` (how many), `outcome` (`Error`)."""
    _order(harbor, "scanner", how)


def set_token_seconds(harbor: HarborState, seconds: float) -> None:
    """How long tokens live that the token service gives from now on."""
    _order(harbor, "token-seconds", seconds)


def age(harbor: HarborState, robot: int, seconds: float) -> None:
    """A robot as if it had been made so much earlier."""
    _order(harbor, "age", {"id": robot, "seconds": seconds})


def new_user(harbor: HarborState, name: str, password: str, roles: Mapping[str, str]) -> None:
    """A person's account; `roles`: project → guest, developer, maintainer or projectAdmin."""
    _order(harbor, "user", {"name": name, "password": password, "roles": dict(roles)})


def wipe(harbor: HarborState) -> None:
    """Every project is empty; projects and robots stay."""
    _order(harbor, "wipe", None)


def robots(harbor: HarborState) -> list[dict[str, Any]]:
    """Every robot, without its secret."""
    found: list[dict[str, Any]] = _order(harbor, "robots", None)
    return found


def requests(harbor: HarborState) -> Iterator[dict[str, Any]]:
    """What was asked: time, method, path, status and who asked of each; a cut connection has status 0."""
    log = Path(harbor.requests)
    for line in log.read_text("utf-8").splitlines() if log.exists() else ():
        yield json.loads(line)


def call(
    harbor: HarborState,
    method: str,
    path: str,
    said: Any = None,
    *,
    login: tuple[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """What the API answers at `path` (below `/api/v2.0`); by `admin` unless somebody else is named.

    urllib.error.HTTPError where it refuses.
    """
    user, password = login or (harbor.admin.username, harbor.admin.password)
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    sent = {"Authorization": f"Basic {basic}", "Content-Type": "application/json", **(headers or {})}
    return _sent(harbor, method, f"/api/v2.0{path}", said, sent)


def _order(harbor: HarborState, order: str, said: Any) -> Any:
    return _sent(harbor, "POST", f"/lab/{order}", said, {})


def _sent(harbor: HarborState, method: str, path: str, said: Any, headers: Mapping[str, str]) -> Any:
    body = json.dumps(said).encode() if said is not None or path.startswith("/lab/") else None
    request = urllib.request.Request(harbor.endpoint + path, data=body, method=method, headers=dict(headers))
    context = ssl.create_default_context(cafile=harbor.authority) if harbor.authority else None
    handlers = [urllib.request.ProxyHandler({}), *([urllib.request.HTTPSHandler(context=context)] if context else [])]
    with urllib.request.build_opener(*handlers).open(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text.strip() else None
