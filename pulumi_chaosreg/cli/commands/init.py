"""Write a Pulumi project with a first stacks/ folder, from flags or, on a terminal, by questions.

Flags that suffice are not asked about; otherwise all that was not given is. No file is ever overwritten, no
credential asked for or written, and neither Pulumi nor the network is needed.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pulumi_chaosreg.cli import first_stacks
from pulumi_chaosreg.cli.first_stacks import (
    DEFAULT_SOURCE,
    Answers,
    lacks,
    next_steps,
    problem,
    release_problem,
    virtualenv,
)
from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.scopes.resolution import DEFAULT_NAMESPACE
from pulumi_chaosreg.settings.yaml_file import read_yaml
from pulumi_chaosreg.stacks.project_file import ProjectFile
from pulumi_chaosreg.stacks.sections import NAMESPACE

ABOUT = "write a first stacks/ folder, by questions or flags"
NEEDS = Needs.NONE
EXITS = {0: "the files are written, or with --dry-run printed", 2: "something cannot be; nothing was written"}
EXAMPLES = """\
examples:
  chaosreg init                      asks, and writes into this folder
  chaosreg init --account acme --infrastructure prod-eu=eks-prod-eu
                                     clusters pull from Harness's public registry
  chaosreg init --account acme --infrastructure prod-eu=eks-prod-eu \\
      --server harbor.company.com --registry-account chaos --private --username chaos-user
                                     images are mirrored to a registry of your own
  chaosreg --project chaos init …    writes into the folder chaos, made if missing
"""

_TEXTS = (
    *("account", "organization", "project_id", "environment_stack", "namespace", "release", "type"),
    *("server", "registry_account", "visibility", "username", "source"),
)
"""The options that are one text each."""
_ABOUT_SERVER = ("registry_account", "visibility", "username", "source")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    add = parser.add_argument
    # also here: `--project` behind the command would otherwise be taken for a short `--project-id`
    add(
        "--project", default=argparse.SUPPRESS, metavar="DIR", help="the project's folder, made if missing (default: .)"
    )
    add("--account", metavar="ID", help="your name for the Harness account (a-z, 0-9 and `-`)")
    add("--organization", metavar="ID", help="an organization below it; left out: none")
    add("--project-id", metavar="ID", help="a Harness project below that; left out: none")
    add("--infrastructure", metavar="NAME=CONTEXT", action="append", help="one and its kubeconfig context; repeatable")
    add("--environment-stack", metavar="NAME", help="stack of the infrastructures (default: <project or account>-prod)")
    add("--server", metavar="HOST", help="registry that images are mirrored to; left out: clusters pull from Harness's")
    add("--registry-account", metavar="PATH", help="path below the server")
    visibility = parser.add_mutually_exclusive_group()
    visibility.add_argument(
        "--private", dest="visibility", action="store_const", const="private", help="pulling from it takes a login"
    )
    visibility.add_argument(
        "--public", dest="visibility", action="store_const", const="public", help="pulling from it takes none"
    )
    add("--username", metavar="USER", help="with --private: the user that clusters pull as")
    add("--namespace", metavar="NAME", help=f"where the chaos Pods run (default: {DEFAULT_NAMESPACE})")
    add("--release", metavar="VERSION", help=f"release of Harness's images (default: {load_catalogue().newest})")
    add("--source", metavar="SERVER/PATH", help=f"where the mirror copies from (default: {DEFAULT_SOURCE})")
    add("--type", metavar="ddcr|dedicated", help="the infrastructures' type (default: ddcr)")
    add("--dry-run", action="store_true", help="print the files and write nothing")


def run(options: argparse.Namespace) -> int:
    """Write the project's first files; 2 where that cannot be, and then nothing is written."""
    try:
        return _run(options)
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}\n\nnothing was written", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    folder = Path(options.project)
    given = _Given({name: getattr(options, name) or "" for name in _TEXTS})
    problems = list(given.read_infrastructures(options.infrastructure or ())) + list(given.problems())
    if not problems and list(given.missing()) and sys.stdin.isatty() and sys.stdout.isatty():
        if _is_blocked(folder):
            return 2
        try:
            _ask(given, folder)
        except (EOFError, KeyboardInterrupt):
            print("\nnothing was written", file=sys.stderr)
            return 130
    problems += given.missing()
    problems += given.contradictions() if not problems else ()
    if problems:
        print("\n".join(f"error: {line}" for line in problems), file=sys.stderr)
        print("\nnothing was written; `chaosreg init --help` has examples", file=sys.stderr)
        return 2
    return _write(folder, given.answers(), is_dry=options.dry_run)


