"""`chaosreg validate`: everything that can be known offline about the project's stack files."""

from pathlib import Path

from pulumi_chaosreg.scopes.review import review


def validate(project: Path) -> int:
    """Print all findings; 1 if one of them is an error."""
    reviewed = review(project)
    for finding in reviewed.findings:
        print(finding, end="\n\n")
    errors, warnings = len(reviewed.errors), len(reviewed.findings) - len(reviewed.errors)
    found = f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    print(f"{len(reviewed.company.files)} stack files, {len(reviewed.resolved)} infrastructures: {found}")
    return 1 if errors else 0
