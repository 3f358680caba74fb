"""How findings are printed: as text for people, JSON for programs, SARIF for code hosts."""

import json
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pulumi_chaosreg import __version__
from pulumi_chaosreg.cli.error_page import Entry, entries
from pulumi_chaosreg.cli.terminal import colored_finding
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.review.review import Review

_PAGE = "Errors"
"""Under this name `[project.urls]` of pyproject.toml says where docs/errors.md is on the web, once it is anywhere."""


def as_text(reviewed: Review, _project: Path) -> str:
    """Every finding in the form of a compiler's message, and a last line that counts them."""
    errors, warnings = len(reviewed.errors), len(reviewed.warnings)
    files = _count(len(reviewed.company.files) + len(reviewed.company.unread), "stack file")
    read = f"{files}, {_count(len(reviewed.resolved), 'infrastructure')}"
    said = "".join(f"{colored_finding(finding)}\n\n" for finding in reviewed.findings)
    hints = len(reviewed.findings) - errors - warnings
    more = f", {_count(hints, 'hint')}" if hints else ""
    return f"{said}{read}: {_count(errors, 'error')}, {_count(warnings, 'warning')}{more}\n"


def as_json(reviewed: Review, project: Path) -> str:
    """`findings` (code, severity, message, file, line, scope, keys, excerpt, notes, help), and how many there are."""
    findings = [plain_finding(finding, project) for finding in reviewed.findings]
    return _dump({"findings": findings, "errors": len(reviewed.errors), "warnings": len(reviewed.warnings)})


def as_sarif(reviewed: Review, project: Path) -> str:
    """SARIF 2.1.0, with paths relative to the project's folder."""
    every, address = entries(), _address_of_page()
    rules = [_sarif_rule(every[code], address) for code in sorted({finding.code for finding in reviewed.findings})]
    driver = {"name": "chaosreg", "version": __version__, "rules": rules}
    results = [_sarif_result(finding, project) for finding in reviewed.findings]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"PROJECT": {"description": {"text": "the folder of Pulumi.yaml"}}},
        "results": results,
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return _dump({"$schema": schema, "version": "2.1.0", "runs": [run]})


FORMATS: Mapping[str, Callable[[Review, Path], str]] = {"text": as_text, "json": as_json, "sarif": as_sarif}


def plain_finding(finding: Finding, project: Path) -> dict[str, Any]:
    """A finding as every command's JSON has it; files relative to the project's folder."""
    place = finding.place
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "file": _relative(place.file, project) if place and place.file else None,
        "line": place.line if place else None,
        "scope": place.scope if place else "",
        "keys": list(place.keys) if place else [],
        "excerpt": finding.excerpt,
        "notes": [{"label": label, "text": text} for label, text in finding.notes],
        "help": finding.help,
    }


def _sarif_rule(entry: Entry, address: str) -> dict[str, Any]:
    """What a code host shows beside an alert: the page's entry itself, and where the page has it."""
    rule: dict[str, Any] = {
        "id": entry.code,
        "shortDescription": {"text": entry.title},
        "help": {"text": entry.body.replace("**", ""), "markdown": entry.body},
    }
    return {**rule, "helpUri": f"{address}#{entry.anchor}"} if address else rule


def _address_of_page() -> str:
    try:
        urls: list[str] = metadata("pulumi-chaosreg").get_all("Project-URL") or []
    except PackageNotFoundError:  # a checkout on PYTHONPATH
        return ""
    return dict(url.split(", ", 1) for url in urls).get(_PAGE, "")


def _sarif_result(finding: Finding, project: Path) -> dict[str, Any]:
    more = [f"{label}: {text}" for label, text in finding.notes] + ([f"help: {finding.help}"] if finding.help else [])
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "level": "note" if finding.severity == "hint" else finding.severity,
        "message": {"text": ". ".join([finding.message, *more])},
    }
    place = finding.place
    file, line = (place.file, place.line) if place and place.file else (project / "Pulumi.yaml", None)
    location: dict[str, Any] = {  # code hosts refuse a result without one
        "artifactLocation": {"uri": quote(_relative(file, project)), "uriBaseId": "PROJECT"},
        "region": {"startLine": line or 1},
    }
    return {**result, "locations": [{"physicalLocation": location}]}


def _relative(file: Path, project: Path) -> str:
    return (file.relative_to(project) if file.is_relative_to(project) else file).as_posix()


def _dump(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
