"""Project folders with stack files, as users have them: written to a temporary folder, then reviewed."""

import itertools
import json
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.review.review import Review, review
from pulumi_chaosreg.scopes.model import Scope
from pulumi_chaosreg.scopes.resolved import ResolvedConfig

Content = str | bytes | Mapping[str, Any]


class Project:
    """A Pulumi project with `stackConfigDir: stacks`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stacks = folder / "stacks"
        self.stacks.mkdir(parents=True)
        (folder / "Pulumi.yaml").write_text("name: example\nstackConfigDir: stacks\n")

    def write(self, files: Mapping[str, Content], lock: str | bytes | None = None) -> "Project":
        """Stack name → the stack file's text, or what stands under its `config:`; other files by their path."""
        for stack, content in files.items():
            path = self.stacks / (stack if stack.endswith(".yaml") else f"Pulumi.{stack}.yaml")
            path.parent.mkdir(exist_ok=True)
            if isinstance(content, Mapping):  # JSON is YAML, and keeps strings strings
                content = json.dumps({"config": content}, indent=2)
            if isinstance(content, str):
                content = textwrap.dedent(content).lstrip("\n").encode()
            path.write_bytes(content)
        if lock is not None:
            content = lock.encode() if isinstance(lock, str) else lock
            (self.stacks / "chaosreg.lock.yaml").write_bytes(content)
        return self

    def review(self, stack: str | None = None, engine: Mapping[str, str] | None = None) -> Review:
        return review(self.folder, stack, engine)

    def four_levels(
        self,
        account: Mapping[str, Any] | None = None,
        organization: Mapping[str, Any] | None = None,
        project: Mapping[str, Any] | None = None,
        infrastructure: Mapping[str, Any] | None = None,
    ) -> "Outcome":
        """One scope per level, each in its own file, overrides allowed, on release 1.94.4."""
        open_ = {"allow_overrides": True}
        images = _without_nulls({"release": "1.94.4", **(account or {}).get("images", {})})
        said = [_without_nulls({**open_, **(level or {})}) for level in (account, organization, project)]
        self.write(
            {
                "a": {"chaosreg:account": {"id": "acme", **said[0], "images": images}},
                "o": {
                    "chaosreg:parent_stack": "a",
                    "chaosreg:organization": {"id": "payments", **said[1]},
                },
                "p": {
                    "chaosreg:parent_stack": "o",
                    "chaosreg:project": {"id": "checkout", **said[2]},
                },
                "i": {
                    "chaosreg:parent_stack": "p",
                    "chaosreg:infrastructures": {
                        "prod-eu": {"cluster": {"context": "prod-eu"}, **(infrastructure or {})}
                    },
                },
            }
        )
        return Outcome(self.review())


def _without_nulls(section: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in section.items() if value is not None}


class Outcome:
    """What the one infrastructure of a review ends up with."""

    def __init__(self, reviewed: Review) -> None:
        self.reviewed = reviewed
        self.codes = [finding.code for finding in reviewed.errors]
        self.warnings = [finding.code for finding in reviewed.findings if finding.severity == "warning"]
        (self.config,) = reviewed.resolved.values()
        self.origins = {field.name: str(field.origin) for field in self.config.published()}
        self.images = {image.name: str(image.reference) for image in self.config.images}

    config: ResolvedConfig
    reviewed: Review
    codes: list[str]
    """Of errors."""
    warnings: list[str]


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Makes as many projects as a test wants."""
    folder, numbers = tmp_path_factory.mktemp("projects"), itertools.count()
    return lambda: Project(folder / str(next(numbers)))


@pytest.fixture
def project(new_project: Callable[[], Project]) -> Project:
    return new_project()


@pytest.fixture
def scope_of() -> Callable[[Review, str], Scope]:
    """The scope with this path."""
    return lambda reviewed, path: next(scope for scope in reviewed.company.scopes if scope.path == path)


@pytest.fixture
def places() -> Callable[[Review], list[tuple[str, str, int | None]]]:
    """(code, file name, line) of every finding."""

    def place(finding: Finding) -> tuple[str, str, int | None]:
        where = finding.place
        return finding.code, where.file.name if where and where.file else "", where.line if where else None

    return lambda reviewed: [place(finding) for finding in reviewed.findings]


@pytest.fixture
def check_marks(places) -> Callable[..., Review]:
    """Reviews a project whose stack files mark each mistake: a comment `#! CHR0104` on the line that is to be named.

    Every finding must have its mark, every mark its finding, and what is printed these words.
    """

    def check(project: Project, words: Sequence[str] = ()) -> Review:
        reviewed = project.review()
        found = Counter(places(reviewed))
        unmarked = {place: 1 for place in found if place[2] is None}  # a whole file is wrong: there is no line
        assert found == _marked(project) + Counter(unmarked)
        printed = "\n".join(str(finding) for finding in reviewed.findings)
        for word in words:
            assert word in printed
        return reviewed

    return check


_MARK = re.compile(r"#! (CHR\d{4})")


def _marked(project: Project) -> Counter[tuple[str, str, int]]:
    """(code, file, line) of every mark in the stack files."""
    return Counter(
        (code, path.name, number)
        for path in project.stacks.rglob("*.yaml")
        for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), start=1)
        for code in _MARK.findall(line)
    )
