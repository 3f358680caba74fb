"""No setting is left out of a difference as if it were nothing: each row of the table has an edit here that is told."""

from copy import deepcopy

import pytest

from pulumi_chaosreg.review.difference import compare
from pulumi_chaosreg.review.made import Made
from pulumi_chaosreg.settings.table import (
    ALLOW_OVERRIDES,
    CLUSTER,
    HARNESS,
    IMAGE_REGISTRY,
    IMAGES,
    MIRROR,
    NAMESPACE,
    PULL_SECRET,
    REPOSITORIES,
    SECTION,
)

GROUPS = (IMAGE_REGISTRY, IMAGES, REPOSITORIES, MIRROR, CLUSTER, NAMESPACE, PULL_SECRET, ALLOW_OVERRIDES, HARNESS)
ROWS = [
    *(row for group in GROUPS for row in group.ROWS.values()),
    *(row for row in SECTION.ROWS.values() if row.path not in [group.PATH for group in GROUPS]),
]
ACCOUNT = {
    "id": "acme",
    "allow_overrides": True,
    "registries": {"other": {"server": "other.example", "type": "public"}},
    "image_registry": {
        "server": "harbor.example",
        "account": "chaos",
        "type": "private",
        "authentication": {"username": "u", "password_secret": "pull"},
    },
    "images": {"release": "1.94.4"},
    "mirror": {"source": "docker.io/harness"},
}
INFRASTRUCTURE = {"cluster": {"context": "eu"}}
ROLE = "arn:aws:iam::123456789012:role/pull"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
RENEWED = {"server": ECR, "account": "chaos", "type": "private", "authentication": {"type": "aws_ecr"}}
OF_A_REFRESHER = ("pull_secret.identity", "pull_secret.refresher_image", "pull_secret.refresher_environment")
"""Settings that matter only where a password must be renewed."""

TOLD = {
    # row: (level, before, after); None where it is not said
    "image_registry.server": ("account", "harbor.example", "registry.example"),
    "image_registry.account": ("account", "chaos", "other"),
    "image_registry.type": ("account", "private", "public"),
    "image_registry.kind": ("account", None, "harbor"),
    "image_registry.authentication": ("account", {"username": "u", "password_secret": "pull"}, {"secret_name": "s"}),
    "image_registry.name": ("infrastructure", None, "other"),
    "images.release": ("account", "1.94.4", "1.93.0"),
    "images.tags": ("account", None, {"chaos-ddcr": "1.93.0"}),
    "images.pin": ("account", None, "record"),
    "repositories.create": ("account", None, True),
    "repositories.immutable_tags": ("account", None, True),
    "repositories.scan_on_push": ("account", None, True),
    "repositories.expire_untagged_after_days": ("account", None, 14),
    "repositories.kms_key": ("account", None, "arn:aws:kms:eu-west-1:123456789012:key/1"),
    "repositories.repository_key": ("account", None, "docker-local"),
    "repositories.tags": ("account", None, {"team": "chaos"}),
    "repositories.pullers": ("account", None, {"organization": "o-a1b2c3d4e5"}),
    "repositories.members": ("account", None, {"pull": ["group:platform@example.com"]}),
    "repositories.identities": ("account", None, {"push": {"trust": {"account": "210987654321", "root": True}}}),
    "repositories.aws": ("account", None, {"profile": "chaos"}),
    "repositories.login": ("account", None, "harbor-admin"),
    "repositories.azure": ("account", None, {"resource_group": "chaos"}),
    "repositories.harbor": ("account", None, {"quota": "50GiB"}),
    "repositories.protect": ("account", None, True),
    "mirror.source": ("account", "docker.io/harness", "docker.io/other"),
    "mirror.also": ("account", None, ["harness/delegate:24.11.84304"]),
    "mirror.allow_sources": ("account", None, ["docker.io/harness"]),
    "mirror.platforms": ("account", None, ["linux/amd64"]),
    "mirror.foreign_layers": ("account", None, "keep"),
    "mirror.signatures": ("account", None, "skip"),
    "mirror.verify": ("account", None, {"public_keys": ["a.pub"]}),
    "mirror.push": ("account", None, "pusher"),
    "mirror.pull": ("account", None, "puller"),
    "mirror.delete": ("account", None, "deleter"),
    "mirror.wait_for_scan": ("account", None, "10m"),
    "cluster.kubeconfig": ("infrastructure", None, "clusters/eu.yaml"),
    "cluster.context": ("infrastructure", "eu", "eu-2"),
    "cluster.identifier": ("infrastructure", None, "eu-1"),
    "cluster.provider": ("infrastructure", None, "eks"),
    "namespace.name": ("infrastructure", None, "chaos"),
    "namespace.create": ("infrastructure", None, False),
    "pull_secret.create": ("infrastructure", None, False),
    "pull_secret.name": ("infrastructure", None, "login"),
    "pull_secret.delivery": ("infrastructure", None, "theirs"),
    "pull_secret.identity": ("infrastructure", ROLE, "keys"),
    "pull_secret.refresher_image": ("infrastructure", None, "docker.io/library/python:3.13"),
    "pull_secret.refresher_environment": ("infrastructure", None, {"HTTPS_PROXY": "http://proxy.example:3128"}),
    "allow_overrides.settings": ("account", None, ["images"]),
    "allow_overrides.scopes": ("account", None, ["eu"]),
    "allow_overrides.registries": ("account", None, "all"),
    "registries": ("account", None, {"more": {"server": "more.example", "type": "public"}}),
    "custom_images": ("infrastructure", None, {"log_watcher": "harbor.example/own/x:1"}),
    "allow_images": ("account", None, ["harbor.example"]),
    "required_images": ("infrastructure", None, ["harness/chaos-ddcr"]),
    "on_destroy": ("account", None, "delete"),
    "type": ("infrastructure", None, "dedicated"),
    "service_accounts": ("infrastructure", None, ["litmus"]),
    "enforce": ("infrastructure", None, "warn"),
    "labels": ("infrastructure", None, {"team": "one"}),
    "annotations": ("infrastructure", None, {"team": "one"}),
    "harness.publish": ("account", None, True),
    "harness.account_id": ("account", "acc", "other"),
    "harness.endpoint": ("account", None, "https://harness.example/gateway"),
    "harness.login": ("account", "pull", "key"),
    "harness.on_destroy": ("account", None, "retain"),
    "harness.tags": ("account", None, "theirs"),
    "harness_id": ("infrastructure", None, "eu_1"),
    "environment": ("infrastructure", None, "prod"),
    "id": ("account", "acme", "acme-inc"),
    "moved_from": ("infrastructure", None, "eu-old"),
}
OF_HARNESS = ("harness", "harness_id", "environment")
PUBLISHED = {"publish": True, "account_id": "acc", "login": "pull"}
WITHOUT_EFFECT = ("pull_secret.adopt",)
"""Nothing is made of these in this version, whatever they say."""


