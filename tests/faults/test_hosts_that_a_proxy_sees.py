"""A mirror behind a company's proxy asks just the hosts that `chaosreg hosts` lists."""

import json
from pathlib import Path

import pytest

from lab.ports import free_port
from lab.registry import RegistryServer
from pulumi_chaosreg.cli.main import main
from tests.support.builder import image, layer, push
from tests.support.certificates import Authority
from tests.support.connect_proxy import ConnectProxy
from tests.support.projects import Project

pytestmark = pytest.mark.registry

HUB, HARBOR = "registry-1.docker.io", "harbor.company.example"


def test_a_proxy_sees_the_hosts_that_are_listed(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = Authority(tmp_path / "authority")
    with RegistryServer(tmp_path / HUB, port=free_port("127.0.0.1")) as plain:
        push(plain.host, "harness/chaos-ddcr", "1.94.0", image(layer("x")))
    running = [
        RegistryServer(tmp_path / name, port=free_port("127.0.0.1"), extra=ours.issue(name).settings).start()
        for name in (HUB, HARBOR)
    ]
    monkeypatch.setenv("SSL_CERT_FILE", str(ours.certificate))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    registry = {"server": HARBOR, "account": "chaos", "type": "public"}
    account = {"id": "acme", "images": {"release": "1.94.4", "pin": "off"}, "image_registry": registry}
    account |= {"mirror": {"source": "docker.io/harness"}, "required_images": ["harness/chaos-ddcr"]}
    below = {"chaosreg:parent_stack": "acme", "chaosreg:infrastructures": {"i": {"cluster": {"context": "c"}}}}
    project.write({"acme": {"chaosreg:account": account}, "i": below})
    try:
        names = {f"{name}:443": server.port for name, server in zip((HUB, HARBOR), running, strict=True)}
        with ConnectProxy(names) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.host}")
            assert main(["--project", str(project.folder), "mirror"]) == 0
            capsys.readouterr()
    finally:
        for one in running:
            one.stop()
    assert main(["--project", str(project.folder), "hosts", "--who", "CI", "-o", "json"]) == 0
    listed = {f"{row['host']}:{row['port']}" for row in json.loads(capsys.readouterr().out)}
    assert set(proxy.asked) == {f"{HUB}:443", f"{HARBOR}:443"}
    assert set(proxy.asked) <= listed
