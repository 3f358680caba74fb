"""Which images an infrastructure needs, and at which tags: release, list, tags, custom images."""

import pytest

DDCR = {
    "chaos-ddcr": "1.94.0",
    "chaos-ddcr-faults": "1.94.0",
    "chaos-log-watcher": "1.94.0",
    "service-discovery-collector": "0.74.0",
}


def test_a_ddcr_infrastructure_needs_the_four_images_of_its_release(project):
    images = project.four_levels().images
    assert images == {name: f"docker.io/harness/{name}:{tag}" for name, tag in DDCR.items()}


def test_a_dedicated_infrastructure_needs_nine_images(project):
    outcome = project.four_levels(infrastructure={"type": "dedicated", "images": {"release": "1.53.1"}})
    assert outcome.codes == []
    assert len(outcome.images) == 9
    assert outcome.images["chaos-argoexec"] == "docker.io/harness/chaos-argoexec:v3.4.16"


CUSTOM = {
    # the product page's keys
    "chaos_runner": ("dedicated", "chaos-runner"),
    "chaos_operator": ("dedicated", "chaos-operator"),
    "log_watcher": ("ddcr", "chaos-log-watcher"),
    "go_runner": ("dedicated", "chaos-go-runner"),
    # Harness's own
    "ddcr": ("ddcr", "chaos-ddcr"),
    "ddcr_fault": ("ddcr", "chaos-ddcr-faults"),
    "ddcr_lib": ("ddcr", "chaos-ddcr-lib"),
    # every other required image in snake_case
    "chaos_ddcr": ("ddcr", "chaos-ddcr"),
    "chaos_ddcr_faults": ("ddcr", "chaos-ddcr-faults"),
    "chaos_log_watcher": ("ddcr", "chaos-log-watcher"),
    "service_discovery_collector": ("ddcr", "service-discovery-collector"),
    "chaos_workflow_controller": ("dedicated", "chaos-workflow-controller"),
    "chaos_argoexec": ("dedicated", "chaos-argoexec"),
    "chaos_exporter": ("dedicated", "chaos-exporter"),
    "chaos_subscriber": ("dedicated", "chaos-subscriber"),
    "chaos_go_runner": ("dedicated", "chaos-go-runner"),
    "k8s_chaos_infrastructure_upgrader": ("dedicated", "k8s-chaos-infrastructure-upgrader"),
}


@pytest.mark.parametrize("key", CUSTOM)
def test_a_custom_image_replaces_the_image_that_its_key_names(project, key):
    kind, image = CUSTOM[key]
    outcome = project.four_levels(
        account={"images": {"release": "1.53.1"}, "mirror": {"source": "docker.io/harness"}},
        infrastructure={"type": kind, "custom_images": {key: "h.example/own/thing:v1"}},
    )
    assert outcome.codes == []
    assert outcome.images[image] == "h.example/own/thing:v1"
    assert outcome.origins[f"image.{image}"] == "infrastructure/prod-eu"
    # and all others stay, as they are
    assert sum("h.example" in reference for reference in outcome.images.values()) == 1
    # and nobody mirrors it
    assert next(i for i in outcome.config.images if i.name == image).source is None


def test_the_helper_image_is_a_slot_of_its_own_only_where_it_is_set(project):
    assert "chaos-ddcr-lib" not in project.four_levels().images


def test_custom_images_merge_per_image(project):
    outcome = project.four_levels(
        account={"custom_images": {"ddcr": "h.example/a:1", "log_watcher": "h.example/a:1"}},
        infrastructure={"custom_images": {"log_watcher": "h.example/i:1"}},
    )
    assert outcome.images["chaos-ddcr"] == "h.example/a:1"
    assert outcome.images["chaos-log-watcher"] == "h.example/i:1"


def test_two_spellings_of_one_custom_image_are_one_field(project):
    outcome = project.four_levels(
        account={"custom_images": {"log_watcher": "h.example/account:1"}},
        organization={"custom_images": {"chaos_log_watcher": "h.example/organization:1"}},
        infrastructure={"custom_images": {"log_watcher": "h.example/infrastructure:1"}},
    )
    assert outcome.images["chaos-log-watcher"] == "h.example/infrastructure:1"


@pytest.mark.parametrize(
    ("account", "infrastructure", "tag"),
    [
        ({}, {}, "1.94.0"),  # the release
        ({"images": {"tags": {"chaos-ddcr": "t1"}}}, {}, "t1"),  # a tag beats the release
        ({}, {"images": {"release": "1.93.0"}}, "1.93.0"),  # a nearer release beats one above
        ({"images": {"tags": {"chaos-ddcr": "t1"}}}, {"images": {"release": "1.93.0"}}, "t1"),  # and no tag
        ({"images": {"tags": {"chaos-ddcr": "t1"}}}, {"images": {"tags": {"chaos-ddcr": "t2"}}}, "t2"),
        ({}, {"required_images": ["harness/chaos-ddcr:listed"]}, "listed"),  # a list's tag beats the release
        ({}, {"required_images": ["harness/chaos-ddcr"]}, "1.94.0"),  # without one the release gives it
        (
            {"images": {"tags": {"chaos-ddcr": "t1"}}},
            {"required_images": ["harness/chaos-ddcr:listed"]},
            "t1",
        ),
    ],
)
def test_tags_beat_the_list_and_the_list_beats_the_release(project, account, infrastructure, tag):
    outcome = project.four_levels(account=account, infrastructure=infrastructure)
    assert outcome.codes == []
    assert outcome.images["chaos-ddcr"] == f"docker.io/harness/chaos-ddcr:{tag}"


def test_a_custom_image_beats_every_tag(project):
    outcome = project.four_levels(
        account={"custom_images": {"ddcr": "h.example/x:custom"}},
        infrastructure={"images": {"tags": {"chaos-ddcr": "t"}}},
    )
    assert outcome.images["chaos-ddcr"] == "h.example/x:custom"


def test_an_explicit_list_replaces_the_type_s_own_and_keeps_last_path_segments(project):
    outcome = project.four_levels(
        account={"image_registry": {"server": "h.example", "account": "team/chaos", "type": "public"}},
        project={"required_images": ["else/where/thing:v1", "harness/chaos-ddcr"]},
    )
    assert outcome.images == {
        "thing": "h.example/team/chaos/thing:v1",
        "chaos-ddcr": "h.example/team/chaos/chaos-ddcr:1.94.0",
    }
    assert outcome.origins["image.thing"] == "project/checkout"
    assert outcome.origins["image.chaos-ddcr"] == "account/acme"  # its release decided the tag


def test_the_nearest_list_wins_as_a_whole(project):
    outcome = project.four_levels(
        account={"required_images": ["a/one:1", "a/two:1"]}, infrastructure={"required_images": ["a/three:1"]}
    )
    assert list(outcome.images) == ["three"]


@pytest.mark.parametrize("account", ["chaos", "/chaos/", "chaos/", "/chaos"])
def test_slashes_around_the_account_do_not_matter(project, account):
    registry = {"server": "h.example:5000", "account": account, "type": "public"}
    images = project.four_levels(account={"image_registry": registry}).images
    assert images["chaos-ddcr"] == "h.example:5000/chaos/chaos-ddcr:1.94.0"


def test_a_server_without_an_account_has_its_images_at_the_root(project):
    images = project.four_levels(account={"image_registry": {"server": "h.example", "type": "public"}}).images
    assert images["chaos-ddcr"] == "h.example/chaos-ddcr:1.94.0"
