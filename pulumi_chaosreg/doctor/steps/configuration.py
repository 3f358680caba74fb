"""What the stack files say that this infrastructure pulls: without that there is nothing to look for."""

from pulumi_chaosreg.doctor.case import Case
from pulumi_chaosreg.doctor.step import Failed, Passed, Result
from pulumi_chaosreg.errors import Cause, Finding
from pulumi_chaosreg.scopes.model import Scope

NAME = "configuration"
NEEDS = ()


def look(case: Case) -> Result:
    """Errors of the levels that this infrastructure inherits from; what others got wrong is only counted."""
    config = case.around.config
    chain = config.infrastructure.chain()
    errors = [one for one in case.around.problems if one.cause is not Cause.NO_DIGEST]
    ours = tuple(one for one in errors if _concerns(one, chain))
    if ours:
        return Failed(ours)
    registry, count = config.registry, len(config.images)
    fact = (
        f"{count} image{'' if count == 1 else 's'}, from the {registry.type.value} registry `{registry.path}` "
        f"({registry.server.origin})"
    )
    elsewhere = len(errors)
    more = f"; {elsewhere} error{'' if elsewhere == 1 else 's'} of other scopes: `chaosreg validate`" if errors else ""
    return Passed(fact + more)


def _concerns(finding: Finding, chain: tuple[Scope, ...]) -> bool:
    """Whether it is of one of these scopes, or of none. Titles are not enough: ids may be the same in two files."""
    place = finding.place
    if place is None or not place.scope:
        return True
    return any((place.scope, place.file) == (scope.title, scope.place.file) for scope in chain)
