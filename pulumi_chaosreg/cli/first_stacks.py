"""What the answers of `chaosreg init` become: the texts of a project's first files, and the commands that come next.

Nothing here asks, reads or writes; what may stand in a stack file is decided where stack files are checked.
"""

import json
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from pulumi_chaosreg.errors import ChaosregError, Finding, Place
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.lockfile import FILE_NAME
from pulumi_chaosreg.settings.checking import check_settings
from pulumi_chaosreg.settings.grammars import ID
from pulumi_chaosreg.stacks.sections import CREDENTIALS

CREDENTIAL = "registry-credentials"
"""NAME of the credential that clusters pull with."""
DEFAULT_SOURCE = f"{load_catalogue().default_server}/{load_catalogue().default_account}"

PYTHON, PROGRAMS = ("python", "Scripts") if sys.platform == "win32" else ("python3", "bin")
"""How Python is called, and the folder of a virtual environment that its programs are in."""
PULUMI_YAML = f"""\
name: chaosreg
description: Where chaos experiments get their container images
runtime:
  name: python
  options: {{toolchain: pip, virtualenv: .venv}}
stackConfigDir: stacks
plugins:
  providers:
    - {{name: chaosreg, path: .venv/{PROGRAMS}}}  # came with the package pulumi-chaosreg
"""
AROUND = {
    "Pulumi.yaml": PULUMI_YAML,
    "__main__.py": "from pulumi_chaosreg.program import run\n\nrun()\n",
    "requirements.txt": "pulumi-chaosreg\n",
    ".gitignore": ".venv/\n__pycache__/\n",
}
"""What a Pulumi program needs besides stack files: name → text."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the user said; every text has passed `problem`."""

    account: str
    infrastructures: Mapping[str, str]
    """Id → context in the kubeconfig."""
    release: str
    namespace: str
    organization: str = ""
    project: str = ""
    environment_stack: str = ""
    """Empty: derived."""
    type: str = "ddcr"
    server: str = ""
    """The registry that images are mirrored to; empty: none, and the four below say nothing."""
    path: str = ""
    is_private: bool = False
    username: str = ""
    source: str = DEFAULT_SOURCE
    stacks: Mapping[str, str] = field(init=False)
    """Level (the infrastructures' is `environment`) → stack, top to bottom."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "stacks", _stacks(self))

    @property
    def mirrors_onto_itself(self) -> bool:
        """Whether the registry is the very place that images come from."""
        return f"{self.server}/{self.path}".rstrip("/") == self.source


_IDS = ("account", "organization", "project_id", "environment_stack", "infrastructure")
_SETTINGS = {
    "server": ("image_registry", "server"),
    "registry_account": ("image_registry", "account"),
    "visibility": ("image_registry", "type"),
    "username": ("image_registry", "authentication", "username"),
    "source": ("mirror", "source"),
    "context": ("cluster", "context"),
    "namespace": ("namespace", "name"),
    "type": ("type",),
}


def problem(answer: str, text: str) -> str:
    """What is wrong with one answer by the rules of the stack files; empty where nothing is."""
    if not text.isprintable():
        return "it has characters that cannot be printed"
    if answer == "infrastructure" and text == "files":
        return "`files` is a key of its own below `chaosreg:infrastructures`; take another name"
    if answer in _IDS:
        return "" if ID.match(text) else _not_an_id(text)
    path = _SETTINGS[answer]
    section: Any = text
    for key in reversed(path):
        section = {key: section}
    findings = check_settings(section, Place()).findings
    return _said(findings[0]) if findings else ""


def release_problem(release: str, infrastructure_type: str) -> str:
    """Why this release cannot be installed; empty where it can."""
    catalogue = load_catalogue()
    try:
        has_images = catalogue.release(release).images(infrastructure_type)
    except ChaosregError as error:
        return _said(error.findings[0])
    if has_images or infrastructure_type not in catalogue.sets:
        return ""
    newest = catalogue.newest_with(infrastructure_type)
    return f"release `{release}` has no images for {infrastructure_type} infrastructures; the newest that has: {newest}"


def _said(finding: Finding) -> str:
    notes = [f"{label}: {text}" for label, text in finding.notes]
    return f"{finding.message} ({finding.code}); {'; '.join([*notes, finding.help])}"


def _not_an_id(text: str) -> str:
    near = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-")
    advice = (
        f"; `{near}` would be one. Where Harness spells it otherwise, `harness_id` in the file says so" if near else ""
    )
    return f"`{text}` is not an id (CHR0201); ids are made of a-z, 0-9 and `-`, up to 63{advice}"


def _stacks(answers: Answers) -> dict[str, str]:
    """Each level's stack has its scope's id, with the level behind it where a stack above has that name already."""
    wanted = {
        "account": answers.account,
        "organization": answers.organization,
        "project": answers.project,
        "environment": answers.environment_stack or f"{answers.project or answers.account}-prod",
    }
    stacks: dict[str, str] = {}
    for level, stack in wanted.items():
        while stack and stack in stacks.values():
            stack += f"-{level}"
        if stack:
            stacks[level] = stack
    return stacks


def stack_files(answers: Answers) -> dict[str, str]:
    """Stack → the text of its file, top to bottom."""
    levels = list(answers.stacks)
    texts: dict[str, str] = {}
    for above, level in zip(["", *levels], levels, strict=False):
        parent = answers.stacks.get(above, "")
        match level:
            case "account":
                lines = _account(answers)
            case "environment":
                lines = _environment(answers, above, parent)
            case _:
                lines = _between(answers, level, parent)
        texts[answers.stacks[level]] = "".join(f"{line}\n" for line in lines)
    return texts


def _account(answers: Answers) -> Iterator[str]:
    if answers.server:
        yield "# The account: one registry for everybody, filled by this stack. Everything below inherits it."
    else:
        yield f"# The account: everything below inherits it. It sets no registry: clusters pull from {DEFAULT_SOURCE},"
        yield "# and its stack makes nothing and needs no `up`."
    if answers.is_private:
        yield f"# The password of {answers.username} is set, encrypted, by:"
        yield f"#   pulumi config set --stack {answers.stacks['account']} --secret {CREDENTIALS}:{CREDENTIAL}"
    yield "config:"
    yield "  chaosreg:account:"
    yield f"    id: {_scalar(answers.account)}"
    yield "    allow_overrides: true # levels below may set registry, images and mirror; `false` locks them"
    if answers.server:
        yield "    image_registry:"
        yield f"      server: {_scalar(answers.server)}"
        if answers.path:
            yield f"      account: {_scalar(answers.path)} # the path below the server"
        yield f"      type: {'private' if answers.is_private else 'public'}"
    if answers.is_private:
        user = f"username: {_scalar(answers.username)}, password_secret: {CREDENTIAL}"
        yield f"      authentication: {{{user}}}"
    yield f"    images: {{release: {json.dumps(answers.release)}}} # each image at its tag of this release"
    if not answers.server:
        return
    yield "    mirror: # pushes with this machine's docker login; `push: NAME` would name a credential for it"
    yield f"      source: {_scalar(answers.source)}"
    if not any(f"{answers.source}/".startswith(f"{known}/") for known in load_catalogue().sources):
        yield f"      allow_sources: [{_scalar(answers.source)}] # Harness's own where nobody sets it"


def _between(answers: Answers, level: str, parent: str) -> Iterator[str]:
    article = "An" if level == "organization" else "A"
    yield f"# {article} {level}: what it sets wins over the levels above it. It owns no registry, so its stack"
    yield "# makes nothing and needs no `up`."
    yield "config:"
    yield f"  chaosreg:parent_stack: {_scalar(parent)} # the stack whose file holds the level above"
    yield f"  chaosreg:{level}:"
    yield f"    id: {_scalar(answers.organization if level == 'organization' else answers.project)}"
    yield "    allow_overrides: true"


def _environment(answers: Answers, above: str, parent: str) -> Iterator[str]:
    made = "a ConfigMap with its images and a pull Secret" if answers.is_private else "a ConfigMap with its images"
    name = getattr(answers, above)
    yield f"# An environment of {above} `{name}`: each infrastructure gets {made}."
    if answers.is_private:
        yield "# `service_accounts: [NAME]` beside `namespace` gives the Secret to ServiceAccounts (their"
        yield "# imagePullSecrets list is then ours)."
    yield "config:"
    yield f"  chaosreg:parent_stack: {_scalar(parent)}"
    yield "  chaosreg:infrastructures:"
    first = {"context": " # in your kubeconfig", "namespace": " # where the chaos Pods run; made if missing"}
    for infrastructure, context in answers.infrastructures.items():
        yield f"    {_scalar(infrastructure)}:"
        if answers.type != "ddcr":
            yield f"      type: {answers.type}"
        yield f"      cluster: {{context: {_scalar(context)}}}{first.pop('context', '')}"
        yield f"      namespace: {_scalar(answers.namespace)}{first.pop('namespace', '')}"


_PLAIN = re.compile(r"^[A-Za-z][A-Za-z0-9._/-]*\Z")
_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
"""What some reader of YAML takes for something else than text."""


def _scalar(text: str) -> str:
    """The text as YAML: in quotes where it could be read as something else."""
    is_plain = _PLAIN.match(text) and text.lower() not in _WORDS
    return text if is_plain else json.dumps(text, ensure_ascii=False)


def next_steps(answers: Answers, folder: str, packages: str, *, has_packages: bool) -> str:
    """What to run once the files are there, in order, with the commands for these answers.

    `packages` is the project's virtual environment.
    """
    lines, numbers = ["Next:"], count(1)

    def step(what: str, *commands: str) -> None:
        lines.append(f"  {next(numbers)}. {what}")
        lines.extend(f"       {command}" for command in commands if command)

    account, environment = answers.stacks["account"], answers.stacks["environment"]
    step(
        "Install what the program needs into the project's own virtual environment",
        "" if folder == "." else f"cd {shlex.quote(folder)}",
        "" if has_packages else f"{PYTHON} -m venv {packages}",
        f"{packages}/{PROGRAMS}/pip install -r requirements.txt",
    )
    step("Check what is written, now and after every edit (no network, no cluster)", "chaosreg validate")
    if answers.server:
        secret = f"pulumi config set --stack {account} --secret {CREDENTIALS}:{CREDENTIAL}"
        step(
            f"Pin each image to its digest at {answers.source.partition('/')[0]}, and commit {FILE_NAME} with the rest",
            "chaosreg lock",
        )
        step(
            f"Fill {answers.server}: the account's stack mirrors",
            f"docker login {answers.server}  # as a user who may push",
            f"pulumi stack init {account}",
            f"{secret}  # asks for the password of {answers.username}" if answers.is_private else "",
            f"pulumi up --stack {account}",
        )
    made = "the ConfigMap and the pull Secret" if answers.is_private else "the ConfigMap"
    same = " (same passphrase or secrets provider as above)" if answers.is_private else ""
    step(
        f"Put {made} into each cluster{same}",
        f"pulumi stack init {environment}",
        f"pulumi up --stack {environment}",
    )
    return "\n".join(lines)


def lacks(name: str, text: str, settings: Any) -> Iterator[str]:
    """The lines that a file of the user's lacks for our program to run; `settings` are Pulumi.yaml's."""
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
    elif name == "requirements.txt" and "pulumi-chaosreg" not in text:
        yield "pulumi-chaosreg"


def virtualenv(settings: Any) -> str:
    """Where Pulumi.yaml says that the program's packages are."""
    found: Any = settings
    for key in ("runtime", "options", "virtualenv"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ".venv"
