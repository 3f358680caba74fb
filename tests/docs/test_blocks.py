"""Every console and YAML block of the documentation, run or checked where nothing but this machine is needed.

A page's commands run one after another in one project: an empty folder where `chaosreg init` is among them, otherwise a
copy of this checkout's stacks/. What cannot run here (another program, a command that asks the network) is parsed.
Programs in Python are run by tests/components and read by the type checkers in tests/typing.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from pulumi_chaosreg.cli.main import main
from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.errors import Place
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.settings.checking import ALIASES, check_settings
from pulumi_chaosreg.settings.table import SETTINGS
from tests.support.console import Shown, commands, is_what_is_shown
from tests.support.documented import ROOT, Block, blocks, pages

OTHER_PROGRAMS = {"cosign", "curl", "docker", "export", "helm", "kubectl", "pip", "pulumi", "python3", "tar"}
ASKS_A_SERVER = {("render", "--from-cluster"), ("releases", "--check")}
"""(command, option): with the option it needs more than the command says of itself."""
ELSEWHERE = {
    Path("docs/config-map.md"): "tests/kubernetes/test_config_map_page.py",
    Path("docs/product-page.md"): "tests/docs/test_product_page.py",
}
"""Pages whose YAML has a test of its own."""
FILE = re.compile(r"# (Pulumi\.yaml|stacks/\S+)\n")
PROJECT = "name: chaosreg\nruntime: python\nstackConfigDir: stacks\n"
DIGEST = f"sha256:{'a' * 64}"
MANIFEST = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: agent}\nspec:\n"
    "  containers: [{name: main, image: 'harness/chaos-log-watcher:1.90.0'}]\n"
)

Said = tuple[int, str]
"""Exit code, and what was printed."""


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[[list[str]], Said]:
    def run(arguments: list[str]) -> Said:
        try:
            code = main(arguments)
        except SystemExit as ended:  # argparse
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return code, out + err

    return run


def _with(language: str) -> list[Path]:
    return [page for page in pages() if any(block.language == language for block in blocks(page))]


@pytest.mark.parametrize("page", _with("console"), ids=str)
def test_commands_do_and_print_what_a_page_shows(
    page: Path, said: Callable[[list[str]], Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [(block, one) for block in blocks(page) if block.language == "console" for one in commands(block.text)]
    _project(tmp_path, is_empty=any("init" in one.words[:2] for _, one in shown))
    monkeypatch.chdir(tmp_path)
    for block, one in shown:
        place = f"{block.page}:{block.line + one.line}"
        for part in one.pipeline:
            if part[0] == "mkdir":
                Path(part[1]).mkdir()
            elif part[0] != "chaosreg":
                assert part[0] in OTHER_PROGRAMS, f"{place}: {part[0]}: what is this?"
            elif len(one.pipeline) > 1 or _needs_more(part):
                _is_a_command(part, said, monkeypatch, place)
            else:
                _prints(one, said, place)


def _project(folder: Path, *, is_empty: bool) -> None:
    """Where the commands of a page run, with the manifests that pages name."""
    if not is_empty:
        shutil.copytree(ROOT / "stacks", folder / "stacks")
        (folder / "Pulumi.yaml").write_text(PROJECT)
        pulled = [image for resolved in review(folder).resolved.values() for image in resolved.images]
        locked = sorted({f"{image.source.tagged}: {DIGEST}\n" for image in pulled if image.source})
        (folder / "stacks" / "chaosreg.lock.yaml").write_text("".join(locked))
    (folder / "manifests").mkdir()
    for name in ("agent.yaml", "manifests/probe.yaml"):
        (folder / name).write_text(MANIFEST)


def _module(command: str) -> ModuleType:
    return import_module(f"pulumi_chaosreg.cli.commands.{command.replace('-', '_')}")


def _needs_more(words: list[str]) -> bool:
    command = words[1]
    return _module(command).NEEDS != Needs.NONE or any((command, option) in ASKS_A_SERVER for option in words)


def _is_a_command(
    words: list[str], said: Callable[[list[str]], Said], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(_module(words[1]), "run", lambda _: 0)
        assert said(_arguments(words)) == (0, ""), place


def _prints(one: Shown, said: Callable[[list[str]], Said], place: str) -> None:
    if {"diff", "affected"} & {*one.words[:2]}:
        _put_under_git()
    code, output = said(_arguments(one.words))
    assert code in (0, 1), f"{place}: {output}"
    if ">" in one.words:
        target = one.words[one.words.index(">") + 1]
        if target[0] not in "~$":  # that is elsewhere than in the project
            Path(target).write_text(output)
    elif one.output:
        assert is_what_is_shown(one.output, output), f"{place}: it prints\n{output}"
    else:
        assert code == 0 or "--check" in one.words, f"{place}: {output}"


def _arguments(words: list[str]) -> list[str]:
    ours = words[1 : words.index(">")] if ">" in words else words[1:]
    return [file for word in ours for file in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]


def _put_under_git() -> None:
    """The folder, with all of it in `origin/main`."""
    if not Path(".git").exists():
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
        for arguments in (
            ["init", "--quiet"],
            ["add", "--all"],
            ["commit", "--quiet", "-m", "x"],
            ["update-ref", "refs/remotes/origin/main", "HEAD"],
        ):
            subprocess.run([*git, *arguments], check=True, capture_output=True)


@pytest.mark.parametrize("page", [page for page in _with("yaml") if page not in ELSEWHERE], ids=str)
def test_yaml_is_a_stack_file_or_a_section_without_a_mistake(
    page: Path, said: Callable[[list[str]], Said], tmp_path: Path
) -> None:
    for files in _projects(page):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        if not any("chaosreg:account" in text for text in files.values()):
            _project(folder, is_empty=False)
        for name, text in {"Pulumi.yaml": PROJECT, **files}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        code, output = said(["--project", str(folder), "validate"])
        assert code == 0, f"{page}: {output}"
        assert "0 errors" in output


def _projects(page: Path) -> Iterator[dict[str, str]]:
    """The files that a page's blocks are, by their names; a name that comes again begins another project."""
    files: dict[str, str] = {}
    for block in blocks(page):
        if block.language == "yaml" and (file := _as_file(block)):
            if file[0] in files:
                yield files
                files = {}
            files[file[0]] = file[1]
    if files:
        yield files


def _as_file(block: Block) -> tuple[str, str] | None:
    """A file that says in its first line which it is, else the account's stack file or its `config:`. None for a
    section, which is checked.
    """
    if named := FILE.match(block.text):
        return named[1], block.text
    shown = yaml.safe_load(block.text)
    if "config" in shown:
        return "stacks/Pulumi.acme.yaml", block.text
    if all(key.startswith("chaosreg") for key in shown):
        return "stacks/Pulumi.acme.yaml", yaml.safe_dump({"config": shown}, allow_unicode=True)
    assert set(shown) <= {*SETTINGS.fields, *ALIASES}, f"{block}: neither a file, with its name, nor a section"
    assert [str(finding) for finding in check_settings(shown, Place(str(block))).findings] == []
    return None
