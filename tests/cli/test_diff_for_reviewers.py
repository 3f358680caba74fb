"""What a reviewer must hear of, in every format: trust, locks, credentials, what goes, and the order of `up`."""

import json
import subprocess

import pytest

from pulumi_chaosreg.review import credential_texts
from tests.cli.conftest import commit

OWNER = "acme: harbor.company.com/chaos"


@pytest.fixture
def diff(run):
    """The difference from HEAD as plain data."""
    return lambda *more: json.loads(run("diff", "-o", "json", *more)[1])


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


def test_a_credential_that_stands_in_plain_text_now_is_marked_and_not_shown(company, run, diff):
    company.edit("acme", "{secure: v1:one}", "hunter2")
    (change,) = diff()["credentials"]
    assert change["plain_text"]
    told = "`chaosreg-credentials:harbor` of stack `acme` can be read by everybody: change it"
    assert ("credential in plain text", told, "acme") in _marks(diff())
    for output in ("text", "markdown", "json"):
        out = run("diff", "-o", output)[1]
        assert "hunter2" not in out
        assert output == "json" or ("in plain text now, for 2 users" in out and "nly the credential changes" in out)
    company.commit()
    company.edit("acme", "hunter2", "hunter3")
    assert _marks(diff()) == []


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


# --- causes


def test_the_definition_of_a_named_registry_is_the_cause_of_what_changes_with_it(company, run):
    company.edit("acme", "image_registry:\n      server", "image_registry: main\n    registries: {main: {server")
    text = (company.stacks / "Pulumi.acme.yaml").read_text()
    head, _, tail = text.partition("registries: {main: {server: harbor.company.com")
    _, _, rest = tail.partition("password_secret: harbor}\n")
    named = "registries: {main: {server: harbor.company.com, account: chaos, type: private, "
    named += "authentication: {username: chaos-user, password_secret: harbor}}}\n"
    (company.stacks / "Pulumi.acme.yaml").write_text(head + named + rest)
    company.commit()
    company.edit("acme", "account: chaos,", "account: other,")
    _, out, _ = run("diff")
    assert out.count("because account `acme` `registries.main.account`: chaos → other (stacks/Pulumi.acme.yaml:6)") > 1
    assert out.count("because ") == out.count("because account `acme` `registries.main.account`")


def test_a_mirror_that_is_turned_off_is_the_cause_of_lost_digests(company, run):
    company.edit("acme", "mirror: {source: docker.io/harness}", "mirror: off")
    _, out, _ = run("diff")
    assert "+ :1.93.0\n      because account `acme` `mirror`: {source: docker.io/harness} → off" in out
    assert "lock.yaml" not in out


def test_a_mistake_that_leaves_something_unclear_is_said_to_be_one(company, run):
    company.edit("prod", "eu: {", "eu: {imge_registry: {server: evil.example}, ")
    company.edit("acme", "1.93.0", "1.94.4")
    _, out, _ = run("diff")
    causes = {line.partition(" (stacks/")[0] for line in out.splitlines() if "because" in line}
    assert {cause.strip() for cause in causes} == {
        "because account `acme` `images.release`: 1.93.0 → 1.94.4",
        "because infrastructure `eu` now has an error and is ignored",
    }


def _causes(said):
    return {field["cause"] for change in said["changes"] for field in change["fields"]}


def test_a_lock_that_forbids_what_stands_below_is_the_cause_and_nothing_was_deleted(company, diff):
    company.edit("other", "lab: {", "lab: {custom_images: {log_watcher: 'harbor.company.com/own/x:1'}, ")
    company.commit()
    company.edit("acme", "allow_overrides: true", "allow_overrides: {settings: [images, image_registry]}")
    assert _causes(diff()) == {
        "account `acme` `allow_overrides`: true → {settings: [images, image_registry]}, so that "
        "infrastructure `lab` `custom_images.log_watcher` no longer counts (stacks/Pulumi.acme.yaml:4)"
    }


