"""Which server key matches which image: the kubelet's own answers."""

import pytest

from pulumi_chaosreg.credentials.keyring import key_for, matches, unmatched

# key, image, and whether the kubelet uses it. The first twelve rows come from an executed port of its keyring.go.
TRUTH = [
    ("https://index.docker.io/v1/", "docker.io/harness/chaos-ddcr", True),
    ("docker.io", "docker.io/harness/x", True),
    ("https://docker.io", "docker.io/harness/x", True),
    ("registry-1.docker.io", "docker.io/harness/x", False),
    ("https://registry.hub.docker.com/v2/", "docker.io/harness/x", False),
    ("https://ghcr.io/v2", "ghcr.io/o/x", False),
    ("https://ghcr.io/v2/", "ghcr.io/o/x", True),
    ("harbor.company.com", "harbor.company.com:8443/p/x", False),
    ("harbor.company.com:443", "harbor.company.com/p/x", False),
    ("harbor.company.com/chaos", "harbor.company.com/chaos-engineering/x", True),
    ("harbor.company.com/chaos/", "harbor.company.com/chaos-engineering/x", False),
    ("*.amazonaws.com", "1234.dkr.ecr.us-west-2.amazonaws.com/x", False),
    ("Harbor.Company.com", "harbor.company.com/p/x", False),
    ("gcr.io", "us.gcr.io/p/x", False),
    # the rules beside that table
    ("index.docker.io", "docker.io/harness/x", True),
    ("*.dkr.ecr.us-west-2.amazonaws.com", "1234.dkr.ecr.us-west-2.amazonaws.com/x", True),
    ("harbor.company.com", "harbor.company.com/p/x", True),
    ("https://harbor.company.com", "harbor.company.com/p/x", True),
    ("http://harbor.company.com", "harbor.company.com/p/x", True),
    ("https://harbor.company.com/", "harbor.company.com/p/x", True),
    ("harbor.company.com:8443", "harbor.company.com:8443/p/x", True),
    ("harbor.company", "harbor.company.com/p/x", False),  # as many labels on both sides
    ("*.company.com", "harbor.eu.company.com/p/x", False),
    ("harbor.company.com:*", "harbor.company.com:8443/p/x", False),  # no wildcards in ports
    ("harbor.company.com/*/x", "harbor.company.com/p/x", False),  # nor in paths
    ("harbor.company.com/p", "harbor.company.com/q/x", False),
    ("https://harbor.company.com/v1/p", "harbor.company.com/p/x", True),
    ("docker.io/other", "docker.io/harness/x", False),
    ("*.io", "docker.io/harness/x", True),
    ("index.docker.io/harness", "docker.io/harness/x", False),  # the default registry's login is for all of it
    ("https://index.docker.io", "docker.io/harness/x", True),
    ("ftp://harbor.company.com", "harbor.company.com/p/x", False),
    ("https://user@harbor.company.com", "harbor.company.com/p/x", True),
]


@pytest.mark.parametrize(("key", "image", "used"), TRUTH)
def test_the_kubelet_uses_a_key(key, image, used):
    assert matches(key, image) is used


@pytest.mark.parametrize(
    ("server", "image"),
    [
        ("docker.io", "docker.io/harness/chaos-ddcr:1.94.0"),
        ("harbor.company.com", "harbor.company.com/chaos/x:1@sha256:" + "a" * 64),
        ("localhost:5000", "localhost:5000/x:1"),
        *(
            (host, f"{host}/x:1")
            for host in (
                "123456789012.dkr.ecr.us-west-2.amazonaws.com",
                "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
                "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
                "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
                "123456789012.dkr-ecr-fips.us-east-1.on.aws",
                "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
                "public.ecr.aws",
                "ecr-public.aws.com",
            )
        ),
    ],
)
def test_the_key_that_we_write_matches_every_image_of_its_server(server, image):
    assert matches(key_for(server), image)


def test_docker_hub_has_the_one_key_that_every_tool_accepts():
    assert key_for("docker.io") == "https://index.docker.io/v1/"
    assert key_for("harbor.company.com:8443") == "harbor.company.com:8443"


def test_images_without_any_key_are_named():
    images = ["h.example/a:1", "docker.io/b/c:1", "other.example/d:1"]
    assert unmatched(iter(["h.example", "docker.io"]), images) == ["other.example/d:1"]
    assert unmatched([], images) == images
