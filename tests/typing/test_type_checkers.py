"""What mypy and pyright say about programs: they refuse what is misspelt, and accept what works."""

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from pulumi_chaosreg.cli.first_stacks import Answers, around

pytestmark = pytest.mark.timeout(120)  # a type checker reads all of Pulumi

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "typing_tests"

PYTHON = re.compile(r"^( *)```python\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)

Said = dict[Path, dict[int, str]]
"""File → line → what a type checker says about it."""


def mypy(folder: Path) -> Said:
    """Strict, with the project's own cache, which tells of a program that is the same where it was: always here."""
    here = ROOT / ".mypy_cache" / "programs"
    shutil.rmtree(here, ignore_errors=True)
    shutil.copytree(folder, here)
    command = ["-m", "mypy", "--strict", "--show-absolute-path", "--no-error-summary", "--hide-error-context"]
    ran = subprocess.run([sys.executable, *command, here], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    lines = [re.fullmatch(r"(.+?):(\d+): (?:error|note): (.*)", line) for line in ran.stdout.splitlines()]
    assert all(lines), ran.stdout
    return _by_line((folder / Path(line[1]).name, int(line[2]), line[3]) for line in lines if line)


def pyright(folder: Path) -> Said:
    """With the strictest rules that editors offer."""
    settings = folder / "pyrightconfig.json"
    settings.write_text(json.dumps({"typeCheckingMode": "strict", "pythonVersion": "3.11"}))
    command = [Path(sys.executable).with_name("basedpyright"), "--outputjson", "--pythonpath", sys.executable]
    ran = subprocess.run([*command, "--project", settings], capture_output=True, text=True)
    assert ran.returncode in (0, 1), ran.stdout + ran.stderr
    said = json.loads(ran.stdout)["generalDiagnostics"]
    return _by_line((one["file"], one["range"]["start"]["line"] + 1, one["message"]) for one in said)


def _by_line(said: Iterable[tuple[Path | str, int, str]]) -> Said:
    result: Said = defaultdict(dict)
    for file, line, message in said:
        result[Path(file)][line] = f"{result[Path(file)].get(line, '')}\n{message}"
    return result


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those written for this, those of the examples, the one that `chaosreg init` writes, and what pages show."""
    folder = tmp_path_factory.mktemp("programs")
    written = {program.stem: program.read_text("utf-8") for program in PROGRAMS.glob("*.py")}
    examples = {f"example_{path.parent.name}": path.read_text("utf-8") for path in ROOT.glob("examples/*/__main__.py")}
    shown = {
        f"{page.stem.lower().replace('-', '_')}_{number}": re.sub(rf"^{margin}", "", text, flags=re.MULTILINE)
        for page in (ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md"))
        for number, (margin, text) in enumerate(PYTHON.findall(page.read_text("utf-8")))
    }
    assert {"accepted", "refused"} <= written.keys()
    assert {"example_quickstart", "example_ecr"} <= examples.keys()
    assert "python_0" in shown
    answers = Answers("acme", {"prod": "prod"}, "1.94.4", "hce")
    own = {"ours": (ROOT / "__main__.py").read_text("utf-8"), "of_init": around(answers)["__main__.py"]}
    for name, text in (written | examples | shown | own).items():
        (folder / f"{name}.py").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_what_is_misspelt_is_refused_where_it_stands_and_what_works_is_accepted(
    programs: Path, checker: Callable[[Path], Said]
) -> None:
    said = checker(programs)

    refused = programs / "refused.py"
    marks = {
        number: line.partition("#! ")[2]
        for number, line in enumerate(refused.read_text().splitlines(), 1)
        if "#! " in line
    }
    about = said.pop(refused)
    assert about.keys() == marks.keys()
    assert {line: word for line, word in marks.items() if word not in about[line]} == {}, "the word is not mentioned"
    assert said == {}
