"""A source that names an image by sha512, and targets that name by sha256: the same content, or no tag at all."""

from collections.abc import Iterator
from hashlib import sha512

import pytest

from lab.registry import RegistryServer
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.mirror import Mirror, Wanted
from pulumi_chaosreg.oci.manifest import referrers_tag
from pulumi_chaosreg.provider.mirrored_image import MirroredImage
from tests.support.builder import image, index, layer, push
from tests.support.faults import Change, FaultServer, Script, Seen

pytestmark = pytest.mark.registry

APP = index(image(layer("amd"), name="amd"), image(layer("arm"), name="arm"))
LONG = f"sha512:{sha512(APP.raw).hexdigest()}"


def knows_it_by_both(*, says: str) -> Script:
    """Stand-in for a registry that finds the image by either digest, and gives it that name."""

    def script(seen: Seen) -> Change | None:
        name = seen.path.rpartition("/")[2]
        if "/manifests/" not in seen.path or name not in ("1", LONG, APP.digest):
            return None
        path = seen.path.replace(LONG, APP.digest)
        return Change(path=path, headers={"Docker-Content-Digest": says} if seen.method != "PUT" else {})

    return script


@pytest.fixture
def source(upstream: RegistryServer) -> Iterator[Reference]:
    push(upstream.host, "app", "1", APP)
    with FaultServer(knows_it_by_both(says=LONG), upstream.host) as front:
        yield Reference(front.host, "app", "1")


@pytest.mark.parametrize("locked", [None, LONG])
def test_a_target_that_would_not_find_it_by_its_digest_gets_no_tag_and_is_told_why(
    source: Reference, target: RegistryServer, mirror: Mirror, locked: str | None
) -> None:
    goal = Reference(target.host, "app", "1")
    with pytest.raises(ChaosregError, match=rf"CHR0442.*`{target.host}` does not keep manifest `{LONG}`"):
        mirror.copy(source, goal, Wanted(locked))
    assert mirror.digest(goal) is None


def test_a_target_that_finds_it_by_its_digest_may_name_it_as_it_likes(
    source: Reference, target: RegistryServer, mirror: Mirror
) -> None:
    with FaultServer(knows_it_by_both(says=APP.digest), target.host) as front:
        goal = Reference(front.host, "app", "1")
        copied = mirror.copy(source, goal, Wanted(LONG))
        assert (copied.digest, copied.wrote) == (LONG, True)
        # and a second run finds it right
        before = front.count("PUT", "/")
        assert not mirror.copy(source, goal, Wanted(LONG)).wrote
        assert front.count("PUT", "/") == before
        # nor has it moved for a refresh
        inputs = {"source": str(source), "target": str(goal), "digest": LONG}
        state = {**inputs, "written": True}
        found = MirroredImage(mirror).look(str(goal), state, inputs)
    assert found is not None
    assert found[1]["digest"] == LONG
    assert mirror.digest(Reference(target.host, "app", "1")) == APP.digest


def test_a_target_that_names_by_sha512_is_right_for_a_lock_by_sha256(
    upstream: RegistryServer, target: RegistryServer, mirror: Mirror
) -> None:
    push(upstream.host, "app", "1", APP)
    with FaultServer(knows_it_by_both(says=LONG), target.host) as front:
        goal = Reference(front.host, "app", "1")
        assert mirror.copy(Reference(upstream.host, "app", "1"), goal, Wanted(APP.digest)).wrote
        assert not mirror.copy(Reference(upstream.host, "app", "1"), goal, Wanted(APP.digest)).wrote


def test_the_tag_of_a_list_of_referrers_fits_into_a_tag() -> None:
    assert referrers_tag(LONG) == f"sha512-{LONG[7:71]}"
    assert referrers_tag(APP.digest) == APP.digest.replace(":", "-")
