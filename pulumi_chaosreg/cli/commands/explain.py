"""Show which level set a value of an infrastructure, which others tried, and which lock it; where an image goes; or
what an error code means.

Without FIELD every field is shown with its origin. Fields are named as in `chaosreg resolve`, or as the setting in a
stack file (`repositories.create`). An image is given by its
source or its copy, with or without the tag, or by the last part of its path.
"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pulumi_chaosreg.cli import explanation_json
from pulumi_chaosreg.cli.commands.resolve import warn_of_errors
from pulumi_chaosreg.cli.diff.rows import listed
from pulumi_chaosreg.cli.error_page import entry
from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.cli.output import add_output, as_json
from pulumi_chaosreg.cli.selection import fits, select
from pulumi_chaosreg.cli.terminal import colored
from pulumi_chaosreg.errors import ChaosregError, Finding, Place, visible
from pulumi_chaosreg.review.explanation import Explanation, Statement, explain
from pulumi_chaosreg.review.image_explanation import ImageExplanation, explain_images
from pulumi_chaosreg.review.review import Review, review
from pulumi_chaosreg.scopes.demand import by_images
from pulumi_chaosreg.scopes.locks import locks_in
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.pinning import Pin
from pulumi_chaosreg.scopes.resolved import ResolvedConfig
from pulumi_chaosreg.scopes.unknown import known_fields
from pulumi_chaosreg.settings.near_misses import did_you_mean, near_misses
from pulumi_chaosreg.settings.table import SECTION
from pulumi_chaosreg.settings.yaml_file import Lines
from pulumi_chaosreg.stacks.project_file import find_project

ABOUT = "show which level set a value of an infrastructure, or what an error code means"
NEEDS = Needs.NONE
EXITS = {1: "the stack files have errors: values may be missing or wrong"}
EXAMPLES = """\
examples:
  chaosreg explain prod-eu                     every field, and where it is set
  chaosreg explain prod-eu image.chaos-ddcr    what each level says about it
  chaosreg explain harness/delegate:24.11      what needs the image, its source, target and digest
  chaosreg explain prod-eu server -o json      the same for programs
  chaosreg explain CHR0203                     what the error means and how to fix it
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    parser.add_argument("subject", metavar="INFRA|IMAGE|CODE")
    parser.add_argument("field", nargs="?", metavar="FIELD")
    add_output(parser, "text", "json")


def run(options: argparse.Namespace) -> int:
    """Print the explanation."""
    if re.fullmatch(r"CHR\d{4}", options.subject, re.IGNORECASE):
        print(_of_code(options.subject.upper(), options.output), end="")
        return 0
    reviewed = review(find_project(Path(options.project).resolve()))
    lines = Lines()
    is_scope = any(fits(resolved.infrastructure, options.subject) for resolved in reviewed.resolved.values())
    images = [] if is_scope or options.field else explain_images(reviewed.demands, options.subject)
    if not images and not is_scope and set(options.subject) & set(":.@"):
        raise _no_image(options.subject, reviewed)
    configs = [] if images else select(reviewed, [options.subject])
    if options.field is not None:
        fields = [(resolved, _explained(resolved, options.field, reviewed.errors)) for resolved in configs]
    if options.output == "json":
        document: dict[str, Any]
        if images:
            document = {"images": [explanation_json.of_image(image, lines) for image in images]}
        elif options.field is None:
            document = {"infrastructures": [explanation_json.of_infrastructure(one, lines) for one in configs]}
        else:
            document = {"infrastructures": [explanation_json.of_field(*one, lines) for one in fields]}
        print(as_json({**document, "complete": not reviewed.errors}), end="")
    elif images:
        print("\n".join(_of_image(explained, lines) for explained in images))
    elif options.field is None:
        print("\n".join(_all(resolved, lines) for resolved in configs))
    else:
        print("\n".join(_one(*one, lines) for one in fields))
    return warn_of_errors(reviewed)


def _of_code(code: str, output: str) -> str:
    text = entry(code)
    if output == "text":
        return text
    heading, _, body = text.partition("\n\n")
    return as_json({"codes": [{"code": code, "title": heading.removeprefix(code).strip(), "text": body.strip()}]})


def _no_image(text: str, reviewed: Review) -> ChaosregError:
    every = [image for demand in by_images(reviewed.demands) for image in demand.images]
    names = dict.fromkeys(one.tagged for image in every for one in (image.source, image.reference) if one)
    near = near_misses(text, names, most=3, cutoff=0.6)
    advice = f"did you mean {', '.join(f'`{name}`' for name in near)}? " if near else ""
    advice += "`chaosreg resolve` shows what is pulled, `mirror.also` lists what else is mirrored"
    return ChaosregError([Finding("CHR0118", f"nothing needs an image `{text}`", help=advice), *reviewed.errors])


