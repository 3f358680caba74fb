"""What a Python program hears of its mistakes: one finding each, with the line of the program that makes it."""

import asyncio
from typing import Any

import pulumi
import pytest
from pulumi_kubernetes.provider import Provider

import pulumi_chaosreg as chaosreg
from tests.support.mocked_program import Program, Recorder, marked, run_program, told

pytestmark = pytest.mark.components

HARBOR = {"server": "harbor.company.com", "account": "chaos", "type": "public"}
PRIVATE = {**HARBOR, "type": "private", "authentication": {"username": "u", "password_secret": "harbor"}}


def account(**settings: Any) -> chaosreg.Account:
    return chaosreg.Account("acme", **{"images": {"release": "1.94.4"}, "allow_overrides": True, **settings})


def infrastructure(name: str = "dev", **settings: Any) -> chaosreg.Infrastructure:
    return chaosreg.Infrastructure(name, **{"account": account(), "cluster": {"context": "dev"}, **settings})


def output(value: Any = "x") -> pulumi.Output[Any]:
    return pulumi.Output.secret(value)


def no_cluster_at_all() -> None:
    chaosreg.Infrastructure(  #! CHR0601
        "dev",
        account=account(),
    )


def an_image_that_there_is_not() -> None:
    infrastructure().image("chaos-go-runner")  #! CHR0611


def a_cluster_of_nothing() -> None:
    chaosreg.Cluster()  #! CHR0601


def a_cluster_with_a_lasting_name_only() -> None:
    chaosreg.Cluster(identifier="prod", provider="eks")  #! CHR0601


def two_infrastructures_of_one_name() -> None:
    root = account()
    for namespace in ("a", "b"):
        chaosreg.Infrastructure("dev", account=root, cluster={"context": "dev"}, namespace=namespace)  #! CHR0210


def two_accounts() -> None:
    chaosreg.Account("acme")
    chaosreg.Account("other")  #! CHR0210


def two_kubeconfigs_of_one_context() -> None:
    root = account()
    chaosreg.Infrastructure("a", account=root, cluster=chaosreg.Cluster("default", kubeconfig="/a"), namespace="a")
    there = chaosreg.Cluster("default", kubeconfig="/b")
    chaosreg.Infrastructure("b", account=root, cluster=there, namespace="b")  #! CHR0603


def two_kubeconfigs_without_a_name() -> None:
    root = account()
    chaosreg.Infrastructure("a", account=root, cluster=chaosreg.Cluster(kubeconfig="kind: Config\nx: a"))
    there = chaosreg.Cluster(kubeconfig="kind: Config\nx: b")  #! CHR0603
    chaosreg.Infrastructure("b", account=root, cluster=there, namespace="b")


def two_outputs_of_one_context() -> None:
    root = account()
    for name in ("a", "b"):
        cluster = chaosreg.Cluster("default", kubeconfig=output(name))  #! CHR0603
        chaosreg.Infrastructure(name, account=root, cluster=cluster, namespace=name)


def two_providers_of_one_name() -> None:
    root = account()
    chaosreg.Infrastructure("a", account=root, cluster=chaosreg.Cluster("prod"), namespace="a")
    mine = chaosreg.Cluster("other", kubernetes_provider=Provider("prod"))  #! CHR0603
    chaosreg.Infrastructure("b", account=root, cluster=mine, namespace="b")


def a_provider_that_would_be_ignored() -> None:
    infrastructure(opts=pulumi.ResourceOptions(provider=Provider("mine")))


def providers_that_would_be_ignored() -> None:
    mine = [Provider("mine"), pulumi.ProviderResource("aws", "cloud", {})]
    chaosreg.Account("acme", opts=pulumi.ResourceOptions(providers=mine))  #! CHR0608 #! CHR0608


def a_provider_of_one_s_own_and_no_way_to_the_service_accounts() -> None:
    mine = chaosreg.Cluster(kubernetes_provider=Provider("mine"))  #! CHR0601
    root = account(image_registry=PRIVATE, credentials={"harbor": output()})
    chaosreg.Infrastructure("dev", account=root, cluster=mine, service_accounts=["litmus"])


