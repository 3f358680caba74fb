"""`chaosreg mirror -vv` between two real registries that each want their own login."""

import json
import re
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main
from tests.support.builder import image, layer, push
from tests.support.canary import PULL, PUSH, traces_of
from tests.support.company import mirroring_company

pytestmark = pytest.mark.registry


def test_each_login_image_and_request_is_told_and_no_secret(
    private_ends: tuple[RegistryServer, RegistryServer], tmp_path: Path, monkeypatch, capsys
) -> None:
    upstream, target = private_ends
    tree = push(upstream.host, "harness/app", "1", image(layer("app", 1000)), (PULL.username, PULL.password))
    project = mirroring_company(tmp_path, upstream.host, target.host, {"app": tree.digest})
    auths = {upstream.host: {"auth": PULL.basic}, target.host: {"auth": PUSH.basic}}
    (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))

    assert main(["--project", str(project), "mirror", "-vv"]) == 0

    out, said = capsys.readouterr()
    assert "1 of 1 images: " in out
    assert f"oci.auth: {upstream.host}: logs in as user `puller`" in said
    assert f"oci.auth: {target.host}: logs in as user `pusher`" in said
    assert f"mirror.mirror: {target.host}/chaos/app:1: to be {tree.digest} of {upstream.host}/harness/app:1" in said
    asked = re.findall(r"oci\.transport: ([A-Z]+) (http://\S+): (\d+) in \d+ ms(?:, (\d+) bytes( sent)?)?$", said, re.M)
    assert ("PUT", f"http://{target.host}/v2/chaos/app/manifests/1", "201", str(len(tree.raw)), " sent") in asked
    assert any(method == "GET" and "/v2/harness/app/blobs/sha256:" in url for method, url, *_ in asked)
    assert "?" not in "".join(url for _, url, *_ in asked)
    assert traces_of(PULL, said + out) + traces_of(PUSH, said + out) == []
