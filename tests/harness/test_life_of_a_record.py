"""`HarnessImageRegistry` from check to delete, over the lab's Harness: what a preview tells, what a refresh sees, what
stays when it is deleted."""

from dataclasses import dataclass, field

import pytest

from lab.harness_orders import fail, put, records, requests
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.provider.harness_image_registry import HarnessImageRegistry
from pulumi_chaosreg.provider.resource import Occasion
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.unknown import UNKNOWN
from tests.harness.conftest import ACCOUNT, KEY


@dataclass
class Heard:
    """What a user was told."""

    warned: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def occasion(self) -> Occasion:
        urn = "urn:pulumi:prod::chaos::chaosreg:index:HarnessImageRegistry::payments"
        return Occasion(urn, lambda _: None, self.warned.append, self.told.append)


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Where the engine starts the plugin: a program of one's own, without stack files."""
    (tmp_path / "Pulumi.yaml").write_text("name: chaos\nruntime: python\nstackConfigDir: stacks\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run():
    return Run()


@pytest.fixture
def registry(run):
    return HarnessImageRegistry(run)


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def inputs(harness, registry):
    """Checked inputs of a level."""

    def inputs(**said):
        given = {"accountId": ACCOUNT, "endpoint": harness.endpoint, "apiKey": KEY, "server": "h.example"}
        checked, failures = registry.check({**given, "account": "chaos", **said})
        assert failures == []
        return checked

    return inputs


@pytest.fixture
def opened(harness):
    """The account lets levels below differ."""
    put(harness, ACCOUNT, registryServer="h.example", registryAccount="all", isDefault=False, isOverrideAllowed=True)


def written(harness):
    return [one for one in requests(harness, ACCOUNT) if one["operation"].startswith(("create", "update"))]


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ({"infrastructure": "eu", "organization": "o"}, ("infrastructure", "also needs `project`")),
        ({"private": True}, ("secretName", "is missing; Harness needs it for a private registry")),
        ({"onDestroy": "delete"}, ("onDestroy", "must be one of: reset, retain")),
        ({"endpoint": "app.harness.io"}, ("endpoint", "is not an address")),
    ],
)
def test_inputs_that_harness_would_refuse_are_told_by_the_preview(registry, said, failure):
    given = {"accountId": ACCOUNT, "server": "h.example", "account": "chaos", **said}
    ((key, reason),) = registry.check(given)[1]
    assert (key, reason.partition("; write")[0]) == failure


def test_a_preview_says_what_is_taken_over_and_asks_only(registry, inputs, harness, heard):
    registry.look_ahead({}, inputs(allowOverrides=True), heard.occasion)
    (told,) = heard.told
    assert "server: `docker.io` -> `h.example`" in told
    assert "allowOverrides: none -> true" in told
    assert written(harness) == []


def test_a_preview_says_which_level_blocks_unless_this_run_opens_it(registry, inputs, heard):
    registry.look_ahead({}, inputs(organization="payments"), heard.occasion)
    assert "its level `account` allows no overrides" in heard.warned[0]
    heard.warned.clear()
    inputs(allowOverrides=True)  # the account's, of the same program
    registry.look_ahead({}, inputs(organization="payments"), heard.occasion)
    assert heard.warned == []


def test_a_preview_without_a_network_or_with_unknown_values_goes_on(registry, inputs, harness, heard):
    registry.look_ahead({}, {**inputs(), "endpoint": "http://127.0.0.1:9"}, heard.occasion)
    assert "Harness could not be checked" in heard.told[0]
    registry.look_ahead({}, {**inputs(), "server": UNKNOWN}, heard.occasion)
    assert len(heard.told) == 1


def test_a_second_up_finds_no_difference_and_a_rotated_key_is_none(registry, inputs, heard, opened):
    given = inputs(organization="payments", private=True, secretName="pull", ddcr="h.example/x:1")
    ident, state = registry.create(given, heard.occasion)
    assert ident == f"{ACCOUNT}/payments"
    assert registry.diff(state, {**given, "apiKey": "another"}) == registry.diff(state, given)
    assert registry.diff(state, given).updates == ()
    found = registry.read(ident, state, given, heard.occasion)
    assert registry.diff(found.outputs, given).updates == ()
    assert KEY not in str(state)
    assert KEY not in str(found.outputs)


def test_a_setting_that_is_no_longer_given_is_a_change(registry, inputs, heard, opened):
    _, state = registry.create(inputs(private=True, secretName="pull", ddcr="h.example/x:1"), heard.occasion)
    assert registry.diff(state, inputs()).updates == ("private", "secretName", "ddcr")


def test_a_setting_that_is_given_for_the_first_time_is_a_change(registry, inputs, heard, opened):
    _, state = registry.create(inputs(), heard.occasion)
    wanted = inputs(secretName="pull", ddcr="h.example/x:1", allowOverrides=True)
    assert registry.diff(state, wanted).updates == ("secretName", "allowOverrides", "ddcr")