@dataclass(slots=True)
class _Given:
    """The answers so far: option → text, empty where nothing was said."""

    texts: dict[str, str]
    infrastructures: dict[str, str] = field(default_factory=dict)

    def read_infrastructures(self, texts: Iterable[str]) -> Iterator[str]:
        """Take each `NAME=CONTEXT`, or say what is wrong with it."""
        for text in texts:
            wrong = self.add_infrastructure(text)
            if wrong:
                yield f"--infrastructure: {wrong}"

    def add_infrastructure(self, text: str) -> str:
        """Take one `NAME=CONTEXT`; what is wrong with it, or empty."""
        name, equals, context = text.partition("=")
        if not equals:
            return "write NAME=CONTEXT, as in `prod-eu=eks-prod-eu` (`kubectl config get-contexts -o name` lists them)"
        if name in self.infrastructures:
            return f"`{name}` is given twice"
        wrong = problem("infrastructure", name) or problem("context", context)
        if not wrong:
            self.infrastructures[name] = context
        return wrong

    def problems(self) -> Iterator[str]:
        """What is wrong with the texts, each by itself."""
        for name, text in self.texts.items():
            wrong = self.problem(name, text) if text else ""
            if wrong:
                yield f"{_flag(name)}: {wrong}"

    def problem(self, name: str, text: str) -> str:
        """What is wrong with one of them; empty where nothing is."""
        if name == "release" and text.isprintable():
            return release_problem(text, self.texts["type"] or "ddcr")
        return problem(name, text)

    @property
    def is_hub(self) -> bool:
        """Whether the registry is the one on which Harness's own account would be meant where none is named."""
        return self.texts["server"] == load_catalogue().default_server

    def missing(self) -> Iterator[str]:
        """What is needed and was not said."""
        texts = self.texts
        if not texts["account"]:
            yield "--account is needed: your name for the Harness account, as in `--account acme`"
        if not self.infrastructures:
            yield "--infrastructure is needed: NAME=CONTEXT, as in `--infrastructure prod-eu=eks-prod-eu`"
        about_server = [name for name in _ABOUT_SERVER if texts[name]]
        if about_server and not texts["server"]:
            yield f"--server is needed: {_flag(about_server[0])} says something about it"
        if self.is_hub and not texts["registry_account"]:
            yield f"--registry-account is needed: your account on {texts['server']}"
        if texts["server"] and not texts["visibility"]:
            yield f"--private or --public is needed: whether pulling from {texts['server']} takes a login"
        if texts["visibility"] == "private" and not texts["username"]:
            yield "--username is needed with --private: the user that clusters pull as"

    def contradictions(self) -> Iterator[str]:
        """What does not go together."""
        if self.texts["visibility"] == "public" and self.texts["username"]:
            yield "--username: nobody logs in to a public registry; leave it out, or say --private"
        answers = self.answers()
        if answers.environment_stack not in ("", answers.stacks["environment"]):
            yield f"--environment-stack: stack `{answers.environment_stack}` holds a level above; name another"
        if answers.server and answers.mirrors_onto_itself:
            yield f"--server: images come from {answers.source}; name another registry, or another --registry-account"

    def answers(self) -> Answers:
        """All of them, with defaults where nothing was said."""
        texts = self.texts
        kind = texts["type"] or "ddcr"
        return Answers(
            account=texts["account"],
            infrastructures=self.infrastructures,
            release=texts["release"] or _newest(kind),
            namespace=texts["namespace"] or DEFAULT_NAMESPACE,
            organization=texts["organization"],
            project=texts["project_id"],
            environment_stack=texts["environment_stack"],
            type=kind,
            server=texts["server"],
            path=texts["registry_account"].strip("/"),
            is_private=texts["visibility"] == "private",
            username=texts["username"],
            source=texts["source"] or DEFAULT_SOURCE,
        )


def _flag(name: str) -> str:
    return "--private or --public" if name == "visibility" else f"--{name.replace('_', '-')}"


def _newest(kind: str) -> str:
    catalogue = load_catalogue()
    return catalogue.newest if catalogue.release(catalogue.newest).images(kind) else catalogue.newest_with(kind)


def _ask(given: _Given, folder: Path) -> None:
    """Ask for all that was not given; what is answered wrongly is asked again, with the reason."""
    with suppress(ImportError):
        import readline  # noqa: F401  # gives `input` its line editing

    def ask(name: str, question: str, default: str | None) -> None:
        if not given.texts[name]:
            given.texts[name] = _answer(question, default, lambda text: given.problem(name, text))

    print(f"A first stacks/ folder in {folder.resolve()}. Enter takes the default, Ctrl-C leaves without writing.\n")
    ask("account", "Your name for the Harness account (a-z, 0-9, -)", None)
    ask("organization", "Organization below it", "")
    ask("project_id", "Harness project below that", "")
    if not given.infrastructures:
        _answer("Infrastructure, as NAME=KUBECONFIG-CONTEXT", None, given.add_infrastructure)
        while _answer("Another one", "", given.add_infrastructure):
            pass
    ask("namespace", "Namespace of the chaos Pods", DEFAULT_NAMESPACE)
    ask("release", "Release of Harness's images", _newest(given.texts["type"] or "ddcr"))
    needs_server = any(given.texts[name] for name in _ABOUT_SERVER)
    ask("server", "Your registry (host), to mirror images to", None if needs_server else "")
    if given.texts["server"]:
        ask("registry_account", f"Path on {given.texts['server']}", None if given.is_hub else "")
        ask("visibility", "Pulling from it: private (with a login) or public", "private")
    if given.texts["visibility"] == "private":
        ask("username", "User that clusters pull as (the password is set later)", None)
    print()


