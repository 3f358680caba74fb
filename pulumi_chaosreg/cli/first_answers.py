"""What `chaosreg init` was told, by flags or on a terminal: what is missing or wrong, and what is meant otherwise."""

import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pulumi_chaosreg.cli.first_logins import CREDENTIAL, FLAGS, FirstLogin, Form, about, forms, kind_of, usual_form
from pulumi_chaosreg.cli.first_stacks import DEFAULT_SOURCE, Answers, problem, release_problem
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.registries.kinds import SAYABLE_KINDS, RegistryKind, unsaid_kinds
from pulumi_chaosreg.scopes.resolution import DEFAULT_NAMESPACE
from pulumi_chaosreg.settings.refresher_identities import EXAMPLES, KEY_PARTS, fits
from pulumi_chaosreg.settings.table import PROVIDERS

TEXTS = (
    *("account", "organization", "project_id", "environment_stack", "namespace", "release", "type", "provider"),
    *("server", "registry_account", "kind", "visibility", "username", "key_file", "secret_name", "identity", "source"),
)
"""The options that are one text each."""
_ABOUT_SERVER = (
    *("registry_account", "kind", "visibility", "username", "key_file", "secret_name", "identity", "source"),
)
_SAYS = {Form.FILE: "key_file", Form.PASSWORD: "username", Form.SECRET: "secret_name", Form.JOB: "identity"}


