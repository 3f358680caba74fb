"""Amazon ECR: a repository with its policies for each image, a role for each identity."""

import json
from collections.abc import Iterator
from typing import Any

from policy_sentry.querying.actions import get_action_data

from pulumi_chaosreg.provision.protocol import ImageRepository, Pullers, RepositorySettings, RoleSettings
from pulumi_chaosreg.scopes.trust import trusted
from tests.support.owned_registry import owned_registry
from tests.support.policies.words import DELETE, EVERYBODY, READ, WRITE, Grant, Made, Store, Whole, made_by

SERVER = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
REPOSITORY, LIFECYCLE = "aws:ecr/repository:Repository", "aws:ecr/lifecyclePolicy:LifecyclePolicy"
POLICY, ROLE, RIGHTS = "aws:ecr/repositoryPolicy:RepositoryPolicy", "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
IMAGES = (
    ImageRepository("chaos/chaos-ddcr", ("1.94.0",)),
    ImageRepository("chaos/chaos-go-runner", ("latest",), ("latest",)),
)
TRUST = {
    "push": [{"github": {"repository": "acme/platform", "ref": "refs/tags/v*"}}],
    "pull": [
        {
            "service_account": {"issuer": "https://oidc.example/id/1", "namespace": "chaos", "name": "litmus"},
            "pod_identity": {"namespace": "chaos", "service_account": "litmus"},
        },
        {"roles": ["arn:aws:iam::210987654321:role/nodes"]},
    ],
    "delete": [{"github": {"repository": "acme/platform", "environment": "production"}}],
}
_WRITES = ("ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload")
Document = dict[str, Any]


def made() -> Made:
    settings = RepositorySettings(
        create=True,
        pullers=Pullers(("210987654321",), ("arn:aws:iam::210987654321:role/nodes",), "o-a1b2c3d4e5"),
        roles=RoleSettings({who: trusted(entries) for who, entries in TRUST.items()}),
    )
    found = made_by(owned_registry(SERVER), settings, IMAGES)
    for type_, key in ((LIFECYCLE, "policy"), (POLICY, "policy"), (ROLE, "assumeRolePolicy"), (RIGHTS, "policy")):
        for said in found.of(type_).values():
            said[key] = json.loads(said[key])
    return found


def whole(made: Made) -> Whole:
    return Whole(("chaos/",), [*_grants(made)], [*_stores(made)], [])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def principals(statement: Document) -> list[str]:
    principal = statement.get("Principal", {})
    return [principal] if isinstance(principal, str) else [one for each in principal.values() for one in listed(each)]


def right(action: str) -> str:
    """By AWS's own list of actions."""
    service, _, word = action.partition(":")
    known = get_action_data(service, word) if word and "*" not in word else None
    if known and known["ecr"][0]["access_level"] in ("Read", "List"):
        return READ
    return WRITE if action in _WRITES else DELETE if action == "ecr:BatchDeleteImage" else action


def _grants(made: Made) -> Iterator[Grant]:
    for name, said in made.of(RIGHTS).items():
        for statement in said["policy"]["Statement"]:
            actions, arns = listed(statement["Action"]), listed(statement["Resource"])
            if actions == ["ecr:GetAuthorizationToken"]:
                continue  # a login of one's own, which is for no repository
            paths = tuple(arn.partition(":repository/")[2] or arn for arn in arns)
            yield Grant(name.rpartition("/")[2], name, frozenset(map(right, actions)), paths)
    for said in made.of(POLICY).values():
        for statement in said["policy"]["Statement"]:
            organization = statement.get("Condition", {}).get("StringEquals", {}).get("aws:PrincipalOrgID")
            rights = frozenset(map(right, listed(statement.get("Action", "NotAction"))))
            for one in principals(statement):
                to = (organization or EVERYBODY) if "*" in one else one
                yield Grant("pull", to, rights, (said["repository"],))


def _stores(made: Made) -> Iterator[Store]:
    for name, said in made.of(REPOSITORY).items():
        moving = {each["filter"] for each in said.get("imageTagMutabilityExclusionFilters", ())}
        lifecycle = made.of(LIFECYCLE)[name]["policy"]
        chosen = [rule["selection"] for rule in lifecycle["rules"]]
        yield Store(
            said["name"],
            deletes=tuple(
                # by number, a digest that runs goes after two pushes
                f"{one['tagStatus']} {one['countType']}"
                for one in chosen
                if (one["tagStatus"], one["countType"]) != ("untagged", "sinceImagePushed")
            ),
            keeps_tags=said["imageTagMutability"].startswith("IMMUTABLE") and moving <= {"sha256-*", "latest"},
            is_scanned=said["imageScanningConfiguration"] == {"scanOnPush": True},
            is_encrypted=bool(said.get("encryptionConfigurations")),
            outlives=made.stays[f"{REPOSITORY} {name}"] and said["forceDelete"] is False,
        )