def a_key_that_a_cluster_does_not_have() -> None:
    chaosreg.Infrastructure("dev", account=account(), cluster={"contxt": "dev"})  #! CHR0104


def a_key_that_a_cluster_with_an_output_does_not_have() -> None:
    cluster = {"kubeconfig": output(), "idetifier": "x"}
    chaosreg.Infrastructure("dev", account=account(), cluster=cluster)  #! CHR0104


def outputs_in_settings() -> None:
    chaosreg.Account(  #! CHR0120 #! CHR0120 #! CHR0120
        "acme",
        image_registry={"server": output(), "type": "public"},
        images=output(),
        service_accounts=["litmus", output()],
    )


def an_output_as_a_name() -> None:
    chaosreg.Account(output())  #! CHR0120


def outputs_in_a_cluster() -> None:
    chaosreg.Cluster(context=output(), identifier=output())  #! CHR0120 #! CHR0120


def credentials_in_an_output() -> None:
    chaosreg.Account("acme", credentials=output({"harbor": "pw"}))  #! CHR0120


def a_level_without_one_above() -> None:
    chaosreg.Project("checkout")  #! CHR0205


def a_level_with_two_above() -> None:
    root = account()
    payments = chaosreg.Organization("payments", account=root)
    chaosreg.Project("checkout", account=root, organization=payments)  #! CHR0205


def a_credential_without_a_value() -> None:
    root = chaosreg.Account("acme", image_registry=PRIVATE, images={"release": "1.94.4"})  #! CHR0501
    chaosreg.Infrastructure("dev", account=root, cluster={"context": "dev"})


def a_level_above_by_its_name() -> None:
    chaosreg.Project("checkout", account="acme")  #! CHR0106


def a_level_above_of_another_level() -> None:
    payments = chaosreg.Organization("payments", account=account())
    chaosreg.Project("checkout", account=payments)  #! CHR0106


def a_cluster_by_its_name() -> None:
    chaosreg.Infrastructure("dev", account=account(), cluster="prod")  #! CHR0106


def a_name_that_is_a_number() -> None:
    chaosreg.Account(5)  #! CHR0106


def credentials_in_a_list() -> None:
    chaosreg.Account("acme", credentials=["pw"])  #! CHR0106


def credentials_by_number() -> None:
    chaosreg.Account("acme", credentials={1: "pw"})  #! CHR0106


def options_in_a_dictionary() -> None:
    chaosreg.Account("acme", opts={"protect": True})  #! CHR0106


def everything_about_a_cluster_of_another_type() -> None:
    chaosreg.Cluster(  #! CHR0106 #! CHR0106 #! CHR0106 #! CHR0106 #! CHR0106
        context=5, kubeconfig=5, provider=["eks"], kubernetes_provider="eks", secrets_are_mutable="yes"
    )


def a_cluster_made_by_another_provider() -> None:
    chaosreg.Cluster(kubernetes_provider=pulumi.ProviderResource("aws", "cloud", {}))  #! CHR0106


def a_mirror_that_is_off() -> None:
    chaosreg.ImageMirror("chaos", policy="off")  #! CHR0106


def two_secrets_of_one_name() -> None:
    root = account(image_registry=PRIVATE, credentials={"harbor": output()})
    for name in ("a", "b"):
        one = {"pull_secret": {"name": "one"}, "cluster": {"context": "dev"}}
        chaosreg.Infrastructure(name, account=root, **one)  #! CHR0602


def two_owners_of_one_repository() -> None:
    root = account(mirror={"source": "docker.io/harness"})
    first = chaosreg.Project("a", account=root, image_registry=HARBOR)
    chaosreg.Infrastructure("dev", project=first, cluster={"context": "dev"})
    second = chaosreg.Project("b", account=root, image_registry=HARBOR)  #! CHR0311
    chaosreg.Infrastructure("dev", project=second, cluster={"context": "dev"}, namespace="b")


