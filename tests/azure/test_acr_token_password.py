"""`AcrTokenPassword` from check to delete, over the lab's resource manager; the real azure-identity logs in."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lab.azure.manager import Failure
from pulumi_chaosreg.azure import client
from pulumi_chaosreg.clock import VARIABLE
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.oci.patience import Patience
from pulumi_chaosreg.provider.acr_token_password import AcrTokenPassword
from pulumi_chaosreg.provider.resource import Occasion
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.unknown import UNKNOWN
from tests.support.azure_manager import REGISTRY, Served, azure_manager

pytestmark = pytest.mark.extra("azure")
TOKEN = f"{REGISTRY}/tokens/chaos-pull"
SOON = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT00:00:00Z")
LATER = (datetime.now(UTC) + timedelta(days=60)).strftime("%Y-%m-%dT00:00:00Z")
Inputs = Callable[..., dict[str, Any]]


@dataclass
class Heard:
    """What a user was told."""

    warned: list[str] = field(default_factory=list)

    @property
    def occasion(self) -> Occasion:
        urn = "urn:pulumi:prod::chaos::chaosreg:index:AcrTokenPassword::a"
        return Occasion(urn, lambda _: None, self.warned.append, lambda _: None)


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    quick = Patience(tries=3, first=0.01, longest=5.0, total=5.0, idle=5.0)
    monkeypatch.setattr(client.ResourceManager.__init__, "__kwdefaults__", {"patience": quick, "stop": None})
    with azure_manager() as served:
        for name, value in served.environment.items():
            monkeypatch.setenv(name, value)
        served.manager.tokens.put(TOKEN, f"{REGISTRY}/scopeMaps/chaos-pull")
        yield served


@pytest.fixture
def resource() -> AcrTokenPassword:
    return AcrTokenPassword(Run())


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def inputs(resource: AcrTokenPassword) -> Inputs:
    def inputs(**said: Any) -> dict[str, Any]:
        given = {"registryId": REGISTRY, "token": "chaos-pull", "password": "password1", "expires": SOON, "turn": "4"}
        checked, failures = resource.check({**given, **said})
        assert failures == []
        return checked

    return inputs


def value_at_azure(azure: Served, password: str) -> str:
    return azure.manager.tokens.get(TOKEN).passwords[password]["value"]


def test_a_password_is_made_and_the_other_one_stays(
    azure: Served, resource: AcrTokenPassword, inputs: Inputs, heard: Heard
) -> None:
    other = resource.create(inputs(password="password2", expires=LATER), heard.occasion)[1]
    ident, made = resource.create(inputs(), heard.occasion)
    assert ident == f"{TOKEN}/passwords/password1"
    assert made["value"] == value_at_azure(azure, "password1")
    assert (made["username"], made["turn"], made["expires"]) == ("chaos-pull", "4", SOON)
    assert other["value"] == value_at_azure(azure, "password2")

    # another turn makes this one anew, and the other one stays
    turned = inputs(turn="6", expires=LATER)
    assert resource.diff(made, inputs()).updates == ()
    assert resource.diff(made, turned).updates == ("expires", "turn")
    again = resource.update(ident, made, turned, heard.occasion)
    assert again["value"] == value_at_azure(azure, "password1") != made["value"]
    assert other["value"] == value_at_azure(azure, "password2")
    assert azure.generated == 3

    # and only this one goes
    gone = AcrTokenPassword(Run())
    gone.delete(ident, again, inputs(), heard.occasion)
    assert list(azure.manager.tokens.get(TOKEN).passwords) == ["password2"]
    gone.delete(ident, again, inputs(), heard.occasion)


def test_a_password_that_somebody_may_have_is_not_made_anew(
    azure: Served, resource: AcrTokenPassword, inputs: Inputs, heard: Heard
) -> None:
    for expiry in (LATER, None):
        azure.manager.tokens.generate(TOKEN, "password1", expiry)
        with pytest.raises(ChaosregError, match=r"CHR0475.*already has a `password1` that is good"):
            resource.create(inputs(), heard.occasion)
    assert azure.generated == 0
    azure.manager.tokens.generate(TOKEN, "password1", "2020-01-01T00:00:00.0000000Z")  # nobody can use it
    assert resource.create(inputs(), heard.occasion)[1]["value"] == value_at_azure(azure, "password1")


@pytest.mark.parametrize(
    "failure",
    [
        Failure("POST", "/generateCredentials", 503),
        Failure("POST", "/generateCredentials", 503, done=True),
        Failure("POST", "/generateCredentials", 409, "RegistryBusy"),
        Failure("POST", "/generateCredentials", 429),
        Failure("GET", "/tokens/chaos-pull", 500),
    ],
    ids=lambda failure: f"{failure.verb} {failure.status} {failure.done}",
)
def test_what_passes_is_tried_again(
    failure: Failure, azure: Served, resource: AcrTokenPassword, inputs: Inputs, heard: Heard
) -> None:
    azure.manager.failures.append(failure)
    assert resource.create(inputs(), heard.occasion)[1]["value"] == value_at_azure(azure, "password1")


def test_after_a_lost_answer_the_same_password_is_made_once_more(
    azure: Served, resource: AcrTokenPassword, inputs: Inputs, heard: Heard
) -> None:
    azure.manager.failures.append(Failure("POST", "/generateCredentials", 503, times=3, done=True))
    with pytest.raises(ChaosregError, match="CHR0475"):
        resource.create(inputs(), heard.occasion)
    assert list(azure.manager.tokens.get(TOKEN).passwords) == ["password1"]
    made = resource.create(inputs(), heard.occasion)[1]
    assert made["value"] == value_at_azure(azure, "password1")


def test_a_refresh_keeps_the_value_and_only_what_is_gone_is_gone(
    azure: Served, resource: AcrTokenPassword, inputs: Inputs, heard: Heard
) -> None:
    said = inputs()
    ident, made = resource.create(said, heard.occasion)
    found = resource.read(ident, made, said, heard.occasion)
    assert found
    assert dict(found.outputs) == made
    assert heard.warned == []
    for status in (401, 403, 400):
        azure.manager.failures.append(Failure("GET", "/tokens/chaos-pull", status))
        kept = resource.read(ident, made, said, heard.occasion)
        assert kept
        assert kept.outputs == made
    assert len(heard.warned) == 3

    azure.manager.tokens.generate(TOKEN, "password1", SOON)  # by somebody else
    turned = resource.read(ident, made, said, heard.occasion)
    assert turned
    assert "somebody has made `password1` of token `chaos-pull` anew" in heard.warned[-1]
    assert resource.diff(turned.outputs, said).updates == ("turn",)

    azure.manager.tokens.keep(TOKEN, [])
    assert resource.read(ident, made, said, heard.occasion) is None
    azure.manager.tokens.delete(TOKEN)
    assert resource.read(ident, made, said, heard.occasion) is None
    resource.delete(ident, made, said, heard.occasion)


def test_an_import_says_what_it_cannot_know(
    azure: Served, resource: AcrTokenPassword, inputs: Inputs, heard: Heard
) -> None:
    azure.manager.tokens.generate(TOKEN, "password1", SOON)
    found = resource.read(f"{TOKEN}/passwords/password1", {}, {}, heard.occasion)
    assert found
    assert "imported without its value" in heard.warned[0]
    assert found.outputs["value"] == ""
    assert resource.diff(found.outputs, inputs()).updates == ("turn",)
    assert resource.read(f"{TOKEN}/passwords/password2", {}, {}, heard.occasion) is None
    with pytest.raises(ChaosregError, match="no password of a token"):
        resource.read("password1", {}, {}, heard.occasion)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_no_refusal_shows_a_secret(
    status: int, azure: Served, resource: AcrTokenPassword, inputs: Inputs, heard: Heard
) -> None:
    azure.manager.failures.append(Failure("POST", "/generateCredentials", status, azure.manager.bearer, times=9))
    with pytest.raises(ChaosregError) as refused:
        resource.create(inputs(), heard.occasion)
    assert azure.manager.bearer not in f"{refused.value!r}{refused.value}"
    assert "[redacted]" in str(refused.value)
    passwords = next(iter(resource._managers.values()))
    assert azure.manager.bearer not in f"{vars(passwords)}{vars(passwords._azure)}{vars(passwords._azure._token)}"


def test_without_the_extra_it_is_named(
    azure: Served, resource: AcrTokenPassword, inputs: Inputs, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "pulumi_chaosreg.machine.azure", raising=False)
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(ChaosregError, match=r"pip install 'pulumi-chaosreg\[azure\]'"):
        resource.create(inputs(), heard.occasion)


def test_a_token_is_sent_nowhere_else(azure: Served, resource: AcrTokenPassword, inputs: Inputs, heard: Heard) -> None:
    begun = azure.manager._begun
    azure.manager._begun = lambda registry, outcome, root: begun(registry, outcome, "http://127.0.0.2:1")  # type: ignore[method-assign]
    with pytest.raises(ChaosregError, match="no address of its own"):
        resource.create(inputs(), heard.occasion)
    with pytest.raises(ChaosregError, match="it is not https"):
        client.ResourceManager("http://azure.example", lambda: "canary").ask("GET", TOKEN)


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ({"registryId": "acmeprod"}, "registryId"),
        ({"token": "no"}, "token"),
        ({"token": "not.a.token"}, "token"),
        ({"password": "password3"}, "password"),
        ({"expires": "in a month"}, "expires"),
        ({"endpoint": "management.azure.com"}, "endpoint"),
    ],
)
def test_what_cannot_be_is_told_offline(said: dict[str, str], about: str, resource: AcrTokenPassword) -> None:
    given = {"registryId": REGISTRY, "token": "chaos-pull", "password": "password1", "expires": SOON}
    assert [failure[0] for failure in resource.check({**given, **said})[1]] == [about]
    assert resource.check({**given, "registryId": UNKNOWN, "token": UNKNOWN, "expires": UNKNOWN})[1] == []


def test_what_another_resource_of_the_run_stands_for_stays(
    azure: Served, resource: AcrTokenPassword, inputs: Inputs, heard: Heard
) -> None:
    ident, made = resource.create(inputs(), heard.occasion)
    resource.delete(ident, made, inputs(), heard.occasion)
    assert value_at_azure(azure, "password1") == made["value"]


@pytest.mark.parametrize("code", ["SubscriptionNotFound", "ResourceGroupNotFound", "InternalServerError"])
def test_what_another_tenant_does_not_show_is_not_gone(
    code: str, azure: Served, resource: AcrTokenPassword, inputs: Inputs, heard: Heard
) -> None:
    ident, made = resource.create(inputs(), heard.occasion)
    azure.manager.failures.append(Failure("GET", "/tokens/chaos-pull", 404, code, times=2))
    kept = resource.read(ident, made, inputs(), heard.occasion)
    assert kept
    assert kept.outputs == made
    assert "kept as it was" in heard.warned[0]
    with pytest.raises(ChaosregError, match="az login --tenant"):
        AcrTokenPassword(Run()).delete(ident, made, inputs(), heard.occasion)
    assert value_at_azure(azure, "password1") == made["value"]


def test_a_live_password_that_is_made_anew_is_told(
    azure: Served, resource: AcrTokenPassword, inputs: Inputs, heard: Heard
) -> None:
    azure.manager.tokens.generate(TOKEN, "password2", SOON)
    resource.create(inputs(), heard.occasion)
    assert heard.warned == []
    resource.create(inputs(), heard.occasion)
    assert "good until the same moment, and is made anew" in heard.warned[0]


def test_another_spelling_of_a_moment_is_no_other_one(resource: AcrTokenPassword, inputs: Inputs) -> None:
    for same in (
        SOON.replace("Z", "+00:00"),
        SOON.replace("Z", ".000Z"),
        SOON.replace("T00:00:00Z", "T02:00:00+02:00"),
    ):
        assert resource.diff(inputs(), inputs(expires=same)).updates == ()
    assert resource.diff(inputs(), inputs(expires=LATER)).updates == ("expires",)
    assert resource.diff(inputs(), {**inputs(), "expires": UNKNOWN}).updates == ("expires",)


def test_a_clock_that_is_behind_locks_nobody_out(
    azure: Served, resource: AcrTokenPassword, inputs: Inputs, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    ident, made = resource.create(inputs(), heard.occasion)
    with monkeypatch.context() as behind:
        behind.setenv(VARIABLE, "2026-01-01")
        with pytest.raises(ChaosregError, match=r"CHR0475.*was made on .* here it is 2026-01-01"):
            resource.update(ident, made, inputs(turn="2"), heard.occasion)
    assert value_at_azure(azure, "password1") == made["value"]
    assert heard.warned == []
    # a longer lifetime has smaller turns
    again = resource.update(ident, made, inputs(turn="2", expires=LATER), heard.occasion)
    assert again["value"] == value_at_azure(azure, "password1") != made["value"]
    assert "after turn 4: unless its lifetime has changed" in heard.warned[0]
    resource.update(ident, again, inputs(turn="10", expires=LATER), heard.occasion)  # by number, not by letters
    assert len(heard.warned) == 1
