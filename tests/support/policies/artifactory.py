"""JFrog Artifactory: one local repository, scopes for each identity, and tokens by turns."""

from collections.abc import Iterator

from pulumi_chaosreg.provision.protocol import ImageRepository, RepositorySettings
from tests.support.canary import PUSH
from tests.support.owned_registry import owned_registry
from tests.support.policies.words import DELETE, READ, WRITE, Credential, Grant, Made, Store, Whole, made_by, turn

SERVER, ACCOUNT = "acme.jfrog.io", "docker-local/chaos"
REPOSITORY = "artifactory:index/dockerV2Repository:DockerV2Repository"
TOKEN = "artifactory:index/scopedToken:ScopedToken"
_LETTERS = {"r": READ, "w": WRITE, "d": DELETE}


def made() -> Made:
    settings = RepositorySettings(create=True, login=PUSH.password, made=turn("prod"))
    registry = owned_registry(SERVER, ACCOUNT, kind="artifactory")
    return made_by(registry, settings, [ImageRepository(f"{ACCOUNT}/chaos-ddcr", ("1.94.0",))])


def whole(made: Made) -> Whole:
    plain = [name for name, is_secret in made.secret.items() if not is_secret]
    tokens = made.of(TOKEN).items()
    ends = [Credential(name, said["expiresIn"] > 0 and not said["refreshable"]) for name, said in tokens]
    return Whole(("docker-local",), [*_grants(made)], [*_stores(made)], ends, plain)


def _grants(made: Made) -> Iterator[Grant]:
    for who, scopes in made.rights.items():
        yield from (_grant(who, f"a token to {who}", scope) for scope in scopes)
    for said in made.of(TOKEN).values():
        yield from (_grant("pull", said["username"], scope) for scope in said["scopes"])


def _grant(who: str, to: str, scope: str) -> Grant:
    _, path, letters = scope.split(":")
    return Grant(who, to, frozenset(_LETTERS.get(letter, letter) for letter in letters.split(",")), (path,))


def _stores(made: Made) -> Iterator[Store]:
    for name, said in made.of(REPOSITORY).items():
        yield Store(
            said["key"],
            deletes=("tags beyond a number",) if said["maxUniqueTags"] else (),
            keeps_tags="d" not in made.rights["push"][0].rpartition(":")[2],  # who may not delete overwrites nothing
            outlives=made.stays[f"{REPOSITORY} {name}"],
        )
