"""What a refresher's Jobs are made so that they run in any cluster, and an `up` that failed is not stuck."""

from typing import Any

import pulumi
import pytest

import pulumi_chaosreg as chaosreg

pytestmark = pytest.mark.components

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.fixture
def made(run: Any) -> dict[str, dict[str, Any]]:
    """Everything of an infrastructure whose Secret is renewed."""

    def program() -> None:
        account = chaosreg.Account(
            "acme",
            image_registry={"server": ECR, "account": "c", "type": "private", "authentication": {"type": "aws_ecr"}},
            images={"release": "1.94.4"},
            mirror="off",
            pull_secret={"identity": "keys"},
            annotations={"team": "chaos"},
            credentials={"keys": pulumi.Output.secret({"access_key_id": "AKIA", "secret_access_key": "x"})},
        )
        chaosreg.Infrastructure("prod-eu", account=account, cluster=chaosreg.Cluster(context="c"))

    found: dict[str, dict[str, Any]] = run(program).made
    return found


def test_a_first_job_that_failed_is_made_anew_by_the_next_up(made: dict[str, Any]) -> None:
    # without it the plugin waits again for a Job that has failed for good
    annotations = made["kubernetes:batch/v1:Job prod-eu"]["metadata"]["annotations"]
    assert annotations == {"team": "chaos", "pulumi.com/replaceUnready": "true"}


def test_its_pods_fit_into_a_namespace_with_a_quota_and_among_nodes_of_windows(made: dict[str, Any]) -> None:
    spec = made["kubernetes:batch/v1:CronJob prod-eu"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["resources"]["requests"].keys() == container["resources"]["limits"].keys() == {"cpu", "memory"}
    assert spec["nodeSelector"] == {"kubernetes.io/os": "linux"}


def made_on(run: Any, server: str, type_: str, identity: str, provider: str, keys: Any = None) -> dict[str, Any]:
    """Everything of an infrastructure with this registry, whose refresher is this one."""

    def program() -> None:
        path = {"account": "p/r/c", "type": "private"}
        registry: Any = {"server": server, **path, "authentication": {"type": type_}}
        account = chaosreg.Account(
            "acme",
            image_registry=registry,
            images={"release": "1.94.4"},
            mirror="off",
            pull_secret={"identity": identity, "refresher_environment": {"AZURE_TENANT_ID": "of-the-user"}},
            credentials={"keys": pulumi.Output.secret(keys)} if keys else {},
        )
        cluster = chaosreg.Cluster(context="c", provider=provider)  # type: ignore[arg-type]
        chaosreg.Infrastructure("prod-eu", account=account, cluster=cluster)

    found: dict[str, Any] = run(program).made
    return found


def cron_of(made: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, str]]:
    """(schedule, the Pod's template, its plain variables)."""
    spec = made["kubernetes:batch/v1:CronJob prod-eu"]["spec"]
    template = spec["jobTemplate"]["spec"]["template"]
    (container,) = template["spec"]["containers"]
    return spec["schedule"], template, {one["name"]: one.get("value", "") for one in container["env"]}


TENANT, CLIENT = "00000000-1111-2222-3333-444444444444", "55555555-6666-7777-8888-999999999999"
GAR, ACR = "europe-docker.pkg.dev", "acme.azurecr.io"


def test_a_token_of_google_s_for_an_hour_is_renewed_three_times_in_it(run: Any) -> None:
    provider = "projects/1/locations/global/workloadIdentityPools/clusters/providers/prod-eu"
    made = made_on(run, GAR, "gcp_service_account", provider, "other")
    schedule, template, variables = cron_of(made)
    assert schedule.partition(" ")[0].endswith("-59/20")
    (projected,) = [one["projected"] for one in template["spec"]["volumes"] if "projected" in one]
    assert projected["sources"][0]["serviceAccountToken"]["audience"] == f"https://iam.googleapis.com/{provider}"
    assert variables["GOOGLE_TOKEN_FILE"] == "/var/run/secrets/chaosreg/token"
    assert set(made["kubernetes:core/v1:ConfigMap prod-eu/refresher"]["data"]) == {"gar.py", "renewing.py"}


def test_on_gke_the_service_account_has_google_s_annotation_and_is_asked_often(run: Any) -> None:
    account = "chaos-pull@acme-prod.iam.gserviceaccount.com"
    made = made_on(run, GAR, "gcp_service_account", account, "gke")
    schedule, template, _ = cron_of(made)
    assert schedule.partition(" ")[0].endswith("-59/3")
    annotations = made["kubernetes:core/v1:ServiceAccount prod-eu"]["metadata"]["annotations"]
    assert annotations == {"iam.gke.io/gcp-service-account": account}
    assert "annotations" not in made["kubernetes:core/v1:Secret prod-eu"]["metadata"]
    assert [one["name"] for one in template["spec"]["volumes"]] == ["script"]


def test_on_aks_its_webhook_finds_the_pod(run: Any) -> None:
    made = made_on(run, ACR, "azure", CLIENT, "aks")
    schedule, template, variables = cron_of(made)
    assert schedule.endswith(" */1 * * *")
    assert template["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    annotations = made["kubernetes:core/v1:ServiceAccount prod-eu"]["metadata"]["annotations"]
    assert annotations == {"azure.workload.identity/client-id": CLIENT}
    assert variables["AZURE_CLIENT_ID"] == CLIENT


def test_elsewhere_a_client_of_azure_has_its_own_token(run: Any) -> None:
    _, template, variables = cron_of(made_on(run, ACR, "azure", f"{TENANT}/{CLIENT}", "other"))
    assert "azure.workload.identity/use" not in template["metadata"]["labels"]
    assert variables["AZURE_FEDERATED_TOKEN_FILE"] == "/var/run/secrets/chaosreg/token"
    assert variables["AZURE_CLIENT_ID"] == CLIENT


def test_a_variable_that_the_keys_have_is_there_once(run: Any) -> None:
    keys = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": "canary-client-secret"}
    made = made_on(run, ACR, "azure", "keys", "other", keys)
    _, template, _ = cron_of(made)
    (container,) = template["spec"]["containers"]
    names = [one["name"] for one in container["env"]]
    assert sorted(names) == sorted(set(names))
    (tenant,) = [one for one in container["env"] if one["name"] == "AZURE_TENANT_ID"]
    assert tenant["valueFrom"]["secretKeyRef"]["key"] == "tenant_id"
    made.pop("kubernetes:core/v1:Secret prod-eu/refresher")
    assert "canary-client-secret" not in str(made)
