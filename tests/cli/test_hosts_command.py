"""Which hosts a company makes its machines ask."""

import json

import pytest

from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.settings.refresher_identities import EXAMPLES

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
IMAGES = {"release": "1.94.4"}


@pytest.fixture
def hosts(project, capsys):
    def run(account, infrastructure=None, *arguments):
        files = {
            "acme": {"chaosreg:account": {"id": "acme", "images": IMAGES, **account}},
            "i": {
                "chaosreg:parent_stack": "acme",
                "chaosreg:infrastructures": {"i": {"cluster": {"context": "c"}, **(infrastructure or {})}},
            },
        }
        project.write(files)
        assert main(["--project", str(project.folder), "hosts", *arguments]) == 0
        printed = capsys.readouterr()
        assert "have an error" not in printed.err  # what is asked may then lack something
        return printed.out

    return run


def asked(text):
    return {(row["host"], one["who"]): row["port"] for row in json.loads(text) for one in row["asked_by"]}


def test_a_registry_of_one_s_own_and_docker_hub_as_source(hosts):
    registry = {"server": "harbor.example:8443", "account": "chaos", "type": "public"}
    found = asked(hosts({"image_registry": registry, "mirror": {"source": "docker.io/harness"}}, None, "-o", "json"))
    assert found[("harbor.example", "nodes")] == found[("harbor.example", "CI")] == 8443
    assert found[("registry-1.docker.io", "CI")] == found[("auth.docker.io", "CI")] == 443
    assert {who for host, who in found if "docker" in host} == {"CI"}


ON_ECR = {
    "image_registry": {"server": ECR, "account": "c", "type": "private", "authentication": {"type": "aws_ecr"}},
    "repositories": {"create": True},
    "mirror": {"source": "docker.io/harness"},
}


def test_nodes_on_eks_log_in_themselves(hosts):
    found = asked(hosts(ON_ECR, {"cluster": {"context": "c", "provider": "eks"}}, "-o", "json"))
    assert ("api.ecr.eu-west-1.amazonaws.com", "nodes") in found
    assert ("iam.amazonaws.com", "CI") in found
    assert "refresher" not in {who for _, who in found}


def test_elsewhere_a_refresher_does_and_its_image_is_pulled(hosts):
    below = {"pull_secret": {"identity": "arn:aws:iam::123456789012:role/pull"}}
    found = asked(hosts(ON_ECR, below, "-o", "json"))
    assert ("api.ecr.eu-west-1.amazonaws.com", "refresher") in found
    assert ("api.ecr.eu-west-1.amazonaws.com", "nodes") not in found
    assert ("public.ecr.aws", "nodes") in found


@pytest.mark.parametrize(
    ("server", "type_", "identity", "expected"),
    [
        ("europe-docker.pkg.dev", "gcp_service_account", EXAMPLES["gcp"], {"sts.googleapis.com"}),
        ("acme.azurecr.io", "azure", EXAMPLES["azure"], {"login.microsoftonline.com", "acme.azurecr.io"}),
        ("acme.azurecr.us", "azure", EXAMPLES["azure"], {"login.microsoftonline.us", "acme.azurecr.us"}),
    ],
)
def test_what_a_refresher_asks_in_its_cloud(hosts, server, type_, identity, expected):
    registry = {"server": server, "account": "p/r", "type": "private", "authentication": {"type": type_}}
    below = {"pull_secret": {"identity": identity}}
    found = asked(hosts({"image_registry": registry, "mirror": ON_ECR["mirror"]}, below, "-o", "json"))
    assert {host for host, who in found if who == "refresher"} == expected


@pytest.mark.parametrize(("on_destroy", "is_asked"), [("delete", True), ("retain", False)])
def test_whoever_deletes_at_google_asks_its_api(hosts, on_destroy, is_asked):
    registry = {"server": "europe-docker.pkg.dev", "account": "p/r", "type": "private"}
    registry["authentication"] = {"type": "node_identity"}
    account = {"image_registry": registry, "mirror": ON_ECR["mirror"], "on_destroy": on_destroy}
    found = asked(hosts(account, None, "-o", "json"))
    assert (("artifactregistry.googleapis.com", "CI") in found) is is_asked


def test_hosts_of_aws_end_as_they_do_there(hosts):
    china = {**ON_ECR["image_registry"], "server": "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"}
    below = {"cluster": {"context": "c", "provider": "eks"}}
    found = asked(hosts({**ON_ECR, "image_registry": china}, below, "-o", "json"))
    assert ("prod-cn-north-1-starport-layer-bucket.s3.cn-north-1.amazonaws.com.cn", "nodes") in found


@pytest.mark.parametrize(("provider", "expected"), [("gke", set()), ("gke_autopilot", set()), ("eks", {"sts", "iam"})])
def test_nodes_on_gke_ask_their_own_metadata_server(hosts, provider, expected):
    registry = {"server": "europe-docker.pkg.dev", "account": "p/r", "type": "private"}
    registry["authentication"] = {"type": "node_identity"}
    below = {"cluster": {"context": "c", "provider": provider}}
    found = asked(hosts({"image_registry": registry, "mirror": ON_ECR["mirror"]}, below, "-o", "json"))
    logins = {"sts": "sts.googleapis.com", "iam": "iamcredentials.googleapis.com"}
    assert {word for word, host in logins.items() if (host, "nodes") in found} == expected


