"""Each change has its cause: the edit without which it would not happen."""

import pytest


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
