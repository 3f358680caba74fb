"""A stand-in for GitHub's API on 127.0.0.1: comments of a pull request, and deployments. Its header says so."""

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "acme/chaos-images"
PULL_REQUEST = 7
BOT = {"login": "github-actions[bot]", "type": "Bot"}
PERSON = {"login": "mona", "type": "User"}


@dataclass
class GitHubApi:
    """A context manager; `comments` and `deployments` (newest first) are what it has."""

    token: str
    comments: list[dict[str, Any]] = field(default_factory=list)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def add_comment(self, body: str, user: Mapping[str, str] = PERSON) -> dict[str, Any]:
        comment = {"id": 1000 + len(self.comments), "body": body, "user": dict(user)}
        self.comments.append(comment)
        return comment

    def add_deployment(self, environment: str, sha: str, state: str) -> None:
        number = 1 + len(self.deployments)
        self.deployments.insert(0, {"id": number, "environment": environment, "sha": sha, "state": state})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> tuple[int, Any]:
        """(status, what is said)."""
        repository = f"/repos/{REPOSITORY}"
        if (method, path) == ("GET", f"{repository}/issues/{PULL_REQUEST}/comments"):
            size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
            return 200, self.comments[(page - 1) * size : page * size]
        if (method, path) == ("POST", f"{repository}/issues/{PULL_REQUEST}/comments"):
            return _checked(body) or (201, self.add_comment(body["body"], BOT))
        if method == "PATCH" and (found := re.fullmatch(rf"{repository}/issues/comments/(\d+)", path)):
            comment = next(one for one in self.comments if one["id"] == int(found.group(1)))
            return _checked(body) or (200, comment | (comment.update(body) or {}))
        if (method, path) == ("GET", f"{repository}/deployments"):
            size = int(query.get("per_page", 30))
            return 200, [one for one in self.deployments if one["environment"] == query["environment"]][:size]
        if method == "GET" and (found := re.fullmatch(rf"{repository}/deployments/(\d+)/statuses", path)):
            one = next(one for one in self.deployments if one["id"] == int(found.group(1)))
            return 200, [{"state": one["state"]}]
        return 404, {"message": "Not Found"}

    def __enter__(self) -> Self:
        api = self

        class Handler(BaseHTTPRequestHandler):
            server_version = "stand-in-for-api.github.com"

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(url.query).items()}
                text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                api.requests.append(f"{self.command} {self.path}")
                if self.headers.get("Authorization") != f"Bearer {api.token}":
                    status, said = 401, {"message": "Bad credentials"}
                else:
                    status, said = api.answer(self.command, url.path, query, json.loads(text) if text else None)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(said).encode())

            do_POST = do_PATCH = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Nothing: the test looks at `requests`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _checked(body: Mapping[str, str]) -> tuple[int, Any] | None:
    """GitHub's own limit."""
    long = len(body["body"]) > 65_536
    return (422, {"message": "Body is too long (maximum is 65536 characters)"}) if long else None
