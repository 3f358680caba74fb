"""The releases that we know, and the tags that each gives its images."""

import re

import pytest

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.reference import TAG, Reference


@pytest.fixture
def catalogue():
    return load_catalogue()


def test_release_1_94_4_has_these_tags(catalogue):
    assert catalogue.release("1.94.4").images("ddcr") == {
        "chaos-ddcr": ("1.94.0",),
        "chaos-ddcr-faults": ("1.94.0",),
        "chaos-log-watcher": ("1.94.0",),
        "service-discovery-collector": ("0.74.0",),
    }


def test_patch_numbers_differ_per_image_inside_one_release(catalogue):
    assert catalogue.release("1.66.8").images("ddcr")["chaos-ddcr-faults"] == ("1.66.2",)


def test_dedicated_ends_with_1_53_1(catalogue):
    assert catalogue.newest_with("dedicated") == "1.53.1"
    tags = catalogue.release("1.53.1").images("dedicated")
    assert len(tags) == 9
    assert (tags["chaos-workflow-controller"], tags["chaos-runner"]) == (("v3.4.16",), ("1.53.0",))
    assert catalogue.release("1.94.4").images("dedicated") == {}


def test_the_newest_release_is_the_last_by_number_and_not_by_letter(catalogue):
    versions = [tuple(map(int, version.split("."))) for version in catalogue.releases if version[0].isdigit()]
    assert versions == sorted(versions)
    assert catalogue.newest == ".".join(map(str, versions[-1]))


def test_every_release_gives_a_valid_tag_to_every_image_of_its_sets(catalogue):
    for version, release in catalogue.releases.items():
        assert release.sets, version
        assert release.source, version
        for kind, images in release.sets.items():
            if version[0].isdigit():  # the self-managed platform has a list of its own
                assert set(images) == set({**catalogue.sets, **catalogue.groups}[kind]), (version, kind)
            assert all(TAG.match(tag) and re.search(r"\d", tag) for tags in images.values() for tag in tags)


def test_a_self_managed_release_may_need_two_tags_of_one_image(catalogue):
    images = catalogue.release("smp-0.43.0").images("ddcr")
    assert images["chaos-ddcr"] == ("1.90.0", "1.90.1")
    assert images["chaos-event-watcher"] == ("1.90.0",)


def test_images_for_load_tests_are_needed_by_no_type(catalogue):
    release = catalogue.release("smp-1.101.1")
    assert "load-test-runner" not in release.images("ddcr")
    assert release.listable("ddcr", catalogue.groups)["load-test-runner"] == ("0.4.0",)
    assert "load_test_runner" in catalogue.custom_image_keys


def test_the_newest_is_one_that_harness_runs(catalogue):
    assert not catalogue.newest.startswith("smp-")


@pytest.mark.parametrize(
    ("source", "image", "carried"),
    [
        ("docker.io/harness", "chaos-runner", True),
        ("public.ecr.aws/harness/harness", "chaos-ddcr", True),
        ("public.ecr.aws/harness/harness", "chaos-runner", False),
        ("public.ecr.aws/harness/harness", "chaos-log-watcher", True),  # both types need it
        ("mirror.example/harness", "chaos-runner", True),  # nobody knows
        ("public.ecr.aws/harness/harness", "something-else", True),
    ],
)
def test_which_source_carries_which_image_is_data(catalogue, source, image, carried):
    assert catalogue.carries(source, image) is carried


@pytest.mark.parametrize(
    ("tag", "floats"),
    [
        ("latest", True),
        ("main-latest", True),
        ("main", True),
        ("1.94.0", False),
        ("v3.4.16", False),
        ("mainline-1", False),
    ],
)
def test_floating_tags_are_told_by_their_names(catalogue, tag, floats):
    assert catalogue.is_floating(tag) is floats


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [("1.94.0", ["1.94.4"]), ("1.53.0", ["1.53.1"]), ("1.65.1", ["1.65.12"])],
)
def test_the_nearest_releases_are_those_of_the_same_minor(catalogue, asked, nearest):
    assert catalogue.nearest(asked) == nearest


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("1.60.0", ["1.59.0", "1.62.0"]),
        ("1.95.0", ["1.94.4"]),  # 1.93.0 is spelt more like it
        ("1.9.0", ["1.47.0"]),
        ("1.100.0", ["1.94.4"]),
        ("2", ["1.94.4"]),
        ("smp-0.35.5", ["smp-0.35.0"]),
        ("smp-0.38.0", ["smp-0.36.0", "smp-0.40.0"]),
        ("latest", ["1.94.4"]),
        ("", ["1.94.4"]),
    ],
)
def test_otherwise_the_nearest_are_by_version_the_older_and_the_newer_one(catalogue, asked, nearest):
    assert catalogue.nearest(asked) == nearest


def test_a_forgotten_v_is_seen_through(catalogue):
    assert catalogue.nearest("v1.94.4")[0] == "1.94.4"


def test_an_unknown_release_names_the_nearest_and_the_newest(catalogue):
    with pytest.raises(ChaosregError) as caught:
        catalogue.release("1.94.0")
    (finding,) = caught.value.findings
    assert finding.code == "CHR0302"
    assert finding.notes == (("nearest", "1.94.4 (Jul 2026)"), ("newest", "1.94.4 (Jul 2026)"))


def test_harness_s_own_registry_is_the_default(catalogue):
    assert Reference.parse(f"{catalogue.default_server}/{catalogue.default_account}/x").name == "docker.io/harness/x"


@pytest.mark.parametrize(
    ("key", "image"),
    [
        ("ddcr_fault", "chaos-ddcr-faults"),
        ("log_watcher", "chaos-log-watcher"),
        ("chaos_log_watcher", "chaos-log-watcher"),
        ("k8s_chaos_infrastructure_upgrader", "k8s-chaos-infrastructure-upgrader"),
        ("unknown", None),
    ],
)
def test_a_custom_key_names_an_image_or_none(catalogue, key, image):
    assert catalogue.image_of(key) == image


def test_every_custom_key_names_an_image(catalogue):
    assert all(catalogue.image_of(key) for key in catalogue.custom_image_keys)
    required = {image for names in catalogue.sets.values() for image in names}
    assert required <= {catalogue.image_of(key) for key in catalogue.custom_image_keys}