def test_a_value_that_is_wrong_now_was_not_deleted(company, diff):
    company.edit("acme", 'release: "1.93.0"', "release: 1.94")
    said = _causes(diff())
    wrong = "account `acme` `images.release` now has an error and is ignored"
    assert said == {f"{wrong} (stacks/Pulumi.acme.yaml:10)"}
    company.commit()
    company.edit("acme", "release: 1.94", 'release: "1.94.4"')
    right = "account `acme` `images.release` no longer has an error"
    assert _causes(diff()) == {f"{right} (stacks/Pulumi.acme.yaml:10)"}


def test_what_counts_instead_of_a_setting_is_told_of_that_setting(company, diff):
    company.edit("other", "server: docker.io, account: harness", "server: own.example, account: chaos")
    company.commit()
    company.edit("other", ", image_registry: {server: own.example, account: chaos, type: public}", "")
    causes = {field["field"]: field["cause"] for field in diff()["changes"][0]["fields"]}
    instead = (
        "infrastructure `lab` `image_registry.server` is no longer set; account `acme` `image_registry.server` counts"
    )
    assert causes["server"] == causes["image.chaos-log-watcher"] == instead


def test_two_edits_that_only_together_make_a_change_are_both_its_cause(company, run):
    company.edit("acme", "server: harbor.company.com", "server: harbor.example")
    company.edit("acme", "account: chaos", "account: other")
    _, out, _ = run("diff")
    assert (
        "because account `acme` `image_registry.server`: harbor.company.com → harbor.example and "
        "account `acme` `image_registry.account`: chaos → other" in out
    )


def test_another_parent_is_told_of_the_scope_that_has_it(company, run):
    company.edit("acme", "mirror: {", "labels: {team: all}\n    mirror: {")
    company.edit("shop", "id: shop", "id: shop\n    labels: {team: shop}")
    company.commit()
    company.edit("checkout", "parent_stack: shop", "parent_stack: acme")
    company.edit("checkout", "id: checkout", "id: checkout\n    moved_from: shop/checkout")
    _, out, _ = run("diff")
    said = "because project `checkout` is now below account `acme`, no longer below organization `shop`"
    assert f"- shop\n      + all\n      {said}" in out
    assert "2 infrastructures changed: shop/checkout/eu → checkout/eu, shop/checkout/us → checkout/us" in out


LOCK_OF_TWO_KEYS = "allow_overrides: {scopes: [shop/checkout/eu], settings: [images, mirror]}"


@pytest.mark.parametrize(
    ("after", "cause"),
    [
        (
            "allow_overrides: {scopes: [shop/checkout/eu, shop/checkout/us], settings: [images, mirror]}",
            "project `checkout` `allow_overrides.scopes`: [shop/checkout/eu] → [shop/checkout/eu, shop/checkout/us] "
            "(stacks/Pulumi.checkout.yaml:5)",
        ),
        (
            "allow_overrides: {settings: [images, mirror]}",
            "project `checkout` `allow_overrides.scopes` is no longer set",
        ),
    ],
)
def test_each_key_of_a_lock_is_found_as_a_cause(company, diff, after, cause):
    company.edit("checkout", "allow_overrides: false", LOCK_OF_TWO_KEYS)
    company.commit()
    company.edit("checkout", LOCK_OF_TWO_KEYS, after)
    assert [field["cause"] for field in diff()["overrides"][0]["fields"]] == [cause]


@pytest.mark.parametrize(
    ("stack", "before", "after"),
    [
        ("checkout", LOCK_OF_TWO_KEYS, "allow_overrides: {settings: [mirror, images], scopes: [shop/checkout/eu]}"),
        (
            "acme",
            "authentication: {username: chaos-user, password_secret: harbor}",
            "authentication: {password_secret: harbor, username: chaos-user}",
        ),
    ],
)
def test_keys_in_another_order_are_no_change(company, run, stack, before, after):
    company.edit("checkout", "allow_overrides: false", LOCK_OF_TWO_KEYS)
    company.commit()
    company.edit(stack, before, after)
    assert run("diff")[1] == "nothing changes for any infrastructure since HEAD\n"


