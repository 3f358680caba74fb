"""Registries that share what `up` would make for each of them: told at the later one, and not where one does not."""

from typing import Any

import pytest

PRINCIPAL = "22222222-2222-3333-4444-555555555555"
AZURE = {
    "subscription_id": "11111111-2222-3333-4444-555555555555",
    "resource_group": "chaos",
    "permissions": "rbac",
}
NEW = AZURE | {"create_registry": True, "location": "westeurope"}
ROLES = AZURE | {"principals": {"pull": [PRINCIPAL]}}
JFROG, ACR, GAR, HARBOR = "acme.jfrog.io", "acmeprod.azurecr.io", "europe-docker.pkg.dev", "harbor.company.com"


@pytest.fixture
def told(project):
    """(paths of the registries `r0`, `r1`…, what the account says of repositories) → message of each CHR0474."""

    def told_of(paths, own=None, **repositories: Any):
        registries = {}
        for number, path in enumerate(paths):
            server, _, account = path.partition("/")
            registries[f"r{number}"] = {"server": server, "account": account, "type": "public", "mirror": "off"}
            registries[f"r{number}"] |= {"kind": "harbor"} if server == HARBOR else {}
        registries["r1"] |= {"repositories": own} if own else {}
        account = {
            "id": "acme",
            "allow_overrides": True,
            "registries": registries,
            "images": {"release": "1.94.4", "pin": "off"},
            "repositories": {"create": True, **repositories},
        }
        infrastructures = {f"i{name}": {"image_registry": name, "cluster": {"context": name}} for name in registries}
        below = {"chaosreg:parent_stack": "acme", "chaosreg:infrastructures": infrastructures}
        credentials = {"chaosreg-credentials:admin": {"secure": "v1:x"}} if "login" in repositories else {}
        written = project.write({"acme": {"chaosreg:account": account, **credentials}, "below": below})
        errors = written.review().errors
        assert {finding.code for finding in errors} <= {"CHR0474"}
        assert {finding.place.keys[-3:] for finding in errors} <= {("registries", "r1", "account")}
        return [finding.message.partition("would both ")[2] for finding in errors]

    return told_of


@pytest.mark.parametrize(
    ("paths", "repositories", "words"),
    [
        ([f"{JFROG}/docker-local/chaos", f"{JFROG}/docker-local/dev"], {"login": "admin"}, "repository `docker-local`"),
        ([f"{GAR}/acme/chaos/eu", f"{GAR}/acme/chaos/us"], {}, "repository `acme/chaos`"),
        ([f"{HARBOR}/chaos/eu", f"{HARBOR}/chaos/us"], {"login": "admin"}, "project `chaos`"),
        ([f"{ACR}/chaos", f"{ACR}/other"], {"azure": NEW}, f"registry `{ACR}`"),
        ([f"{ACR}/chaos", f"{ACR}/other"], {"azure": ROLES}, f"the role assignment by which `{PRINCIPAL}` may pull"),
    ],
    ids=["Artifactory", "Artifact Registry", "Harbor", "a registry at Azure", "a role at Azure"],
)
def test_what_two_registries_share_is_made_once(told, paths, repositories, words):
    assert told(paths, **repositories) == [f"make {words}"]
    assert told(paths, own={"create": False}, **repositories) == []


@pytest.mark.parametrize(
    ("paths", "repositories"),
    [
        ([f"{JFROG}/docker-local/chaos", f"{JFROG}/docker-dev/chaos"], {"login": "admin"}),
        ([f"{JFROG}/docker-local/chaos", "other.jfrog.io/docker-local/chaos"], {"login": "admin"}),
        ([f"{GAR}/acme/chaos", f"{GAR}/other/chaos"], {}),
        ([f"{GAR}/acme/chaos", "us-docker.pkg.dev/acme/chaos"], {}),
        ([f"{HARBOR}/chaos", f"{HARBOR}/other"], {"login": "admin"}),
        ([f"{ACR}/chaos", "acmetest.azurecr.io/chaos"], {"azure": NEW | ROLES}),
        ([f"{ACR}/chaos", f"{ACR}/other"], {"azure": AZURE | {"tokens": ["pull"]}}),
    ],
)
def test_what_is_only_alike_is_made_for_each(told, paths, repositories):
    assert told(paths, **repositories) == []


def test_a_path_that_a_level_below_changes_is_another_registry(project, check_marks):
    check_marks(
        project.write(
            {
                "acme": """
                    config:
                      chaosreg:account:
                        id: acme
                        allow_overrides: true
                        image_registry: {server: harbor.company.com, kind: harbor, account: chaos, type: public}
                        images: {release: "1.94.4", pin: "off"}
                        mirror: "off"
                        repositories: {create: true, login: admin}
                      chaosreg-credentials:admin: {secure: v1:x}
                    """,
                "below": """
                    config:
                      chaosreg:parent_stack: acme
                      chaosreg:infrastructures:
                        a: {cluster: {context: a}}
                        b:
                          cluster: {context: b}
                          image_registry:
                            account: chaos/b  #! CHR0474
                    """,
            }
        ),
        ["`harbor.company.com/chaos/b` and `harbor.company.com/chaos` are both made", "the other one"],
    )
