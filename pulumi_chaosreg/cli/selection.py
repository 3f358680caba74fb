"""Which infrastructures a command line means: by path, by id, or by a pattern of either."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.review.review import Review
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.settings.near_misses import did_you_mean


def select(reviewed: Review, wanted: Sequence[str]) -> list[ResolvedConfig]:
    """The infrastructures that fit, each once, in the company's order; all of them where nothing is wanted.

    Raises ChaosregError (CHR0118) for what fits none.
    """
    every = sorted(reviewed.resolved.values(), key=lambda resolved: resolved.infrastructure.path)
    if not wanted:
        return every
    fitting = {text: [resolved for resolved in every if fits(resolved.infrastructure, text)] for text in wanted}
    missing = [text for text, found in fitting.items() if not found]
    if missing:
        raise ChaosregError([error for text in missing for error in _unknown(text, every).findings])
    chosen = {resolved.infrastructure for found in fitting.values() for resolved in found}
    return [resolved for resolved in every if resolved.infrastructure in chosen]


def fits(scope: Scope, text: str) -> bool:
    """Whether the text is the path or id of the scope, the path of one above it, or a pattern of these."""
    return fnmatchcase(scope.id, text) or any(fnmatchcase(above.path, text) for above in scope.chain())


def _unknown(text: str, every: Sequence[ResolvedConfig]) -> ChaosregError:
    paths = [resolved.infrastructure.path for resolved in every]
    names = [*paths, *(resolved.infrastructure.id for resolved in every)]
    of_id = [one.infrastructure.path for one in every if one.infrastructure.id == text.rpartition("/")[2]]
    advice = did_you_mean(text, of_id, 0.0) or did_you_mean(text, names)
    shown = ", ".join(paths[:8]) + (f", … ({len(paths)} in all)" if len(paths) > 8 else "")
    return ChaosregError.of(
        "CHR0118", f"no infrastructure is named `{text}`", help=f"{advice}infrastructures: {shown or 'none'}"
    )