def moved_from_where_somebody_is() -> None:
    root = account()
    chaosreg.Infrastructure("old", account=root, cluster={"context": "dev"}, namespace="a")
    chaosreg.Infrastructure("new", account=root, cluster={"context": "dev"}, moved_from="old")  #! CHR0212


def moved_from_where_somebody_comes() -> None:
    root = account()
    chaosreg.Infrastructure("new", account=root, cluster={"context": "dev"}, moved_from="old")  #! CHR0212
    chaosreg.Infrastructure("old", account=root, cluster={"context": "dev"}, namespace="a")


def a_tag_for_an_image_that_nobody_needs() -> None:
    root = chaosreg.Account("acme", images={"release": "1.94.4", "tags": {"chaos-ddrc": "1.94.1"}})  #! CHR0310
    chaosreg.Infrastructure("dev", account=root, cluster={"context": "dev"})


def an_override_that_is_locked() -> None:
    root = account(allow_overrides=False)
    chaosreg.Project("checkout", account=root, images={"release": "1.94.4"})  #! CHR0203


def a_tag_that_moves_in_a_repository_that_is_made_already() -> None:
    server = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    registry = {"server": server, "account": "chaos", "type": "private", "authentication": {"type": "aws_ecr"}}
    root = account(image_registry=registry, repositories={"create": True}, mirror={"source": "docker.io/harness"})
    eks = {"context": "dev", "provider": "eks"}
    chaosreg.Infrastructure("a", account=root, cluster=eks, namespace="a")
    moving = {"images": {"tags": {"chaos-ddcr": "latest"}}, "namespace": "b"}
    chaosreg.Infrastructure("b", account=root, cluster=eks, **moving)  # CHR0481


def a_key_that_must_be_given_and_is_not_there() -> None:
    mirror = {"source": "docker.io/harness", "signatures": "require", "verify": {"public_keys": ["gone.pub"]}}
    root = chaosreg.Account("acme", image_registry=HARBOR, images={"release": "1.94.4"}, mirror=mirror)  #! CHR0321
    chaosreg.Infrastructure("dev", account=root, cluster={"context": "dev"})


MISTAKES = [
    no_cluster_at_all,
    a_cluster_of_nothing,
    a_cluster_with_a_lasting_name_only,
    two_infrastructures_of_one_name,
    two_accounts,
    two_kubeconfigs_of_one_context,
    two_kubeconfigs_without_a_name,
    two_outputs_of_one_context,
    two_providers_of_one_name,
    providers_that_would_be_ignored,
    a_provider_of_one_s_own_and_no_way_to_the_service_accounts,
    a_key_that_a_cluster_does_not_have,
    a_key_that_a_cluster_with_an_output_does_not_have,
    outputs_in_settings,
    an_output_as_a_name,
    outputs_in_a_cluster,
    credentials_in_an_output,
    a_level_without_one_above,
    a_level_with_two_above,
    a_credential_without_a_value,
    a_level_above_by_its_name,
    a_level_above_of_another_level,
    a_cluster_by_its_name,
    a_name_that_is_a_number,
    credentials_in_a_list,
    credentials_by_number,
    options_in_a_dictionary,
    everything_about_a_cluster_of_another_type,
    a_cluster_made_by_another_provider,
    a_mirror_that_is_off,
    two_secrets_of_one_name,
    two_owners_of_one_repository,
    moved_from_where_somebody_is,
    moved_from_where_somebody_comes,
    a_tag_for_an_image_that_nobody_needs,
    an_override_that_is_locked,
    a_key_that_must_be_given_and_is_not_there,
]


@pytest.mark.parametrize("program", MISTAKES, ids=lambda program: program.__name__)
@pytest.mark.parametrize("preview", [True, False])
def test_each_mistake_is_one_finding_with_its_line_and_nothing_is_made(program: Program, preview: bool) -> None:
    recorder = Recorder()
    with pytest.raises(pulumi.RunError) as error:
        run_program(program, preview=preview, recorder=recorder)
    assert told(error.value) == marked(program), str(error.value)
    assert [name for name in recorder.options if name.startswith(("kubernetes:", "chaosreg:"))] == []


