"""What a reviewer must not miss is marked: older or foreign images, weaker trust, opened locks, and what disappears."""

import pytest


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
