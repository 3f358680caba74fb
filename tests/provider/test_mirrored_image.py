"""The life of one `MirroredImage` on the real engine: each input changed once, drift, interruption, failures."""

import hashlib
import json
import os
import signal
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path

import pytest
import urllib3

from lab.deadline import wait_for
from lab.registry import RegistryServer
from lab.state import LabState
from tests.support.one_image import OneImage
from tests.support.workspaces import PUSH_CANARY

pytestmark = pytest.mark.engine

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PUSH = {"username": "pusher", "password": PUSH_CANARY}


@pytest.fixture
def image(tmp_path: Path, lab: LabState, private_target: RegistryServer) -> OneImage:
    """chaos-ddcr:1.94.0 of the upstream, to be copied into the empty registry."""
    return OneImage(
        tmp_path / "one",
        source=f"{lab.upstream.host}/harness/chaos-ddcr:1.94.0",
        target=f"{private_target.host}/chaos/chaos-ddcr:1.94.0",
        push=PUSH,
    )


@pytest.mark.nightly
def test_each_input_has_the_diff_that_it_should_have(
    image: OneImage, lab: LabState, private_target: RegistryServer
) -> None:
    first, other = (lab.upstream.digests[name] for name in ("chaos-ddcr:1.94.0", "chaos-ddcr-faults:1.94.0"))
    image.up()
    assert image.outputs()["digest"] == first

    assert image.change(digest=first) == ("same", ())
    assert image.change(digest=other) == ("update", ("digest",))
    assert image.change(digest=None) == ("same", ())
    assert image.change(source=f"{lab.upstream.host}/harness/chaos-ddcr-faults:1.94.0") == ("update", ("source",))
    assert image.change(source=f"{lab.upstream.host}/harness/chaos-ddcr:1.94.0") == ("same", ())
    assert image.change(on_destroy="delete") == ("update", ("onDestroy",))
    assert image.change(on_destroy=None) == ("same", ())
    assert image.change(push={"username": "pusher", "password": "rotated"}) == ("same", ())
    assert image.change(pull={"username": "reader", "password": "new"}) == ("same", ())
    assert image.change(target=f"{private_target.host}/chaos/elsewhere:1.94.0") == ("replace", ("target",))


@pytest.mark.nightly
def test_refresh_sees_a_deleted_tag_and_up_restores_it(image: OneImage, private_target: RegistryServer) -> None:
    image.up()
    manifest = "/v2/chaos/chaos-ddcr/manifests/1.94.0"
    assert _request(private_target, "DELETE", manifest) == 202

    image.refresh()
    assert image.outputs() is None

    image.up()
    assert _request(private_target, "HEAD", manifest) == 200

    before = len(private_target.requests())
    image.up("--expect-no-changes")
    assert len(private_target.requests()) == before  # nothing to do: nobody is asked


def test_refresh_sees_a_moved_tag_and_up_moves_it_back(
    image: OneImage, lab: LabState, private_target: RegistryServer
) -> None:
    image.inputs["digest"] = lab.upstream.digests["chaos-ddcr:1.94.0"]
    image.up()
    image.inputs |= {"source": f"{lab.upstream.host}/harness/chaos-ddcr-faults:1.94.0", "digest": None}
    moved = OneImage(image.workspace.folder.parent / "somebody-else", **image.inputs)
    moved.up()

    image.inputs |= {
        "source": f"{lab.upstream.host}/harness/chaos-ddcr:1.94.0",
        "digest": lab.upstream.digests["chaos-ddcr:1.94.0"],
    }
    image.refresh()

    assert image.outputs()["digest"] == lab.upstream.digests["chaos-ddcr-faults:1.94.0"]
    assert image.change() == ("update", ("digest",))
    image.up()
    assert image.outputs()["digest"] == image.inputs["digest"]


