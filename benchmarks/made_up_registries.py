"""A source that makes up the bytes of an image while it sends them, and a target that hashes them and forgets them.

Stand-ins for two registries, for images that are larger than the disk. They serve what a copy asks of them and nothing
else.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

MIB = 1 << 20
_BLOCK = hashlib.shake_256(b"chaosreg").digest(MIB)
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Layer:
    """Bytes that follow from a number and a size, and their digest."""

    number: int
    size: int
    digest: str

    @classmethod
    def make(cls, number: int, size: int) -> "Layer":
        hasher = hashlib.sha256()
        for chunk in chunks(number, size):
            hasher.update(chunk)
        return cls(number, size, f"sha256:{hasher.hexdigest()}")


def chunks(number: int, size: int) -> Iterator[bytes]:
    """1 MiB each, no two alike."""
    for position in range(0, size, MIB):
        chunk = b"%16d%16d" % (number, position) + _BLOCK[32:]
        yield chunk[: size - position]


class Registries:
    """A source and a target in one server: `/v2/source/…` and `/v2/target/…`."""

    def __init__(self, layers: list[Layer]) -> None:
        config = b'{"os":"linux","architecture":"amd64"}'
        self.layers = {layer.digest: layer for layer in layers}
        self.small = {digest_of(config): len(config)}
        self.contents = {digest_of(config): config}
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": len(config)}
            | {"digest": digest_of(config)},
            "layers": [
                {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer.digest, "size": layer.size}
                for layer in layers
            ],
        }
        self.manifest = json.dumps(manifest).encode()
        self.digest = digest_of(self.manifest)
        self.received: dict[str, int] = {}
        self.tagged: list[str] = []
        self.guard = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Registries":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def write_project(self, folder: Path) -> Path:
        """A company that mirrors the image; locked."""
        (folder / "stacks").mkdir()
        (folder / "Pulumi.yaml").write_text("name: x\nstackConfigDir: stacks\n", "utf-8")
        (folder / "stacks/Pulumi.acme.yaml").write_text(
            f"""\
config:
  chaosreg:account:
    id: acme
    image_registry: {{server: "{self.host}", account: target, type: public}}
    mirror: {{source: "{self.host}/source", allow_sources: ["{self.host}"]}}
    required_images: [harness/big:1]
  chaosreg:infrastructures:
    eu: {{cluster: {{context: eu}}}}
""",
            "utf-8",
        )
        lock = f"{self.host}/source/big:1: {self.digest}\n"
        (folder / "stacks/chaosreg.lock.yaml").write_text(lock, "utf-8")
        return folder


def _handler(registries: Registries) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_HEAD(self) -> None:
            name = self.path.rpartition("/")[2]
            if self.path.startswith("/v2/source/"):
                self.do_GET()
            elif "/manifests/" in self.path and registries.tagged and name in ("1", registries.digest):
                self.answer(200, registries.manifest, _MANIFEST, registries.digest)
            else:
                self.answer(404)

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            if "/manifests/" in self.path and name in ("1", registries.digest):
                self.answer(200, registries.manifest, _MANIFEST, registries.digest)
            elif layer := registries.layers.get(name):
                self.head(200, layer.size)
                for chunk in chunks(layer.number, layer.size):
                    self.wfile.write(chunk)
            elif "/blobs/" in self.path:
                self.answer(200, registries.contents[name])
            else:
                self.answer(404)

        def do_POST(self) -> None:
            self.head(202, 0, Location=f"{urlsplit(self.path).path}session")

        def do_PUT(self) -> None:
            wanted = parse_qs(urlsplit(self.path).query).get("digest", [""])[0]
            hasher, left = hashlib.sha256(), int(self.headers["Content-Length"])
            buffer = memoryview(bytearray(MIB))
            size = left
            while left:
                count = self.rfile.readinto(buffer[: min(left, MIB)])
                if not count:
                    return
                hasher.update(buffer[:count])
                left -= count
            digest = f"sha256:{hasher.hexdigest()}"
            if wanted not in ("", digest):
                self.answer(400, b'{"errors":[{"code":"DIGEST_INVALID"}]}')
                return
            with registries.guard:
                if wanted:
                    registries.received[digest] = size
                elif urlsplit(self.path).path.endswith("/manifests/1"):
                    registries.tagged.append(digest)
            self.head(201, 0)

        def answer(self, status: int, body: bytes = b"", content_type: str = "", digest: str = "") -> None:
            more = {"Content-Type": content_type, "Docker-Content-Digest": digest}
            self.head(status, len(body), **{name: value for name, value in more.items() if value})
            if self.command != "HEAD":
                self.wfile.write(body)

        def head(self, status: int, length: int, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(length), **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def digest_of(raw: bytes) -> str:
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"
