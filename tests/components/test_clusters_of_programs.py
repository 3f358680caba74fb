"""How a program names its clusters: contexts, kubeconfigs that may be Outputs, Providers of its own."""

import asyncio
from typing import Any

import pulumi
import pytest
from pulumi_kubernetes.provider import Provider

import pulumi_chaosreg as chaosreg
from tests.support.mocked_program import Recorder, run_program

pytestmark = pytest.mark.components

PRIVATE: chaosreg.ImageRegistryArgs = {
    "server": "harbor.company.com",
    "account": "chaos",
    "type": "private",
    "authentication": {"username": "u", "password_secret": "harbor"},
}


def account(**settings: Any) -> chaosreg.Account:
    images: chaosreg.ImagesArgs = {"release": "1.94.4"}
    credentials = {"harbor": pulumi.Output.secret("pw")}
    return chaosreg.Account("acme", image_registry=PRIVATE, images=images, credentials=credentials, **settings)


def providers(recorder: Recorder) -> dict[str, Any]:
    """Name → inputs of each Kubernetes Provider."""
    type_ = "pulumi:providers:kubernetes "
    return {name.removeprefix(type_): inputs for name, inputs in recorder.made.items() if name.startswith(type_)}


def made_by(recorder: Recorder, kind: str, name: str) -> str:
    """The name of the Provider that an object is made by."""
    provider: str = recorder.options[f"kubernetes:core/v1:{kind} {name}"].provider
    return provider.split("::")[3]


def test_one_output_in_a_loop_is_one_provider() -> None:
    def program() -> None:
        root, kubeconfig = account(), pulumi.Output.secret("kind: Config")
        for name in ("a", "b", "c"):
            cluster = chaosreg.Cluster(kubeconfig=kubeconfig)
            chaosreg.Infrastructure(name, account=root, cluster=cluster, namespace=name)

    recorder = run_program(program)

    assert providers(recorder).keys() == {"cluster"}
    assert made_by(recorder, "ConfigMap", "c") == "cluster"


def loop(*kubeconfigs: str | None) -> None:
    """As of a function that makes the kubeconfig of a cluster each time anew; None is unknown."""
    root = account()
    for number, text in enumerate(kubeconfigs):
        unknown = pulumi.Output(set(), _result(None), _result(text is not None), _result(False))
        kubeconfig = unknown if text is None else pulumi.Output.from_input(text)
        cluster = chaosreg.Cluster(identifier="prod", kubeconfig=kubeconfig.apply(lambda text: f"kind: {text}"))
        chaosreg.Infrastructure(f"i{number}", account=root, cluster=cluster, namespace=f"n{number}")


async def _result(value: Any) -> Any:
    return value


def test_a_new_output_in_each_turn_of_a_loop_is_one_provider_where_the_cluster_has_a_lasting_name() -> None:
    recorder = run_program(lambda: loop("Config", "Config", "Config"))
    assert providers(recorder).keys() == {"prod"}
    assert "kubernetes:core/v1:Secret i2" in recorder.made


def test_a_kubeconfig_that_is_not_known_yet_keeps_the_preview_green() -> None:
    recorder = run_program(lambda: loop(None, None), preview=True)
    assert "kubernetes:core/v1:Secret i1" in recorder.made


def test_nothing_is_made_in_the_wrong_cluster_where_two_kubeconfigs_turn_out_to_differ() -> None:
    recorder = Recorder()

    async def late() -> str:
        while "kubernetes:core/v1:ConfigMap i0" not in recorder.made:  # what waits for nothing is made
            await asyncio.sleep(0)
        return "kind: Other"

    def program() -> None:
        root = account()
        for number, kubeconfig in enumerate(
            (pulumi.Output.from_input("kind: Config"), pulumi.Output.from_input(late()))
        ):
            cluster = chaosreg.Cluster(identifier="prod", kubeconfig=kubeconfig)
            chaosreg.Infrastructure(f"i{number}", account=root, cluster=cluster, namespace=f"n{number}")

    with pytest.raises(pulumi.RunError, match="CHR0603") as error:
        run_program(program, recorder=recorder)

    assert "Other" not in str(error.value)
    in_second = [name for name in recorder.made if name.startswith("kubernetes:") and name.endswith(" i1")]
    assert in_second == []


def test_a_cluster_may_be_a_mapping_with_an_output() -> None:
    def program() -> None:
        cluster: Any = {"kubeconfig": pulumi.Output.secret("kind: Config"), "identifier": "prod"}
        chaosreg.Infrastructure("a", account=account(), cluster=cluster)

    assert providers(run_program(program))["prod"]["clusterIdentifier"] == "prod"


def test_of_a_mapping_levels_above_may_say_a_part() -> None:
    def program() -> None:
        root = account(cluster={"kubeconfig": "/company"})
        chaosreg.Infrastructure("a", account=root, cluster={"context": "prod"})

    prod = providers(run_program(program))["prod"]
    assert (prod["kubeconfig"], prod["context"]) == ("/company", "prod")


def test_a_cluster_is_taken_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)  # the Provider's own default

    def program() -> None:
        root = account(cluster={"kubeconfig": "/company"})
        chaosreg.Infrastructure("a", account=root, cluster=chaosreg.Cluster("prod"))

    assert "kubeconfig" not in providers(run_program(program))["prod"]


