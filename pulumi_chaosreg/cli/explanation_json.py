"""What `chaosreg explain -o json` prints. Each place is a file (as in text: from the current folder) and a line."""

from typing import Any

from pulumi_chaosreg.errors import Place
from pulumi_chaosreg.review.explanation import Explanation
from pulumi_chaosreg.review.image_explanation import ImageExplanation
from pulumi_chaosreg.scopes.locks import locks_in
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.scopes.unknown import known_fields
from pulumi_chaosreg.settings.yaml_file import Lines


def of_image(explained: ImageExplanation, lines: Lines) -> dict[str, Any]:
    """Who wants an image, where it comes from and goes."""
    image, owner = explained.image, explained.owner
    return {
        "image": image.reference.tagged,
        "source": image.source.tagged if image.source else None,
        "digest": image.digest or image.reference.digest,
        "platforms": list(image.platforms),
        "mirrored_by": {"scope": owner.path, "stack": owner.stack} if owner else None,
        "pulled_by": list(explained.pulled_by),
        "wanted_by": [{"setting": setting, **_where(place, lines)} for setting, place in explained.written],
    }


def of_infrastructure(resolved: ResolvedConfig, lines: Lines) -> dict[str, Any]:
    """Every field with its origin, and the locks above."""
    fields = {
        one.name: {
            "value": None if one.is_unknown else one.value,
            "origin": str(one.origin),
            **_where(one.origin.place, lines),
        }
        for one in known_fields(resolved)
    }
    return {"infrastructure": resolved.infrastructure.path, "fields": fields, "locks": _locks(resolved)}


def of_field(resolved: ResolvedConfig, explanation: Explanation, lines: Lines) -> dict[str, Any]:
    """What each level says about one field, and who may set it."""
    levels = [
        {
            "scope": scope.title,
            "said": [
                {
                    "setting": one.setting,
                    "value": one.value,
                    "decides": one.decides,
                    "remark": one.remark or None,
                    **_where(one.place, lines),
                }
                for one in statements
            ],
        }
        for scope, statements in explanation.levels
    ]
    return {
        "infrastructure": resolved.infrastructure.path,
        "field": explanation.field,
        "value": None if explanation.is_unknown else explanation.value,
        "origin": str(explanation.origin),
        "levels": levels,
        "may_set": list(explanation.free),
        "may_not_set": list(explanation.locked),
        "locks": _locks(resolved),
    }


def _locks(resolved: ResolvedConfig) -> list[dict[str, str]]:
    return [{"scope": scope.title, "how": how} for scope, how in locks_in(resolved.infrastructure.chain())]


def _where(place: Place, lines: Lines) -> dict[str, Any]:
    found = lines.located(place) if place.file else place
    return {"file": str(Place(file=found.file)) if found.file else None, "line": found.line}
