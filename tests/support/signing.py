"""Real signatures, made and judged by cosign; keys of every kind that we accept."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import urllib3
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.support.builder import OCI, Tree, push, referring

FORMS = ("classic", "bundle")
KINDS = ("p256", "p384", "p521", "rsa", "ed25519")
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_FLAGS = {"classic": ["--new-bundle-format=false"], "bundle": ["--new-bundle-format=true"]}
_OFFLINE = ["--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry", "-y"]


@dataclass(frozen=True)
class Signer:
    """A key pair in cosign's format, in a folder of its own."""

    folder: Path

    @property
    def public_key(self) -> str:
        return (self.folder / "cosign.pub").read_text()

    def sign(self, host: str, name: str, form: str, *more: str) -> None:
        """Sign `repository@digest` (or `repository:tag`) where it is."""
        key = ["--key", str(self.folder / "cosign.key")]
        self._cosign("sign", *key, *_FLAGS[form], *_OFFLINE, *more, f"{host}/{name}")

    def attest(self, host: str, name: str, form: str) -> None:
        """Say something about the image, without signing it off."""
        predicate = self.folder / "predicate.json"
        predicate.write_text('{"builder": "somebody"}')
        key = ["--key", str(self.folder / "cosign.key")]
        self._cosign("attest", *key, "--predicate", str(predicate), *_FLAGS[form], *_OFFLINE, f"{host}/{name}")

    def sign_file(self, raw: bytes) -> bytes:
        """A bundle with a plain signature of these bytes."""
        file, bundle = self.folder / "file", self.folder / "bundle.json"
        file.write_bytes(raw)
        key = ["--key", str(self.folder / "cosign.key")]
        offline = ["--use-signing-config=false", "--tlog-upload=false", "-y"]
        self._cosign("sign-blob", *key, "--new-bundle-format", "--bundle", str(bundle), *offline, str(file))
        return bundle.read_bytes()

    def move_signature(self, host: str, repository: str, signed: Tree, other: Tree, form: str) -> None:
        """Put the signature of one image beside another, as it is."""
        pool, base = urllib3.PoolManager(), f"http://{host}/v2/{repository}"
        if form == "classic":
            found = pool.request(
                "GET", f"{base}/manifests/{_tag(signed)}.sig", headers={"Accept": OCI + "manifest.v1+json"}
            )
            put_manifest(pool, f"{base}/manifests/{_tag(other)}.sig", found.data)
            return
        listed = pool.request("GET", f"{base}/referrers/{signed.digest}").json()["manifests"]
        accept = {"Accept": OCI + "manifest.v1+json"}
        manifest = pool.request("GET", f"{base}/manifests/{listed[0]['digest']}", headers=accept).json()
        bundle = pool.request("GET", f"{base}/blobs/{manifest['layers'][0]['digest']}").data
        attach(host, repository, other, bundle)

    def strip_signature(self, host: str, repository: str, signed: Tree) -> None:
        """Take the signature out of the `.sig` tag, and leave the rest."""
        _annotate(host, repository, signed, lambda notes: notes.pop("dev.cosignproject.cosign/signature"))

    def add_certificate(self, host: str, repository: str, signed: Tree) -> None:
        """As cosign 2 did it with identities; the certificate is a stand-in, which nobody gets to read."""
        _annotate(host, repository, signed, lambda notes: notes.update({"dev.sigstore.cosign/certificate": "-----"}))

    def verifies(self, host: str, name: str, form: str) -> bool:
        """Cosign's own judgement."""
        key = ["--key", str(self.folder / "cosign.pub")]
        done = _run(self.folder, "verify", *key, *_FLAGS[form], *_LENIENT, f"{host}/{name}")
        return done.returncode == 0

    def verifies_copied_file(self, host: str, repository: str, image: Tree) -> bool:
        """Cosign's judgement of an image's manifest and of the bundle beside it, both as they lie in the registry."""
        pool, base = urllib3.PoolManager(), f"http://{host}/v2/{repository}"
        accept = {"Accept": f"{OCI}manifest.v1+json, {OCI}index.v1+json"}
        listed = pool.request("GET", f"{base}/referrers/{image.digest}")
        if listed.status == 404:
            listed = pool.request("GET", f"{base}/manifests/{_tag(image)}", headers=accept)
        (entry,) = listed.json()["manifests"]
        manifest = pool.request("GET", f"{base}/manifests/{entry['digest']}", headers=accept).json()
        bundle, file = self.folder / "copied.json", self.folder / "copied"
        bundle.write_bytes(pool.request("GET", f"{base}/blobs/{manifest['layers'][0]['digest']}").data)
        file.write_bytes(pool.request("GET", f"{base}/manifests/{image.digest}", headers=accept).data)
        flags = ["--new-bundle-format", "--bundle", str(bundle), "--insecure-ignore-tlog=true"]
        done = _run(self.folder, "verify-blob", "--key", str(self.folder / "cosign.pub"), *flags, str(file))
        return done.returncode == 0

    def _cosign(self, *arguments: str) -> None:
        done = _run(self.folder, *arguments)
        assert done.returncode == 0, done.stderr


