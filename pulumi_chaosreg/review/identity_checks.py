"""Whether every role that is asked for says exactly whom it trusts."""

from collections.abc import Iterable, Iterator

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.trust import problems
from pulumi_chaosreg.settings.setting import Path
from pulumi_chaosreg.settings.table import REPOSITORIES, SECTION

IDENTITIES = ("push", "pull", "delete")


def check_identities(scopes: Iterable[Scope]) -> Iterator[Finding]:
    """CHR0485 and CHR0486, where they are said: a section, or one of its registries."""
    for scope in scopes:
        for base in ((), *((SECTION.registries.key, name) for name in scope.get(SECTION.registries) or ())):
            for who in IDENTITIES:
                yield from _of(scope, (*base, *REPOSITORIES.identities.path, who, "trust"))


def _of(scope: Scope, path: Path) -> Iterator[Finding]:
    for number, entry in enumerate(scope.value_at(path) or ()):
        for problem in problems(entry):
            if scope.is_unclear(*path, problem.key) or scope.is_unclear(*path, number, problem.key):
                continue  # a part of it is wrong, which is told
            yield Finding(problem.code, problem.message, scope.at(*path, number, problem.key), help=problem.advice)
