"""`CHAOSREG_MIRROR_FROM`: the plugin of `pulumi up` reads a layout in the place of the sources that it has."""

from pathlib import Path

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.provider.mirrored_image import MirroredImage
from pulumi_chaosreg.provider.run import Run
from tests.support.builder import image, layer, push
from tests.support.carried import digest_at

pytestmark = pytest.mark.registry


def put(source: str, target: str, **inputs: str) -> str:
    """The digest of what a plugin's run copies."""
    resource = MirroredImage.of_run(Run())
    try:
        outputs = resource.put({"source": source, "target": target, **inputs}, lambda _: None)[1]
    finally:
        resource.mirror.close()
    return str(outputs["digest"])


def test_a_source_of_the_layout_is_not_asked_and_another_one_is(
    mirror, images, layout: Path, upstream: RegistryServer, target: RegistryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mirror("--to", layout)[0] == 0
    upstream.stop()
    monkeypatch.setenv("CHAOSREG_MIRROR_FROM", str(layout))

    carried = put(f"{upstream.host}/harness/chaos-ddcr:1", f"{target.host}/chaos/chaos-ddcr:1")
    assert carried == images["chaos-ddcr"].digest == digest_at(f"{target.host}/chaos/chaos-ddcr:1")

    built_here = push(target.host, "builds/ours", "7", image(layer("ours")))
    assert put(f"{target.host}/builds/ours:7", f"{target.host}/chaos/ours:7") == built_here.digest


def test_an_image_that_the_layout_lacks_is_named(
    mirror, layout: Path, upstream: RegistryServer, target: RegistryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mirror("--to", layout)[0] == 0
    monkeypatch.setenv("CHAOSREG_MIRROR_FROM", str(layout))

    with pytest.raises(ChaosregError, match=r"CHR0435.* of `.*/harness/later`"):
        put(f"{upstream.host}/harness/later:1", f"{target.host}/chaos/later:1", digest=f"sha256:{'0' * 64}")


def test_a_path_without_a_layout_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "layout.tar").write_text("something else")
    monkeypatch.setenv("CHAOSREG_MIRROR_FROM", str(tmp_path / "layout.tar"))

    with pytest.raises(ChaosregError, match="CHR043"):
        put("docker.io/harness/chaos-ddcr:1", "127.0.0.1:9/chaos/chaos-ddcr:1")


def test_a_relative_path_counts_from_pulumi_yaml_and_is_missed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("{name: chaos, runtime: python, main: program}")
    (tmp_path / "program").mkdir()
    monkeypatch.chdir(tmp_path / "program")
    monkeypatch.setenv("CHAOSREG_MIRROR_FROM", "layout.tar")
    inputs = {"source": "docker.io/harness/chaos-ddcr:1", "target": "registry.example/chaos/chaos-ddcr:1"}

    missed = MirroredImage.of_run(Run())
    with pytest.raises(ChaosregError, match="no such file") as told:
        missed.check(inputs)
    assert f"`{tmp_path / 'layout.tar'}`" in str(told.value)
    assert "give an absolute path" in str(told.value)
    assert missed.check(inputs)[1] == []  # the run has failed: the other images have nothing to add

    (tmp_path / "layout.tar").touch()
    assert MirroredImage.of_run(Run()).check(inputs)[1] == []