@dataclass(slots=True)
class Given:
    """The answers so far: option → text, empty where nothing was said."""

    texts: dict[str, str]
    infrastructures: dict[str, str] = field(default_factory=dict)
    service_accounts: list[str] = field(default_factory=list)
    """Those that get the pull Secret."""
    has_refused: bool = False
    """Whether an infrastructure was given that could not be taken."""
    form: Form | None = None
    """How clusters log in, where that is said by a word."""

    def __post_init__(self) -> None:
        self.take_server(self.texts["server"])

    def take_server(self, text: str) -> None:
        """Take `HOST`, or `HOST/PATH`; a path that is said, too, is below that one."""
        host, _, path = text.partition("/")
        if "://" in text:  # which is told
            host, path = text, ""
        self.texts["server"] = host
        self.texts["registry_account"] = "/".join(part for part in (path, self.texts["registry_account"]) if part)

    def read_infrastructures(self, texts: Iterable[str]) -> Iterator[str]:
        """Take each `NAME=CONTEXT`, or say what is wrong with it."""
        for text in texts:
            wrong = self.add_infrastructure(text)
            if wrong:
                self.has_refused = True
                yield f"--infrastructure: {wrong}"

    def add_infrastructure(self, text: str) -> str:
        """Take one `NAME=CONTEXT`; what is wrong with it, or empty."""
        name, _, context = text.partition("=")
        if not context:
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
        for name in self.service_accounts:
            if wrong := problem("service_account", name):
                yield f"--service-account: {wrong}"

    def add_service_account(self, name: str) -> str:
        """Take one; what is wrong with it, or empty."""
        wrong = problem("service_account", name)
        if not wrong and name not in self.service_accounts:
            self.service_accounts.append(name)
        return wrong

    def problem(self, name: str, text: str) -> str:
        """What is wrong with one of them; empty where nothing is."""
        if name == "release" and text.isprintable():
            return release_problem(text, self.texts["type"] or "ddcr")
        if name == "server" and "://" in text:
            return f"leave out `{text.partition('://')[0]}://`: write the host and the path alone"
        if name == "server":
            host, _, path = text.partition("/")
            return problem("server", host) or (problem("registry_account", path) if path else "")
        return problem(name, text)

    @property
    def kind(self) -> RegistryKind:
        """Of the registry that was named."""
        return kind_of(self.texts["server"], self.texts["kind"])

    @property
    def path(self) -> str:
        """Below the server."""
        return self.texts["registry_account"].strip("/")

    def said_forms(self) -> list[Form]:
        """How clusters log in, by all that says it."""
        said = [form for form, name in _SAYS.items() if self.texts[name]]
        return [*([self.form] if self.form and self.form not in said else []), *said]

    @property
    def is_private(self) -> bool:
        """Whether pulling takes a login, also where nobody says."""
        if self.texts["visibility"]:
            return self.texts["visibility"] == "private"
        return bool(self.said_forms()) or not self.kind.is_public

    def login(self) -> FirstLogin | None:
        """How clusters log in; what is missing is empty. None where everybody may pull."""
        texts = self.texts
        if not texts["server"] or not self.is_private:
            return None
        form = next(iter(self.said_forms()), None) or usual_form(self.kind, texts["provider"])
        username = texts["username"] or self.kind.usual_user(texts["server"], self.path)
        return FirstLogin(form, username, texts["secret_name"], texts["key_file"], texts["identity"])

    def missing(self) -> Iterator[str]:
        """What is needed and was not said."""
        texts = self.texts
        if not texts["account"]:
            yield "--account is needed: your name for the Harness account, as in `--account acme`"
        if not self.infrastructures and not self.has_refused:
            yield "--infrastructure is needed: NAME=CONTEXT, as in `--infrastructure prod-eu=eks-prod-eu`"
        about_server = [_flag(name) for name in _ABOUT_SERVER if texts[name]]
        about_server += [FLAGS[self.form]] if self.form else []
        about_server += ["--service-account"] if self.service_accounts else []
        if about_server and not texts["server"]:
            yield f"--server is needed: {about_server[0]} says something about it"
        if texts["server"] and not self.path and (needed := self.kind.path_on(texts["server"])):
            yield f"--registry-account is needed: {'/'.join(needed)} on {texts['server']}"
        login = self.login()
        if login and login.form is Form.JOB and not login.identity:
            yield f"--identity is needed: who renews the Secret, as in `--identity {EXAMPLES[self.kind.cloud or '']}`"
        if login and login.form is Form.FILE and not login.key_file:
            yield "--key-file is needed: the JSON key of a service account that may only read"
        if login and login.form is Form.SECRET and not login.secret_name:
            yield "--secret-name is needed: the existing Secret in each cluster"

    def contradictions(self) -> Iterator[str]:
        """What does not go together."""
        texts, said = self.texts, self.said_forms()
        if texts["visibility"] == "public" and said:
            yield f"{FLAGS[said[0]]}: a public registry needs no login; remove it, or use --private"
        if len(said) > 1:
            yield f"{' and '.join(FLAGS[form] for form in said)}: clusters log in by one of these; remove the others"
        if texts["server"] and texts["kind"] not in ("", self.kind.name):
            yield f"--kind: {texts['server']} is {self.kind.title}, as its host shows; remove it"
        possible = forms(self.kind)
        for form in said if texts["server"] and len(said) == 1 else ():
            if form not in possible:
                ways = ", ".join(FLAGS[one] for one in possible)
                yield f"{FLAGS[form]}: {self.kind.title} does not accept this login; use one of {ways}"
        users = self.kind.users if texts["server"] and Form.PASSWORD in possible else ()
        if users and texts["username"] and texts["username"] not in users:
            yield f"--username: {self.kind.title} knows no such user; use one of {', '.join(users)}"
        if said == [Form.JOB] and Form.JOB in possible and not fits(texts["identity"], self.kind.cloud):
            yield f"--identity: {self.kind.title} cannot know this one; as in `{EXAMPLES[self.kind.cloud or '']}`"
        if texts["server"] and (wrong := self.kind.account_problem(texts["server"], self.path)):
            yield f"--registry-account: {wrong}"
        answers = self.answers()
        if self.service_accounts and not answers.pods_need_secret:
            why = "the nodes pull by their own identity" if answers.login else "everybody may pull"
            yield f"--service-account: there is no Secret for it, because {why}; remove it, or name another login"
        if answers.environment_stack not in ("", answers.stacks["environment"]):
            yield f"--environment-stack: stack `{answers.environment_stack}` holds a level above; name another"
        if answers.server and answers.mirrors_onto_itself:
            yield f"--server: images come from {answers.source}; name another registry, or another --registry-account"

    def assumed(self) -> str:
        """The flags for what was meant and not said; empty where nothing was."""
        login, flags = self.login(), []
        if self.texts["server"] and not self.texts["visibility"] and not self.said_forms():
            flags.append("--private" if self.is_private else "--public")
        if login and login.form is Form.PASSWORD and login.username and not self.texts["username"]:
            flags.append(f"--username {shlex.quote(login.username)}")
        if login and login.form is Form.NODE and not self.said_forms():
            flags.append(FLAGS[Form.NODE])
        if self._provider(login) != self.texts["provider"]:
            flags.append(f"--provider {self._provider(login)}")
        return " ".join(flags)

    def _provider(self, login: FirstLogin | None) -> str:
        """What runs the nodes; where they are known to the registry, its own cloud's clusters."""
        usual = self.kind.node_identity_on if login and login.form is Form.NODE else ()
        return self.texts["provider"] or next(iter(usual), "")

    def answers(self) -> Answers:
        """All of them, with defaults where nothing was said."""
        texts, login = self.texts, self.login()
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
            path=self.path,
            said_kind=texts["kind"],
            login=login,
            provider=self._provider(login),
            source=texts["source"] or DEFAULT_SOURCE,
            service_accounts=tuple(self.service_accounts),
        )


