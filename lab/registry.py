"""A real registry (CNCF distribution) in a process of its own, for tests, benchmarks and the lab's parts."""

import json
import secrets
import shutil
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import bcrypt
import yaml

from lab.errors import LabError
from lab.ports import answers, free_port
from lab.process import Process

_ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Request:
    """One answered request, as the registry's own log tells it."""

    method: str
    path: str
    status: int
    user: str | None
    """The login that the registry accepted; None for anonymous requests and refused logins."""
    query: str = ""


class RegistryServer:
    """One distribution registry process in a folder of its own; a context manager.

    `start` after `stop` or `kill` comes back at the same address with the same content.
    """

    def __init__(
        self,
        folder: Path,
        *,
        logins: Mapping[str, str] | None = None,
        port: int = 0,
        binary: Path | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        self.folder = folder
        self.port = port or free_port(_ADDRESS)
        self.host = f"{_ADDRESS}:{self.port}"
        self.storage = folder / "storage"
        self.log = folder / "registry.log"
        self.logins = dict(logins or {})
        self._extra = extra or {}
        self._process = Process(
            [binary or _registry_from_path(), "serve", folder / "config.yaml"],
            self.log,
            # Without this, distribution 3 sends traces to port 4318 of this machine and logs each failure.
            env={"OTEL_TRACES_EXPORTER": "none", "REGISTRY_HTTP_SECRET": secrets.token_hex(16)},
        )
        self._marks = 0

    def start(self) -> Self:
        """Start it and wait until it accepts connections."""
        self.storage.mkdir(parents=True, exist_ok=True)
        (self.folder / "config.yaml").write_text(yaml.safe_dump(self._configuration()), "utf-8")
        self._process.start()
        self._process.wait_until(lambda: answers(_ADDRESS, self.port), 20)
        return self

    def stop(self) -> None:
        """Stop it; the content stays."""
        self._process.stop()

    def kill(self) -> None:
        """Stop it as a crash would."""
        self._process.kill()

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid

    def requests(self) -> list[Request]:
        """All requests that it has answered so far, oldest first."""
        if self.pid:
            self._catch_up()
        return [request for request in read_requests(self.log) if not request.query.startswith("lab-mark=")]

    def wipe(self) -> None:
        """Forget all content and the log; a running registry keeps running."""
        shutil.rmtree(self.storage, ignore_errors=True)
        self.storage.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            with self.log.open("r+b") as log:
                log.truncate(0)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _catch_up(self) -> None:
        """Make one request of our own: a large answer is logged after its last byte, so the client may be ahead."""
        self._marks += 1
        request = urllib.request.Request(f"http://{self.host}/v2/?lab-mark={self._marks}")
        for user, password in list(self.logins.items())[:1]:
            request.add_header("Authorization", "Basic " + b64encode(f"{user}:{password}".encode()).decode())
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            opener.open(request, timeout=10).close()
        except urllib.error.HTTPError as refused:  # with token authentication: the answer is what counts
            refused.close()

    def _configuration(self) -> dict[str, object]:
        # The JSON log names the user; the combined access log of distribution never does.
        configuration: dict[str, object] = {
            "version": "0.1",
            "log": {"level": "info", "formatter": "json", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(self.storage)},
                "delete": {"enabled": True},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "http": {"addr": self.host},
        }
        if self.logins:
            passwords = self.folder / "htpasswd"
            passwords.touch(mode=0o600)
            passwords.write_text("".join(_htpasswd_lines(self.logins)), "utf-8")
            configuration["auth"] = {"htpasswd": {"realm": "lab", "path": str(passwords)}}
        return _merged(configuration, self._extra)


def read_requests(log: Path) -> Iterator[Request]:
    """The requests in a registry's JSON log, in the order in which they were answered."""
    for line in log.read_text("utf-8", "replace").splitlines() if log.exists() else ():
        if not line.startswith("{"):
            continue
        try:
            entry = json.loads(line)
        except ValueError:  # the last line of a killed process
            continue
        message = str(entry.get("msg", ""))
        if message.startswith("response completed"):
            status = int(entry.get("http.response.status", 0))
        elif message.startswith("error authorizing context"):
            status = 401  # a refused request has no "response completed" line
        else:
            continue
        uri = urlsplit(entry.get("http.request.uri", ""))
        user = entry.get("auth.user.name") or None
        yield Request(str(entry.get("http.request.method")), uri.path, status, user, uri.query)


def _registry_from_path() -> Path:
    found = shutil.which("registry")
    if not found:
        raise LabError("no `registry` on PATH: run this inside `python -m lab run -- …`, or give `binary`")
    return Path(found)


def _htpasswd_lines(logins: Mapping[str, str]) -> Iterator[str]:
    for user, password in logins.items():
        # Cost 5: a test makes thousands of requests, and every one of them checks the password.
        yield f"{user}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(5)).decode()}\n"


def _merged(base: Mapping[str, object], extra: Mapping[str, object]) -> dict[str, object]:
    """`base` with `extra` on top, mapping by mapping."""
    result = dict(base)
    for key, value in extra.items():
        below = result.get(key)
        result[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
    return result
