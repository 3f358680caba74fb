"""Write a Pulumi project with a first stacks/ folder, from flags or, on a terminal, by questions.

Asks only for what the flags leave out. No file is ever overwritten, and no credential is asked for or written.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pulumi_chaosreg.cli import first_stacks
from pulumi_chaosreg.cli.first_answers import TEXTS, Given, ask
from pulumi_chaosreg.cli.first_logins import Form
from pulumi_chaosreg.cli.first_stacks import DEFAULT_SOURCE
from pulumi_chaosreg.cli.first_steps import installing, lacks, next_steps, virtualenv
from pulumi_chaosreg.cli.needs import Needs
from pulumi_chaosreg.errors import ChaosregError, Finding, Place
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.registries.kinds import SAYABLE_KINDS
from pulumi_chaosreg.review.review import review
from pulumi_chaosreg.scopes.resolution import DEFAULT_NAMESPACE
from pulumi_chaosreg.settings.table import PROVIDERS
from pulumi_chaosreg.settings.yaml_file import read_yaml
from pulumi_chaosreg.stacks.key_file import read_key_file
from pulumi_chaosreg.stacks.project_file import ProjectFile
from pulumi_chaosreg.stacks.sections import NAMESPACE

ABOUT = "write a first stacks/ folder, by questions or flags"
NEEDS = Needs.NONE
EXITS = {0: "the files are written, or with --dry-run printed", 2: "an answer is not valid; nothing was written"}
EXAMPLES = """\
examples:
  chaosreg init                      asks, and writes into this folder
  chaosreg init --account acme --infrastructure prod-eu=eks-prod-eu
                                     clusters pull from Harness's public registry
  chaosreg init --account acme --infrastructure prod-eu=eks-prod-eu --server registry.company.com/chaos
                                     images are mirrored to a registry of your own, which clusters log in to
  chaosreg init --account acme --infrastructure prod-eu=eks-prod-eu \\
      --server 123456789012.dkr.ecr.eu-west-1.amazonaws.com/chaos
                                     Amazon ECR: its repositories are made, and EKS's nodes need no login
  chaosreg init --account acme --infrastructure prod-eu=prod-eu \\
      --server harbor.company.com/chaos --kind harbor --secret-name harbor-login
                                     an existing Secret in each cluster
  chaosreg --project chaos init …    writes into the folder chaos, made if missing
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command line may say."""
    add = parser.add_argument
    # also here: `--project` behind the command would otherwise be taken for a short `--project-id`
    add(
        "--project", default=argparse.SUPPRESS, metavar="DIR", help="the project's folder, made if missing (default: .)"
    )
    add("--account", metavar="ID", help="your name for the Harness account (a-z, 0-9 and `-`)")
    add("--organization", metavar="ID", help="an organization below the account (default: none)")
    add("--project-id", metavar="ID", help="a Harness project (default: none)")
    add(
        "--infrastructure",
        metavar="NAME=CONTEXT",
        action="append",
        help="an infrastructure, and the context of its cluster in your kubeconfig; may be repeated",
    )
    add("--environment-stack", metavar="NAME", help="stack of the infrastructures (default: <project or account>-prod)")
    add(
        "--server",
        metavar="HOST[/PATH]",
        help="your registry, which images are copied to (default: none, and clusters pull from Harness's)",
    )
    add("--registry-account", metavar="PATH", help="path below the server, if not part of --server")
    add(
        "--kind",
        metavar="KIND",
        help=f"what the registry is, if its host name does not tell: {', '.join(SAYABLE_KINDS)}",
    )
    visibility = parser.add_mutually_exclusive_group()
    visibility.add_argument(
        "--private",
        dest="visibility",
        action="store_const",
        const="private",
        help="pulling from it needs a login (default)",
    )
    visibility.add_argument(
        "--public", dest="visibility", action="store_const", const="public", help="pulling from it needs no login"
    )
    add("--username", metavar="USER", help="clusters log in as this user; the password is set later")
    add(
        "--key-file",
        metavar="FILE",
        help="clusters log in with this JSON key of a Google service account; a path from the project's folder, which "
        "is added to .gitignore",
    )
    add("--secret-name", metavar="NAME", help="clusters log in with an existing Secret in each of them")
    add(
        "--node-identity",
        dest="form",
        action="store_const",
        const=Form.NODE,
        help="nodes pull by their own identity: no Secret",
    )
    add(
        "--identity",
        metavar="IDENTITY",
        help="a Job in each cluster renews the Secret, by this identity of the cloud or with the keys of this NAME",
    )
    add(
        "--service-account",
        metavar="NAME",
        action="append",
        help="a ServiceAccount of the chaos Pods, which gets the pull Secret; may be repeated",
    )
    add("--provider", metavar="CLOUD", help=f"what runs the nodes: {', '.join(PROVIDERS)}")
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
    texts = {name: getattr(options, name) or "" for name in TEXTS}
    given = Given(texts, form=options.form, service_accounts=list(dict.fromkeys(options.service_account or ())))
    problems = list(given.read_infrastructures(options.infrastructure or ())) + list(given.problems())
    if not problems and list(given.missing()) and sys.stdin.isatty() and sys.stdout.isatty():
        if _is_blocked(folder):
            return 2
        try:
            ask(given, folder)
        except (EOFError, KeyboardInterrupt):
            print("\nnothing was written", file=sys.stderr)
            return 130
    problems += given.missing()
    problems += given.contradictions() if not problems else ()
    problems += _problems_of_key(folder, given.texts["key_file"]) if not problems else ()
    if problems:
        print("\n".join(f"error: {line}" for line in problems), file=sys.stderr)
        print("\nnothing was written; `chaosreg init --help` has examples", file=sys.stderr)
        return 2
    return _write(folder, given, is_dry=options.dry_run)


def _problems_of_key(folder: Path, said: str) -> Iterator[str]:
    """Why a file that is there is no key, or everybody's; one may still be made."""
    try:
        if said:
            read_key_file(folder, said, Place())
    except ChaosregError as error:
        yield from (f"--key-file: {finding.message}; {finding.help}" for finding in error.findings)