def test_a_refresh_sees_what_somebody_else_has_written(registry, inputs, harness, heard, opened):
    given = inputs(organization="payments")
    ident, state = registry.create(given, heard.occasion)
    put(harness, ident, registryServer="h.example", registryAccount="theirs", isDefault=False)
    found = registry.read(ident, state, given, heard.occasion)
    assert registry.diff(found.outputs, given).updates == ("account",)


def test_a_refresh_sees_what_somebody_else_has_emptied(registry, inputs, harness, heard, opened):
    given = inputs(organization="payments", private=True, secretName="pull", ddcr="h.example/x:1", allowOverrides=True)
    ident, state = registry.create(given, heard.occasion)
    put(harness, ident, registryServer="h.example", registryAccount="chaos", isDefault=False)
    found = registry.read(ident, state, given, heard.occasion)
    seen = {**given, **found.outputs}  # as the servicer puts them together
    assert registry.diff(seen, given).updates == ("private", "secretName", "allowOverrides", "ddcr")


def test_a_refresh_where_a_level_above_decides_is_no_permanent_difference(registry, inputs, harness, heard, opened):
    given = inputs(organization="payments")
    ident, state = registry.create(given, heard.occasion)
    put(harness, ACCOUNT, registryServer="docker.io", registryAccount="harness", isOverrideAllowed=False)
    found = registry.read(ident, state, given, heard.occasion)
    assert registry.diff(found.outputs, given).updates == ()
    assert "another level decides" in heard.warned[0]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refresh_that_may_not_look_keeps_what_was_known(registry, inputs, harness, heard, opened, status):
    given = inputs(organization="payments")
    ident, state = registry.create(given, heard.occasion)
    fail(harness, "getImageRegistry", status=status)
    assert registry.read(ident, state, given, heard.occasion).outputs == state
    assert "kept as it was" in heard.warned[0]


def test_a_level_that_harness_no_longer_knows_is_gone(registry, inputs, harness, heard, opened):
    given = inputs(organization="payments")
    ident, state = registry.create(given, heard.occasion)
    fail(harness, "getImageRegistry", message="project not found", times=2)
    assert registry.read(ident, state, given, heard.occasion) is None
    registry.delete(ident, state, given, heard.occasion)  # and nothing is left to put back
    assert records(harness, ACCOUNT)[ident]["registryServer"] == "h.example"


def test_an_import_needs_a_key_and_knows_all_fields(registry, inputs, harness, heard, opened, monkeypatch):
    given = inputs(organization="payments", private=True, secretName="pull", ddcrLib="h.example/lib:1")
    ident, _ = registry.create(given, heard.occasion)
    monkeypatch.setenv("HARNESS_ENDPOINT", harness.endpoint)
    monkeypatch.delenv("HARNESS_PLATFORM_API_KEY", raising=False)
    with pytest.raises(ChaosregError, match="CHR0808"):
        registry.read(ident, {}, {}, heard.occasion)
    monkeypatch.setenv("HARNESS_PLATFORM_API_KEY", KEY)
    found = registry.read(ident, {}, {}, heard.occasion)
    assert registry.diff({**found.inputs, **found.outputs}, given).updates == ()
    assert registry.diff({**found.inputs, **found.outputs}, given).replaces == ()
    assert registry.read(f"{ACCOUNT}/other", {}, {}, heard.occasion) is None  # what it inherits is no record


def test_a_deleted_record_is_harness_s_default_again(registry, inputs, harness, heard, opened):
    given = inputs(organization="payments", private=True, secretName="pull")
    ident, state = registry.create(given, heard.occasion)
    HarnessImageRegistry(Run()).delete(ident, state, given, heard.occasion)
    left = records(harness, ACCOUNT)[ident]
    assert (left["registryServer"], left["secretName"], left["isPrivate"], left["isDefault"]) == (
        "docker.io", "", False, True,
    )  # fmt: skip


def test_a_record_is_retained_or_left_to_whoever_changed_it(registry, inputs, harness, heard, opened):
    given = inputs(organization="payments", onDestroy="retain")
    ident, state = registry.create(given, heard.occasion)
    alone = HarnessImageRegistry(Run())
    alone.delete(ident, state, given, heard.occasion)
    assert "left the record" in heard.told[-1]
    put(harness, ident, registryServer="theirs.example", registryAccount="x")
    alone.delete(ident, {**state, "onDestroy": "reset"}, given, heard.occasion)
    assert "somebody has since changed it" in heard.warned[-1]
    assert records(harness, ACCOUNT)[ident]["registryServer"] == "theirs.example"


