"""Who gets which credential: a view of a comparison from the side of what is given away."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pulumi_chaosreg.review.edits import Edits
from pulumi_chaosreg.review.made import Made, Pair
from pulumi_chaosreg.scopes.making import making_login
from pulumi_chaosreg.stacks.sections import stands_in_plain_text


@dataclass(frozen=True, slots=True)
class CredentialChange:
    """One credential, by its NAME and the stack whose file holds it: what it is, and never what it says."""

    name: str
    stack: str
    """Empty where no file holds it: the environment may, or it is missing."""
    gets: tuple[str, ...]
    """Who gets it now and did not before: `infrastructure payments/checkout/eu`, `repositories.login
    of acme at acme.jfrog.io/docker-local`.
    """
    loses: tuple[str, ...]
    has_other_value: bool
    """Whether another text stands in the file; a new or a removed value is one, too."""
    users: int
    """How many get it now."""
    is_exposed: bool = False
    """Whether it stands in plain text now, and did not before."""
    is_lost: bool = False
    """Whether the file held a value before, and holds none now."""


_Held = tuple[str, str]
"""NAME and stack."""


def credential_changes(before: Made, after: Made, edits: Edits, pairs: Iterable[Pair]) -> tuple[CredentialChange, ...]:
    """Every credential that others get than before, or that has another value, by NAME and stack."""
    old: dict[_Held, dict[str, None]] = {}
    new: dict[_Held, dict[str, None]] = {}
    for was, now in pairs:
        config = now or was
        who = f"infrastructure {config.infrastructure.path}" if config else ""  # by its present path, if it has moved
        for made, side, each in ((before, old, was), (after, new, now)):
            for name, stack in made.credentials(each).items() if each else ():
                side.setdefault((name, stack or ""), {})[who] = None
    for made, side in ((before, old), (after, new)):
        for held, who in _of_owners(made, edits):
            side.setdefault(held, {})[who] = None
    changes = []
    for name, stack in sorted({**old, **new}):
        users = old.get((name, stack), {}), new.get((name, stack), {})
        texts = before.text(stack, name), after.text(stack, name)
        change = CredentialChange(
            name,
            stack,
            tuple(who for who in users[1] if who not in users[0]),
            tuple(who for who in users[0] if who not in users[1]),
            texts[0] != texts[1],
            len(users[1]),
            is_exposed=stands_in_plain_text(texts[1]) and not stands_in_plain_text(texts[0]),
            is_lost=texts[0] is not None and texts[1] is None,
        )
        if change.gets or change.loses or change.has_other_value:
            changes.append(change)
    return tuple(changes)


def _of_owners(made: Made, edits: Edits) -> Iterator[tuple[_Held, str]]:
    """What owners fill and make their registries with, and levels write to Harness with: from their own stacks."""
    was_of = {was: now for now in edits.after.company.scopes if (was := edits.was(now))}
    for demand in made.reviewed.demands:
        owner, registry = demand.owner, demand.registry
        if owner and not edits.is_unknown(owner):
            path, login = was_of.get(owner, owner).path, making_login(registry)
            for key, named in registry.policy.credentials.items() if registry.policy else ():
                yield (named.value, owner.stack), f"mirror.{key} of {path} into {registry.path}"
            if login:
                yield (login.value, owner.stack), f"repositories.login of {path} at {registry.path}"
    for scope, record in made.reviewed.published.items():
        if record.login and not edits.is_unknown(scope):
            yield (record.login.value, scope.stack), f"harness.login of {was_of.get(scope, scope).path}"
