"""What a person sees on a terminal while `chaosreg mirror` works: a bar for each image and one for the whole."""

import re
from pathlib import Path

import pytest

from lab.registry import RegistryServer
from tests.support.builder import digest_of, image, index, layer, push
from tests.support.company import mirroring_company
from tests.support.fault_scripts import always
from tests.support.faults import Change, FaultServer
from tests.support.terminal import on_a_terminal

pytestmark = pytest.mark.registry

LONG, SHORT = layer("long", 3_000_000), layer("short", 1_000_000)
UNITS = {"B": 1, "kB": 1e3, "MB": 1e6}


def test_bars_show_bytes_rate_and_what_is_left_and_never_go_back(
    tmp_path: Path, upstream: RegistryServer, target: RegistryServer
) -> None:
    # given two images that come slowly side by side, one faster than the other
    trees = {
        "chaos-ddcr": push(upstream.host, "harness/chaos-ddcr", "1", index(image(LONG))),
        "chaos-log-watcher": push(upstream.host, "harness/chaos-log-watcher", "1", image(SHORT)),
    }
    drips = {digest_of(LONG): Change(drip=(200_000, 0.1)), digest_of(SHORT): Change(drip=(50_000, 0.1))}
    scripts = [always(change, "GET", digest) for digest, change in drips.items()]
    with FaultServer(
        lambda seen: next(filter(None, (script(seen) for script in scripts)), None), upstream.host
    ) as source:
        digests = {name: tree.digest for name, tree in trees.items()}
        project = mirroring_company(tmp_path, source.host, target.host, digests)
        # when
        code, told = on_a_terminal(["mirror"], project, {"COLUMNS": "120"})
    # then
    assert code == 0, told
    plain = re.sub(r"\033\[[0-9;]*[A-Za-z]", "", told)
    of_the_whole = re.findall(r"all +[█░]{24} +([\d.]+) (B|kB|MB) of 4\.0 MB  [\d.]+ (?:B|kB|MB)/s, \d+ s left", plain)
    positions = [float(number) * UNITS[unit] for number, unit in of_the_whole]
    assert len(set(positions)) >= 3
    assert positions == sorted(positions)
    assert re.search(r"chaos-ddcr:1 +[█░]{24} +[\d.]+ (B|kB|MB) of 3\.0 MB", plain)
    assert plain.rstrip().splitlines()[-1].startswith("2 of 2 images: 4.0 MB sent in ")