@pytest.mark.extra("ecr")
def test_a_tag_that_moves_too_late_is_told() -> None:
    with pytest.raises(pulumi.RunError, match="CHR0481"):
        run_program(a_tag_that_moves_in_a_repository_that_is_made_already)


def test_a_program_s_own_exception_stays_its_own() -> None:
    def program() -> None:
        infrastructure()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_program(program)


def test_a_program_that_waits_for_what_we_make_is_not_waited_for() -> None:
    async def body() -> None:
        dev = infrastructure()
        assert await dev.images["chaos-ddcr"].future() == "docker.io/harness/chaos-ddcr:1.94.0"
        made = asyncio.get_running_loop().create_future()
        dev.urn.apply(made.set_result)
        await made

    run_program(body)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (a_cluster_of_nothing, ('Cluster(context="',)),
        (two_infrastructures_of_one_name, ("infrastructure `dev` is defined twice", "first given at")),
        (two_kubeconfigs_of_one_context, ("`default`", "identifier")),
        (two_outputs_of_one_context, ("`default`", "share one `Cluster`", "two Outputs cannot be compared")),
        (a_provider_that_would_be_ignored, ("kubernetes Provider `mine`", "Cluster(kubernetes_provider=…)")),
        (providers_that_would_be_ignored, ("aws Provider `cloud`",)),
        (a_key_that_a_cluster_does_not_have, ("did you mean `context`?",)),
        (outputs_in_settings, ("`image_registry.server` is an Output", 'pulumi.Config().require("server")')),
        (
            a_level_above_by_its_name,
            ("`account` must be the `Account`, but is a string", 'account=Account("<name>", …)'),
        ),
        (a_level_above_of_another_level, ("is `Organization`",)),
        (a_tag_for_an_image_that_nobody_needs, ("`chaos-ddrc`", "chaos-ddcr")),
    ],
)
def test_what_is_said_helps(program: Program, words: tuple[str, ...]) -> None:
    with pytest.raises(pulumi.RunError) as error:
        run_program(program)
    assert [word for word in words if word not in str(error.value)] == []


def test_a_registry_as_an_output_is_told_from_one_that_is_a_resource() -> None:
    with pytest.raises(pulumi.RunError, match="`image_registry` is a resource"):
        run_program(lambda: account(image_registry=Provider("x")) and None)


def test_a_warning_that_siblings_share_is_told_once() -> None:
    def program() -> None:
        root = account(image_registry=HARBOR, repositories={"create": True})
        for name in ("a", "b"):
            chaosreg.Infrastructure(name, account=root, cluster={"context": "dev"}, namespace=name)

    warnings = run_program(program).warnings

    assert sorted(text.partition("]")[0] for text in warnings) == ["warning[CHR0111", "warning[CHR0315"]


def test_a_tag_for_an_image_that_a_later_sibling_lists_is_fine() -> None:
    def program() -> None:
        root = account(image_registry=HARBOR, images={"release": "1.94.4", "tags": {"tool": "1"}})
        chaosreg.Infrastructure("a", account=root, cluster={"context": "dev"}, namespace="a")
        pulumi.runtime.invoke("x:y:z", {})  # the event loop runs before the program has ended
        chaosreg.Infrastructure("b", account=root, cluster={"context": "dev"}, required_images=["x/tool"])

    assert "kubernetes:core/v1:ConfigMap b" in run_program(program).made


def test_programs_that_run_one_after_another_do_not_see_each_other() -> None:
    first, second = (run_program(lambda: infrastructure() and None) for _ in range(2))
    assert first.made == second.made
    assert "kubernetes:core/v1:ConfigMap dev" in second.made


def test_a_cluster_s_kubeconfig_is_not_shown() -> None:
    assert "token" not in repr(chaosreg.Cluster(kubeconfig="kind: Config\ntoken: abc"))


def test_mistakes_are_found_where_no_program_runs_too() -> None:
    """As in a user's own unit tests, which make components without a stack."""
    with pytest.raises(pulumi.RunError, match="CHR0601"):
        chaosreg.Cluster()