def _flag(name: str) -> str:
    return "--private or --public" if name == "visibility" else f"--{name.replace('_', '-')}"


def _newest(kind: str) -> str:
    catalogue = load_catalogue()
    return catalogue.newest if catalogue.release(catalogue.newest).images(kind) else catalogue.newest_with(kind)


def ask(given: Given, folder: Path) -> None:
    """Ask for all that was not given; what is answered wrongly is asked again, with the reason."""
    with suppress(ImportError):
        import readline  # noqa: F401  # gives `input` its line editing

    def ask(name: str, question: str, default: str | None, example: str = "") -> None:
        if not given.texts[name]:
            given.texts[name] = _answer(question, default, lambda text: given.problem(name, text), example)

    print(f"A first stacks/ folder in {folder.resolve()}. Enter takes the default, Ctrl-C leaves without writing.\n")
    ask("account", "Your name for the Harness account (a-z, 0-9, -)", None, "acme")
    ask("organization", "Organization below it", "")
    ask("project_id", "Harness project below that", "")
    if not given.infrastructures:
        question = "Infrastructure, as NAME=CONTEXT (its cluster in your kubeconfig)"
        _answer(question, None, given.add_infrastructure, "prod-eu=eks-prod-eu")
        while _answer("Another one", "", given.add_infrastructure):
            pass
    ask("namespace", "Namespace of the chaos Pods", DEFAULT_NAMESPACE)
    ask("release", "Release of Harness's images", _newest(given.texts["type"] or "ddcr"))
    needs_server = (
        given.form is not None or bool(given.service_accounts) or any(given.texts[name] for name in _ABOUT_SERVER)
    )
    ask(
        "server",
        "Your registry that images are copied to, as HOST or HOST/PATH",
        None if needs_server else "",
        "registry.company.com/chaos",
    )
    given.take_server(given.texts["server"])
    if given.texts["server"]:
        _ask_about_registry(given, ask)
    if given.answers().pods_need_secret and not given.service_accounts:
        question = "ServiceAccount of the chaos Pods, which gets the pull Secret"
        while _answer(question, "", given.add_service_account):
            question = "Another one"
    print()


def _ask_about_registry(given: Given, ask: Callable[..., None]) -> None:
    """What its kind needs, and nothing else."""
    server = given.texts["server"]
    if not given.kind.hosts:
        likely = unsaid_kinds(server)
        usual = likely[0].name if len(likely) == 1 else "generic"
        ask("kind", f"Its kind: {', '.join(SAYABLE_KINDS)}", usual)
    needed = given.kind.path_on(server)
    like = f", as {'/'.join(needed)}" if needed else ""
    example = "/".join(f"my-{name.lower()}" for name in needed)
    ask("registry_account", f"Path on {server}{like}", None if needed else "", example)
    if not given.said_forms() and not given.kind.is_public:
        ask("visibility", "Pulling from it: private (with a login) or public", "private")
    if given.is_private and given.kind.node_identity_on and set(given.said_forms()) <= {Form.NODE}:
        ask("provider", f"What runs the nodes: {', '.join(PROVIDERS)}", given.kind.node_identity_on[0])
    if given.said_forms() or not given.is_private:
        return
    possible, usual = forms(given.kind), usual_form(given.kind, given.texts["provider"])
    print(f"How clusters log in to {server}:")
    for form in possible:
        print(f"  {form:<9} {about(form, given.kind)}")
    wrong = f"answer {', '.join(possible[:-1])} or {possible[-1]}"
    given.form = Form(_answer("One of these", usual, lambda text: "" if text in possible else wrong))
    match given.form:
        case Form.PASSWORD:
            user = given.kind.usual_user(server, given.path)
            default = user or ("" if given.kind.token_user else None)
            ask("username", "User that clusters pull as (the password is set later)", default, "chaos-user")
        case Form.FILE:
            ask("key_file", "Key file, a path from the project's folder", given.kind.password_file)
        case Form.SECRET:
            ask("secret_name", "The Secret's name", CREDENTIAL)
        case Form.JOB:
            keys = ", or a NAME for keys" if given.kind.cloud in KEY_PARTS else ""
            question = f"The Job's identity at {given.kind.title}{keys}"
            ask("identity", question, None, EXAMPLES[given.kind.cloud or ""])


def _answer(question: str, default: str | None, problem_of: Callable[[str], str], example: str = "") -> str:
    """What was answered, or the default ("" prints as none; without one an answer is needed, as in the example)."""
    needed = f"an answer is needed, as in `{example}`" if example else "an answer is needed"
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
        print(f"  {wrong or needed}")