# --- what must not be missed


def _marks(said):
    return [(mark["mark"], mark["text"], mark["where"]) for mark in said["marks"]]


def test_an_older_image_is_marked(company, diff, run):
    company.edit("checkout", "chaos-ddcr: ", "chaos-ddcr: &x ")
    company.edit("checkout", "1.94.0", "1.9.0")
    assert [mark for mark in _marks(diff()) if mark[0] == "downgrade"] == [
        ("downgrade", "`chaos-ddcr` goes back from 1.94.0 to 1.9.0", f"shop/checkout/{name}") for name in ("eu", "us")
    ]
    said = "- ⚠️ **downgrade**: `chaos-ddcr goes back from 1.94.0 to 1.9.0` (`shop/checkout/eu`, `shop/checkout/us`)\n"
    assert said in run("diff", "-o", "markdown")[1]
    assert (
        "! downgrade: `chaos-ddcr` goes back from 1.94.0 to 1.9.0 (shop/checkout/eu, shop/checkout/us)"
        in run("diff")[1]
    )


def test_a_version_with_fewer_parts_is_not_an_older_one(company, diff):
    company.edit("checkout", '"1.94.0"', '"1.94"')
    assert [mark for mark in _marks(diff()) if mark[0] == "downgrade"] == []


def test_the_same_tag_with_another_digest_is_marked(company, diff):
    lock = company.stacks / "chaosreg.lock.yaml"
    lock.write_text(lock.read_text().replace("b" * 64, "d" * 64))
    assert {mark[:2] for mark in _marks(diff())} == {
        ("same tag, new digest", "`chaos-ddcr:1.94.0` has another digest"),
    }


@pytest.mark.parametrize(
    ("edit", "text", "where"),
    [
        (
            ("other", "lab: {", "lab: {custom_images: {log_watcher: 'evil.example/x:1'}, "),
            "`chaos-log-watcher` from `evil.example`",
            "shop/lab",
        ),
        (
            ("acme", "source: docker.io/harness", "source: evil.example/harness"),
            "`harbor.company.com/chaos` may be mirrored from `evil.example`",
            "acme",
        ),
        (
            ("acme", "mirror: {", "mirror: {allow_sources: [docker.io/harness, evil.example], "),
            "`harbor.company.com/chaos` may be mirrored from `evil.example`",
            "acme",
        ),
    ],
)
def test_a_host_that_nobody_knew_is_marked(company, diff, edit, text, where):
    company.edit(*edit)
    assert ("foreign host", text, where) in _marks(diff())


def test_a_source_that_the_project_s_own_catalogue_named_before_is_marked_too(company, diff):
    (company.stacks / "chaosreg.catalogue.yaml").write_text("sources: {evil.example/x: [ddcr]}\n")
    company.commit()
    company.edit("acme", "source: docker.io/harness", "source: evil.example/x")
    assert ("foreign host", "`harbor.company.com/chaos` may be mirrored from `evil.example`", "acme") in _marks(diff())


def test_a_host_of_the_company_is_not_foreign(company, diff):
    company.edit("other", "lab: {", "lab: {custom_images: {log_watcher: 'harbor.company.com/own/x:1'}, ")
    assert {mark[0] for mark in _marks(diff())} == {"digest removed"}


@pytest.mark.parametrize(
    ("before", "after", "is_opened"),
    [
        ("false", "true", True),
        ("false", "{settings: [images]}", True),
        ("{settings: [images]}", "{settings: [images, mirror]}", True),
        ("{scopes: [shop/checkout/eu]}", "{scopes: [shop/checkout]}", True),
        ("{settings: [images], scopes: [shop/checkout/eu]}", "{settings: [images]}", True),
        ("{settings: [images]}", "false", False),
        ("{scopes: [shop/checkout]}", "{scopes: [shop/checkout/eu]}", False),
        ("true", "{settings: [images]}", False),
    ],
)
def test_a_lock_that_is_opened_is_marked_and_one_that_is_closed_is_not(company, diff, before, after, is_opened):
    company.edit("checkout", "allow_overrides: false", f"allow_overrides: {before}")
    company.commit()
    company.edit("checkout", f"allow_overrides: {before}", f"allow_overrides: {after}")
    marks = [("lock opened", "levels below project `checkout` may set more than before", "shop/checkout")]
    assert _marks(diff()) == (marks if is_opened else [])


