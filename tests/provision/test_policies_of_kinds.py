"""The same rules over all that is made, whatever the kind: each is met by what we make, and catches what is planted.

What only one kind has is in test_policies_of_<kind>.py.
"""

from collections.abc import Callable
from copy import deepcopy
from types import ModuleType
from typing import Any

import pytest

from tests.support.extras import PACKAGES
from tests.support.policies import acr, artifactory, ecr, gar, harbor, rules, words
from tests.support.policies.rules import RULES, Rule
from tests.support.policies.words import Made

pytestmark = pytest.mark.components

KINDS = {"ecr": ecr, "gar": gar, "acr": acr, "artifactory": artifactory, "harbor": harbor}
Plant = tuple[Callable[[Made], Any], str]
"""(what is spoilt, what must be found)."""


_OF_JFROG = f"acme:{artifactory.SERVER}/{artifactory.ACCOUNT}/pull/prod/a"


def _right(scope: str) -> Callable[[Made], Any]:
    return lambda made: made.one(artifactory.TOKEN).update(scopes=[scope])


def _path(who: str, action: str) -> Callable[[Made], Any]:
    return lambda made: made.one(acr.MAP, f"/{who}")["actions"].append(action)


def _access(who: str, right: str) -> Callable[[Made], Any]:
    return lambda made: made.one(harbor.ROBOT, f"/{who}")["access"].append(right)


def _action(who: str, action: str) -> Callable[[Made], Any]:
    return lambda made: made.one(ecr.RIGHTS, who)["policy"]["Statement"][1]["Action"].append(action)


def _role(who: str, role: str) -> Callable[[Made], Any]:
    def spoil(made: Made) -> None:
        said = next(one for one in made.of(acr.ROLE).values() if one["principalId"] == acr.IDS[who])
        said["roleDefinitionId"] = f"x/{acr.ROLES.get(role, role)}"

    return spoil


def _plain(made: Made) -> None:
    made.secret.update(dict.fromkeys(made.secret, False))


def _policy(made: Made, number: int) -> dict[str, Any]:
    said: dict[str, Any] = made.one(ecr.POLICY)["policy"]["Statement"][number]
    return said