def _write(folder: Path, given: Given, *, is_dry: bool) -> int:
    """All of the files or none of them."""
    answers = given.answers()
    texts = first_stacks.stack_files(answers)
    ours = {_stacks(folder) / f"Pulumi.{stack}.yaml": text for stack, text in texts.items()}
    if _is_blocked(folder, ours):
        return 2
    errors = _errors_of(texts)
    if errors:
        print(f"{errors}\n\nnothing was written", file=sys.stderr)
        return 2
    around = {folder / name: text for name, text in first_stacks.around(answers).items()}
    kept = {path: path.read_text("utf-8", "replace") for path in around if path.exists()}  # before anything is written
    files = {path: text for path, text in {**around, **ours}.items() if path not in kept}
    if assumed := given.assumed():
        mark = "# " if is_dry else ""
        print(f"{mark}assumed  {assumed}\n{mark}         if that is wrong, give other flags or edit the files\n")
    if is_dry:
        print("\n".join(f"# {path}\n{text}" for path, text in files.items()), end="")
        return 0
    _create(files)
    for path in files:
        print(f"wrote  {path}")
    settings = read_yaml(folder / "Pulumi.yaml")
    for path, text in kept.items():
        lacking = lacks(path.name, text, settings, answers)
        print("\n         it lacks  ".join([f"kept   {path}", *lacking]))
    for finding in _warnings_about(folder):
        print(f"\n{finding}")
    print(f"\n{next_steps(answers, str(folder), installing(folder, virtualenv(settings), answers))}")
    return 0


def _warnings_about(folder: Path) -> Iterator[Finding]:
    """What is not wrong, and had better be known before the first `up`."""
    with suppress(ChaosregError):  # what is wrong in other files is for `validate` to say
        yield from (finding for finding in review(folder).findings if finding.severity == "warning")


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
                taken.setdefault(path, "already has an account, and there is only one")
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