def _of_image(explained: ImageExplanation, lines: Lines) -> str:
    image, owner = explained.image, explained.owner
    unlocked = "found when it is copied" if explained.pin is Pin.OFF else "not locked: `chaosreg lock`"
    digest = image.digest or image.reference.digest or (unlocked if owner else "not known: it is not mirrored")
    by = f"{owner.title}, stack `{owner.stack}`" if owner else "nothing: it is pulled directly"
    shown = [
        colored(image.reference.tagged, "bold"),
        *([f"  {colored('source', 'cyan')} = {image.source.tagged}"] if image.source else []),
        f"  {colored('digest', 'cyan')} = {digest}",
        *([f"  {colored('platforms', 'cyan')} = {', '.join(image.platforms)}"] if image.platforms else []),
        f"  {colored('mirrored by', 'cyan')} = {by}",
        f"  {colored('pulled by', 'cyan')} = {listed(explained.pulled_by, 8) or 'no infrastructure of this project'}",
        *(f"  {colored('needed by', 'cyan')} = {what}  {_where(place, lines)}" for what, place in explained.written),
    ]
    return "\n".join(shown) + "\n"


def _all(resolved: ResolvedConfig, lines: Lines) -> str:
    shown = [colored(resolved.infrastructure.path, "bold")]
    for one in known_fields(resolved):
        shown += [f"  {colored(one.name, 'cyan')} = {visible(one.value)}", f"      {_where(one.origin.place, lines)}"]
    shown += [
        f"  {'only this is left open' if _leaves_some(one) else 'locked'} by {one.title}: {_lock(one, how, lines)}"
        for one, how in locks_in(resolved.infrastructure.chain())
    ]
    return "\n".join(shown) + "\n"


def _explained(resolved: ResolvedConfig, field: str, errors: Sequence[Finding]) -> Explanation:
    explanation = explain(resolved, field)
    if explanation is None:
        names = [one.name for one in known_fields(resolved)]
        advice = did_you_mean(field, names, 0.6)
        if errors:  # what is wrong is left out, and so may be what follows from it
            advice = "fix the errors: values that depend on them are missing; "
        message = f"{resolved.infrastructure.title} has no field `{field}`"
        raise ChaosregError([Finding("CHR0118", message, help=f"{advice}fields: {', '.join(names)}"), *errors])
    return explanation


def _one(resolved: ResolvedConfig, explanation: Explanation, lines: Lines) -> str:
    field = colored(explanation.field, "cyan")
    title = f"{resolved.infrastructure.path}  {field} = {colored(visible(explanation.value), 'bold')}"
    shown = [title, "", f"Harness's default{_arrow(explanation.origin.scope is None)}"]
    locks = dict(locks_in(resolved.infrastructure.chain()))
    for depth, (scope, statements) in enumerate(explanation.levels):
        stem, below = "   " * depth + "└─ ", "   " * (depth + 1)
        shown.append(f"{stem}{scope.title}")
        shown += [f"{below}   {_statement(statement, lines)}" for statement in statements]
        if scope in locks and explanation.lock:
            what = "leaves open below" if _leaves_some(scope) else "locks it for all below"
            shown.append(f"{below}   {colored(what, 'yellow')}: {_lock(scope, locks[scope], lines)}")
    return "\n".join([*shown, "", _who_may(explanation, resolved.infrastructure)]) + "\n"


def _statement(said: Statement, lines: Lines) -> str:
    remark = f"  ({said.remark})" if said.remark else ""
    return (
        f"{said.setting}: {visible(said.value)}  {_where(said.place, lines, scope=False)}{remark}{_arrow(said.decides)}"
    )


def _who_may(explanation: Explanation, infrastructure: Scope) -> str:
    said = f"{infrastructure.title} may set {_names(explanation.free)}" if explanation.free else ""
    if explanation.lock:
        owner = explanation.lock.owner.title
        lock = f"may not set {_names(explanation.locked)}: {owner} {explanation.lock.why}"
        said = f"{said}, and {lock}" if said else f"{infrastructure.title} {lock}"
    return said


def _names(settings: Sequence[str]) -> str:
    return ", ".join(f"`{setting}`" for setting in settings)


def _leaves_some(scope: Scope) -> bool:
    """Whether it says which things may be set below, or where."""
    return isinstance(scope.get(SECTION.allow_overrides), dict)


def _lock(scope: Scope, how: str, lines: Lines) -> str:
    place = scope.place if scope.get(SECTION.allow_overrides) is None else scope.at(SECTION.allow_overrides)
    return f"{how}  {_where(place, lines, scope=False)}"


def _where(place: Place, lines: Lines, *, scope: bool = True) -> str:
    if place.file is None:
        return place.scope if scope else ""
    found = lines.located(place)
    return colored(str(found if scope else Place(file=found.file, line=found.line)), "dim")


def _arrow(decides: bool) -> str:
    return f"  {colored('← decides', 'green')}" if decides else ""
