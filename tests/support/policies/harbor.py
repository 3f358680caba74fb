"""Harbor: one project with its rule, and robots; those that pull by turns."""

from collections.abc import Iterator
from datetime import date

from pulumi_chaosreg.clock import today
from pulumi_chaosreg.provision.protocol import HarborSettings, ImageRepository, MadeCredential, RepositorySettings
from pulumi_chaosreg.scopes.made_by_owner import turns
from tests.support.canary import PUSH
from tests.support.owned_registry import owned_registry
from tests.support.policies.words import DELETE, EVERYBODY, READ, WRITE, Credential, Grant, Made, Store, Whole, made_by

SERVER = "harbor.company.com"
PROJECT, RULE, ROBOT = (f"chaosreg:index:Harbor{name}" for name in ("Project", "ImmutableTagRule", "Robot"))
RETENTION = "harbor:index/retentionPolicy:RetentionPolicy"
"""Harbor deletes what no rule of it keeps: we make none."""
LONGEST = 90
"""Days that a robot lives."""
_ACTIONS = {"pull": READ, "read": READ, "list": READ, "push": WRITE, "create": WRITE, "delete": DELETE}


def made() -> Made:
    settings = RepositorySettings(
        create=True,
        login={"username": "admin", "password": PUSH.password},
        harbor=HarborSettings(robots=("push", "delete")),
        made=tuple(
            MadeCredential("prod", turn.slot, turn.number, turn.ends, LONGEST) for turn in turns(today(), LONGEST)
        ),
    )
    images = [ImageRepository("chaos/chaos-ddcr", ("1.94.0", "latest"), ("latest",))]
    return made_by(owned_registry(SERVER, kind="harbor"), settings, images)


def whole(made: Made) -> Whole:
    plain = [name for name, is_secret in made.secret.items() if not is_secret]
    robots = [Credential(said["robot"], _ends(said["ends"])) for said in made.of(ROBOT).values()]
    return Whole(("chaos",), [*_grants(made)], [*_stores(made)], robots, plain)


def _ends(day: str) -> bool:
    return bool(day) and 0 < (date.fromisoformat(day) - today()).days <= LONGEST


def _grants(made: Made) -> Iterator[Grant]:
    for name, said in made.of(ROBOT).items():
        who = name.removeprefix(f"acme:{SERVER}/chaos/").partition("/")[0]
        yield Grant(who, said["robot"], frozenset(map(_right, said["access"])), (said["project"],))
    for said in made.of(PROJECT).values():
        if said["public"]:
            yield Grant("pull", EVERYBODY, frozenset({READ}), (said["project"],))


def _right(said: str) -> str:
    what, _, action = said.partition(":")
    return _ACTIONS.get(action, said) if what in ("repository", "artifact", "tag") else said


def _stores(made: Made) -> Iterator[Store]:
    for name, said in made.of(PROJECT).items():
        rules = [rule["excludedTags"] for rule in made.of(RULE).values() if rule["project"] == said["project"]]
        yield Store(
            said["project"],
            deletes=tuple(made.of(RETENTION)),
            keeps_tags=bool(rules) and not any({"*", "**"} & set(excluded) for excluded in rules),
            is_scanned=said["autoScan"],
            outlives=made.stays[f"{PROJECT} {name}"],
        )
