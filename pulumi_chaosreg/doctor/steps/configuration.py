"""What the stack files say that this infrastructure pulls: without that there is nothing to look for."""

from pulumi_chaosreg.doctor.case import Case
from pulumi_chaosreg.doctor.step import Failed, Passed, Result
from pulumi_chaosreg.errors import Cause, Finding

NAME = "configuration"
NEEDS = ()


def look(case: Case) -> Result:
    """Errors of the levels that this infrastructure inherits from; what others got wrong is only counted."""
    config = case.around.config
    titles = {"", *(scope.title for scope in config.infrastructure.chain())}
    errors = [one for one in case.around.problems if one.cause is not Cause.NO_DIGEST]
    ours = tuple(one for one in errors if _scope(one) in titles)
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


def _scope(finding: Finding) -> str:
    return finding.place.scope if finding.place else ""