_LENIENT = ["--insecure-ignore-tlog=true", "--allow-http-registry"]


def make_signer(folder: Path, kind: str = "p256") -> Signer:
    """A new key pair: p256, p384, p521, rsa or ed25519."""
    folder.mkdir()
    makers = {
        "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
    }
    own = serialization.PrivateFormat.PKCS8
    pem = makers[kind]().private_bytes(serialization.Encoding.PEM, own, serialization.NoEncryption())
    (folder / "plain.pem").write_bytes(pem)
    done = _run(folder, "import-key-pair", "--key", "plain.pem", "--output-key-prefix", "cosign", "-y")
    assert done.returncode == 0, done.stderr
    return Signer(folder)


def cosign_accepts_identity(folder: Path, trusted_root: str, identity: str, issuer: str, image: str) -> bool:
    """Cosign's judgement of a bundle with a certificate, offline."""
    (folder / "root.json").write_text(trusted_root)
    who = ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer]
    flags = ["--new-bundle-format", "--trusted-root", str(folder / "root.json"), "--allow-http-registry"]
    return _run(folder, "verify", *flags, *who, image).returncode == 0


def trusted_root_by_cosign(folder: Path, ca: bytes, ct: bytes, log: bytes) -> str:
    """What `cosign trusted-root create` makes of these PEM texts."""
    for name, pem in (("ca", ca), ("ct", ct), ("log", log)):
        (folder / f"{name}.pem").write_bytes(pem)
    since = "start-time=2024-01-01T00:00:00Z"
    services = [
        f"--fulcio=url=https://fulcio.acme.example,certificate-chain=ca.pem,{since}",
        f"--ctfe=url=https://ctlog.acme.example,public-key=ct.pem,{since}",
        f"--rekor=url=https://rekor.acme.example,public-key=log.pem,{since}",
    ]
    done = _run(folder, "trusted-root", "create", *services, "--out", "made.json")
    assert done.returncode == 0, done.stderr
    return (folder / "made.json").read_text()


def attach(host: str, repository: str, subject: Tree, bundle: bytes) -> Tree:
    """Put a bundle beside an image, on a registry with the referrers API."""
    tree = referring(subject, bundle, BUNDLE, BUNDLE)
    return push(host, repository, tree.digest, tree)


def _annotate(host: str, repository: str, signed: Tree, change: Callable[[dict], object]) -> None:
    """Change the annotations of the layers under the `.sig` tag."""
    pool, url = urllib3.PoolManager(), f"http://{host}/v2/{repository}/manifests/{_tag(signed)}.sig"
    manifest = pool.request("GET", url, headers={"Accept": OCI + "manifest.v1+json"}).json()
    for entry in manifest["layers"]:
        change(entry["annotations"])
    put_manifest(pool, url, json.dumps(manifest).encode())


def put_manifest(pool: urllib3.PoolManager, url: str, raw: bytes) -> None:
    answer = pool.request("PUT", url, body=raw, headers={"Content-Type": OCI + "manifest.v1+json"})
    assert answer.status == 201, answer.data


def _tag(tree: Tree) -> str:
    return tree.digest.replace(":", "-")


def _run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    program = shutil.which("cosign")
    assert program, "no `cosign` on PATH: run inside `python -m lab run -- …`, with the part `olareg`"
    environment = {**os.environ, "COSIGN_PASSWORD": "x", "HOME": str(folder)}
    return subprocess.run(
        [program, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