def test_destroy_deletes_only_when_told_to_and_only_what_this_stack_wrote(
    image: OneImage, private_target: RegistryServer
) -> None:
    manifest = "/v2/chaos/chaos-ddcr/manifests/1.94.0"
    inputs = {**image.inputs}
    image.inputs = {**inputs, "on_destroy": "delete", "delete": PUSH}
    image.up()
    image.inputs = {}
    image.up()
    assert _request(private_target, "HEAD", manifest) == 404

    image.inputs = inputs
    image.up()
    image.inputs = {}
    image.up()
    assert _request(private_target, "HEAD", manifest) == 200  # retained

    image.inputs = {**inputs, "on_destroy": "delete"}
    image.up()
    done = image.workspace.run("pulumi", "destroy", "--stack", "one", "--yes", "--skip-preview")
    assert "it existed before this resource" in done.stdout + done.stderr
    assert _request(private_target, "HEAD", manifest) == 200


@pytest.mark.nightly
def test_an_image_that_is_there_is_imported_and_belongs_to_others(
    tmp_path: Path, image: OneImage, lab: LabState, private_target: RegistryServer
) -> None:
    manifest = "/v2/chaos/chaos-ddcr/manifests/1.94.0"
    image.up()
    digest = lab.upstream.digests["chaos-ddcr:1.94.0"]
    image.inputs, inputs = {}, image.inputs
    image.up()
    # an import looks before the program's inputs are known: with this machine's docker login
    auths = {private_target.host: {"auth": b64encode(f"pusher:{PUSH_CANARY}".encode()).decode()}}
    (tmp_path / "config.json").write_text(json.dumps({"auths": auths}), "utf-8")
    image.workspace.environment["DOCKER_CONFIG"] = str(tmp_path)

    image.inputs = {**inputs, "import": f"{inputs['target']}@sha256:{'0' * 64}"}
    assert "does not exist" in image.up(check=False)
    image.inputs = {**inputs, "import": f"{inputs['target']}@{digest}", "on_destroy": "delete", "digest": digest}
    image.up()
    assert image.outputs()["digest"] == digest
    image.inputs.pop("import")
    image.up("--expect-no-changes")
    assert image.change(source=f"{lab.upstream.host}/harness/chaos-ddcr-faults:1.94.0") == ("update", ("source",))

    image.inputs = {}
    assert "it existed before this resource" in image.up()
    assert _request(private_target, "HEAD", manifest) == 200


@pytest.mark.nightly
def test_refresh_and_destroy_find_the_plugin_without_a_virtual_environment(image: OneImage, lab: LabState) -> None:
    image.up()
    engine = str(Path(lab.bin["pulumi"]).parent)
    image.workspace.environment["PATH"] = f"{engine}:/usr/bin:/bin"

    said = image.refresh("--expect-no-changes")
    done = image.workspace.run("pulumi", "destroy", "--stack", "one", "--yes", "--skip-preview")

    assert "warning" not in said + done.stdout + done.stderr
    assert image.outputs() is None


def test_a_large_image_needs_little_memory_and_survives_a_killed_plugin(
    tmp_path: Path, lab: LabState, private_target: RegistryServer
) -> None:
    # given an image with a layer of 1 GB
    with RegistryServer(tmp_path / "source") as source:
        _push_large_image(source, "big", megabytes=1024)
        image = OneImage(
            tmp_path / "big", source=f"{source.host}/big:1", target=f"{private_target.host}/big:1", push=PUSH
        )

        # when the plugin is killed in the middle of the copy
        broken = threading.Thread(target=lambda: image.up(check=False))
        broken.start()
        plugin = _plugin_below(os.getpid())
        assert wait_for(lambda: _stored(private_target) > 100_000_000, 60)
        os.kill(plugin, signal.SIGKILL)
        broken.join(timeout=60)

        # then no tag was written, and the next up finishes
        assert _request(private_target, "HEAD", "/v2/big/manifests/1") == 404
        again = threading.Thread(target=image.up)
        again.start()
        plugin = _plugin_below(os.getpid())
        peak = 0
        while again.is_alive():
            peak = max(peak, _peak_memory(plugin))
            again.join(timeout=0.05)
        assert _request(private_target, "HEAD", "/v2/big/manifests/1") == 200
        assert 0 < peak < 200_000, f"the plugin took {peak} kB"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"push": {"username": "pusher", "password": "wrong"}}, "CHR0403", "pusher"),
        pytest.param({"push": None}, "CHR0403", "no credentials", marks=pytest.mark.nightly),
        pytest.param({"target": "127.0.0.1:1/chaos/x:1"}, "CHR0401", "127.0.0.1:1", marks=pytest.mark.nightly),
        pytest.param({"source": "127.0.0.1:1/chaos/x:1"}, "CHR0401", "127.0.0.1:1", marks=pytest.mark.nightly),
    ],
    ids=["wrong password", "no password", "target unreachable", "source unreachable"],
)
def test_a_failure_is_one_clear_error_and_the_next_up_finishes(
    image: OneImage, change: dict[str, object], code: str, words: str
) -> None:
    good = dict(image.inputs)
    image.inputs |= change

    said = image.up(check=False)

    assert code in said
    assert words in said
    assert "Traceback" not in said
    assert image.outputs() is None
    image.inputs = good
    image.up()
    assert image.outputs()["digest"].startswith("sha256:")


