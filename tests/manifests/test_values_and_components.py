"""What `render` prints for charts and Kustomize."""

import pytest
import yaml

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.manifests.charts import NAMES, chart_values, load_charts
from pulumi_chaosreg.manifests.kustomization import kustomization
from tests.manifests.values import DDCR, SECRET

NAMED = [{"name": SECRET}]


def image(name: str, tag: str = "1.53.0") -> dict[str, str]:
    return {"registry": "harbor.example.com", "repository": f"chaos/{name}", "tag": tag}


def test_the_chart_of_dedicated_infrastructures_gets_each_component_s_image(dedicated):
    assert chart_values("chaos-infra", dedicated) == {
        "subscriber": {
            "image": {**image("chaos-subscriber"), "imagePullSecrets": NAMED},
            "upgrader": {"image": {**image("k8s-chaos-infrastructure-upgrader"), "imagePullSecrets": NAMED}},
        },
        "workflow-controller": {
            "image": {**image("chaos-workflow-controller", "v3.4.16"), "imagePullSecrets": NAMED},
            "argoExec": {"image": image("chaos-argoexec", "v3.4.16")},
        },
        "chaos-operator": {
            "image": {**image("chaos-operator"), "imagePullSecrets": NAMED},
            "chaosRunner": {"image": image("chaos-runner")},
        },
        "chaos-exporter": {"image": {**image("chaos-exporter"), "imagePullSecrets": NAMED}},
    }


@pytest.mark.parametrize(
    ("written", "repository", "tag"),
    [
        ("x.example.com:5000/a/b:1@sha256:" + "c" * 64, "a/b", "1@sha256:" + "c" * 64),
        ("x.example.com:5000/a/b@sha256:" + "c" * 64, "a/b@sha256", "c" * 64),
    ],
)
def test_a_digest_comes_out_of_registry_repository_and_tag(target_of, written, repository, tag):
    target = target_of(
        account={"images": {"release": "1.53.1"}}, type="dedicated", custom_images={"chaos_runner": written}
    )
    runner = chart_values("chaos-infra", target)["chaos-operator"]["chaosRunner"]["image"]
    assert runner == {"registry": "x.example.com:5000", "repository": repository, "tag": tag}
    assert "{registry}/{repository}:{tag}".format(**runner) == written


def test_the_other_charts(target):
    assert chart_values("delegate", target) == {"imagePullSecret": SECRET, "upgrader": {"imagePullSecret": SECRET}}
    assert chart_values("litmus", target) == {
        "image": {"imageRegistryName": "harbor.example.com/chaos", "imagePullSecrets": NAMED}
    }
    with pytest.raises(ChaosregError, match="CHR0705"):
        chart_values("chaos-infra", target)


def test_the_self_managed_platform_gets_the_images_that_it_hands_out(target, target_of, dedicated):
    values = chart_values("smp", target)["chaos"]
    assert (
        values["chaos-manager"]
        == values["chaos-k8s-ifs"]
        == {
            "ddcrImage": {"image": image("chaos-ddcr", "1.94.0")},
            "ddcrFaultsImage": {"image": image("chaos-ddcr-faults", "1.94.0")},
            "ddcrLibImage": {"image": image("chaos-ddcr-faults", "1.94.0")},
            "logWatcherImage": {"image": image("chaos-log-watcher", "1.94.0")},
        }
    )
    own = target_of(custom_images={"ddcr_lib": "harbor.example.com/chaos/helper:7"})
    assert chart_values("smp", own)["chaos"]["chaos-manager"]["ddcrLibImage"] == {"image": image("helper", "7")}
    theirs = chart_values("smp", dedicated)["chaos"]["chaos-k8s-ifs"]
    assert theirs["chaosGoRunnerImage"] == {"image": image("chaos-go-runner")}
    assert theirs["argoWorkflowExecutorImage"] == {"image": image("chaos-argoexec", "v3.4.16")}


def test_every_image_of_a_chart_is_one_that_the_catalogue_knows(target):
    named = {image for chart in load_charts().values() for images in chart.images.values() for image in images}
    assert named - target.catalogue.names == {"chaos-ddcr-lib"}  # a slot, and no image of its own


def test_without_a_secret_charts_get_none(target_of):
    public = {"server": "harbor.example.com", "account": "chaos", "type": "public"}
    target = target_of(account={"image_registry": public})
    assert chart_values("delegate", target) == {}
    assert chart_values("litmus", target) == {"image": {"imageRegistryName": "harbor.example.com/chaos"}}
    assert "patches" not in kustomization(target)


def test_every_chart_that_the_command_offers_is_in_the_table():
    assert set(NAMES) == set(load_charts())


def test_kustomize_knows_an_image_by_each_of_its_names(target):
    component = kustomization(target)
    assert component["kind"] == "Component"
    name, _, tag = DDCR.rpartition(":")
    assert [one for one in component["images"] if one["newName"] == name] == [
        {"name": known, "newName": name, "newTag": tag}
        for known in (
            "docker.io/harness/chaos-ddcr",
            "harness/chaos-ddcr",
            "us-docker.pkg.dev/gar-prod-setup/harness-public/harness/chaos-ddcr",
            "public.ecr.aws/harness/harness/chaos-ddcr",
            "docker.io/harnesssecure/chaos-ddcr",
            "harnesssecure/chaos-ddcr",
        )
    ]


def test_kustomize_s_patches_add_the_secret_to_every_pod(target):
    patches = {one["target"]["kind"]: yaml.safe_load(one["patch"]) for one in kustomization(target)["patches"]}
    assert patches["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"] == {"imagePullSecrets": NAMED}
    assert patches["Pod"]["spec"] == {"imagePullSecrets": NAMED}
    assert patches["ServiceAccount"]["imagePullSecrets"] == NAMED
    assert all(patch["kind"] == kind for kind, patch in patches.items())


def test_kustomize_gets_the_names_of_sources_that_have_the_image(dedicated):
    names = [one["name"] for one in kustomization(dedicated)["images"]]
    assert "harness/chaos-operator" in names
    assert "public.ecr.aws/harness/harness/chaos-operator" not in names
