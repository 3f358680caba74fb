"""Where credential values come from: the stack's own configuration, its parents' secret output, or the environment."""

import os
from pathlib import Path
from typing import Any

import pulumi

from pulumi_chaosreg.components.day_of_run import day_of_run
from pulumi_chaosreg.components.pull_logins import PullLogin
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.registries.kinds import RegistryKind
from pulumi_chaosreg.review.review import Review
from pulumi_chaosreg.scopes.delivery import Delivery
from pulumi_chaosreg.scopes.making import logins_of_owner
from pulumi_chaosreg.scopes.model import Decided, Scope
from pulumi_chaosreg.settings.table import REPOSITORIES
from pulumi_chaosreg.stacks.company import Company
from pulumi_chaosreg.stacks.key_file import read_key_file
from pulumi_chaosreg.stacks.sections import CREDENTIALS

OUTPUT = "credentials"
"""The secret output in which an owner's stack hands pull credentials down."""
OUTPUT_NAMES = "credential_names"
"""The plain output with their names: it tells a missing value from one that another passphrase hides."""
OUTPUT_ENDS = "credential_ends"
"""The plain output with the day from which nobody may count on each that was made."""


class CredentialValues:
    """Looks up values for the stack that is running. Never holds one in plain text outside of an Output."""

    def __init__(self, project: Path, company: Company, stack: str) -> None:
        self.project = project
        self.company = company
        self.stack = stack
        self._references: dict[str, pulumi.StackReference] = {}

    def of(self, infrastructure: Scope, delivery: Delivery) -> dict[str, pulumi.Input[Any]]:
        """NAME → value of the credential of this infrastructure's pull Secret.

        Raises ChaosregError (CHR0501) that names every place that was looked at, before anything is created.
        """
        name = delivery.credential
        own = pulumi.Config(CREDENTIALS).get_secret(name)
        if own is not None:
            return {name: own}
        owner = self.company.credential_stack(infrastructure, name)
        if owner is not None and owner != self.stack:
            return {name: self._from_stack(owner, name)}
        variable = delivery.password_env
        if variable and os.environ.get(variable):
            return {name: pulumi.Output.secret(os.environ[variable])}
        if delivery.key_file and (key := read_key_file(self.project, delivery.key_file, delivery.key_file_place)):
            return {name: pulumi.Output.secret(key.text)}
        looked_at = self.company.credential_places(infrastructure, name)
        looked_at += [f"environment variable {variable}"] if variable else []
        top = next((above.stack for above in infrastructure.chain() if above.stack), self.stack)
        looked_at += [f"file {delivery.key_file}"] if delivery.key_file else []
        origin = delivery.named_by
        owning = origin.scope.stack if origin.scope else top
        raise ChaosregError(
            Finding(
                "CHR0501",
                f"credential `{name}` has no value, but {infrastructure.title} needs it",
                origin.place,
                notes=tuple(("looked at", place) for place in looked_at),
                help=f"run `pulumi config set --stack {owning} --secret {CREDENTIALS}:{name}`",
                hides_value=True,
            )
        )

    def made_elsewhere(self, delivery: Delivery) -> PullLogin:
        """A pull credential that the stack of its registry's owner has made and handed down."""
        assert delivery.made
        stack, name = delivery.made.owner.stack, delivery.credential
        ends = self._reference(stack).get_output(OUTPUT_ENDS)
        return PullLogin(self._from_stack(stack, name), ends.apply(lambda days: _not_over(days, stack, name)))

    def missing_for_mirrors(self, reviewed: Review, owned: list[Scope]) -> list[Finding]:
        """What these scopes make repositories and fill registries with, and this stack has no value for (CHR0501)."""
        config = pulumi.Config(CREDENTIALS)
        needed = (
            (owner, named, _is_token(named, demand.registry.kind))
            for owner in owned
            for demand in reviewed.mirrored_by(owner)
            for named in logins_of_owner(demand.registry)
        )
        return [
            Finding(
                "CHR0501",
                f"credential `{named.value}` has no value, but {owner.title} needs it for its registry",
                named.origin.place,
                notes=(("looked at", f"{CREDENTIALS}:{named.value} in the stack `{self.stack}`"),),
                help=f"run `pulumi config set --stack {self.stack} --secret {_value(named.value, is_token=is_token)}",
                hides_value=True,
            )
            for owner, named, is_token in needed
            if config.get_secret(named.value) is None
        ]

    def missing_for_harness(self, reviewed: Review) -> list[Finding]:
        """The API keys that levels of this stack are published with, and that it has no value for (CHR0501)."""
        config = pulumi.Config(CREDENTIALS)
        mine = [record for scope, record in reviewed.published.items() if scope.stack == self.stack]
        return [
            Finding(
                "CHR0501",
                f"credential `{record.login.value}` has no value, but the record of {record.scope.title} in Harness "
                "needs it",
                record.login.origin.place,
                notes=(("looked at", f"{CREDENTIALS}:{record.login.value} in the stack `{self.stack}`"),),
                help=f"run `pulumi config set --stack {self.stack} --secret {CREDENTIALS}:{record.login.value}`: each "
                "stack that publishes needs the key itself",
                hides_value=True,
            )
            for record in mine
            if record.login and config.get_secret(record.login.value) is None
        ]

    def for_others(self, reviewed: Review) -> dict[str, pulumi.Output[Any]]:
        """NAME → value of each pull credential that an infrastructure of another stack will ask this one for."""
        asked = (
            (scope, delivery.credential)
            for scope, resolved in reviewed.resolved.items()
            for delivery in resolved.deliveries
            if delivery.needs_value and not delivery.made and scope.stack != self.stack
        )
        names = {name for scope, name in asked if name and self.company.credential_stack(scope, name) == self.stack}
        config = pulumi.Config(CREDENTIALS)
        values = {name: config.get_secret(name) for name in sorted(names)}
        return {name: value for name, value in values.items() if value is not None}

    def _reference(self, stack: str) -> pulumi.StackReference:
        if stack not in self._references:
            full = f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}"
            existing: pulumi.Output[str] = pulumi.Output.from_input(_initialised(full, stack))
            self._references[stack] = pulumi.StackReference(stack, stack_name=existing)  # type: ignore[arg-type]  # annotated too narrowly
        return self._references[stack]

    def _from_stack(self, stack: str, name: str) -> pulumi.Output[Any]:
        above = self._reference(stack)
        outputs = pulumi.Output.all(values=above.get_output(OUTPUT), names=above.get_output(OUTPUT_NAMES))
        return pulumi.Output.secret(outputs.apply(lambda o: _handed_down(o["values"], o["names"], stack, name)))


