"""The files that `chaosreg render` reads and writes, and what it says of them."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from pulumi_chaosreg.errors import ChaosregError, Finding, Keys, Place
from pulumi_chaosreg.manifests.document import NotReadable
from pulumi_chaosreg.manifests.rendering import Refused, Rendered, Template, rendered
from pulumi_chaosreg.manifests.target import Reason, Target
from pulumi_chaosreg.settings.not_yaml import mistake_in

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A file, and what became of it."""

    name: str
    rendered: Rendered

    def said(self) -> list[str]:
        """What is left as it is, each reference once with its first line."""
        lines: dict[str, list[int]] = {}
        for one in sorted(self.rendered.kept, key=lambda one: one.line):
            left = "" if one.reason in (Reason.ELSEWHERE, Reason.NO_LIST) else " is left as it is"
            lines.setdefault(f"{_on_a_line(one.text)}{left}: {one.why}", []).append(one.line)
        told = [] if self.rendered.is_manifest else [f"{self.name}: it has no Kubernetes object"]
        for text, found in lines.items():
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            told.append(f"{self.name}:{found[0]}: {text}{more}")
        return told

    def said_of_changes(self) -> list[str]:
        """What would change."""
        return [
            f"{self.name}:{one.line}: {_on_a_line(one.old)} → {_on_a_line(one.new)}"
            if one.old
            else f"{self.name}:{one.line}: {dotted(one.keys)}: + {one.new}"
            for one in sorted(self.rendered.changed, key=lambda one: one.line)
        ]

    def plain(self) -> dict[str, object]:
        """For JSON."""
        return {
            "file": self.name,
            "changes": [
                {"line": one.line, "path": dotted(one.keys), "old": one.old or None, "new": one.new}
                for one in self.rendered.changed
            ],
            "left": [
                {
                    "line": one.line,
                    "path": dotted(one.keys),
                    "text": one.text,
                    "reason": one.reason.value,
                    "why": one.why,
                }
                for one in self.rendered.kept
            ],
        }


def _on_a_line(text: str) -> str:
    return text if text.isprintable() else json.dumps(text)


def dotted(keys: Keys) -> str:
    """`spec.containers[0].image`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")


def read_manifests(names: Sequence[str], target: Target) -> list[Manifest]:
    """Each file rendered. Raises ChaosregError (CHR0701 to CHR0703) with what is wrong with any of them."""
    manifests: list[Manifest] = []
    findings: list[Finding] = []
    for name in names:
        try:
            manifests.append(Manifest(name, _rendered(name, target)))
        except ChaosregError as error:
            findings += error.findings
    if findings:
        raise ChaosregError(findings)
    return manifests


def _rendered(name: str, target: Target) -> Rendered:
    text = _text(name)
    try:
        return rendered(text, target)
    except Template as template:
        raise ChaosregError(_template(name, template, target)) from None
    except NotReadable as problem:
        raise ChaosregError(_not_yaml(name, text, problem)) from None
    except Refused as refused:
        raise ChaosregError(_refused(name, refused)) from None


def _text(name: str) -> str:
    try:
        content = sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
        return content.decode("utf-8")
    except OSError as error:
        cause = error.strerror or "it cannot be opened"
    except UnicodeDecodeError:
        cause = "it is not UTF-8 text"
    raise ChaosregError(Finding("CHR0701", f"this file cannot be read: {cause}", _place(name)))


def _place(name: str, line: int | None = None) -> Place:
    return Place(file=Path("standard input" if name == STANDARD_INPUT else name), line=line)


def _not_yaml(name: str, text: str, problem: NotReadable) -> Finding:
    if isinstance(problem.error, yaml.YAMLError):
        mistake = mistake_in(text, problem.error)
        return Finding("CHR0701", mistake.message, _place(name, mistake.line), help=mistake.advice)
    return Finding("CHR0701", f"this file cannot be read: {problem}", _place(name))


def _template(name: str, template: Template, target: Target) -> Finding:
    return Finding(
        "CHR0702",
        "this is a template, not a manifest: Helm or a similar tool renders it",
        _place(name, template.line),
        help=f"give the chart its values (`chaosreg render {target.infrastructure} --helm chaos-infra > values.yaml`), "
        f"or render its output: `helm template … | chaosreg render {target.infrastructure} -`",
    )


def _refused(name: str, refused: Refused) -> Finding:
    return Finding(
        "CHR0703",
        f"`{dotted(refused.keys)}` cannot be changed without changing something else",
        _place(name, refused.line),
        help="write it out where it is used, without an alias (`*name`) or a merge (`<<`)",
    )


def write_manifests(manifests: Iterable[Manifest]) -> None:
    """Write the files in place; what comes from standard input goes to standard output.

    Raises ChaosregError (CHR0707) for the first that cannot be written; those before it are.
    """
    for manifest in manifests:
        if manifest.name == STANDARD_INPUT:
            sys.stdout.write(manifest.rendered.text)
            continue
        try:
            Path(manifest.name).write_bytes(manifest.rendered.text.encode("utf-8"))
        except OSError as error:
            cause = error.strerror or "it cannot be opened"
            raise ChaosregError(
                Finding(
                    "CHR0707",
                    f"this file cannot be written: {cause}",
                    _place(manifest.name),
                    help="let it be written, or leave out `-i` and write the output elsewhere",
                )
            ) from None