def _with(section, path, value):
    section = deepcopy(section)
    inner = section
    for key in path[:-1]:
        inner[key] = inner[key] if isinstance(inner.get(key), dict) else {}
        inner = inner[key]
    inner.pop(path[-1], None)
    return section if value is None else (inner.update({path[-1]: value}) or section)


def _made(new_project, level, path, value):
    sections = {"account": ACCOUNT, "infrastructure": INFRASTRUCTURE}
    if ".".join(path) in OF_A_REFRESHER:
        sections["account"] = {**ACCOUNT, "image_registry": RENEWED, "pull_secret": {"identity": ROLE}}
    between = {}
    if path[0] in OF_HARNESS:  # which has a place for infrastructures in projects only
        sections["account"] = {**ACCOUNT, "pull_secret": {"name": "login"}, "harness": PUBLISHED}
        sections["infrastructure"] = {**INFRASTRUCTURE, "harness": {"publish": True}}
        between = {"chaosreg:organization": {"id": "payments"}, "chaosreg:project": {"id": "checkout"}}
    sections[level] = _with(sections[level], path, value)
    files = {
        "acme": {"chaosreg:account": sections["account"], **between, "chaosreg-credentials:pull": {"secure": "v1:x"}},
        "prod": {"chaosreg:parent_stack": "acme", "chaosreg:infrastructures": {"eu": sections["infrastructure"]}},
    }
    return Made(new_project().write(files).review())


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_every_setting_is_told_when_it_changes(new_project, row):
    if str(row) in WITHOUT_EFFECT:
        assert str(row) not in TOLD
        return
    level, before, after = TOLD[str(row)]
    found = compare(*(_made(new_project, level, row.path, value) for value in (before, after)))
    changes = (*found.infrastructures, *found.registries, *found.levels)
    fields = [field for change in changes for field in change.fields]
    assert fields
    assert all(field.cause.edits for change in changes if change.kind == "changed" for field in change.fields)
