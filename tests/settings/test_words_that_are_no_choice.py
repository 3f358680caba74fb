"""A word that a setting does not know: the one that was meant, and only values that make sense where it stands."""

import pytest

from pulumi_chaosreg.errors import Place
from pulumi_chaosreg.settings.checking import check_settings


def advice(section):
    (finding,) = check_settings(section, Place()).findings
    assert finding.code == "CHR0107"
    return finding.help


@pytest.mark.parametrize(
    ("section", "meant"),
    [
        ({"cluster": {"provider": "gke-autopilot"}}, "gke_autopilot"),
        ({"cluster": {"provider": "EKS"}}, "eks"),
        ({"repositories": {"azure": {"permissions": "rabc"}}}, "rbac"),
        ({"image_registry": {"server": "h.example", "type": "Private"}}, "private"),
        ({"image_registry": {"server": "h.example", "kind": "jfrog"}}, "artifactory"),
        ({"image_registry": {"authentication": {"type": "gcp_serviceaccount"}}}, "gcp_service_account"),
        ({"image_registry": {"authentication": {"type": "nodeIdentity"}}}, "node_identity"),
    ],
)
def test_what_is_nearly_a_value_is_asked_for(section, meant):
    assert advice(section).startswith(f"did you mean `{meant}`? valid values: {meant}")


def test_what_is_near_nothing_is_not():
    assert advice({"cluster": {"provider": "zzz"}}).startswith("valid values: ")


@pytest.mark.parametrize("below", ["image_registry", "registries"])
def test_of_a_login_only_the_types_are_told_that_its_registry_accepts(below):
    def types(**registry):
        said = {"type": "private", "authentication": {"type": "zzz"}, **registry}
        return advice({below: {"eu": said} if below == "registries" else said}).removeprefix("valid values: ")

    gar = "kubernetes_secret, gcp_service_account, basic, node_identity, made"
    assert types(server="europe-docker.pkg.dev") == gar
    assert "gcp_service_account" not in types(server="h.example", kind="harbor")
    for unclear in ({"server": "h.example"}, {}):
        assert {"gcp_service_account", "aws_ecr", "azure"} <= set(types(**unclear).split(", "))
