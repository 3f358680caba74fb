"""Google Artifact Registry: one repository, its members, and service accounts with keys that are made by turns."""

from collections.abc import Iterator

from pulumi_chaosreg.provision.protocol import ImageRepository, RepositorySettings
from tests.support.owned_registry import owned_registry
from tests.support.policies.words import (
    DELETE,
    EVERYBODY,
    READ,
    WRITE,
    Credential,
    Grant,
    Made,
    Store,
    Whole,
    made_by,
    turn,
)

SERVER, ACCOUNT = "europe-west1-docker.pkg.dev", "acme-prod/chaos"
REPOSITORY = "gcp:artifactregistry/repository:Repository"
MEMBER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
PERSON, KEY = "gcp:serviceaccount/account:Account", "gcp:serviceaccount/key:Key"
_ROLES = {  # cloud.google.com/artifact-registry/docs/access-control
    "roles/artifactregistry.reader": ("pull", {READ}),
    "roles/artifactregistry.writer": ("push", {READ, WRITE}),
    "roles/artifactregistry.repoAdmin": ("delete", {READ, WRITE, DELETE}),
}


def made() -> Made:
    members = {who: (f"group:{who}@acme.example",) for who in ("pull", "push", "delete")}
    settings = RepositorySettings(create=True, members=members, made=turn("prod"))
    images = [ImageRepository(f"{ACCOUNT}/chaos-ddcr", ("1.94.0",))]
    outputs = {PERSON: {"member": "serviceAccount:chaos-pull@acme-prod"}, KEY: {"privateKey": "e30="}}
    return made_by(owned_registry(SERVER, ACCOUNT), settings, images, outputs)


def whole(made: Made) -> Whole:
    plain = [name for name, is_secret in made.secret.items() if not is_secret]
    # a key has no end of its own: it is made anew, and the one before it goes, when its turn comes again
    keys = [Credential(name, bool(said.get("keepers", {}).get("turn"))) for name, said in made.of(KEY).items()]
    return Whole(("acme-prod/europe-west1/chaos",), [*_grants(made)], [*_stores(made)], keys, plain)


def _grants(made: Made) -> Iterator[Grant]:
    for name, said in made.of(MEMBER).items():
        asked = name.removeprefix(f"acme:{SERVER}/{ACCOUNT}/").partition("/")[0]
        _, rights = _ROLES.get(said["role"], (asked, {said["role"]}))
        to = EVERYBODY if said["member"] in ("allUsers", "allAuthenticatedUsers") else said["member"]
        path = "/".join(said.get(key, "*") for key in ("project", "location", "repository"))
        yield Grant(asked, to, frozenset(rights), (path,))


def _stores(made: Made) -> Iterator[Store]:
    for name, said in made.of(REPOSITORY).items():
        rules = [one for one in said["cleanupPolicies"] if one["action"] == "DELETE"]
        taken = [one["condition"] for one in rules]
        chosen = [one.get("tagState", "ANY") if "olderThan" in one else "ANY" for one in taken]
        yield Store(
            said["repositoryId"],
            deletes=tuple(state for state in chosen if state != "UNTAGGED"),
            keeps_tags=said["dockerConfig"]["immutableTags"],
            is_scanned=said["vulnerabilityScanningConfig"]["enablementConfig"] == "INHERITED",
            outlives=made.stays[f"{REPOSITORY} {name}"] and said["deletionPolicy"] == "PREVENT",
        )
