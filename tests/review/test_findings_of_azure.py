"""Each mistake about a registry at Azure, told where it stands, and nothing else."""

import pytest

BELOW = "config: {chaosreg:parent_stack: acme, chaosreg:infrastructures: {x: {cluster: {context: c, provider: aks}}}}"
WHERE = "subscription_id: 11111111-2222-3333-4444-555555555555, resource_group: chaos"


def account(*repositories: str, server: str = "acmeprod.azurecr.io", path: str = ", account: chaos") -> str:
    lines = "".join(f"\n              {line}" for line in repositories)
    return f"""
        config:
          chaosreg:account:
            id: acme
            image_registry:
              {{server: {server}{path}, type: private, authentication: {{type: azure}}}}
            images: {{release: "1.94.4", pin: "off"}}
            mirror: "off"
            repositories:{lines}
        """


MISTAKES = {
    "nobody says where it is": (
        account("create: true  #! CHR0471"),
        [
            "does not say `subscription_id`, `resource_group` and `permissions` of `acmeprod.azurecr.io`",
            "help: write `azure: {subscription_id: …, resource_group: …, permissions: rbac}`; `az acr show ",
        ],
    ),
    "which roles count is never guessed": (
        account("create: true", f"azure: {{{WHERE}}}  #! CHR0471"),
        ["does not say `permissions`", "`permissions: abac` where its `roleAssignmentMode`"],
    ),
    "a registry that is made has a place": (
        account("create: true", f"azure: {{{WHERE}, permissions: rbac, create_registry: true}}  #! CHR0471"),
        [
            "does not say `location` of",
            "help: add `location: westeurope` to it; see `az account list-locations`",
        ],
    ),
    "rules for addresses of a registry that is there": (
        account("create: true", f"azure: {{{WHERE}, permissions: rbac, allowed_ips: [203.0.113.7]}}  #! CHR0472"),
        ["`allowed_ips` cannot be set: the registry is there already"],
    ),
    "another tier of a registry that is there": (
        account("create: true", f"azure: {{{WHERE}, permissions: rbac, sku: Premium}}  #! CHR0472"),
        ["`sku` cannot be set: the registry is there already"],
    ),
    "a registry that is there and stays open": (
        account("create: true", f"azure: {{{WHERE}, permissions: rbac, public_network: true}}  #! CHR0472"),
        ["`public_network` cannot be set: the registry is there already"],
    ),
    "another place of a registry that is there": (
        account("create: true", f"azure: {{{WHERE}, permissions: rbac, location: westeurope}}  #! CHR0472"),
        ["`location` cannot be set: the registry is there already"],
    ),
    "retention in a tier that has none": (
        account(
            "create: true",
            "expire_untagged_after_days: 30  #! CHR0472",
            f"azure: {{{WHERE}, permissions: rbac, create_registry: true, location: westeurope}}",
        ),
        ["only the tier Premium has retention of untagged images"],
    ),
    "private endpoints in a tier that has none": (
        account(
            "create: true",
            f"azure: {{{WHERE}, permissions: rbac, create_registry: true, location: westeurope, sku: Basic, "
            "public_network: false}  #! CHR0472",
        ),
        ["only the tier Premium has private endpoints"],
    ),
    "a registry in ABAC mode": (
        account(
            "create: true",
            f"azure: {{{WHERE}, permissions: abac, create_registry: true, location: westeurope}}  #! CHR0473",
        ),
        ["a registry in ABAC mode cannot be made here", "--role-assignment-mode rbac-abac"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_found_where_it_stands_and_nothing_else_is(project, check_marks, mistake):
    files, words = MISTAKES[mistake]
    check_marks(project.write({"acme": files, "i": BELOW}), words)


@pytest.mark.parametrize(
    ("server", "path", "words"),
    [
        ("acmeprod.azurecr.io", "", "has no path: rights would be for every repository"),
        ("acme-d1gest00.azurecr.io", ", account: chaos", "names have 5 to 50 letters and digits"),
        ("acme.azurecr.io", ", account: chaos", "names have 5 to 50 letters and digits"),
    ],
)
def test_a_server_and_path_that_nothing_can_be_made_for(project, server, path, words):
    azure = f"azure: {{{WHERE}, permissions: rbac, create_registry: true, location: westeurope}}"
    written = account("create: true", azure, server=server, path=path)
    reviewed = project.write({"acme": written, "i": BELOW}).review()
    assert [finding.code for finding in reviewed.errors if words in finding.message] in (["CHR0471"], ["CHR0473"])


@pytest.mark.parametrize(
    "repositories",
    [
        [],
        ["create: false", f"azure: {{{WHERE}}}"],
        ["create: true", f"azure: {{{WHERE}, permissions: abac, tokens: [pull]}}"],
        [
            "create: true",
            "expire_untagged_after_days: 30",
            f"azure: {{{WHERE}, permissions: rbac, create_registry: true, location: westeurope, sku: Premium, "
            "public_network: true, allowed_ips: [203.0.113.0/24]}",
        ],
    ],
)
def test_what_can_be_made_is_fine(project, repositories):
    reviewed = project.write({"acme": account(*repositories or ["create: false"]), "i": BELOW}).review()
    assert [finding for finding in reviewed.findings if finding.code.startswith("CHR047")] == []