def test_a_lock_that_nobody_wrote_is_opened_by_what_is_taken_away(company, diff):
    company.edit("checkout", "    allow_overrides: false\n", "")
    company.commit()
    company.edit("checkout", '    images: {tags: {chaos-ddcr: "1.94.0"}}\n', "")
    said = diff()
    assert "lock opened" in {mark["mark"] for mark in said["marks"]}
    assert said["overrides"][0]["fields"][0]["before"] == "not set, but it sets images: locked"


KEY = "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n"


@pytest.fixture
def signed(company):
    """The company with a registry of which signatures are required, by a key in a file."""
    (company.folder / "keys").mkdir()
    (company.folder / "keys/a.pub").write_text(KEY.format("AAAA"))
    signed = "mirror: {signatures: require, verify: {public_keys: [keys/a.pub]}, "
    known = "allow_images: [docker.io/harness, harbor.company.com]\n    "  # the lab pulls from the source itself
    company.edit("acme", "mirror: {", known + signed)
    company.commit()
    return company


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (
            "signatures: require, ",
            "signatures: copy, ",
            "`harbor.company.com/chaos`: `mirror.signatures` require → copy",
        ),
        ("signatures: require, ", "", "`harbor.company.com/chaos`: `mirror.signatures` require → copy"),
        (
            "verify: {",
            "verify: {each_platform: true, ",
            None,
        ),
    ],
)
def test_a_signature_policy_that_asks_for_less_is_marked(signed, diff, old, new, text):
    signed.edit("acme", old, new)
    expected = [("signatures weakened", text, "acme")] if text else []
    assert [mark for mark in _marks(diff()) if mark[0] == "signatures weakened"] == expected


def test_a_registry_under_a_new_name_is_still_the_same_one(signed, diff):
    path = signed.stacks / "Pulumi.acme.yaml"
    entry = path.read_text().partition("    image_registry:\n")[2].partition("    images:")[0]
    named = f"    registries:\n      eu:\n{entry}    image_registry: eu\n"
    signed.edit(
        "acme", f"    image_registry:\n{entry}", named.replace("\n      ", "\n        ").replace("  eu:", "eu:", 1)
    )
    signed.edit("acme", "signatures: require, ", "signatures: copy, ")
    text = "`harbor.company.com/chaos`: `mirror.signatures` require → copy"
    assert ("signatures weakened", text, "acme") in _marks(diff())


@pytest.mark.extra("verify")
def test_another_key_in_the_same_file_is_told_and_marked_and_its_cause_is_the_file(signed, diff):
    (signed.folder / "keys/a.pub").write_text(KEY.format("BBBB"))
    said = diff()
    (change,) = said["registries"]
    assert [field["field"] for field in change["fields"]] == ["mirror.signers"]
    assert change["fields"][0]["cause"] == "a file that `mirror.verify` names has changed"
    weaker = ("signatures weakened", "`harbor.company.com/chaos`: another signer's signature counts, too", "acme")
    assert weaker in _marks(said)


@pytest.mark.extra("verify")
def test_key_files_of_the_base_are_read_too(signed, run):
    assert run("diff") == (0, "nothing changes for any infrastructure since HEAD\n", "")
    assert run("affected")[1] == "no stack is touched since HEAD\n"


def test_an_image_that_is_covered_by_no_signature_any_more_is_marked(signed, diff):
    signed.edit("checkout", "allow_overrides: false", "allow_overrides: true")
    signed.edit("prod", "us: {", "us: {custom_images: {log_watcher: 'harbor.company.com/own/x:1'}, ")
    weaker = "no signature is required for `harbor.company.com/own/x:1`"
    assert ("signatures weakened", weaker, "shop/checkout/us") in _marks(diff())


