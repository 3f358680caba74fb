"""The size of a blob is not the size of the process."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import urllib3

from benchmarks import memory
from lab.registry import RegistryServer
from tests.support.builder import OCI, digest_of, push_blob

pytestmark = pytest.mark.registry

_LARGE = 1 << 30
_SMALLER = 300 << 20  # on this machine's disk, twice
_LIMIT_MB = 200
_PROGRAM = """
import sys
from pathlib import Path
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
with Mirror() as mirror:
    copied = mirror.copy(Reference(sys.argv[1], "big", "1"), Reference(sys.argv[2], "big", "1"))
# Not ru_maxrss: Linux hands the parent's peak down to a child that it starts.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(copied.bytes_copied, int(peak.split()[1]) // 1024)
"""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("size", [_SMALLER, pytest.param(_LARGE, marks=pytest.mark.nightly)])
def test_a_large_blob_passes_through_less_than_200_mb(
    size: int, upstream: RegistryServer, target: RegistryServer
) -> None:
    put_sparse_image(upstream, size)

    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, upstream.host, target.host], capture_output=True, check=True, text=True
    )

    copied, peak_mb = map(int, ended.stdout.split())
    assert copied > size
    assert peak_mb < _LIMIT_MB


@pytest.mark.nightly
@pytest.mark.timeout(120)
def test_the_command_lives_within_200_mb_with_many_large_layers_at_once() -> None:
    """The limit is the kernel's: a process that takes more does not survive. 10 GiB: `python -m benchmarks.memory`."""
    memory.prove_the_limit()
    measured = memory.measure(gib=1)
    assert measured.received_bytes > 1_000_000_000
    assert measured.peak_rss_mb < 150


_OVER_A_GAP = """
import sys
from pathlib import Path
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror
from pulumi_chaosreg.oci.layout import Layout
source, target = Reference(sys.argv[1], "big", "1"), Reference(sys.argv[2], "big", "1")
with Layout.open(Path(sys.argv[3]), writing=True) as layout, Mirror(write_to=layout.holding) as mirror:
    mirror.copy(source, source)
    layout.finish(lambda: b"")
with Layout.open(Path(sys.argv[3])) as layout, Mirror(read_from=layout.holding) as mirror:
    copied = mirror.copy(source, target)
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(copied.bytes_copied, int(peak.split()[1]) // 1024)
"""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", ["layout", "layout.tar"])
def test_it_passes_through_a_layout_in_less_than_200_mb_too(upstream, target, tmp_path: Path, name: str) -> None:
    put_sparse_image(upstream, _SMALLER)
    words = [sys.executable, "-c", _OVER_A_GAP, upstream.host, target.host, str(tmp_path / name)]
    ended = subprocess.run(words, capture_output=True, check=True, text=True)
    copied, peak_mb = map(int, ended.stdout.split())
    shutil.rmtree(tmp_path / name, ignore_errors=True)
    (tmp_path / name).unlink(missing_ok=True)
    assert copied > _SMALLER
    assert peak_mb < _LIMIT_MB


def put_sparse_image(server: RegistryServer, size: int) -> None:
    """An image with one layer of zeros, put into distribution's storage as a file with a hole: no byte is written."""
    hasher, zeros = hashlib.sha256(), bytes(1 << 20)
    for _ in range(size >> 20):
        hasher.update(zeros)
    name = hasher.hexdigest()
    root = server.storage / "docker/registry/v2"
    data = root / f"blobs/sha256/{name[:2]}/{name}/data"
    link = root / f"repositories/big/_layers/sha256/{name}/link"
    for path in (data, link):
        path.parent.mkdir(parents=True)
    with data.open("wb") as file:
        file.truncate(size)
    link.write_text(f"sha256:{name}")

    base, config = f"http://{server.host}/v2/big", b"{}"
    push_blob(urllib3.PoolManager(), base, config)
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI + "manifest.v1+json",
        "config": {"mediaType": OCI + "config.v1+json", "digest": digest_of(config), "size": len(config)},
        "layers": [{"mediaType": OCI + "layer.v1.tar", "digest": f"sha256:{name}", "size": size}],
    }
    content = {"Content-Type": str(manifest["mediaType"])}
    answer = urllib3.request("PUT", f"{base}/manifests/1", body=json.dumps(manifest).encode(), headers=content)
    assert answer.status == 201, answer.data
