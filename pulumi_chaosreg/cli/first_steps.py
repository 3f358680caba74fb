"""What comes after `chaosreg init`: the commands for its answers, and what files that were there already lack."""

import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from pulumi_chaosreg.cli.first_stacks import PROGRAMS, Answers, values_to_set
from pulumi_chaosreg.cli.installed_from import has_extras
from pulumi_chaosreg.images.lockfile import FILE_NAME

PYTHON = "python" if sys.platform == "win32" else "python3"
"""How Python is called."""


def next_steps(answers: Answers, folder: str, installing: Iterable[str]) -> str:
    """What to run once the files are there, in order, with the commands for these answers; `installing` are those that
    the program's packages still need.
    """
    lines, numbers = ["Next:"], count(1)

    def step(what: str, *commands: str) -> None:
        lines.append(f"  {next(numbers)}. {what}")
        lines.extend(f"       {command}" for command in commands if command)

    account, environment = answers.stacks["account"], answers.stacks["environment"]
    step(
        "See what each cluster will get, and why (no network, no cluster); `chaosreg validate` after every edit",
        "" if folder == "." else f"cd {shlex.quote(folder)}",
        "chaosreg resolve",
    )
    if answers.server:
        source = answers.source.partition("/")[0]
        step(f"Pin each image to its digest at {source}, and commit {FILE_NAME} with the rest", "chaosreg lock")
    made = f"Fill {answers.server}, then put " if answers.server else "Put "
    made += "the ConfigMap and the pull Secret" if answers.makes_secret else "the ConfigMap"
    same = "\n     (if Pulumi asks for a passphrase: the same for both stacks, since one hands the login to the other)"
    step(
        f"{made} into each cluster{same if answers.makes_secret else ''}",
        *installing,
        "pulumi login  # once: where Pulumi keeps its state",
        *(_filling(answers, account) if answers.server else ()),
        f"pulumi stack init {environment}",
        f"pulumi up --stack {environment}",
    )
    if answers.pods_need_secret and not answers.service_accounts:
        step(
            "Pods need the Secret, too: list their ServiceAccounts (`service_accounts: [NAME]`) in "
            f"Pulumi.{environment}.yaml,\n     or name it as `imagePullSecrets` in manifests, as `chaosreg render` does"
        )
    return "\n".join(lines)


def installing(folder: Path, packages: str, answers: Answers) -> Iterator[str]:
    """The commands that put our package into the project's virtual environment, `packages`; none where it is there."""
    if (folder / packages).resolve() == Path(sys.prefix).resolve() and has_extras(answers.extras):
        return
    if not (folder / packages).is_dir():
        yield f"{PYTHON} -m venv {packages}"
    yield f"{packages}/{PROGRAMS}/pip install {shlex.quote(answers.requirement)}"


def _filling(answers: Answers, account: str) -> Iterator[str]:
    """The commands that fill the registry."""
    if not answers.kind.cloud:
        yield f"docker login {answers.server}  # as a user who may push"
    yield f"pulumi stack init {account}"
    for arguments, what in values_to_set(answers):
        asks = "" if "<" in arguments else "asks for "
        yield f"pulumi config set --stack {account} {arguments}  # {asks}{what}"
    yield f"pulumi up --stack {account}{'  # as an identity of the cloud that may push' if answers.kind.cloud else ''}"


def lacks(name: str, text: str, settings: Any, answers: Answers) -> Iterator[str]:
    """The lines that a file of the user's lacks for our program to run, and for a key file to stay out of Git;
    `settings` are Pulumi.yaml's.
    """
    if name == "Pulumi.yaml" and isinstance(settings, dict):
        runtime = settings.get("runtime")
        if (runtime.get("name") if isinstance(runtime, dict) else runtime) != "python":
            yield "runtime: {name: python, options: {virtualenv: .venv}}"
        plugins = settings.get("plugins")
        if "chaosreg" not in str(plugins.get("providers") if isinstance(plugins, dict) else ""):
            yield f"plugins: {{providers: [{{name: chaosreg, path: {virtualenv(settings)}/{PROGRAMS}}}]}}"
        if not settings.get("stackConfigDir"):
            yield "stackConfigDir: stacks  (only if the stack files move there: now they are beside Pulumi.yaml)"
    elif name == "__main__.py" and "pulumi_chaosreg" not in text:
        yield "from pulumi_chaosreg.program import run; run()"
    elif name == ".gitignore" and answers.unshared and answers.unshared not in text.splitlines():
        yield answers.unshared
    elif name == "requirements.txt":
        has = re.search(r"^pulumi-chaosreg(?:\[([^\]]*)\])?", text, re.MULTILINE)
        if not has or not set(answers.extras) <= set(re.findall(r"[a-z]+", has[1] or "")):
            yield answers.requirement


def virtualenv(settings: Any) -> str:
    """Where Pulumi.yaml says that the program's packages are."""
    found: Any = settings
    for key in ("runtime", "options", "virtualenv"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ".venv"