def _is_token(named: Decided[str], kind: RegistryKind) -> bool:
    """Whether this login of an owner may be a token alone."""
    return kind.made.token_alone and named.origin.path[-1] == REPOSITORIES.login.key


def _value(name: str, *, is_token: bool) -> str:
    """What is set of it, as a command goes on."""
    if is_token:
        return f"{CREDENTIALS}:{name}`: an access token"
    return f"--path '{CREDENTIALS}:{name}.username'`, and the same for `.password`"


async def _initialised(full: str, stack: str) -> str:
    """The full name of a stack that there is. Asked first: a StackReference to none ends the run before we can help."""
    try:
        await pulumi.runtime.invoke_async("pulumi:pulumi:readStackOutputs", {"name": full})
    except Exception as error:
        if "unknown stack" not in str(error):
            raise
        raise pulumi.RunError(
            str(
                ChaosregError.of(
                    "CHR0509",
                    f"stack `{stack}` hands down a credential that is needed here, but was never initialised",
                    help=f"run `pulumi stack init {stack}`, set its credentials, and bring it `up` first",
                )
            )
        ) from None
    return full


def _handed_down(values: Any, names: Any, stack: str, name: str) -> Any:
    """The value in the owner's output. With another passphrase the engine silently hands over `{}`."""
    value = values.get(name) if isinstance(values, dict) else None
    if value:
        return value
    is_there = name in (names or ())
    if pulumi.runtime.is_dry_run() and not is_there:
        pulumi.log.warn(f"stack `{stack}` has not handed down credential `{name}` yet: run `up` there first")
        return {"username": "unknown", "password": "unknown until then"}  # a preview only; `up` refuses
    cause = "the two stacks have different passphrases or secrets providers" if is_there else "it has had no `up` since"
    advice = (
        "give both stacks the same secrets provider or passphrase: `pulumi stack change-secrets-provider`"
        if is_there
        else f"run `pulumi up --stack {stack}` first"
    )
    error = ChaosregError.of(
        "CHR0508", f"stack `{stack}` did not hand down credential `{name}`", notes=(("cause", cause),), help=advice
    )
    raise pulumi.RunError(str(error))


def _not_over(days: Any, stack: str, name: str) -> str:
    """The day from which nobody may count on a credential; a warning where that has come (CHR0547)."""
    ends: str = (days or {}).get(name, "")
    if ends and ends <= day_of_run().isoformat():
        finding = Finding(
            "CHR0547",
            f"the credential `{name}` ended on {ends}",
            None,
            help=f"run `pulumi up --stack {stack}`, which makes it anew, and then `up` here",
            severity="warning",
        )
        pulumi.log.warn(str(finding))
    return ends