def test_a_demand_that_is_dropped_does_not_look_as_if_more_were_verified(signed, diff):
    signed.edit("checkout", "allow_overrides: false", "allow_overrides: true")
    signed.edit("prod", "us: {", "us: {custom_images: {log_watcher: 'harbor.company.com/own/x:1'}, ")
    signed.commit()
    signed.edit("acme", "signatures: require, ", "signatures: copy, ")
    said = diff()
    assert said["changes"] == []
    assert "signatures weakened" in {mark[0] for mark in _marks(said)}


def test_another_tag_of_an_image_that_was_exempt_before_weakens_nothing(signed, diff):
    signed.edit("checkout", "allow_overrides: false", "allow_overrides: true")
    signed.edit("prod", "us: {", "us: {custom_images: {log_watcher: 'harbor.company.com/own/x:1'}, ")
    signed.commit()
    signed.edit("prod", "own/x:1", "own/x:2")
    assert _marks(diff()) == []


@pytest.mark.parametrize(
    ("old", "new", "mark", "text"),
    [
        (
            "[docker.io/harness,",
            "[docker.io,",
            "signatures weakened",
            "images may come from `docker.io`, unsigned, too",
        ),
        ("com]\n", "com, quay.io]\n", "signatures weakened", "images may come from `quay.io`, unsigned, too"),
        ("allow_images: [docker.io/harness, harbor.company.com]", "", "lock opened", "images may come from anywhere"),
        ("com]\n", "com, docker.io/harness/x]\n", None, None),
        (", harbor.company.com]", "]", None, None),
    ],
)
def test_more_places_to_pull_from_are_marked(signed, diff, old, new, mark, text):
    signed.edit("acme", old, new)
    expected = [(mark, text, "acme")] if mark else []
    assert [found for found in _marks(diff()) if "images may come" in found[1]] == expected


def test_an_exemption_where_there_was_none_is_marked(signed, diff):
    allowed = "allow_images: [docker.io/harness, harbor.company.com]"
    signed.edit("acme", allowed, "")
    signed.commit()
    signed.edit("acme", "mirror: {", f"{allowed}\n    mirror: {{")
    text = "images may come from `docker.io/harness`, `harbor.company.com`, unsigned, too"
    assert ("signatures weakened", text, "acme") in _marks(diff())


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [("deny", "warn", "`enforce` deny → warn"), ("warn", '"off"', "`enforce` warn → off"), ("warn", "deny", None)],
)
def test_a_cluster_that_refuses_less_is_marked(signed, diff, old, new, text):
    signed.edit("prod", "us: {", f"us: {{enforce: {old}, ")
    signed.commit()
    signed.edit("prod", f"enforce: {old}", f"enforce: {new}")
    expected = [("lock opened", text, "shop/checkout/us")] if text else []
    assert [found for found in _marks(diff()) if "enforce" in found[1]] == expected


def test_an_image_of_a_new_infrastructure_that_no_signature_covers_is_marked(signed, diff):
    signed.edit(
        "prod", "us: {", "ca: {cluster: {context: ca}, custom_images: {ddcr: 'harbor.company.com/x:1'}}\n    us: {"
    )
    signed.edit("checkout", "allow_overrides: false", "allow_overrides: true")
    weaker = "no signature is required for `harbor.company.com/x:1`"
    assert ("signatures weakened", weaker, "shop/checkout/ca") in _marks(diff())


def test_an_infrastructure_that_disappears_is_marked_with_what_its_cluster_loses(company, diff):
    company.edit("prod", "eu: {cluster: {context: eu}, service_accounts: [litmus]}\n", "\n")
    assert _marks(diff()) == [
        (
            "infrastructure removed",
            "cluster `eu`, namespace `hce` loses ConfigMap `chaos-image-registry-eu`, "
            "Secret `chaos-image-registry-eu`, the pull Secret's entry in ServiceAccount `litmus`",
            "shop/checkout/eu",
        )
    ]


