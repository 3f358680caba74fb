"""What the answers of `chaosreg init` become: the texts of a project's first files.

Nothing here asks, reads or writes; what may stand in a stack file is decided where stack files are checked.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pulumi_chaosreg.cli.first_logins import CREDENTIAL, FirstLogin, Form, extras, is_made, kind_of
from pulumi_chaosreg.cli.installed_from import is_of_this_machine, requirement
from pulumi_chaosreg.errors import ChaosregError, Finding, Place
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.registries.kinds import RegistryKind
from pulumi_chaosreg.settings.checking import check_settings
from pulumi_chaosreg.settings.grammars import ID
from pulumi_chaosreg.settings.refresher_identities import KEY_PARTS
from pulumi_chaosreg.stacks.sections import CREDENTIALS

DEFAULT_SOURCE = f"{load_catalogue().default_server}/{load_catalogue().default_account}"

PROGRAMS = "Scripts" if sys.platform == "win32" else "bin"
"""The folder of a virtual environment that its programs are in."""
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


LOCAL = "# A checkout on this machine: write an address that others reach, as in git+https://…\n"


def around(answers: "Answers") -> dict[str, str]:
    """What a Pulumi program needs besides stack files: name → text."""
    return {
        "Pulumi.yaml": PULUMI_YAML,
        "__main__.py": "from pulumi_chaosreg.program import run\n\nrun()\n",
        "requirements.txt": f"{LOCAL if is_of_this_machine() else ''}{answers.requirement}\n",
        ".gitignore": "".join(f"{line}\n" for line in (".venv/", "__pycache__/", answers.unshared) if line),
    }


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
    """The registry that images are mirrored to; empty: none, and the five below say nothing."""
    path: str = ""
    said_kind: str = ""
    """Where its host does not tell."""
    login: FirstLogin | None = None
    """None: everybody may pull."""
    provider: str = ""
    """What runs the nodes; empty: nobody knows."""
    source: str = DEFAULT_SOURCE
    service_accounts: tuple[str, ...] = ()
    """Those that get the pull Secret."""
    stacks: Mapping[str, str] = field(init=False)
    """Level (the infrastructures' is `environment`) → stack, top to bottom."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "stacks", _stacks(self))

    @property
    def kind(self) -> RegistryKind:
        """The kind of the registry."""
        return kind_of(self.server, self.said_kind)

    @property
    def makes_secret(self) -> bool:
        """Whether clusters get a Secret of ours."""
        return bool(self.login and self.login.makes_secret)

    @property
    def pods_need_secret(self) -> bool:
        """Whether Pods pull with a Secret, whoever makes it."""
        return bool(self.login and self.login.form is not Form.NODE)

    @property
    def unshared(self) -> str:
        """The line of .gitignore for what must not get into Git; empty where there is nothing."""
        return self.login.unshared() if self.login else ""

    @property
    def extras(self) -> tuple[str, ...]:
        """The extras of our package that the stacks need."""
        return extras(self.kind) if self.server else ()

    @property
    def requirement(self) -> str:
        """Our package, as pip takes it."""
        return requirement(",".join(self.extras))

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
    "key_file": ("image_registry", "authentication", "key_file"),
    "secret_name": ("image_registry", "authentication", "secret_name"),
    "identity": ("pull_secret", "identity"),
    "kind": ("image_registry", "kind"),
    "provider": ("cluster", "provider"),
    "source": ("mirror", "source"),
    "context": ("cluster", "context"),
    "namespace": ("namespace", "name"),
    "type": ("type",),
    "service_account": ("service_accounts",),
}

_ADVICE = {"server": "write HOST or HOST:PORT, and a path behind it as in `registry.company.com/chaos`"}
"""What to do where the settings' own advice speaks of other settings."""


def problem(answer: str, text: str) -> str:
    """What is wrong with one answer by the rules of the stack files; empty where nothing is."""
    if not text.isprintable():
        return "it has characters that cannot be printed"
    if answer == "infrastructure" and text == "files":
        return "`files` is reserved below `chaosreg:infrastructures`; use another name"
    if answer in _IDS:
        return "" if ID.match(text) else _not_an_id(text)
    path = _SETTINGS[answer]
    section: Any = [text] if answer == "service_account" else text
    for key in reversed(path):
        section = {key: section}
    for finding in check_settings(section, Place()).findings:
        told = replace(finding, message=_without_setting(".".join(path), finding.message))
        advice = _ADVICE.get(answer)
        return _said(replace(told, help=advice) if advice else told)
    return ""


def _without_setting(path: str, sentence: str) -> str:
    """The sentence for somebody who answers a question, and knows no names of settings."""
    return re.sub(rf"`{re.escape(path)}(\.0)?`", "it", sentence)


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
    advice = f"; `{near}` would be one. If Harness spells it differently, set `harness_id` in the file" if near else ""
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
    for arguments, what in values_to_set(answers):
        yield f"# This sets {what}, encrypted:"
        yield f"#   pulumi config set --stack {answers.stacks['account']} {arguments}"
    yield "config:"
    yield "  chaosreg:account:"
    yield f"    id: {_scalar(answers.account)}"
    yield "    allow_overrides: true # levels below may set registry, images and mirror; `false` locks them"
    if answers.server:
        yield from _registry(answers)
    yield f"    images: {{release: {json.dumps(answers.release)}}} # each image at its tag of this release"
    if not answers.server:
        return
    yield f"    mirror: # {_pusher(answers)}, or by `push: NAME`"
    yield f"      source: {_scalar(answers.source)}"
    if not any(f"{answers.source}/".startswith(f"{known}/") for known in load_catalogue().sources):
        yield f"      allow_sources: [{_scalar(answers.source)}] # default: Harness's own"
    if is_made(answers.kind):
        what = "a repository for each image" if answers.kind.each_image else "the repository"
        yield f"    repositories: {{create: true}} # this stack makes {what}; `destroy` leaves what has images"


