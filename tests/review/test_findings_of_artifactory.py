"""JFrog's three ways to name a repository in a host: which one is made, and whose API makes it."""

import pytest

from pulumi_chaosreg.registries.artifactory import named


@pytest.mark.parametrize(
    ("server", "account", "said", "key", "platform"),
    [
        # the repository begins the path
        ("acme.jfrog.io", "docker-local", "", "docker-local", "acme.jfrog.io"),
        ("acme.jfrog.io", "docker-local/chaos/images", "", "docker-local", "acme.jfrog.io"),
        ("artifactory.company.com", "docker-local", "", "docker-local", "artifactory.company.com"),
        ("artifactory.company.com:8443", "docker-local", "", "docker-local", "artifactory.company.com:8443"),
        # the host has it
        ("acme-docker-local.jfrog.io", "", "docker-local", "docker-local", "acme.jfrog.io"),
        ("acme-docker-local.jfrog.io", "chaos", "docker-local", "docker-local", "acme.jfrog.io"),
        ("docker-local.artifactory.company.com", "", "docker-local", "docker-local", "artifactory.company.com"),
        ("docker.artifactory.company.com:8443", "chaos", "docker", "docker", "artifactory.company.com:8443"),
        # the port is the repository's
        ("artifactory.company.com:5001", "chaos", "docker-local", "docker-local", "artifactory.company.com"),
        # a host of the company's own that its proxy leads to one repository
        ("images.company.com", "", "docker-local", "docker-local", "images.company.com"),
        # nobody tells
        ("artifactory.company.com", "", "", "", "artifactory.company.com"),
    ],
)
def test_host_path_and_key_name_one_repository(server: str, account: str, said: str, key: str, platform: str) -> None:
    assert named(server, account, said) == (key, platform)
