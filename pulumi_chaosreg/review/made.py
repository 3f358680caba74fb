"""A company that is compared with another one: its review, and what its files hold as credentials, read once."""

from pulumi_chaosreg.review.credential_texts import credential_texts
from pulumi_chaosreg.review.facts import Facts, of_infrastructure
from pulumi_chaosreg.review.review import Review
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.resolved import ResolvedConfig

Pair = tuple[ResolvedConfig | None, ResolvedConfig | None]
"""One infrastructure before and after; None for a side that does not have it."""


class Made:
    """Never printed: it holds what stands for credentials."""

    def __init__(self, reviewed: Review) -> None:
        self.reviewed = reviewed
        self._texts = credential_texts(reviewed)
        self._facts: dict[Scope, Facts] = {}

    def credential(self, resolved: ResolvedConfig) -> tuple[str, str | None]:
        """(NAME, stack whose file holds it) of what the infrastructure's pull Secret is made from; no NAME where there
        is no such Secret.
        """
        if resolved.delivery is None or not resolved.delivery.needs_value:
            return "", None
        holder = self.reviewed.company.holder_of(resolved.infrastructure, resolved.delivery)
        return resolved.delivery.credential, holder

    def credentials(self, resolved: ResolvedConfig) -> dict[str, str | None]:
        """The same for all of its Secrets: NAME → stack."""
        scope, company = resolved.infrastructure, self.reviewed.company
        return {one.credential: company.holder_of(scope, one) for one in resolved.deliveries if one.needs_value}

    def facts(self, resolved: ResolvedConfig) -> Facts:
        """Those of the infrastructure."""
        scope = resolved.infrastructure
        if scope not in self._facts:
            self._facts[scope] = of_infrastructure(resolved, self.credential(resolved)[1])
        return self._facts[scope]

    def text(self, stack: str | None, name: str) -> object:
        """What stands for a credential in a stack's file: only to be compared."""
        return self._texts.get(stack or "", {}).get(name)

    def login_of_owner(self, owner: Scope, name: str) -> object:
        """The same for one that an owner names, which its own stack must hold: another NAME may be another value where
        no file holds it.
        """
        return self.text(owner.stack, name) or name
