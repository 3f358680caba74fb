"""The kinds that the stand-in knows, and when a change replaces: a table read in the provider's sources.

github.com/hashicorp/terraform-provider-google, google/services/artifactregistry/: resource_artifact_registry_repository
and iam_artifact_registry_repository, as of 2026 (v7, pulumi-gcp 10).
"""

import base64
import hashlib
import json

from lab.plugins.protocol.properties import Property
from lab.plugins.protocol.values import Object
from lab.plugins.recording.recorded import Recorded

_CONDITION = {name: Property() for name in ("tagState", "tagPrefixes", "olderThan", "newerThan", "packageNamePrefixes")}


def _prevented(outputs: Object) -> str | None:
    """What `deletion_policy: PREVENT` says."""
    if outputs.get("deletionPolicy") == "PREVENT":
        return (
            'cannot destroy ArtifactRegistryRepository without setting deletion_policy="DELETE" and running '
            "`terraform apply`"
        )
    return None


_REPOSITORY = Recorded(
    "gcp:artifactregistry/repository:Repository",
    "Repository",
    inputs={
        "format": Property(replaces=True, required=True),
        "repositoryId": Property(replaces=True, required=True),
        "location": Property(replaces=True, left_as_it_is=True),
        "project": Property(replaces=True, left_as_it_is=True),
        "kmsKeyName": Property(replaces=True),
        "mode": Property(replaces=True, default="STANDARD_REPOSITORY"),
        "description": Property(),
        "labels": Property(),
        "dockerConfig": Property(fields={"immutableTags": Property()}),
        "cleanupPolicies": Property(
            at_most=10,
            fields={
                "id": Property(required=True),
                "action": Property(one_of=("DELETE", "KEEP")),
                "condition": Property(fields=_CONDITION),
                "mostRecentVersions": Property(),
            },
        ),
        "cleanupPolicyDryRun": Property(),
        "vulnerabilityScanningConfig": Property(
            fields={"enablementConfig": Property(one_of=("INHERITED", "DISABLED"))}
        ),
        "deletionPolicy": Property(default="DELETE", one_of=("DELETE", "PREVENT", "ABANDON")),
    },
    outputs=("name", "registryUri"),
    identity="projects/{project}/locations/{location}/repositories/{repositoryId}",
    computed={"name": "{repositoryId}", "registryUri": "{location}-docker.pkg.dev/{project}/{repositoryId}"},
    keeps=_prevented,
)

_MEMBER = Recorded(
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
    "RepositoryIamMember",
    inputs={
        "member": Property(replaces=True, required=True),
        "role": Property(replaces=True, required=True),
        "repository": Property(replaces=True, required=True),
        "location": Property(replaces=True, left_as_it_is=True),
        "project": Property(replaces=True, left_as_it_is=True),
        "condition": Property(replaces=True),
    },
    outputs=("etag",),
    identity="projects/{project}/locations/{location}/repositories/{repository}/{role}/{member}",
    computed={"etag": "recorded"},
)

# services/resourcemanager/: resource_google_service_account and resource_google_service_account_key
_ACCOUNT = Recorded(
    "gcp:serviceaccount/account:Account",
    "Account",
    inputs={
        "accountId": Property(replaces=True, required=True),
        "project": Property(replaces=True, left_as_it_is=True),
        "displayName": Property(),
        "description": Property(),
        "disabled": Property(),
        "createIgnoreAlreadyExists": Property(),
    },
    outputs=("name", "email", "member", "uniqueId"),
    identity="projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com",
    computed={
        "name": "projects/{project}/serviceAccounts/{accountId}@{project}.iam.gserviceaccount.com",
        "email": "{accountId}@{project}.iam.gserviceaccount.com",
        "member": "serviceAccount:{accountId}@{project}.iam.gserviceaccount.com",
    },
    made_up=frozenset(["name", "member"]),
)


def _key(inputs: Object) -> str:
    """What Google gives: the base64 of a key file. Another key has another text."""
    said = f"{inputs['serviceAccountId']} {inputs.get('keepers')}"
    text = json.dumps({"type": "service_account", "private_key": hashlib.sha256(said.encode()).hexdigest()})
    return base64.b64encode(text.encode()).decode()


_KEY = Recorded(
    "gcp:serviceaccount/key:Key",
    "Key",
    inputs={
        "serviceAccountId": Property(replaces=True, required=True),
        "keepers": Property(replaces=True),
        "keyAlgorithm": Property(replaces=True, default="KEY_ALG_RSA_2048"),
        "privateKeyType": Property(replaces=True, default="TYPE_GOOGLE_CREDENTIALS_FILE"),
        "publicKeyType": Property(replaces=True, default="TYPE_X509_PEM_FILE"),
        "publicKeyData": Property(replaces=True),
    },
    outputs=("name", "privateKey", "publicKey", "validAfter", "validBefore"),
    identity="{serviceAccountId}/keys/{keepers}",
    computed={"name": "{serviceAccountId}/keys/{keepers}", "privateKey": _key},
    made_up=frozenset(["privateKey"]),
)

KINDS = {kind.token: kind for kind in (_REPOSITORY, _MEMBER, _ACCOUNT, _KEY)}