def _answer(question: str, default: str | None, problem_of: Callable[[str], str]) -> str:
    """What was answered, or the default ("" prints as none; without one an answer is needed)."""
    brackets = "" if default is None else f" [{default or 'none'}]"
    while True:
        try:
            text = input(f"{question}{brackets}: ").strip()
        except UnicodeDecodeError:
            text = "\ufffd\n"  # cannot be printed
        wrong = problem_of(text) if text else ""
        if text and not wrong:
            return text
        if not text and default is not None:
            return default
        print(f"  {wrong or 'this one is needed'}")


def _write(folder: Path, answers: Answers, *, is_dry: bool) -> int:
    """All of the files or none of them."""
    texts = first_stacks.stack_files(answers)
    ours = {_stacks(folder) / f"Pulumi.{stack}.yaml": text for stack, text in texts.items()}
    if _is_blocked(folder, ours):
        return 2
    errors = _errors_of(texts)
    if errors:
        print(f"{errors}\n\nnothing was written", file=sys.stderr)
        return 2
    around = {folder / name: text for name, text in first_stacks.AROUND.items()}
    kept = [path for path in around if path.exists()]
    files = {path: text for path, text in {**around, **ours}.items() if path not in kept}
    if is_dry:
        print("\n".join(f"# {path}\n{text}" for path, text in files.items()), end="")
        return 0
    _create(files)
    for path in files:
        print(f"wrote  {path}")
    settings = read_yaml(folder / "Pulumi.yaml")
    for path in kept:
        lacking = lacks(path.name, path.read_text("utf-8", "replace"), settings)
        print("\n         it lacks  ".join([f"kept   {path}", *lacking]))
    has_packages = (folder / virtualenv(settings)).is_dir()
    print(f"\n{next_steps(answers, str(folder), virtualenv(settings), has_packages=has_packages)}")
    return 0


def _stacks(folder: Path) -> Path:
    return ProjectFile.read(folder).stacks if (folder / "Pulumi.yaml").exists() else folder / "stacks"


def _is_blocked(folder: Path, files: Iterable[Path] = ()) -> bool:
    """Whether there are stack files already that these would overwrite, or that hold an account; says which."""
    taken = {path: "is there already" for path in files if path.exists()}
    for path in sorted(_stacks(folder).glob("Pulumi.*.yaml")):
        with suppress(ChaosregError):  # what is wrong in other files is for `validate` to say
            content = read_yaml(path)
            config = content.get("config") if isinstance(content, dict) else None
            if isinstance(config, dict) and f"{NAMESPACE}:account" in config:
                taken.setdefault(path, "holds an account already, and a company has one")
    for path, why in taken.items():
        print(f"error: {path} {why}", file=sys.stderr)
    if taken:
        print("\nnothing was written: `init` writes the first stack files only", file=sys.stderr)
    return bool(taken)


def _errors_of(texts: Mapping[str, str]) -> str:
    """What `validate` would find wrong in these files together; they are written to a temporary folder for that."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stacks").mkdir()
        (folder / "Pulumi.yaml").write_text(first_stacks.PULUMI_YAML, "utf-8")
        for stack, text in texts.items():
            (folder / "stacks" / f"Pulumi.{stack}.yaml").write_text(text, "utf-8")
        errors = review(folder).errors
        places = [(e.place, e.place.file.relative_to(folder)) if e.place and e.place.file else None for e in errors]
        found = zip(errors, places, strict=True)
        return "\n\n".join(str(replace(e, place=replace(p[0], file=p[1])) if p else e) for e, p in found)


def _create(files: Mapping[Path, str]) -> None:
    """Write files that are not there yet, with their folders; if one fails, all that was made goes again."""
    made: list[Path] = []
    try:
        for path, text in files.items():
            for parent in reversed(path.parents):
                if not parent.exists():
                    parent.mkdir()
                    made.append(parent)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                made.append(path)
                file.write(text)
    except BaseException:  # Ctrl-C too
        for path in reversed(made):
            path.rmdir() if path.is_dir() else path.unlink()
        raise