def test_wrong_inputs_are_reported_by_name_before_anything_runs(image: OneImage) -> None:
    image.inputs |= {"source": "UPPER/case:1", "digest": "md5:1", "on_destroy": "explode"}

    said = image.up(check=False)

    for words in ("its repository is malformed", "is not a digest", "must be one of: retain, delete"):
        assert words in said
    assert "Traceback" not in said


def _request(server: RegistryServer, method: str, path: str, body: bytes | None = None, **headers: str) -> int:
    request = urllib.request.Request(f"http://{server.host}{path}", data=body, method=method)
    for user, password in server.logins.items():
        request.add_header("Authorization", "Basic " + b64encode(f"{user}:{password}".encode()).decode())
    request.add_header("Accept", "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _push_large_image(server: RegistryServer, name: str, *, megabytes: int) -> None:
    """One layer of zeros, sent from a sparse file: what counts is that nobody may hold it in memory."""
    layer = server.folder / "layer.tar"
    with layer.open("wb") as file:
        file.truncate(megabytes * 1024 * 1024)
    with layer.open("rb") as file:
        layer_digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    config = b"{}"
    config_digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    _upload(server, name, config_digest, config)
    _upload(server, name, layer_digest, layer)
    layer_size = layer.stat().st_size
    layer.unlink()
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": config_digest,
            "size": len(config),
        },
        "layers": [
            {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer_digest, "size": layer_size},
        ],
    }
    body, kind = json.dumps(manifest).encode(), {"Content-Type": _MANIFEST}
    answer = urllib3.request("PUT", f"http://{server.host}/v2/{name}/manifests/1", body=body, headers=kind)
    assert answer.status == 201


def _upload(server: RegistryServer, name: str, digest: str, content: bytes | Path) -> None:
    session = urllib3.request("POST", f"http://{server.host}/v2/{name}/blobs/uploads/")
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    answer = urllib3.request(
        "PUT",
        f"{session.headers['Location']}&digest={digest}",
        body=content if isinstance(content, bytes) else content.open("rb"),
        headers={"Content-Length": str(size), "Content-Type": "application/octet-stream"},
    )
    assert answer.status == 201


def _stored(server: RegistryServer) -> int:
    return sum(path.stat().st_size for path in server.storage.rglob("data") if path.is_file())


def _plugin_below(ancestor: int) -> int:
    """The process id of our plugin, once the engine has started it below this process."""
    found: list[int] = []

    def look() -> bool:
        for folder in Path("/proc").iterdir():
            ours = folder.name.isdigit() and b"pulumi-resource-chaosreg" in _read(folder / "cmdline")
            if ours and _is_below(int(folder.name), ancestor):
                found.append(int(folder.name))
        return bool(found)

    assert wait_for(look, 30)
    return found[0]


def _is_below(pid: int, ancestor: int) -> bool:
    while pid > 1:
        status = _read(Path(f"/proc/{pid}/status")).decode()
        if "PPid:" not in status:
            return False
        pid = int(status.split("PPid:")[1].split()[0])
        if pid == ancestor:
            return True
    return False


def _peak_memory(pid: int) -> int:
    """Kilobytes of resident memory at the most so far; 0 once it has ended."""
    status = _read(Path(f"/proc/{pid}/status")).decode()
    return int(status.split("VmHWM:")[1].split()[0]) if "VmHWM:" in status else 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