def _registry(answers: Answers) -> Iterator[str]:
    """`image_registry`, and what else the login needs."""
    kind, login = answers.kind, answers.login
    yield f"    image_registry: # {kind.title}" if kind.name != "generic" else "    image_registry:"
    yield f"      server: {_scalar(answers.server)}"
    if answers.path:
        needed = () if is_made(kind) else kind.path_on(answers.server)
        names = zip(needed, answers.path.split("/"), strict=False)
        there = " and ".join(f"{what.lower()} `{name}`" for what, name in names)
        there = f"; {there} must exist before the first push" if there else ""
        yield f"      account: {_scalar(answers.path)} # the path below the server{there}"
    if answers.said_kind:
        yield f"      kind: {_scalar(answers.said_kind)} # its host name does not tell"
    yield f"      type: {'private' if login else 'public'}"
    if kind.each_image and not is_made(kind):
        yield "      # the repository of each image must exist before the first push: `chaosreg resolve` names them"
    if not login:
        return
    said = login.authentication(kind, answers.provider)
    pairs = ", ".join(f"{key}: {_scalar(text)}" for key, text in said.items())
    yield f"      # {_remark(login)}"
    yield f"      authentication: {{{pairs}}}"
    if login.form is Form.JOB:
        yield "    # who renews the Secret:"
        yield f"    pull_secret: {{identity: {_scalar(login.identity)}}}"


def _remark(login: FirstLogin) -> str:
    """What somebody new should know of it."""
    match login.form:
        case Form.NODE:
            return "the nodes pull by their own identity: there is no Secret"
        case Form.FILE:
            return "`pulumi up` makes a Secret of this key in each cluster; keep the file out of Git (see .gitignore)"
        case Form.SECRET:
            return "an existing Secret (kubernetes.io/dockerconfigjson) in each infrastructure's namespace"
        case Form.JOB:
            return "a token that expires after some hours: a Job in each cluster renews the Secret"
    what = "user" if login.username else "token"
    return f"`pulumi up` puts this login into a Secret in each cluster: take a {what} that may only pull"


def _pusher(answers: Answers) -> str:
    """Who fills the registry."""
    identity = "identity in the cloud, or docker login" if answers.kind.cloud else "docker login"
    return f"pushes with this machine's {identity}"


def values_to_set(answers: Answers) -> Iterator[tuple[str, str]]:
    """(arguments of `pulumi config set`, what it is) for each value that must be set."""
    login, kind = answers.login, answers.kind
    if login and login.form is Form.PASSWORD:
        file = kind.password_file if login.username == kind.user else ""
        name = f"--secret {CREDENTIALS}:{CREDENTIAL}"
        what = f"the password of {login.username}" if login.username else kind.example_means
        yield (f"{name} < {file}", kind.example_means) if file else (name, what)
    if login and login.keys():
        for part in KEY_PARTS.get(kind.cloud or "", ()):
            yield f"--secret --path '{CREDENTIALS}:{login.keys()}.{part}'", f"the Job's {part}"


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
    made = "a ConfigMap with its images and a pull Secret" if answers.makes_secret else "a ConfigMap with its images"
    name = getattr(answers, above)
    yield f"# An environment of {above} `{name}`: each infrastructure gets {made}."
    yield "config:"
    yield f"  chaosreg:parent_stack: {_scalar(parent)}"
    yield "  chaosreg:infrastructures:"
    provider = f", provider: {answers.provider}" if answers.provider else ""
    context = " # in your kubeconfig, and what runs the nodes" if provider else " # in your kubeconfig"
    first = {"context": context, "namespace": " # where the chaos Pods run; made if missing"}
    first["accounts"] = " # they get the pull Secret; made if missing"
    for infrastructure, name_of_context in answers.infrastructures.items():
        yield f"    {_scalar(infrastructure)}:"
        if answers.type != "ddcr":
            yield f"      type: {answers.type}"
        yield f"      cluster: {{context: {_scalar(name_of_context)}{provider}}}{first.pop('context', '')}"
        yield f"      namespace: {_scalar(answers.namespace)}{first.pop('namespace', '')}"
        if answers.service_accounts:
            names = ", ".join(map(_scalar, answers.service_accounts))
            yield f"      service_accounts: [{names}]{first.pop('accounts', '')}"
        elif answers.pods_need_secret and first.pop("accounts", ""):
            yield "      # service_accounts: [NAME] # these get the Secret; Pods of others name it in imagePullSecrets"


_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9._/-]*\Z")
_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
"""What some reader of YAML takes for something else than text."""


def _scalar(text: str) -> str:
    """The text as YAML: in quotes where it could be read as something else."""
    is_plain = _PLAIN.match(text) and text.lower() not in _WORDS
    return text if is_plain else json.dumps(text, ensure_ascii=False)