PLANTED: dict[Rule, dict[str, list[Plant] | str]] = {
    rules.nobody_gets_in_without_a_login: {
        "ecr": [
            (lambda made: _policy(made, 1).pop("Condition"), "pull"),
            (lambda made: _policy(made, 0).update(Principal={"AWS": "*"}), "pull"),
        ],
        "gar": [
            (lambda made: made.one(gar.MEMBER, "pull@acme.example").update(member="allUsers"), "pull"),
            (lambda made: made.one(gar.MEMBER, "pull@acme.example").update(member="allAuthenticatedUsers"), "pull"),
        ],
        "acr": [
            (lambda made: made.one(acr.REGISTRY).update(anonymousPullEnabled=True), "anonymous pull"),
            (lambda made: made.one(acr.REGISTRY).update(adminUserEnabled=True), "admin user"),
            (lambda made: made.one(acr.REGISTRY)["networkRuleSet"].update(defaultAction="Allow"), "every address"),
        ],
        "artifactory": "a setting of the whole platform",
        "harbor": [(lambda made: made.one(harbor.PROJECT).update(public=True), "pull")],
    },
    rules.each_identity_may_do_its_part_and_no_more: {
        "ecr": [
            (_action("pull", "ecr:PutImage"), "write"),
            (_action("push", "ecr:BatchDeleteImage"), "delete"),
            (_action("push", "ecr:SetRepositoryPolicy"), "ecr:SetRepositoryPolicy"),
            (_action("push", "ecr:PutLifecyclePolicy"), "ecr:PutLifecyclePolicy"),
            (_action("delete", "ecr:DeleteRepository"), "ecr:DeleteRepository"),
            (_action("pull", "ecr:*"), "ecr:*"),
            (lambda made: _policy(made, 0)["Action"].append("ecr:PutImage"), "write"),
            (lambda made: _policy(made, 0).pop("Action"), "NotAction"),
        ],
        "gar": [
            (
                lambda made: made.one(gar.MEMBER, "pull@acme.example").update(role="roles/artifactregistry.writer"),
                "write",
            ),
            (lambda made: made.one(gar.MEMBER, "prod").update(role="roles/owner"), "roles/owner"),
            (
                lambda made: made.one(gar.MEMBER, "push@acme.example").update(role="roles/artifactregistry.repoAdmin"),
                "delete",
            ),
        ],
        "acr": [
            (_path("pull", "repositories/chaos/*/content/write"), "write"),
            (_path("made", "repositories/chaos/*/content/write"), "write"),
            (
                _path("push", "repositories/chaos/*/content/delete"),
                "delete",
            ),
            (
                lambda made: made.one(acr.TOKEN, "/pull").update(scopeMapId=made.one(acr.TOKEN, "/push")["scopeMapId"]),
                "write",
            ),
            (_role("pull", "AcrPush"), "write"),
            (_role("push", "Container Registry Repository Contributor"), "delete"),
            (_role("pull", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"), "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),  # Owner
        ],
        "artifactory": [
            (_right("artifact:docker-local:r,w"), "write"),
            (_right("artifact:docker-local:*"), "*"),
            (_right("artifact:docker-local:r,m"), "m"),
            (lambda made: made.rights.update(push=["artifact:docker-local:r,w,d"]), "delete"),
        ],
        "harbor": [
            (_access("pull/prod/a", "repository:push"), "write"),
            (_access("push", "tag:delete"), "delete"),
            (_access("delete", "robot:create"), "robot:create"),
            (_access("delete", "repository:*"), "repository:*"),
        ],
    },
    rules.identities_are_separate: {
        "ecr": [
            (
                lambda made: made.inputs.update(
                    {f"{ecr.RIGHTS} x/push": made.one(ecr.RIGHTS, "push"), f"{ecr.POLICY} x": _pushes_too(made)}
                ),
                "x/push",
            )
        ],
        "gar": [
            (
                lambda made: made.one(gar.MEMBER, "push@acme.example").update(member="group:pull@acme.example"),
                "group:pull@acme.example",
            )
        ],
        "acr": [
            (
                lambda made: made.one(acr.TOKEN, "/push").update(tokenName="chaosreg-chaos-pull"),
                "chaosreg-chaos-pull",
            )
        ],
        "artifactory": [
            (lambda made: made.one(artifactory.TOKEN).update(username="a token to push"), "a token to push")
        ],
        "harbor": [
            (lambda made: [said.update(robot="one-for-all") for said in made.of(harbor.ROBOT).values()], "one-for-all")
        ],
    },
    rules.rights_are_for_our_images_alone: {
        "ecr": [
            (lambda made: made.one(ecr.RIGHTS, "push")["policy"]["Statement"][1].update(Resource="*"), "*"),
            (
                lambda made: made.one(ecr.RIGHTS, "push")["policy"]["Statement"][1].update(
                    Resource=["arn:aws:ecr:eu-west-1:123456789012:repository/theirs/x"]
                ),
                "theirs/x",
            ),
        ],
        "gar": [
            (
                lambda made: made.one(gar.MEMBER, "pull@acme.example").update(repository="theirs"),
                "acme-prod/europe-west1/theirs",
            ),
            (lambda made: made.one(gar.MEMBER, "prod").pop("repository"), "acme-prod/europe-west1/*"),
        ],
        "acr": [
            (_path("push", "repositories/*/content/write"), "*"),
            (lambda made: made.one(acr.ROLE).pop("condition"), "*"),
            (lambda made: made.one(acr.ROLE).update(scope="/subscriptions/1"), "/subscriptions/1"),
        ],
        "artifactory": [(_right("artifact:*:r"), "*")],
        "harbor": [(lambda made: made.one(harbor.ROBOT).update(project="theirs"), "theirs")],
    },
    rules.nothing_is_deleted_that_has_a_tag_or_may_run: {
        "ecr": [
            (
                lambda made: made.one(ecr.LIFECYCLE)["policy"]["rules"][0]["selection"].update(tagStatus="any"),
                "any sinceImagePushed",
            ),
            (
                lambda made: made.one(ecr.LIFECYCLE)["policy"]["rules"][0].update(
                    selection={"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}
                ),
                "untagged imageCountMoreThan",
            ),
        ],
        "gar": [
            (lambda made: made.one(gar.REPOSITORY)["cleanupPolicies"][0]["condition"].update(tagState="ANY"), "ANY"),
            (lambda made: made.one(gar.REPOSITORY)["cleanupPolicies"][0]["condition"].pop("olderThan"), "ANY"),
        ],
        "acr": [
            (lambda made: made.one(acr.REGISTRY)["policies"]["retentionPolicy"].update(status="enabled"), "enabled")
        ],
        "artifactory": [
            (lambda made: made.one(artifactory.REPOSITORY).update(maxUniqueTags=10), "tags beyond a number")
        ],
        "harbor": [(lambda made: made.inputs.update({f"{harbor.RETENTION} x": {}}), "x")],
    },
    rules.tags_stay: {
        "ecr": [
            (lambda made: made.one(ecr.REPOSITORY).update(imageTagMutability="MUTABLE"), "chaos/chaos-ddcr"),
            (
                lambda made: made.one(ecr.REPOSITORY).update(
                    imageTagMutabilityExclusionFilters=[{"filter": "*", "filterType": "WILDCARD"}]
                ),
                "chaos/chaos-ddcr",
            ),
        ],
        "gar": [(lambda made: made.one(gar.REPOSITORY)["dockerConfig"].update(immutableTags=False), "chaos")],
        "acr": "Azure locks tags one by one, after they are pushed",
        "artifactory": [
            (lambda made: made.rights.update(push=["artifact:docker-local:r,w,d"]), "docker-local"),
        ],
        "harbor": [
            (lambda made: made.one(harbor.RULE).update(excludedTags=["**"]), "chaos"),
            (lambda made: made.inputs.pop(f"{harbor.RULE} acme:{harbor.SERVER}/chaos"), "chaos"),
        ],
    },
    rules.images_outlive_their_stack: {
        "ecr": [
            (lambda made: made.leave(ecr.REPOSITORY), "chaos/chaos-ddcr"),
            (lambda made: made.one(ecr.REPOSITORY).update(forceDelete=True), "chaos/chaos-ddcr"),
        ],
        "gar": [
            (lambda made: made.leave(gar.REPOSITORY), "chaos"),
            (lambda made: made.one(gar.REPOSITORY).update(deletionPolicy="DELETE"), "chaos"),
        ],
        "acr": [(lambda made: made.leave(acr.REGISTRY), "acmeprod")],
        "artifactory": [(lambda made: made.leave(artifactory.REPOSITORY), "docker-local")],
        "harbor": [(lambda made: made.leave(harbor.PROJECT), "chaos")],
    },
    rules.images_are_encrypted: {
        "ecr": [(lambda made: made.one(ecr.REPOSITORY).update(encryptionConfigurations=[]), "chaos/chaos-ddcr")],
        "gar": "Google encrypts everything, with its own key if there is no other",
        "acr": "Azure encrypts everything, with its own key",
        "artifactory": "a matter of the platform's storage",
        "harbor": "a matter of the storage behind it",
    },
    rules.images_are_scanned: {
        "ecr": [
            (
                lambda made: made.one(ecr.REPOSITORY).update(imageScanningConfiguration={"scanOnPush": False}),
                "chaos/chaos-ddcr",
            )
        ],
        "gar": [
            (
                lambda made: made.one(gar.REPOSITORY)["vulnerabilityScanningConfig"].update(
                    enablementConfig="DISABLED"
                ),
                "chaos",
            )
        ],
        "acr": "Defender for Cloud scans, for a whole subscription",
        "artifactory": "Xray's administrators choose what is indexed",
        "harbor": [(lambda made: made.one(harbor.PROJECT).update(autoScan=False), "chaos")],
    },
    rules.credentials_are_secret: {
        "ecr": "no password is made: roles have none",
        "gar": [(_plain, "prod/a")],
        "acr": [
            (_plain, "/a"),
            (
                lambda made: made.one(acr.TOKEN, "/pull").update(credentials={"passwords": []}),
                f"acme:{acr.SERVER}/chaos/pull",
            ),
        ],
        "artifactory": [(_plain, "prod/a")],
        "harbor": [(_plain, "prod/a")],
    },
    rules.credentials_end: {
        "ecr": "no password is made: roles have none",
        "gar": [(lambda made: made.one(gar.KEY).pop("keepers"), f"acme:{gar.SERVER}/{gar.ACCOUNT}/pull/prod/a")],
        "acr": [(lambda made: made.one(acr.PASSWORD).update(password="password1", expires=""), "password1")],
        "artifactory": [
            (lambda made: made.one(artifactory.TOKEN).update(expiresIn=0), _OF_JFROG),
            (lambda made: made.one(artifactory.TOKEN).update(refreshable=True), _OF_JFROG),
        ],
        "harbor": [
            (lambda made: made.one(harbor.ROBOT).update(robot="for-ever", ends=""), "for-ever"),
            (lambda made: made.one(harbor.ROBOT).update(robot="for-years", ends="2099-01-01"), "for-years"),
        ],
    },
}


def _pushes_too(made: Made) -> dict[str, Any]:
    said = deepcopy(made.one(ecr.POLICY))
    said["policy"]["Statement"][0]["Principal"] = {"AWS": "x/push"}
    return said


@pytest.fixture(scope="module")
def everything() -> dict[str, Made]:
    """What was made already, by its kind."""
    return {}


@pytest.fixture
def made(kind: str, everything: dict[str, Made]) -> Made:
    """Of the kind, to be spoilt."""
    if kind not in everything:
        everything[kind] = KINDS[kind].made()
    return deepcopy(everything[kind])


def of(kind: str, *values: Any) -> Any:
    return pytest.param(kind, *values, marks=pytest.mark.extra(kind) if kind in PACKAGES else ())


def test_every_rule_has_a_plant_at_every_kind_or_says_why_there_is_none() -> None:
    assert set(PLANTED) == set(RULES)
    for rule, plants in PLANTED.items():
        assert set(plants) == set(KINDS), rule.__name__


@pytest.mark.parametrize("kind", [of(kind) for kind in KINDS])
def test_there_is_something_of_everything(kind: str, made: Made) -> None:
    whole = KINDS[kind].whole(made)
    assert {grant.who for grant in whole.grants} == {"pull", "push", "delete"}
    assert whole.stores
    assert len(made.secret) == (0 if kind == "ecr" else 2)
    assert len(whole.credentials) >= len(made.secret)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("kind", [of(kind) for kind in KINDS])
def test_what_we_make_keeps_the_rule(kind: str, rule: Rule, made: Made) -> None:
    assert list(rule(KINDS[kind].whole(made))) == []


@pytest.mark.parametrize(
    ("kind", "rule", "spoil", "found"),
    [
        of(kind, rule, *plant)
        for rule, plants in PLANTED.items()
        for kind, every in plants.items()
        for plant in (every if isinstance(every, list) else ())
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_planted_violation_is_found(
    kind: str, rule: Rule, spoil: Callable[[Made], Any], found: str, made: Made
) -> None:
    spoil(made)
    module: ModuleType = KINDS[kind]
    assert found in list(rule(module.whole(made)))


@pytest.mark.parametrize("kind", [of(kind) for kind in KINDS if kind != "ecr"])  # which makes no login to ask for
def test_whoever_asks_for_no_image_first_gets_nothing_twice(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, real = KINDS[kind].made(), words.provision
    found: list[Any] = []

    def by_and_by(registry: Any, settings: Any, images: Any) -> Any:
        found.append(real(registry, settings, images, before=real(registry, settings, [])))
        return found[-1]

    monkeypatch.setattr(words, "provision", by_and_by)
    assert KINDS[kind].made().inputs.keys() == at_once.inputs.keys()
    assert found[0].repositories  # what its images wait for is known all the same