def test_what_a_stack_without_a_file_made_is_said_to_stay_until_it_is_destroyed(company, diff):
    (company.stacks / "Pulumi.other.yaml").unlink()
    (mark,) = _marks(diff())
    assert mark == (
        "infrastructure removed",
        "cluster `lab`, namespace `hce` loses ConfigMap `chaos-image-registry-lab` when stack `other`, "
        "which has no file now, is destroyed, and not before",
        "shop/lab",
    )


@pytest.mark.parametrize(
    ("stack", "old", "new", "mark"),
    [
        (
            "acme",
            'release: "1.93.0"',
            'release: "1.93.0", pin: "off"',
            ("digest removed", "by tag only", "shop/checkout/eu"),
        ),
        (
            "prod",
            "us: {",
            "us: {namespace: there, ",
            (
                "cluster or namespace changed",
                "from `us`, namespace `hce` to `us`, namespace `there`: its objects go there",
                "shop/checkout/us",
            ),
        ),
        (
            "prod",
            "us: {cluster: {context: us}}",
            "us: {cluster: {context: there}}",
            (
                "cluster or namespace changed",
                "from `us`, namespace `hce` to `there`, namespace `hce`: its objects go there",
                "shop/checkout/us",
            ),
        ),
        (
            "acme",
            "type: private",
            "type: public",
            ("private → public", "`harbor.company.com/chaos` can be pulled without a login", "shop/checkout/us"),
        ),
        (
            "acme",
            "mirror: {",
            "on_destroy: delete\n    mirror: {",
            ("destroy deletes images", "`harbor.company.com/chaos`: `on_destroy: delete`", "acme"),
        ),
    ],
)
def test_what_takes_something_away_is_marked(company, diff, stack, old, new, mark):
    company.edit(stack, old, new)
    sign, text, where = mark
    assert [found for found in _marks(diff()) if found[0] == sign and text in found[1] and found[2] == where]


@pytest.mark.parametrize(
    ("stack", "old", "new"),
    [
        ("acme", "type: private", "type: privat"),
        ("acme", "allow_images: [harbor", "allow_images: [https://harbor"),
        ("prod", "context: us", "contxt: us"),
        ("prod", "namespace: there", "namespace: There"),
    ],
)
def test_of_a_mistake_nobody_is_told_that_it_opens_or_moves_anything(company, diff, stack, old, new):
    company.edit("acme", "mirror: {", "allow_images: [harbor.company.com, docker.io/harness]\n    mirror: {")
    company.edit("prod", "us: {", "us: {namespace: there, ")
    company.commit()
    company.edit(stack, old, new)
    assert {mark[0] for mark in _marks(diff())} <= {"digest removed"}


def test_a_cluster_that_is_only_called_otherwise_is_the_same(company, diff):
    company.edit("prod", "context: us", "context: us, identifier: prod-1")
    company.commit()
    company.edit("prod", "context: us", "context: new-name-of-us")
    assert _marks(diff()) == []


def test_an_image_without_a_tag_is_shown_whole(company, run):
    company.edit("other", "lab: {", "lab: {custom_images: {log_watcher: 'harbor.company.com/own/x:1'}, ")
    company.commit()
    company.edit("other", "own/x:1", "own/x")
    assert "- harbor.company.com/own/x:1\n      + harbor.company.com/own/x\n" in run("diff")[1]


def test_what_a_broken_file_hides_is_not_said_to_be_gone(company, diff):
    company.edit("acme", "config:", "config: [")  # the account's: nothing that is below it can be known
    said = diff()
    assert [said[key] for key in ("changes", "registries", "overrides", "credentials")] == [[], [], [], []]
    assert {mark[0] for mark in _marks(said)} == {"not known"}


def test_a_new_name_in_the_same_place_without_moved_from_gets_a_hint(company, diff):
    company.edit("prod", "us: {", "west: {")
    (hint,) = [mark for mark in _marks(diff()) if mark[0] == "perhaps renamed"]
    assert "write `moved_from: shop/checkout/us` in it" in hint[1]
    company.edit("prod", "west: {", "west: {moved_from: shop/checkout/us, ")
    assert _marks(diff()) == []


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
