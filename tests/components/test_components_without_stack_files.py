"""The components from plain Python: what they register, under which names. SDK mocks stand in for the engine."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

import pulumi_chaosreg as chaosreg
from tests.support.mocked_program import DIGEST

pytestmark = pytest.mark.components

REGISTRY = {
    "server": "harbor.company.com",
    "account": "chaos",
    "type": "private",
    "authentication": {"username": "chaos-user", "password_secret": "harbor"},
}


def _company(**account: Any) -> chaosreg.Project:
    account = {"image_registry": REGISTRY, "images": {"release": "1.94.4"}, "allow_overrides": True, **account}
    root = chaosreg.Account("acme", credentials={"harbor": pulumi.Output.secret("pw")}, **account)
    return chaosreg.Project("checkout", organization=chaosreg.Organization("payments", account=root))


def _infrastructure(project: chaosreg.Project, name: str = "prod-eu", **settings: Any) -> chaosreg.Infrastructure:
    return chaosreg.Infrastructure(
        name, project=project, cluster=chaosreg.Cluster(context="prod-eu"), namespace="harness-chaos", **settings
    )


def test_an_infrastructure_gets_a_namespace_a_secret_and_a_config_map(run: Any) -> None:
    made = run(lambda: _infrastructure(_company()) and None).made

    path = "payments/checkout/prod-eu"
    data = made[f"kubernetes:core/v1:ConfigMap {path}"]["data"]
    assert data["image.chaos-ddcr"] == "harbor.company.com/chaos/chaos-ddcr:1.94.0"
    assert data["origin.server"] == "account/acme"
    assert made[f"kubernetes:core/v1:NamespacePatch {path}"]["metadata"] == {"name": "harness-chaos"}
    secret = made[f"kubernetes:core/v1:Secret {path}"]
    assert secret["type"] == "kubernetes.io/dockerconfigjson"
    assert secret["data"].keys() >= {"value"}, "the data is not marked as secret"


def test_an_infrastructure_costs_its_objects_and_one_component(run: Any) -> None:
    made = run(lambda: _infrastructure(_company(), service_accounts=["litmus"]) and None).made

    below = sorted(name.partition(" ")[0] for name in made if "prod-eu" in name.partition("/checkout/")[2])
    assert below == [
        "chaosreg:index:ImagePullSecretEntry",
        "chaosreg:index:Infrastructure",
        "kubernetes:core/v1:ConfigMap",
        "kubernetes:core/v1:NamespacePatch",
        "kubernetes:core/v1:Secret",
    ]


def test_the_mirror_copies_each_image_once_however_many_infrastructures_ask(run: Any) -> None:
    def program() -> None:
        project = _company(mirror={"source": "docker.io/harness"})
        for name in ("prod-eu", "prod-us"):
            _infrastructure(project, name)

    made = run(program).made

    images = [name for name in made if name.startswith("chaosreg:index:MirroredImage")]
    assert sorted(images) == [
        f"chaosreg:index:MirroredImage harbor.company.com/chaos/{image}"
        for image in (
            "chaos-ddcr-faults:1.94.0",
            "chaos-ddcr:1.94.0",
            "chaos-log-watcher:1.94.0",
            "service-discovery-collector:0.74.0",
        )
    ]
    data = made["kubernetes:core/v1:ConfigMap payments/checkout/prod-us"]["data"]
    assert data["image.chaos-ddcr"] == f"harbor.company.com/chaos/chaos-ddcr:1.94.0@{DIGEST}"
    assert len([name for name in made if name.startswith("pulumi:providers:kubernetes")]) == 1


@pytest.mark.parametrize(
    ("pin", "reference"),
    [
        ({}, f"harbor.company.com/chaos/chaos-ddcr:1.94.0@{DIGEST}"),
        ({"pin": "off"}, "harbor.company.com/chaos/chaos-ddcr:1.94.0"),
        ({"pin": "record"}, "harbor.company.com/chaos/chaos-ddcr:1.94.0"),
    ],
)
def test_a_cluster_gets_what_the_copy_found_or_by_the_setting_the_tag(run: Any, pin: Any, reference: str) -> None:
    images = {"release": "1.94.4", **pin}
    made = run(lambda: _infrastructure(_company(mirror={"source": "docker.io/harness"}, images=images)) and None).made
    assert made["kubernetes:core/v1:ConfigMap payments/checkout/prod-eu"]["data"]["image.chaos-ddcr"] == reference


def test_only_tags_that_move_get_a_second_one(run: Any) -> None:
    images = {"release": "1.94.4", "tags": {"chaos-ddcr": "main-latest"}}
    made = run(lambda: _infrastructure(_company(mirror={"source": "docker.io/harness"}, images=images)) and None).made
    mirrored = {name.rpartition(" ")[2]: inputs for name, inputs in made.items() if "MirroredImage" in name}
    assert {name for name, inputs in mirrored.items() if inputs.get("uniqueTag")} == {
        "harbor.company.com/chaos/chaos-ddcr:main-latest"
    }


def test_what_the_mirror_keeps_are_inputs_of_each_image(run: Any) -> None:
    mirror = {"source": "docker.io/harness", "platforms": ["linux/arm64", "linux/amd64"], "foreign_layers": "keep"}
    made = run(lambda: _infrastructure(_company(mirror=mirror)) and None).made
    inputs = made["chaosreg:index:MirroredImage harbor.company.com/chaos/chaos-ddcr:1.94.0"]
    assert (inputs["platforms"], inputs["foreignLayers"]) == (["linux/amd64", "linux/arm64"], "keep")


def test_an_account_is_reached_by_the_context_or_kubeconfig_of_its_cluster(run: Any) -> None:
    def program(cluster: chaosreg.Cluster) -> None:
        chaosreg.Infrastructure("eu", project=_company(), cluster=cluster, service_accounts=["litmus"])

    with pytest.raises(pulumi.RunError, match="CHR0601"):
        run(lambda: program(chaosreg.Cluster(identifier="europe")))
    content = "apiVersion: v1\nkind: Config\n"
    for cluster in (
        chaosreg.Cluster(context="eu"),
        chaosreg.Cluster(context="eu", kubeconfig="~/eu.yaml", identifier="europe"),
        chaosreg.Cluster(kubeconfig=content),
    ):
        made = run(lambda cluster=cluster: program(cluster)).made
        entry = made["chaosreg:index:ImagePullSecretEntry payments/checkout/eu/litmus"]
        assert (entry["serviceAccount"], entry["clusterIdentifier"]) == ("litmus", cluster.name)
        assert entry.get("context") == cluster.context
        path_or_secret = entry.get("kubeconfig")
        assert path_or_secret == cluster.kubeconfig or path_or_secret["value"] == cluster.kubeconfig
        assert (path_or_secret == content) is False, "the content is not marked as secret"


def test_strict_pins_need_the_lockfile_that_only_stack_files_have(run: Any) -> None:
    with pytest.raises(pulumi.RunError, match=r"CHR0330(.|\n)*`images.pin: strict` needs a lockfile"):
        run(lambda: _infrastructure(_company(images={"release": "1.94.4", "pin": "strict"})) and None)


KEY = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"


@pytest.mark.extra("verify")
def test_who_must_have_signed_is_read_beside_pulumi_yaml_and_given_to_each_image(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cosign.pub").write_text(KEY)
    mirror = {"source": "docker.io/harness", "signatures": "require", "verify": {"public_keys": ["cosign.pub"]}}

    made = run(lambda: _infrastructure(_company(mirror=mirror)) and None).made

    image = made["chaosreg:index:MirroredImage harbor.company.com/chaos/chaos-ddcr:1.94.0"]
    assert (image["signatures"], image["verify"]) == ("require", {"public_keys": [KEY]})


def test_a_signer_s_key_that_is_not_there_is_refused(run: Any) -> None:
    mirror = {"source": "docker.io/harness", "signatures": "require", "verify": {"public_keys": ["gone.pub"]}}
    with pytest.raises(pulumi.RunError, match="CHR0321"):
        run(lambda: _infrastructure(_company(mirror=mirror)) and None)


def test_a_wrong_setting_is_one_error_that_names_the_valid_keys(run: Any) -> None:
    with pytest.raises(pulumi.RunError, match=r"CHR0104(.|\n)*did you mean `images`"):
        run(lambda: _company(imagse={"release": "1.94.4"}) and None)


def test_an_override_that_is_not_allowed_is_refused(run: Any) -> None:
    with pytest.raises(pulumi.RunError, match=r"CHR0203(.|\n)*account `acme`"):
        run(lambda: _infrastructure(_company(allow_overrides=False), images={"release": "1.93.0"}) and None)


def test_a_docker_config_without_a_key_for_the_server_is_refused(run: Any) -> None:
    def program() -> None:
        config = {"auths": {"https://harbor.company.com/v2": {"auth": "eDp5"}}}
        account = chaosreg.Account(
            "acme", image_registry=REGISTRY, images={"release": "1.94.4"}, credentials={"harbor": config}
        )
        chaosreg.Infrastructure("dev", account=account, cluster=chaosreg.Cluster(context="dev"))

    with pytest.raises(pulumi.RunError, match="CHR0507"):
        run(program)


def test_a_public_registry_needs_no_secret(run: Any) -> None:
    def program() -> None:
        account = chaosreg.Account("acme", images={"release": "1.94.4"})
        dev = chaosreg.Infrastructure("dev", account=account, cluster=chaosreg.Cluster(context="dev"))
        assert dev.secret_name is None

    made = run(program).made

    assert not any("Secret" in name for name in made)
    assert made["kubernetes:core/v1:ConfigMap dev"]["data"]["server"] == "docker.io"


def test_a_level_mirrors_what_it_lists_when_it_is_declared(run: Any) -> None:
    also = ["harness/delegate:24.11", f"harness/source-probe:1@{DIGEST}"]

    def program() -> None:
        _company(mirror={"source": "docker.io/harness", "also": also})

    made = run(program).made
    copies = {inputs["target"]: inputs for name, inputs in made.items() if "MirroredImage" in name}
    assert copies.keys() == {"harbor.company.com/chaos/delegate:24.11", "harbor.company.com/chaos/source-probe:1"}
    assert copies["harbor.company.com/chaos/source-probe:1"]["digest"] == DIGEST
    assert copies["harbor.company.com/chaos/delegate:24.11"]["source"] == "docker.io/harness/delegate:24.11"


def test_a_custom_image_may_be_one_of_them_and_is_made_once(run: Any) -> None:
    custom = {"log_watcher": "harbor.company.com/chaos/source-probe:1"}

    def program() -> None:
        project = _company(mirror={"source": "docker.io/harness", "also": ["harness/source-probe:1"]})
        pulumi.export("images", _infrastructure(project, custom_images=custom).images)

    made = run(program).made
    assert len([name for name in made if "source-probe" in name]) == 1
    data = made["kubernetes:core/v1:ConfigMap payments/checkout/prod-eu"]["data"]
    assert data["image.chaos-log-watcher"] == f"harbor.company.com/chaos/source-probe:1@{DIGEST}"


def test_what_is_wrong_with_the_list_is_told_where_the_level_is_declared(run: Any) -> None:
    with pytest.raises(pulumi.RunError, match=r"CHR0337\]: `harness/delegate` has no tag"):
        run(lambda: _company(mirror={"also": ["harness/delegate"]}) and None)
