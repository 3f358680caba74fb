"""docs/operations.md: what a registry had, that was lost, comes back by the lockfile, or from a layout."""

import pytest

from tests.support.builder import image, layer, push
from tests.support.carried import NAMES, arrived

pytestmark = pytest.mark.registry


def test_from_the_sources_also_where_a_tag_has_moved_on(mirror, images, upstream, target) -> None:
    assert mirror()[0] == 0
    push(upstream.host, f"harness/{NAMES[0]}", "1", image(layer("newer")))
    target.wipe()
    assert arrived(target, images) == set()

    code, out = mirror()

    assert code == 0, out
    assert arrived(target, images) == set(NAMES)


def test_from_a_layout_without_the_sources(mirror, layout, images, upstream, target) -> None:
    assert mirror()[0] == 0
    assert mirror("--to", layout)[0] == 0
    target.wipe()
    upstream.stop()

    code, out = mirror("--from", layout)

    assert code == 0, out
    assert arrived(target, images) == set(NAMES)
