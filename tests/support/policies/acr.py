"""Azure Container Registry: the registry, roles, tokens for one path, and passwords by turns."""

import re
from collections.abc import Iterator
from dataclasses import replace

from pulumi_chaosreg.provision.acr_roles import ROLES
from pulumi_chaosreg.provision.protocol import AzureSettings, ImageRepository, RepositorySettings
from tests.support.owned_registry import owned_registry
from tests.support.policies.words import DELETE, READ, WRITE, Credential, Grant, Made, Store, Whole, made_by, turn

SERVER = "acmeprod.azurecr.io"
REGISTRY, MAP, TOKEN = (f"azure-native:containerregistry:{name}" for name in ("Registry", "ScopeMap", "Token"))
ROLE, PASSWORD = "azure-native:authorization:RoleAssignment", "chaosreg:index:AcrTokenPassword"
IDS = {who: f"66666666-7777-8888-9999-00000000000{number}" for number, who in enumerate(("pull", "push", "delete"))}
VERBS = {  # what Azure's built-in roles may do to repositories (azure/role-based-access-control/built-in-roles)
    "AcrPull": {READ},
    "AcrPush": {READ, WRITE},
    "AcrDelete": {DELETE},
    "Container Registry Repository Reader": {READ},
    "Container Registry Repository Writer": {READ, WRITE},
    "Container Registry Repository Contributor": {READ, WRITE, DELETE},
}
_AZURE = AzureSettings(
    "11111111-2222-3333-4444-555555555555",
    "chaos",
    "abac",
    principals={who: (one,) for who, one in IDS.items()},
    tokens=("pull", "push", "delete"),
    create_registry=True,
    location="westeurope",
    sku="Premium",
    allowed_ips=("203.0.113.0/24",),
)


def made(permissions: str = "abac") -> Made:
    settings = RepositorySettings(create=True, azure=replace(_AZURE, permissions=permissions), made=turn())
    return made_by(owned_registry(SERVER), settings, [ImageRepository("chaos/chaos-ddcr", ("1.94.0",))])


def whole(made: Made) -> Whole:
    passwords = made.of(PASSWORD)
    ends = [
        Credential(said["password"], bool(re.match(r"\d{4}-\d\d-\d\dT", said.get("expires", ""))))
        for said in passwords.values()
    ]
    plain = [name for name, is_secret in made.secret.items() if not is_secret]
    plain += [name for name, said in made.of(TOKEN).items() if "credentials" in said]
    return Whole(("chaos/",), [*_grants(made)], [*_stores(made)], ends, plain)


def role_of(said: dict[str, str]) -> str:
    """Its name; its ID where it is none of those that we give."""
    ident = said["roleDefinitionId"].rpartition("/")[2]
    return next((name for name, known in ROLES.items() if known == ident), ident)


def _grants(made: Made) -> Iterator[Grant]:
    maps = {f"{name}-id": said["actions"] for name, said in made.of(MAP).items()}
    for name, said in made.of(TOKEN).items():
        who, rights, paths = name.rpartition("/")[2], set(), set()
        for action in maps[said["scopeMapId"]]:
            path, _, verb = action.removeprefix("repositories/").rpartition("/*/")
            paths.add(f"{path}/" if path else "*")
            rights.add(verb.partition("/")[2] or action)
        yield Grant("pull" if who == "made" else who, said["tokenName"], frozenset(rights), tuple(paths))
    whose = {one: who for who, one in IDS.items()}
    for said in made.of(ROLE).values():
        role, condition = role_of(said), said.get("condition") or ""
        path = re.findall(r"StringStartsWithIgnoreCase '([^']*)'", condition) or ["*"]
        if role.startswith("Acr"):  # roles that no condition can narrow are for the registry that is ours
            path = ["chaos/"]
        if not said["scope"].endswith("/registries/acmeprod"):
            path = [said["scope"]]
        rights = frozenset(VERBS.get(role, {role}))
        yield Grant(whose[said["principalId"]], said["principalId"], rights, tuple(path))


def _stores(made: Made) -> Iterator[Store]:
    for name, said in made.of(REGISTRY).items():
        public = {
            "anonymous pull": said["anonymousPullEnabled"],
            "admin user": said["adminUserEnabled"],
            "every address": said["networkRuleSet"]["defaultAction"] != "Deny",
        }
        retention = said["policies"]["retentionPolicy"]["status"]
        yield Store(
            said["registryName"],
            # it takes what is untagged, which may run by its digest: nobody asked for it
            deletes=() if retention == "disabled" else (retention,),
            outlives=made.stays[f"{REGISTRY} {name}"],
            public=tuple(what for what, is_on in public.items() if is_on is not False),
        )
