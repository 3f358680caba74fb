"""What a reviewer must hear of, in every format: trust, locks, credentials, what goes, and the order of `up`."""

import json
import subprocess

import pytest

from pulumi_chaosreg.review import credential_texts
from tests.cli.conftest import commit

OWNER = "acme: harbor.company.com/chaos"


# --- what is no key of a ConfigMap

EDITS = {
    # what: (stack, old, new), section, subject, field, before, after
    "a source": (
        ("acme", "source: docker.io/harness", "source: docker.io/mirror"),
        ("registries", "registry", OWNER, "mirror.source", "docker.io/harness", "docker.io/mirror"),
    ),
    "allowed sources": (
        ("acme", "mirror: {", "mirror: {allow_sources: [docker.io/harness, quay.io], "),
        ("registries", "registry", OWNER, "mirror.allow_sources", None, "docker.io/harness, quay.io"),
    ),
    "signatures": (
        ("acme", "mirror: {", "mirror: {signatures: skip, "),
        ("registries", "registry", OWNER, "mirror.signatures", None, "skip"),
    ),
    "signers": (
        ("acme", "mirror: {", "mirror: {verify: {public_keys: [a.pub]}, "),
        ("registries", "registry", OWNER, "mirror.verify", None, "{public_keys: [a.pub]}"),
    ),
    "platforms": (
        ("acme", "mirror: {", "mirror: {platforms: [linux/amd64], "),
        ("registries", "registry", OWNER, "mirror.platforms", "all", "linux/amd64"),
    ),
    "who pushes": (
        ("acme", "mirror: {", "mirror: {push: pusher, "),
        ("registries", "registry", OWNER, "mirror.push", None, "pusher"),
    ),
    "what destroy does": (
        ("acme", "mirror: {", "on_destroy: delete\n    mirror: {"),
        ("registries", "registry", OWNER, "on_destroy", None, "delete"),
    ),
    "repositories": (
        ("acme", "mirror: {", "repositories: {create: true, immutable_tags: true}\n    mirror: {"),
        ("registries", "registry", OWNER, "repositories.immutable_tags", None, "true"),
    ),
    "a mirror that is off": (
        ("acme", "mirror: {source: docker.io/harness}", "mirror: off"),
        ("registries", "registry", OWNER, "mirror", None, "off"),
    ),
    "a registry that is not used yet": (
        ("checkout", "id: checkout", "id: checkout\n    registries: {new: {server: new.example, type: public}}"),
        ("registries", "registry", "shop/checkout: new.example", "server", None, "new.example"),
    ),
    "a lock": (
        ("checkout", "allow_overrides: false", "allow_overrides: {settings: [images]}"),
        ("overrides", "level", "shop/checkout", "allow_overrides", "false", "{settings: [images]}"),
    ),
    "the type of an infrastructure": (
        ("other", "lab: {", "lab: {type: dedicated, "),
        ("changes", "infrastructure", "shop/lab", "infrastructure_type", "ddcr", "dedicated"),
    ),
    "service accounts": (
        ("prod", "[litmus]", "[litmus, runner]"),
        ("changes", "infrastructure", "shop/checkout/eu", "service_accounts", "litmus", "litmus, runner"),
    ),
    "a cluster": (
        ("prod", "context: us}", "context: us, identifier: us-1}"),
        ("changes", "infrastructure", "shop/checkout/us", "cluster.identifier", None, "us-1"),
    ),
    "a pull Secret": (
        ("prod", "us: {", "us: {pull_secret: {name: login}, "),
        ("changes", "infrastructure", "shop/checkout/us", "secret_name", "chaos-image-registry-us", "login"),
    ),
    "a delivery": (
        ("prod", "us: {", "us: {pull_secret: {delivery: theirs}, "),
        ("changes", "infrastructure", "shop/checkout/us", "pull_secret.delivery", "secret", "theirs"),
    ),
    "the name of a credential": (
        ("acme", "password_secret: harbor", "password_secret: robot"),
        ("changes", "infrastructure", "shop/checkout/us", "pull_secret.credential", "harbor", "robot"),
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_every_setting_that_matters_is_told_in_every_format(company, run, diff, name):
    edit, (section, subject, path, field, before, after) = EDITS[name]
    company.edit(*edit)
    found = [
        (one["before"], one["after"])
        for change in diff()[section]
        if change[subject] == path
        for one in change["fields"]
        if one["field"] == field
    ]
    assert found == [(before, after)]
    word = after if field.startswith("pull_secret.credential") else field  # its section has NAMEs, and no field
    for output in ("text", "markdown"):
        assert word in run("diff", "-o", output)[1]


SAME = {"other_value": False, "plain_text": False}


def test_who_gets_which_credential_is_told_by_credential(company, run, diff):
    company.edit("prod", "us: {", "us: {image_registry: {authentication: {username: u, password_secret: robot}}, ")
    company.edit("prod", "config:", "config:\n  chaosreg-credentials:robot: {secure: v1:x}")
    company.edit("checkout", "allow_overrides: false", "allow_overrides: true")
    who = "infrastructure shop/checkout/us"
    assert diff()["credentials"] == [
        {"credential": "harbor", "stack": "acme", "gets": [], "loses": [who], **SAME},
        {"credential": "robot", "stack": "prod", "gets": [who], "loses": [], **SAME, "other_value": True},
    ]
    assert (
        "- `robot` (stack `prod`): 1 user more: `infrastructure shop/checkout/us`" in run("diff", "-o", "markdown")[1]
    )
    assert "robot  stack prod\n      + infrastructure shop/checkout/us" in run("diff")[1]


def test_a_rotated_credential_is_told_and_not_shown(company, run, diff):
    company.edit("acme", "v1:one", "v1:two")
    (change,) = diff()["credentials"]
    assert (change["credential"], change["other_value"]) == ("harbor", True)
    for output in ("text", "markdown", "json"):
        _, out, _ = run("diff", "-o", output)
        assert "another value" in out or '"other_value": true' in out
        assert "v1:" not in out


def test_a_credential_without_a_value_now_is_told_as_lost(company, run):
    company.edit("acme", "chaosreg-credentials:harbor:", "chaosreg-credentials:harbour:")
    _, out, _ = run("diff")
    assert "harbor  stack acme\n" in out
    assert "its value is no longer in this file" in out


def test_why_a_stack_is_to_be_brought_up_is_told_where_no_row_tells_it(company, run, diff):
    company.edit("other", "server: docker.io, account: harness", "server: harbor.company.com, account: chaos")
    company.commit()
    company.edit("acme", "1.93.0", "1.94.4")
    why = "mirror of account `acme` into harbor.company.com/chaos"
    assert diff()["summary"]["reasons"]["acme"] == [why]
    assert f"\n  acme: {why}\n" in run("diff")[1]
    assert f"\n- `acme`: `{why.replace('`', '')}`\n" in run("diff", "-o", "markdown")[1]


def test_the_logins_of_a_mirror_are_credentials_that_somebody_gets(company, diff):
    company.edit("acme", "mirror: {", "mirror: {push: pusher, ")
    company.edit("acme", "config:", "config:\n  chaosreg-credentials:pusher: {secure: v1:x}")
    (change,) = diff()["credentials"]
    assert change["gets"] == ["mirror.push of acme into harbor.company.com/chaos"]


# --- the headline, and how long it is


def test_the_headline_counts_and_says_the_order(company, run, diff):
    company.edit("acme", "1.93.0", "1.94.4")
    said = diff()["summary"]
    assert said == {
        "infrastructures": {"changed": 3, "added": 0, "removed": 0},
        "clusters": 3,
        "up": [["acme", "other"], ["prod"]],
        "reasons": {
            "acme": ["mirror of account `acme` into harbor.company.com/chaos"],
            "other": ["infrastructure shop/lab"],
            "prod": ["infrastructure shop/checkout/eu", "infrastructure shop/checkout/us"],
        },
        "gone": [],
    }
    head = "3 infrastructures (3 changed), 3 clusters, 3 stacks to bring up since HEAD\nup: acme, other, then prod\n"
    assert run("diff")[1].startswith(head)


TAGS = {"1.93.0": ("1.93.0", "0.73.0"), "1.94.4": ("1.94.0", "0.74.0")}
LOCK = "".join(
    sorted(
        f"docker.io/harness/{name}:{tag}: sha256:{letter * 64}\n"
        for (release, other), letter in zip(TAGS.values(), "ab", strict=True)
        for name, tag in (
            *((name, release) for name in ("chaos-ddcr", "chaos-ddcr-faults", "chaos-log-watcher")),
            ("service-discovery-collector", other),
        )
    )
)


def _large_company(project):
    account = {
        "id": "acme",
        "allow_overrides": True,
        "image_registry": {"server": "harbor.company.com", "account": "chaos", "type": "public"},
        "images": {"release": "1.93.0"},
        "mirror": {"source": "docker.io/harness"},
    }
    files = {"acme": {"chaosreg:account": account}}
    for number in range(60):
        registry = {"image_registry": {"account": f"chaos/p{number}"}} if number % 15 else {}
        files[f"p{number}"] = {
            "chaosreg:parent_stack": "acme",
            "chaosreg:project": {"id": f"p{number}", "allow_overrides": True, **registry},
            "chaosreg:infrastructures": {
                f"i{n}": {"cluster": {"context": f"c{number}"}, "namespace": f"n{n}"} for n in range(10)
            },
        }
    project.write(files, lock=LOCK)
    subprocess.run(["git", "init", "--quiet", str(project.folder)], check=True)
    commit(project.folder)


def test_one_edit_for_six_hundred_infrastructures_is_one_table(project, run, monkeypatch):
    # given: sixty projects with ten infrastructures each, most with a path of their own on the registry
    _large_company(project)
    monkeypatch.chdir(project.folder)
    acme = project.stacks / "Pulumi.acme.yaml"
    acme.write_text(acme.read_text().replace("1.93.0", "1.94.4"))
    # when
    _, out, _ = run("diff", "-o", "markdown")
    # then
    assert len(out) < 3000
    assert out.startswith(
        "**chaosreg**: 600 infrastructures (600 changed), 60 clusters, 61 stacks to bring up since `HEAD`.\n"
    )
    rows = [line for line in out.splitlines() if line.startswith("| `")]
    assert [row.endswith("| all 600 infrastructures |") for row in rows] == [True] * 4


# --- exit codes


def test_exit_code_tells_whether_anything_changes(company, run):
    assert run("diff", "--exit-code")[0] == 0
    company.edit("acme", "mirror: {", "mirror: {allow_sources: [docker.io/harness], ")
    assert run("diff")[0] == 0
    for output in ("text", "markdown", "json"):
        assert run("diff", "--exit-code", "-o", output)[0] == 1


def test_nobody_says_that_nothing_changes_where_a_side_cannot_be_read(company, run):
    company.edit("prod", "config:", "config: [")
    company.commit()
    company.edit("prod", "config: [", "config:")
    company.commit()
    assert run("diff", "--exit-code", "HEAD")[0] == 0
    assert run("diff", "--exit-code", "HEAD~1")[0] == 1


# --- affected


@pytest.mark.parametrize(
    ("stack", "old", "new"),
    [
        ("prod", "context: us}", "context: us, provider: eks}"),  # its delivery is the same on any cluster
        ("acme", "mirror: {", "images: {pin: strict}\n    mirror: {"),  # all is pinned already
        ("acme", "mirror: {", "mirror: {allow_sources: [docker.io/harness], "),  # which is checked, and made of nothing
        ("other", "lab: {", "lab: {service_accounts: [litmus], "),  # a public registry has no Secret for them
    ],
)
def test_a_setting_that_no_resource_is_made_of_touches_no_stack(company, run, stack, old, new):
    if "pin" in new:
        new, old = 'images: {release: "1.93.0", pin: strict}', 'images: {release: "1.93.0"}'
    company.edit(stack, old, new)
    assert json.loads(run("affected", "-o", "json")[1])["include"] == []


def test_each_file_is_read_once_for_its_credentials(company, run, monkeypatch):
    read = []
    original = credential_texts.read_yaml
    monkeypatch.setattr(credential_texts, "read_yaml", lambda path: read.append(path) or original(path))
    company.edit("prod", "config:", "config:\n  chaosreg-credentials:robot: {secure: v1:x}")
    run("diff")
    assert len(read) == len(set(read)) > 0