@pytest.mark.parametrize(("mutable", "protected"), [(False, True), (True, False)])
def test_a_provider_of_one_s_own_makes_the_objects(mutable: bool, protected: bool) -> None:
    def program() -> None:
        own = Provider("mine", context="x")
        mine = chaosreg.Cluster("x", kubernetes_provider=own, secrets_are_mutable=mutable)
        root = account(service_accounts=["litmus"])
        for name in ("a", "b"):
            chaosreg.Infrastructure(name, account=root, cluster=mine, namespace=name)

    recorder = run_program(program)

    assert providers(recorder).keys() == {"mine"}
    objects = {name: request for name, request in recorder.options.items() if name.startswith("kubernetes:")}
    assert len(objects) == 6
    assert {request.provider.split("::")[3] for request in objects.values()} == {"mine"}
    assert {name.split()[0] for name, request in objects.items() if request.protect} == (
        {"kubernetes:core/v1:Secret"} if protected else set()
    )


def test_two_clusters_may_have_one_provider_of_one_s_own() -> None:
    def program() -> None:
        root, mine = account(), Provider("mine", context="x")
        for name in ("a", "b"):
            cluster = chaosreg.Cluster(identifier=name, kubernetes_provider=mine)
            chaosreg.Infrastructure(name, account=root, cluster=cluster)

    assert made_by(run_program(program), "ConfigMap", "b") == "mine"


@pytest.mark.parametrize(("above", "own"), [(None, "eks"), ("eks", None), ("gke", "eks")])
def test_what_runs_the_nodes_is_said_by_the_cluster_or_above_it(above: Any, own: Any) -> None:
    """On its own cloud a registry knows the nodes: no Secret is needed."""
    ecr: chaosreg.ImageRegistryArgs = {
        "server": "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "account": "chaos",
        "type": "private",
        "authentication": {"type": "aws_ecr"},
    }

    def program() -> None:
        settings: Any = {"cluster": {"provider": above}} if above else {}
        root = chaosreg.Account("acme", image_registry=ecr, images={"release": "1.94.4"}, **settings)
        prod = chaosreg.Infrastructure("prod", account=root, cluster=chaosreg.Cluster("prod", provider=own))
        assert prod.secret_name is None

    assert "kubernetes:core/v1:ConfigMap prod" in run_program(program).made


def test_our_own_provider_changes_secrets_in_place() -> None:
    recorder = run_program(lambda: chaosreg.Infrastructure("a", account=account(), cluster={"context": "x"}) and None)
    assert providers(recorder)["x"]["enableSecretMutable"] == "true"
    assert not recorder.options["kubernetes:core/v1:Secret a"].protect


def test_a_cluster_makes_a_provider_for_objects_of_one_s_own() -> None:
    def program() -> None:
        opts = pulumi.ResourceOptions(providers=[chaosreg.Cluster("staging", provider="eks").provider()])
        chaosreg.ResolvedConfigMap("mine", config_map_name="mine", namespace="x", data={}, opts=opts)

    assert made_by(run_program(program), "ConfigMap", "mine") == "staging"


def test_objects_of_one_s_own_and_ours_are_made_by_the_one_provider_of_their_cluster() -> None:
    def program() -> None:
        root, staging = account(), chaosreg.Cluster("staging")
        opts = pulumi.ResourceOptions(providers=[staging.provider()])
        chaosreg.ResolvedConfigMap("before", config_map_name="before", namespace="x", data={}, opts=opts)
        chaosreg.Infrastructure("ours", account=root, cluster=staging)
        again = chaosreg.Cluster("staging").provider()
        assert again is staging.provider()

    recorder = run_program(program)
    assert providers(recorder).keys() == {"staging"}
    assert {made_by(recorder, "ConfigMap", name) for name in ("before", "ours")} == {"staging"}


def test_the_provider_of_a_cluster_that_has_one_is_that_one() -> None:
    def program() -> None:
        mine = Provider("mine", context="x")
        assert chaosreg.Cluster(kubernetes_provider=mine).provider() is mine

    assert providers(run_program(program)).keys() == {"mine"}


def test_another_way_to_a_cluster_of_that_name_is_refused() -> None:
    def program() -> None:
        chaosreg.Infrastructure("ours", account=account(), cluster=chaosreg.Cluster("staging"))
        chaosreg.Cluster("staging", kubeconfig="other.yaml").provider()

    with pytest.raises(pulumi.RunError, match="CHR0603"):
        run_program(program)


def test_a_secret_that_somebody_else_made_is_named_and_not_made() -> None:
    theirs: chaosreg.ImageRegistryArgs = {**PRIVATE, "authentication": {"secret_name": "harbor-pull"}}

    def program() -> None:
        root = chaosreg.Account("acme", image_registry=theirs, images={"release": "1.94.4"})
        dev = chaosreg.Infrastructure("dev", account=root, cluster={"context": "dev"})
        assert dev.secret_name == "harbor-pull"

    assert "kubernetes:core/v1:Secret dev" not in run_program(program).made


def test_a_renamed_infrastructure_keeps_its_objects() -> None:
    def program() -> None:
        chaosreg.Infrastructure("new", account=account(), cluster={"context": "x"}, moved_from="old")

    recorder = run_program(program)

    assert recorder.made["kubernetes:core/v1:ConfigMap new"]["metadata"]["name"] == "chaos-image-registry-old"
    aliases = {alias.urn for alias in recorder.options["chaosreg:index:Infrastructure new"].aliases}
    assert "urn:pulumi:test::chaosreg::chaosreg:index:Account$chaosreg:index:Infrastructure::old" in aliases
