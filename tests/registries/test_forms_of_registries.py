"""A registry whose host, path, repositories or login cannot be meant so: an error offline, not at the first push."""

import pytest

from pulumi_chaosreg.registries.kinds import all_kinds

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
GAR = "europe-docker.pkg.dev"
LOGIN = {"username": "u", "password_secret": "p"}


def errors(project, registry, **account):
    outcome = project.four_levels(account={"image_registry": registry, "mirror": "off", **account})
    return [finding for finding in outcome.reviewed.errors if finding.code != "CHR0313"]


def codes(project, registry, **account):
    return [finding.code for finding in errors(project, registry, **account)]


@pytest.mark.parametrize(
    ("server", "kind"),
    [
        ("12345678901.dkr.ecr.eu-west-1.amazonaws.com", "Amazon ECR"),
        ("1234567890123.dkr.ecr.eu-west-1.amazonaws.com", "Amazon ECR"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.co", "Amazon ECR"),
        ("12345678901O.dkr-ecr.eu-west-1.on.aws", "Amazon ECR"),
        ("public.ecr.amazonaws.com", "Amazon ECR Public"),
        ("docker.pkg.dev", "Google Artifact Registry"),
        ("europe-docker.pkg.de", "Google Artifact Registry"),
        ("de.gcr.io", "Google Artifact Registry"),
        ("acme.azurecr.com", "Azure Container Registry"),
        ("europe-west1.pkg.dev", "Google Artifact Registry"),
        ("gcr.com", "Google Artifact Registry"),
        ("gchr.io", "GitHub Container Registry"),
        ("ghcr.com", "GitHub Container Registry"),
        ("docker.pkg.github.com", "GitHub Container Registry"),
        ("quay.com", "Quay.io"),
        ("acme.jfrog.com", "JFrog Artifactory"),
        ("hub.docker.com", "Docker Hub"),
        ("gitlab.com", "GitLab.com"),
    ],
)
def test_a_server_that_is_almost_a_host_of_a_kind_is_an_error(project, server, kind):
    (finding,) = errors(project, {"server": server, "account": "acme/chaos", "type": "public"})
    assert finding.code == "CHR0424"
    assert finding.message == f"`{server.lower()}` looks like {kind}, but is not one of its hosts"
    # and who means it says so
    said = {"server": server, "account": "acme/chaos", "type": "public", "kind": "generic"}
    assert codes(project, said) == []


@pytest.mark.parametrize(
    "server",
    [
        ECR,
        "vpce-0a1b.dkr.ecr.eu-west-1.vpce.amazonaws.com",
        "ec2-1-2-3-4.eu-west-1.compute.amazonaws.com",
        "ecr.company.com",
        "docker.company.com",
        "acme.privatelink.azurecr.io",
        "gcr.io.mirror.company.com",
        "us.icr.io",
        "quay.local",
        "ghcr.company.com",
        "registry.gitlab.company.com",
        "docker.company.io",
    ],
)
def test_a_server_that_is_none_of_them_is_not(project, server):
    assert codes(project, {"server": server, "account": "acme/chaos", "type": "public"}) == []


MADE = {"type": "private", "authentication": {"type": "made", "lifetime_days": 90}}


@pytest.mark.parametrize(
    ("server", "kinds"),
    [
        ("artifactory.company.com", ["artifactory"]),
        ("company-jfrog2.internal:8443", ["artifactory"]),
        ("harbor.company.com", ["harbor"]),
        ("registry.company.com", ["artifactory", "harbor"]),
        ("smartifactory.company.com", ["artifactory", "harbor"]),
    ],
)
def test_where_nothing_tells_the_kind_that_is_the_one_finding_and_advice_names_it(project, server, kinds):
    def found(registry, **repositories):
        account = {"image_registry": {"server": server, "account": "chaos", **registry}, "mirror": "off"}
        outcome = project.four_levels(account={**account, "repositories": {"create": True, **repositories}})
        return [one for one in outcome.reviewed.findings if one.code in ("CHR0107", "CHR0111", "CHR0510")]

    refused = found(MADE, login="owner")
    vain = found({"type": "public"}, login="owner", protect=True)
    assert [one.code for one in (*refused, *vain)] == ["CHR0510", "CHR0111"]
    for one in (*refused, *vain):
        assert [kind for kind in all_kinds() if f"`kind: {kind}` beside `server`" in one.help] == kinds
    assert [one.code for one in found({**MADE, "kind": "jfrog"}, login="owner")] == ["CHR0107"]
    # who says that it is another one is believed
    assert [one.code for one in found({**MADE, "kind": "generic"})] == ["CHR0510", "CHR0111"]


@pytest.mark.parametrize(
    ("server", "code"),
    [
        ({"server": "acme.azurecr.com"}, "CHR0424"),
        ({"server": "gchr.io"}, "CHR0424"),
        ({"server": "artifactory.company.com", "kind": "jfrog"}, "CHR0107"),
    ],
)
@pytest.mark.parametrize(
    "login",
    [MADE, {"type": "private", "authentication": {"type": "token", "password_secret": "p"}}, {"type": "private"}],
)
def test_a_wrong_host_or_kind_has_no_further_findings(project, server, code, login):
    registry = {**server, "account": "chaos", **login}
    account = {"image_registry": registry, "mirror": "off", "repositories": {"create": True, "tags": {"a": "b"}}}
    found = project.four_levels(account=account).reviewed.findings
    assert [one.code for one in found if one.severity != "hint"] == [code]


@pytest.mark.parametrize(
    ("registry", "advised"),
    [
        ({"server": GAR, "account": "acme"}, "acme/chaos"),
        ({"server": GAR}, "acme/chaos"),
        ({"server": "eu.gcr.io"}, "acme"),
        ({"server": "docker.io", "account": "a/b"}, "acme"),
        ({"server": "ghcr.io"}, "acme"),
        ({"server": "harbor.company.com", "kind": "harbor"}, "chaos"),
    ],
)
def test_a_path_that_the_kind_does_not_have_is_an_error_and_the_advised_one_is_not(project, registry, advised):
    registry = {**registry, "type": "public"}
    (finding,) = errors(project, registry)
    assert finding.code == "CHR0425"
    assert finding.place.keys[-1] == ("account" if "account" in registry else "server")
    assert finding.help.count("/") == advised.count("/")
    assert codes(project, {**registry, "account": advised}) == []


def test_of_a_registry_with_a_name_too(project):
    named = {"eu": {"server": GAR, "account": "acme", "type": "public"}}
    (finding,) = errors(project, "eu", registries=named)
    assert (finding.code, finding.place.keys[-3:]) == ("CHR0425", ("registries", "eu", "account"))


def test_a_repository_that_the_kind_would_refuse_is_one_error_for_all_images(project):
    (finding,) = errors(project, {"server": ECR, "account": "c" * 250, "type": "public"})
    assert finding.code == "CHR0426"
    assert finding.message.endswith("characters, but Amazon ECR allows 256 (and 3 more)")
    assert codes(project, {"server": ECR, "account": "chaos", "type": "public"}) == []


def test_a_login_for_a_public_registry_is_an_error(project):
    registry = {"server": "h.example", "type": "public", "authentication": LOGIN}
    (finding,) = errors(project, registry)
    assert finding.code == "CHR0520"
    assert codes(project, {**registry, "type": "private"}) == []
    assert codes(project, {"server": "h.example", "type": "public"}) == []


def test_of_harness_s_own_registry_which_is_public_where_nobody_says_otherwise(project):
    assert codes(project, {"authentication": LOGIN}) == ["CHR0520"]
    assert codes(project, {"type": "private", "authentication": LOGIN}) == []


def test_a_level_below_may_take_the_login_back(project):
    private = {"server": "h.example", "type": "private", "authentication": LOGIN}
    account = {"image_registry": private, "mirror": "off"}
    assert project.four_levels(account=account, project={"image_registry": {"type": "public"}}).codes == []