EU = {"organization": "payments", "project": "checkout", "infrastructure": "prod/eu"}


def test_an_infrastructure_that_something_else_sets_is_named_by_preview_up_and_refresh(
    registry, inputs, harness, heard, opened
):
    given = inputs(**EU)
    ident = f"{ACCOUNT}/payments/checkout/prod/eu"
    put(harness, ident, registryServer="theirs.example", registryAccount="x", isDefault=False)

    registry.look_ahead({}, given, heard.occasion)  # new here
    _, state = registry.create(given, heard.occasion)
    put(harness, ident, registryServer="theirs.example", registryAccount="x", isDefault=False)
    found = registry.read(ident, state, given, heard.occasion)  # set again since
    registry.read(ident, found.outputs, given, heard.occasion)  # and still so
    registry.look_ahead(state, {**given, "server": "other.example"}, heard.occasion)
    registry.update(ident, state, {**given, "server": "other.example"}, heard.occasion)

    assert heard.told == []
    assert len(heard.warned) == 6
    for warned in heard.warned:
        assert "CHR0821" in warned
        assert "the registry of infrastructure `prod/eu` in Harness" in warned
        assert "written by: somebody" in warned
        assert "server: `theirs.example` -> " in warned
        assert "write `harness: {publish: false}` here" in warned


def test_an_infrastructure_without_a_record_of_its_own_is_nobody_else_s(registry, inputs, harness, heard, opened):
    given = inputs(**EU)
    registry.look_ahead({}, given, heard.occasion)
    ident, state = registry.create(given, heard.occasion)
    registry.read(ident, state, given, heard.occasion)
    registry.update(ident, state, {**given, "server": "other.example"}, heard.occasion)
    assert heard.warned == heard.told == []


PUBLISHED = """
config:
  chaosreg:account:
    id: acme
    allow_overrides: true
    image_registry: {server: h.example, account: chaos, type: public}
    images: {release: "1.94.4", pin: "off"}
    mirror: off
    harness: {account_id: %s, login: key}
  chaosreg:organization: {id: payments, harness: {publish: true}}
  chaosreg-credentials:key: {secure: v1:x}
"""


def test_a_level_that_another_stack_publishes_by_now_keeps_its_record(
    project, registry, inputs, harness, heard, opened
):
    given = inputs(organization="payments")
    ident, state = registry.create(given, heard.occasion)
    (project / "stacks").mkdir()
    (project / "stacks/Pulumi.other.yaml").write_text(PUBLISHED % ACCOUNT, "utf-8")
    for run in (Run(), Run(has_program=True, has_checked=True)):
        HarnessImageRegistry(run).delete(ident, state, given, heard.occasion)
        assert "organization `payments` of the stack `other` publishes it" in heard.warned.pop()
    assert records(harness, ACCOUNT)[ident]["registryServer"] == "h.example"

    # its own stack's file keeps nothing when that stack is destroyed
    (project / "stacks/Pulumi.other.yaml").rename(project / "stacks/Pulumi.prod.yaml")
    HarnessImageRegistry(Run()).delete(ident, state, given, heard.occasion)
    assert records(harness, ACCOUNT)[ident]["isDefault"] is True


@pytest.mark.parametrize(("old", "new"), [("eu", "prod/eu"), ("prod/eu", "eu"), ("prod/eu", "prod/eu")])
def test_what_takes_over_the_level_keeps_its_record(registry, inputs, harness, heard, opened, old, new):
    place = {"organization": "payments", "project": "checkout"}
    before = inputs(**place, infrastructure=old)
    ident, state = HarnessImageRegistry(Run()).create(before, heard.occasion)
    later = HarnessImageRegistry(Run())  # the next run: the program has the other form of its id, or another name
    later.check({**before, "infrastructure": new})
    later.delete(ident, state, before, heard.occasion)
    assert records(harness, ACCOUNT)[ident]["registryServer"] == "h.example"


def test_another_environment_is_another_infrastructure(registry, inputs, harness, heard, opened):
    place = {"organization": "payments", "project": "checkout"}
    before = inputs(**place, infrastructure="test/eu")
    ident, state = HarnessImageRegistry(Run()).create(before, heard.occasion)
    later = HarnessImageRegistry(Run())
    later.check({**before, "infrastructure": "prod/eu"})
    later.delete(ident, state, before, heard.occasion)
    assert records(harness, ACCOUNT)[ident]["isDefault"] is True


def test_a_record_that_a_level_above_blocks_is_left_and_said(registry, inputs, harness, heard, opened):
    given = inputs(organization="payments")
    ident, state = registry.create(given, heard.occasion)
    put(harness, ACCOUNT, isOverrideAllowed=False)
    HarnessImageRegistry(Run()).delete(ident, state, given, heard.occasion)
    assert "a level above now decides" in heard.warned[0]
