"""Which kind of registry a host is, and what else the host tells. AWS's own data says which hosts there are."""

import json
from pathlib import Path

import botocore
import pytest

from pulumi_chaosreg.registries.kinds import AUTHENTICATION_TYPES, SAYABLE_KINDS, all_kinds, registry_kind

PARTITIONS = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())["partitions"]
ECR = [
    (f"123456789012.dkr.ecr.{region}.{partition['outputs']['dnsSuffix']}", region)
    for partition in PARTITIONS
    for region in partition["regions"]
]
DUAL_STACK = [
    (f"123456789012.dkr-ecr{fips}.{region}.on.{suffix}", region)
    for region, suffix in [("eu-west-1", "aws"), ("us-gov-west-1", "aws"), ("cn-north-1", "amazonwebservices.com.cn")]
    for fips in ("", "-fips")
]


def test_aws_has_the_partitions_that_we_think_of():
    assert {partition["id"] for partition in PARTITIONS} >= {"aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso-f"}


@pytest.mark.parametrize(("server", "region"), [*ECR, *DUAL_STACK])
def test_ecr_is_known_in_every_region_of_every_partition(server, region):
    kind = registry_kind(server)
    assert (kind.name, kind.region(server), kind.account_id(server)) == ("ecr", region, "123456789012")


@pytest.mark.parametrize(
    ("server", "kind", "region"),
    [
        ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "ecr", "us-east-1"),
        ("123456789012.DKR.ECR.EU-West-1.amazonaws.com:443", "ecr", "eu-west-1"),
        ("public.ecr.aws", "ecr_public", None),
        ("ecr-public.aws.com", "ecr_public", None),
        ("europe-west1-docker.pkg.dev", "gar", "europe-west1"),
        ("us-docker.pkg.dev", "gar", "us"),
        ("gcr.io", "gar", "us"),
        ("eu.gcr.io", "gar", "europe"),
        ("chaos.azurecr.io", "acr", None),
        ("chaos-a1b2c3.azurecr.io", "acr", None),
        ("chaos.azurecr.cn", "acr", None),
        ("chaos.azurecr.us", "acr", None),
        ("acme.jfrog.io", "artifactory", None),
        ("docker.io", "dockerhub", None),
        ("Index.Docker.io", "dockerhub", None),
        ("registry-1.docker.io", "dockerhub", None),
        ("registry.hub.docker.com", "dockerhub", None),
        ("ghcr.io", "ghcr", None),
        ("quay.io", "quay", None),
        ("registry.gitlab.com", "gitlab", None),
        # nearly
        ("12345678901.dkr.ecr.eu-west-1.amazonaws.com", "generic", None),
        ("1234567890123.dkr.ecr.eu-west-1.amazonaws.com", "generic", None),
        ("١٢٣٤٥٦٧٨٩٠١٢.dkr.ecr.eu-west-1.amazonaws.com", "generic", None),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", "generic", None),
        ("123456789012.dkr.ecr.eu-west-1xamazonaws.com", "generic", None),
        ("gcr.io.evil.example", "generic", None),
        ("evil-azurecr.io", "generic", None),
        ("harbor.company.com", "generic", None),
        ("[::1]:5000", "generic", None),
        ("", "generic", None),
    ],
)
def test_a_host_tells_its_kind_and_region(server, kind, region):
    found = registry_kind(server)
    assert (found.name, found.region(server)) == (kind, region)


@pytest.mark.parametrize("said", [*SAYABLE_KINDS, None])
def test_what_the_settings_say_counts_where_the_host_tells_nothing(said):
    assert registry_kind("harbor.company.com", said).name == (said or "generic")
    assert registry_kind("ghcr.io", said).name == "ghcr"


def test_the_settings_may_name_the_kinds_that_no_host_tells():
    assert SAYABLE_KINDS == ("artifactory", "generic", "harbor")
    assert {name for name, kind in all_kinds().items() if not kind.hosts} <= set(SAYABLE_KINDS)


def test_the_types_of_authentication_are_those_of_the_kinds_and_a_secret_of_somebody_else_s():
    assert AUTHENTICATION_TYPES[0] == "kubernetes_secret"
    assert set(AUTHENTICATION_TYPES) == {
        *("kubernetes_secret", "basic", "token", "node_identity", "aws_ecr", "gcp_service_account", "azure", "made")
    }


@pytest.mark.parametrize("kind", all_kinds().values(), ids=all_kinds())
def test_a_kind_of_a_cloud_opens_to_its_nodes_by_a_type_that_it_accepts(kind):
    assert "node_identity" in kind.authentication
    assert "kubernetes_secret" not in kind.authentication
    assert bool(kind.cloud) == bool(kind.node_identity_on) == bool(kind.token_seconds)
    assert kind.cloud_authentication is None or kind.cloud_authentication in kind.authentication


@pytest.mark.parametrize(
    ("server", "account", "is_one"),
    [
        ("europe-docker.pkg.dev", "acme/chaos", True),
        ("europe-docker.pkg.dev", "acme/chaos-1/team_a/images", True),
        ("europe-docker.pkg.dev", "example.com/acme/chaos", True),
        ("us-docker.pkg.dev", "acme/gcr.io", True),
        ("gcr.io", "acme/any_thing", True),
        ("europe-docker.pkg.dev", f"acme/{'a' * 63}", True),
        ("europe-docker.pkg.dev", f"acme/{'a' * 64}", False),
        ("europe-docker.pkg.dev", "acme/my_chaos", False),
        ("europe-docker.pkg.dev", "acme/1chaos", False),
        ("europe-docker.pkg.dev", "acme/chaos-", False),
    ],
)
def test_a_repository_of_google_s_has_one_of_its_names(server, account, is_one):
    assert (registry_kind(server).account_problem(server, account) == "") is is_one


@pytest.mark.parametrize(
    ("location", "is_one"),
    [
        ("europe", True),
        ("europe-west1", True),
        ("northamerica-northeast2", True),
        ("me-central1", True),
        ("eu-west1", False),
        ("eu-west-1", False),
        ("us-east-1", False),
    ],
)
def test_a_location_of_google_s_is_not_one_of_aws_s(location, is_one):
    assert (registry_kind(f"{location}-docker.pkg.dev").name == "gar") is is_one
