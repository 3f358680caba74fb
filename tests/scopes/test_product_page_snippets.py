"""Every YAML snippet of Harness's documentation page works as it stands there, as the content of a section."""

import pytest

from tests.support.product_page import SNIPPETS

BASIC = SNIPPETS["Basic Configuration"]

# where the snippet's values must arrive
MEANINGS = {
    "Basic Configuration": {
        ("image_registry", "server"): "your-registry.example.com",
        ("image_registry", "account"): "your-account-name",
        ("image_registry", "type"): "private",
    },
    "Custom Images": {("custom_images", "go_runner"): "your-registry.com/chaos/go-runner:v1.0.0"},
    "Registry Authentication": {("image_registry", "authentication", "secret_name"): "registry-credentials"},
    "For Harness Delegate (DDCR)": {
        ("required_images",): [
            "harness/chaos-ddcr:latest",
            "harness/chaos-log-watcher:latest",
            "harness/service-discovery-collector:latest",
            "harness/chaos-ddcr-faults:latest",
        ]
    },
    "For Dedicated Infrastructure": {},
    "Docker Hub Private Registry": {("image_registry", "authentication"): {"secret_name": "dockerhub-secret"}},
    "Amazon ECR": {("image_registry", "authentication"): {"type": "aws_ecr", "region": "us-west-2"}},
    "Google Container Registry": {
        ("image_registry", "authentication"): {"type": "gcp_service_account", "key_file": "service-account-key.json"}
    },
    "Harbor Registry": {
        ("image_registry", "authentication"): {"username": "chaos-user", "password_secret": "harbor-credentials"}
    },
}


def _account(*snippets, infrastructure=""):
    section = "".join("    " + line + "\n" for snippet in snippets for line in snippet.splitlines())
    return f"config:\n  chaosreg:account:\n    id: acme\n{section}{infrastructure}"


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_alone_has_nothing_wrong(project, scope_of, name):
    reviewed = project.write({"acme": _account(SNIPPETS[name])}).review()
    assert reviewed.findings == ()
    account = scope_of(reviewed, "acme")
    assert {path: account.value_at(path) for path in MEANINGS[name]} == MEANINGS[name]


BELOW = "  chaosreg:infrastructures: {prod: {cluster: {context: c}, namespace: harness-chaos}}\n"


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_above_an_infrastructure_has_nothing_wrong_in_its_shape(project, name):
    release = 'images: {release: "1.94.4"}'
    reviewed = project.write({"acme": _account(SNIPPETS[name], release, infrastructure=BELOW)}).review()
    assert [str(finding) for finding in reviewed.findings if finding.code.startswith("CHR01")] == []


def test_the_page_s_parts_put_together_give_a_registry_with_its_secret(project):
    parts = (BASIC, SNIPPETS["Registry Authentication"], SNIPPETS["For Harness Delegate (DDCR)"])
    reviewed = project.write({"acme": _account(*parts, infrastructure=BELOW)}).review()
    assert reviewed.errors == ()
    # the page's `latest` moves, and nobody fills its registry: said, and nothing more
    assert {finding.code for finding in reviewed.findings} == {"CHR0313", "CHR0315"}
    (config,) = reviewed.resolved.values()
    # kubernetes_secret: theirs, only named
    assert (config.secret_name.value, config.delivery.makes_secret) == ("registry-credentials", False)
    # the registry's account takes the place of the page's `harness/`
    prefix = "your-registry.example.com/your-account-name"
    assert [str(image.reference) for image in config.images] == [
        f"{prefix}/chaos-ddcr:latest",
        f"{prefix}/chaos-log-watcher:latest",
        f"{prefix}/service-discovery-collector:latest",
        f"{prefix}/chaos-ddcr-faults:latest",
    ]


def test_authentication_beside_the_registry_counts_wherever_the_page_writes_it(project):
    reviewed = project.write(
        {"acme": _account(SNIPPETS["Registry Authentication"], BASIC, infrastructure=BELOW)}
    ).review()
    (config,) = reviewed.resolved.values()
    assert config.secret_name.value == "registry-credentials"


def test_the_page_s_namespace_must_be_where_the_pods_are(project):
    elsewhere = BELOW.replace("harness-chaos", "hce")
    parts = (BASIC, SNIPPETS["Registry Authentication"], SNIPPETS["For Harness Delegate (DDCR)"])
    reviewed = project.write({"acme": _account(*parts, infrastructure=elsewhere)}).review()
    assert [finding.code for finding in reviewed.errors] == ["CHR0504"]


def test_the_nine_images_of_the_page_are_the_catalogue_s_dedicated_set(project):
    reviewed = project.write(
        {"acme": _account(SNIPPETS["For Dedicated Infrastructure"], "type: dedicated", infrastructure=BELOW)}
    ).review()
    (config,) = reviewed.resolved.values()
    from pulumi_chaosreg.images.catalogue import load_catalogue

    assert tuple(image.name for image in config.images) == load_catalogue().sets["dedicated"]
