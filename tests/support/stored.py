"""Puts images into a registry's storage as files, the way distribution keeps them: for many of them, quickly."""

from pathlib import Path

from lab.registry import RegistryServer
from tests.support.builder import Tree, digest_of


def store(server: RegistryServer, repository: str, tag: str, tree: Tree) -> None:
    """As if it had been pushed."""
    root = server.storage / "docker/registry/v2"
    home = root / "repositories" / repository
    for part in tree.everything():
        for blob in part.blobs:
            _keep(root, blob)
            _link(home / "_layers", digest_of(blob))
        _keep(root, part.raw)
        _link(home / "_manifests/revisions", part.digest)
    folder = home / "_manifests/tags" / tag
    _link(folder / "index", tree.digest)
    (folder / "current").mkdir(parents=True, exist_ok=True)
    (folder / "current/link").write_text(tree.digest)


def _keep(root: Path, raw: bytes) -> None:
    name = digest_of(raw).partition(":")[2]
    folder = root / "blobs/sha256" / name[:2] / name
    if not folder.exists():
        folder.mkdir(parents=True)
        (folder / "data").write_bytes(raw)


def _link(folder: Path, digest: str) -> None:
    link = folder / digest.replace(":", "/") / "link"
    if not link.exists():
        link.parent.mkdir(parents=True)
        link.write_text(digest)
