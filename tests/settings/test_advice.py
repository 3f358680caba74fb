"""Small mistakes in settings, and the one thing that helps: what is advised is what is meant."""

from base64 import b64encode

import pytest

from pulumi_chaosreg.errors import Place
from pulumi_chaosreg.settings.checking import check_settings
from pulumi_chaosreg.settings.kubeconfig import is_content

REGISTRY = {"server": "h.example", "type": "public"}


def said_of(section):
    return [(finding.code, finding.message, finding.help) for finding in check_settings(section, Place()).findings]


@pytest.mark.parametrize(
    ("section", "message", "advice"),
    [
        (
            {"image_registry": "https://h.example/chaos"},
            "`image_registry.name` is not the name of a registry",
            "write the registry itself: `{server: h.example, account: chaos, type: public}` (or `private`, with "
            "`authentication`)",
        ),
        (
            {"repositories": {"members": {"pull": ["allUsers"]}}},
            "is not a known IAM member",
            "leave it out: it would make the images public; name who pulls them",
        ),
        ({"image_registry": "EU"}, "is not the name of a registry", "write `eu`: names are lowercase"),
        ({"image_registry": {"name": "Eu-1"}}, "is not the name of a registry", "write `eu-1`: names are lowercase"),
        (
            {"image_registry": "https://u:secret@h.example"},
            "is not the name of a registry",
            "write a name that `registries:` gives",
        ),
        (
            {"registries": {"EU": REGISTRY}},
            "a key of `registries` is not the name",
            "names are made of a-z, 0-9 and `-`",
        ),
        (
            {"registries": REGISTRY},
            "`registries` has settings but no name above them",
            "write them below a name: `registries: {name: {…}}`",
        ),
        ({"registries": {"eu": {**REGISTRY, "sever": "x"}}}, "unknown key `sever`", "did you mean `server`?"),
        (
            {"registries": {"eu": {**REGISTRY, "mirror": {"platforms": [5]}}}},
            "`registries.eu.mirror.platforms.0` is a number",
            "write it in quotes",
        ),
        (
            {"image_registry": {"server": "https://h.example", "type": "public"}},
            "`image_registry.server` is not a server",
            "write host or host:port, without `https://`",
        ),
    ],
)
def test_a_mistake_is_one_finding_with_advice_that_fits_it(section, message, advice):
    ((_, said, helped),) = said_of(section)
    assert message in said
    assert helped.startswith(advice)
    assert "secret" not in said + helped


CONFIG = "apiVersion: v1\nkind: Config\nusers: [{name: a, user: {token: canary}}]\n"
CONTENTS = [CONFIG, '{"apiVersion": "v1"}', " {apiVersion: v1}", b64encode(CONFIG.encode()).decode()]
PATHS = ["~/.kube/config", "/home/u/kube/config", "clusters/prod.yaml", "eyes/kubeconfigs/production", "config", "abcd"]


@pytest.mark.parametrize("content", CONTENTS)
def test_a_kubeconfig_itself_is_no_path_and_is_not_shown(project, content):
    assert is_content(content)
    assert [code for code, _, _ in said_of({"cluster": {"kubeconfig": content}})] == ["CHR0601"]
    account = {"id": "acme", "images": {"release": "1.94.4"}}
    below = {"x": {"cluster": {"kubeconfig": content, "context": "c"}}}
    reviewed = project.write({"acme": {"chaosreg:account": account, "chaosreg:infrastructures": below}}).review()
    (finding,) = reviewed.errors
    assert content[:20] not in str(finding)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_no_content(path):
    assert not is_content(path)
    assert said_of({"cluster": {"kubeconfig": path, "context": "c"}}) == []


@pytest.mark.parametrize(
    ("section", "is_right"),
    [
        ({"service_accounts": ["litmus.chaos"]}, True),
        ({"pull_secret": {"name": "harbor.pull-1"}}, True),
        ({"pull_secret": {"name": f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 61}"}}, True),
        ({"image_registry": {"authentication": {"secret_name": "a.b.c"}}}, True),
        ({"pull_secret": {"name": "a..b"}}, False),
        ({"pull_secret": {"name": ".a"}}, False),
        ({"pull_secret": {"name": "a.-b"}}, False),
        ({"pull_secret": {"name": "a" * 254}}, False),
        ({"namespace": "chaos.prod"}, False),
        ({"namespace": "a" * 63}, True),
    ],
)
def test_names_of_secrets_and_accounts_may_have_dots_and_those_of_namespaces_not(section, is_right):
    assert [code for code, _, _ in said_of(section)] == ([] if is_right else ["CHR0112"])


@pytest.mark.parametrize(
    ("identity", "advice"),
    [
        ("1/locations/global/workloadIdentityPools/p/providers/prod", "correct the pool's or the provider's id"),
        ("acme/locations/global/workloadIdentityPools/pool/providers/prod", "write the provider's full name, with the"),
    ],
)
def test_of_a_pool_s_provider_the_part_is_named_that_is_wrong(identity, advice):
    ((_, _, helped),) = said_of({"pull_secret": {"identity": f"projects/{identity}"}})
    assert helped.startswith(advice)
