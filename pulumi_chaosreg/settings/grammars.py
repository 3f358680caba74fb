"""What the texts in a section must look like: servers, names, paths, references."""

import re
from dataclasses import replace

from pulumi_chaosreg.images.platform import KNOWN, USUAL
from pulumi_chaosreg.images.reference import REPOSITORY, SERVER, TAG, port_problem, reference_problem
from pulumi_chaosreg.registries.servers import account_path, canonical_beginning, canonical_server
from pulumi_chaosreg.settings.kinds import Grammar
from pulumi_chaosreg.settings.kubeconfig import is_content
from pulumi_chaosreg.settings.near_misses import did_you_mean

ID = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_HOST, _PATH = SERVER.pattern.removesuffix(r"\Z").removeprefix("^"), REPOSITORY.pattern[1:].removesuffix(r"\Z")

_LABEL = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
KUBERNETES_NAME = Grammar(
    "CHR0112",
    "a valid Kubernetes name",
    re.compile(r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z"),
    "names are made of a-z, 0-9 and `-`, at most 63, and begin and end with a letter or digit",
)
KUBERNETES_SUBDOMAIN = Grammar(
    "CHR0112",
    "a valid Kubernetes object name",
    re.compile(rf"^(?!.{{254}}){_LABEL}(?:\.{_LABEL})*\Z"),
    "names are made of a-z, 0-9, `-` and `.`, at most 253, and each part begins and ends with a letter or digit",
)
"""Of Secrets and ServiceAccounts, whose names may have dots; those of namespaces may not."""
_AS_SERVER = r"(?:(?=[^/]*[.:])|(?=localhost(?:/|$)))"
"""A reference's first part is its server only where it looks like one: `acme/x` is Docker Hub's."""
SERVER_GRAMMAR = Grammar(
    "CHR0301",
    "a server",
    re.compile(rf"^{_AS_SERVER}{_HOST}\Z"),
    "write host or host:port, without `https://`; a path belongs to `account`",
    port_problem,
    advise=lambda text: _with_port(text),
    canonical=canonical_server,
)
REGISTRY_PATH = Grammar(
    "CHR0301",
    "a path",
    re.compile(rf"^/*(?:{_PATH})?/*\Z"),
    "write lowercase segments, as in `a/b`",
    canonical=account_path,
)
SOURCE = Grammar(
    "CHR0301",
    "`server/account`",
    re.compile(rf"^{_AS_SERVER}{_HOST}/{_PATH}\Z"),
    "write it as in `docker.io/harness`",
    port_problem,
    advise=lambda text: _with_server(text),
    canonical=canonical_beginning,
)
BEGINNING = Grammar(
    "CHR0301",
    "a server or `server/account`",
    re.compile(rf"^{_AS_SERVER}{_HOST}(?:/{_PATH})?/*\Z"),
    "write a prefix of what is allowed, as in `docker.io/harness`: no `https://`, no `*`",
    port_problem,
    advise=lambda text: _with_server(text),
    canonical=canonical_beginning,
)
TAG_GRAMMAR = Grammar(
    "CHR0301",
    "a tag",
    TAG,
    "tags are made of letters, digits, `_`, `.` and `-`, at most 128, as in `1.94.0`",
    lost_in_number="which makes `1.10` and `1.1` the same",
)
REFERENCE = Grammar(
    "CHR0301",
    "an image reference",
    re.compile(r"^\S+\Z"),
    "write `server/repository:tag`, for example `docker.io/harness/chaos-ddcr:1.94.0`; repositories are lowercase",
    reference_problem,
)
REFRESHER_VARIABLE = Grammar(
    "CHR0532",
    "a variable that a refresher may have",
    re.compile(
        r"^(?!CHAOSREG_|(?:AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|SECURITY_TOKEN)|AZURE_CLIENT_SECRET)"
        r"(?!\w))[A-Za-z_][A-Za-z0-9_]*\Z"
    ),
    "names are made of letters, digits and `_`; `CHAOSREG_` is reserved, and keys belong in `pull_secret: {identity: "
    "NAME}`: anybody who may read Pods in the cluster would see them here",
    hides_value=True,
)
"""Keys would be told to everybody, and beside those that `identity` gives Kubernetes takes no second ones."""
VALUE_WITHOUT_LOGIN = Grammar(
    "CHR0532",
    "a value for a refresher's variable",
    re.compile(r"^(?!.*://[^/@]*@)[^\n]+\Z"),
    "leave out user and password: anybody who may read Pods in the cluster would see them",
    hides_value=True,
)
CREDENTIAL_NAME = Grammar(
    "CHR0501",
    "the NAME of a `chaosreg-credentials:NAME`",
    re.compile(r"^[A-Za-z0-9_.-]+\Z"),
    "set the value with `pulumi config set --secret chaosreg-credentials:NAME`, and write NAME here",
    hides_value=True,
)
VARIABLE = Grammar(
    "CHR0519",
    "the NAME of an environment variable",
    re.compile(r"^[A-Z_][A-Z0-9_]*\Z"),
    "write its name, as in `HARBOR_PASSWORD`: A-Z, 0-9 and `_`",
    hides_value=True,
)
PLATFORM_GRAMMAR = Grammar(
    "CHR0301",
    "a platform",
    KNOWN,
    "write `os/architecture`, as in `linux/amd64`",
    advise=lambda value: _usual_platform(value),
)
PATH_OF_SCOPE = Grammar(
    "CHR0212",
    "the path of a scope",
    re.compile(r"^[a-z0-9-]+(?:/[a-z0-9-]+){0,2}\Z"),
    "write the ids below the account, as in `payments/checkout`; for the account its id",
)

KUBECONFIG_PATH = Grammar(
    "CHR0601",
    "the path of a kubeconfig",
    re.compile(r"^[^\s{}][^\n{}]*\Z"),
    "write the file's path: its content would be printed wherever the settings are",
    lambda text: "it is a kubeconfig itself, in base64" if is_content(text) else "",
    hides_value=True,
)

USER = Grammar(
    "CHR0505",
    "a user",
    re.compile(r"^[^:\s][^:\n]*\Z"),
    "write the user alone: a password is set with `pulumi config set --secret chaosreg-credentials:NAME`",
)
CONTEXT = Grammar(
    "CHR0601",
    "a context of a kubeconfig",
    re.compile(r"^(?!.*://.*@)[^\n]+\Z"),
    "write its name: `kubectl config get-contexts -o name` lists them",
)

REGISTRY_NAME = Grammar(
    "CHR0213",
    "the name of a registry",
    re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z"),
    "write a name that `registries:` gives at this level or above; names are made of a-z, 0-9 and `-`, at most 63",
    advise=lambda value: _instead_of_a_name(value),
)
NEW_REGISTRY_NAME = replace(
    REGISTRY_NAME, advice="names are made of a-z, 0-9 and `-`, at most 63, and begin and end with a letter or digit"
)
MANAGED_BY = "app.kubernetes.io/managed-by"
"""Kubernetes's own label for it."""
OURS = "pulumi-chaosreg"
"""What it says of every object that we make."""
LABEL_KEY = Grammar(
    "CHR0112",
    "a valid Kubernetes key",
    re.compile(
        r"^(?!chaosreg/|app\.kubernetes\.io/managed-by$)(?:(?=[^/]{1,253}/)[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z"
    ),
    "write it as in `team` or `example.com/cost-centre`; `chaosreg/` is reserved",
)
LABEL_VALUE = Grammar(
    "CHR0112",
    "a valid Kubernetes label value",
    re.compile(r"^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?\Z"),
    "at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends; put other text in annotations",
)


def _instead_of_a_name(text: str) -> str:
    """What to write where a registry itself stands in the place of its name, or a name in upper case."""
    address = re.sub(r"^https?://", "", text).rstrip("/")
    if "." in address or "/" in address or ":" in address:
        return _as_mapping(address) if re.match(rf"^{_HOST}(?:/{_PATH})?\Z", address) else ""
    return f"write `{text.lower()}`: names are lowercase" if REGISTRY_NAME.pattern.match(text.lower()) else ""


def _with_server(text: str) -> str:
    return (
        f"without a server it means `docker.io/{text}`: write that, or add the server" if REPOSITORY.match(text) else ""
    )


def _with_port(text: str) -> str:
    is_name = re.match(rf"^{_LABEL}\Z", text)
    return "write its port or full name: without a dot or port it is a Docker Hub path" if is_name else ""


def _usual_platform(text: str) -> str:
    """`arm64`, `linux/amd46` and `linux/x86_64` as they were meant."""
    words = {"x86_64": "amd64", "aarch64": "arm64"}
    spelt = "/".join(words.get(word, word) for word in text.lower().split("/"))
    meant = did_you_mean(spelt, USUAL, 0.6)
    return f"{meant}write `os/architecture`" if meant else ""


def _as_mapping(reference: str) -> str:
    server, _, account = reference.partition("/")
    path = f", account: {account}" if account else ""
    return (
        f"write the registry itself: `{{server: {server}{path}, type: public}}` (or `private`, with `authentication`)"
    )