@pytest.mark.parametrize(("type_", "is_asked"), [("made", True), ("node_identity", False)])
def test_whoever_makes_pull_credentials_at_google_asks_for_service_accounts(hosts, type_, is_asked):
    registry = {"server": "europe-docker.pkg.dev", "account": "p/r", "type": "private"}
    registry["authentication"] = {"type": type_} | ({"lifetime_days": 90} if is_asked else {})
    account = {"image_registry": registry, "mirror": "off", "repositories": {"create": True}}
    assert (("iam.googleapis.com", "CI") in asked(hosts(account, None, "-o", "json"))) is is_asked


@pytest.mark.parametrize(
    ("registry", "more", "expected"),
    [
        ({"server": "acme.jfrog.io", "account": "docker-local"}, {}, ("acme.jfrog.io", 443)),
        ({"server": "acme-chaos.jfrog.io"}, {"repository_key": "chaos"}, ("acme.jfrog.io", 443)),
        (
            {"server": "jfrog.example:5001", "account": "x", "kind": "artifactory"},
            {"repository_key": "chaos"},
            ("jfrog.example", 443),
        ),
        ({"server": "harbor.example:8443", "account": "chaos", "kind": "harbor"}, {}, ("harbor.example", 8443)),
    ],
    ids=["the path", "the host", "the port", "Harbor"],
)
def test_whoever_makes_repositories_asks_the_registry_s_own_api(hosts, registry, more, expected):
    registry = {**registry, "type": "private", "authentication": {"username": "u", "password_secret": "p"}}
    repositories = {"create": True, "login": "admin", **more}
    text = hosts({"image_registry": registry, "repositories": repositories, "mirror": "off"}, None, "-o", "json")
    made = [row for row in json.loads(text) for one in row["asked_by"] if one["why"].startswith("repositories at ")]
    assert [(row["host"], row["port"]) for row in made] == [expected]


def test_a_repository_in_jfrog_s_host_is_made_at_the_host_without_it(hosts):
    registry = {
        "server": "acme-docker-local.jfrog.io",
        "type": "private",
        "authentication": {"username": "u", "password_secret": "p"},
    }
    repositories = {"create": True, "repository_key": "docker-local", "login": "jfrog"}
    account = {"image_registry": registry, "repositories": repositories, "mirror": {"source": "docker.io/harness"}}
    found = asked(hosts(account, None, "-o", "json"))
    assert ("acme.jfrog.io", "CI") in found
    assert {host for host, who in found if who == "nodes"} == {"acme-docker-local.jfrog.io"}


def test_who_leaves_the_others_out_and_text_names_each_host_once(hosts):
    below = {"cluster": {"context": "c", "provider": "eks"}}
    lines = hosts(ON_ECR, below, "--who", "nodes").splitlines()
    assert {line.partition(":")[0] for line in lines} == {
        ECR,
        "api.ecr.eu-west-1.amazonaws.com",
        "sts.eu-west-1.amazonaws.com",
        "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com",
    }
    assert len(lines) == 4


def test_a_registry_that_somebody_else_fills_asks_nothing_of_ci(hosts):
    found = asked(hosts({**ON_ECR, "mirror": "off"}, {"cluster": {"context": "c", "provider": "eks"}}, "-o", "json"))
    assert ("registry-1.docker.io", "CI") not in found


def test_a_level_in_harness_asks_its_api(hosts):
    registry = {"server": "harbor.example", "account": "chaos", "type": "public"}
    harness = {"publish": True, "account_id": "a", "endpoint": "https://harness.example:9443/gateway", "login": "key"}
    found = asked(hosts({"image_registry": registry, "harness": harness, "mirror": "off"}, None, "-o", "json"))
    assert found[("harness.example", "CI")] == 9443


def test_containerd_is_told_a_private_authority(hosts):
    registry = {"server": "harbor.example:8443", "account": "chaos", "type": "public"}
    text = hosts({"image_registry": registry, "mirror": "off"}, None, "--certs-d", "/etc/ssl/company.crt")
    assert "# /etc/containerd/certs.d/harbor.example:8443/hosts.toml" in text
    assert '[host."https://harbor.example:8443"]' in text
    assert 'ca = "/etc/ssl/company.crt"' in text


@pytest.mark.parametrize(
    ("server", "host", "port"),
    [("[::1]:5000", "::1", 5000), ("[2001:db8::1]", "2001:db8::1", 443), ("localhost:5000", "localhost", 5000)],
)
def test_addresses_are_told_from_their_ports(hosts, server, host, port):
    registry = {"server": server, "account": "chaos", "type": "public"}
    assert asked(hosts({"image_registry": registry, "mirror": "off"}, None, "-o", "json"))[(host, "nodes")] == port


def test_containerd_asks_docker_hub_where_it_is(hosts):
    text = hosts({}, None, "--certs-d", "/etc/ssl/company.crt")
    assert "# /etc/containerd/certs.d/docker.io/hosts.toml" in text
    assert 'server = "https://registry-1.docker.io"' in text
