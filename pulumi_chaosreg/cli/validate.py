"""`chaosreg validate`: everything that can be known offline about the project's stack files."""

from pathlib import Path

from pulumi_chaosreg.scopes.review import review


def validate(project: Path) -> int:
    """Print all findings; 1 if one of them is an error."""
    reviewed = review(project)
    for finding in reviewed.findings:
        print(finding, end="\n\n")
    errors, warnings = len(reviewed.errors), len(reviewed.findings) - len(reviewed.errors)
    read = f"{_count(len(reviewed.company.files), 'stack file')}, {_count(len(reviewed.resolved), 'infrastructure')}"
    print(f"{read}: {_count(errors, 'error')}, {_count(warnings, 'warning')}")
    return 1 if errors else 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
