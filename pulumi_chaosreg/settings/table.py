"""What one scope's section in a stack file may say: every key, its type and what it means.

The groups of rows below are the only place that knows the keys. Checking, near-miss messages, the JSON Schema, the
types of the Python API and the documentation read them; everybody else reaches a setting by its row (`MIRROR.source`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.platform import PLATFORM
from pulumi_chaosreg.images.reference import REPOSITORY, SERVER, TAG, port_problem, reference_problem
from pulumi_chaosreg.registries.kinds import AUTHENTICATION_TYPES, SAYABLE_KINDS
from pulumi_chaosreg.registries.servers import account_path, canonical_beginning, canonical_server
from pulumi_chaosreg.settings.kinds import Flag, Grammar, Named, Table, Tables, Text, TextMap, Texts
from pulumi_chaosreg.settings.setting import Group, Path, Setting, flag, mapping, number, text, text_map, texts

ID = re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_HOST, _PATH = SERVER.pattern.removesuffix(r"\Z").removeprefix("^"), REPOSITORY.pattern[1:].removesuffix(r"\Z")

_KUBERNETES_NAME = Grammar(
    "CHR0112",
    "a name that Kubernetes accepts",
    re.compile(r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z"),
    "names are made of a-z, 0-9 and `-`, at most 63, and begin and end with a letter or digit",
)
_SERVER = Grammar(
    "CHR0301",
    "a server",
    SERVER,
    "write host or host:port, without `https://`; a path belongs to `account`",
    port_problem,
    canonical=canonical_server,
)
_REGISTRY_PATH = Grammar(
    "CHR0301",
    "a path",
    re.compile(rf"^/*(?:{_PATH})?/*\Z"),
    "write lower case segments, as in `a/b`",
    canonical=account_path,
)
SOURCE = Grammar(
    "CHR0301",
    "`server/account`",
    re.compile(rf"^{_HOST}/{_PATH}\Z"),
    "write it as in `docker.io/harness`",
    port_problem,
    canonical=canonical_beginning,
)
_BEGINNING = Grammar(
    "CHR0301",
    "a server or `server/account`",
    re.compile(rf"^{_HOST}(?:/{_PATH})?/*\Z"),
    "write the beginning of what is allowed, as in `docker.io/harness`",
    port_problem,
    canonical=canonical_beginning,
)
TAG_GRAMMAR = Grammar(
    "CHR0301", "a tag", TAG, "tags are made of letters, digits, `_`, `.` and `-`, at most 128, as in `1.94.0`"
)
_REFERENCE = Grammar(
    "CHR0301",
    "an image reference",
    re.compile(r"^\S+\Z"),
    "write `server/repository:tag`, for example `docker.io/harness/chaos-ddcr:1.94.0`; repositories are lower case",
    reference_problem,
)
_CREDENTIAL_NAME = Grammar(
    "CHR0501",
    "the NAME of a `chaosreg-credentials:NAME`",
    re.compile(r"^[A-Za-z0-9_.-]+\Z"),
    "set the value with `pulumi config set --secret chaosreg-credentials:NAME`, and write NAME here",
    hides_value=True,
)
_PLATFORM = Grammar(
    "CHR0301",
    "a platform",
    PLATFORM,
    "write `os/architecture`, as in `linux/amd64`",
)
_PATH_OF_SCOPE = Grammar(
    "CHR0212",
    "the path of a scope",
    re.compile(r"^[a-z0-9-]+(?:/[a-z0-9-]+){0,2}\Z"),
    "write the ids below the account, as in `payments/checkout`; for the account its id",
)

_KUBECONFIG_PATH = Grammar(
    "CHR0601",
    "the path of a kubeconfig",
    re.compile(r"^[^\s{}][^\n{}]*\Z"),
    "write the file's path: its content would be printed wherever the settings are",
)

_USER = Grammar(
    "CHR0505",
    "a user",
    re.compile(r"^[^:\s][^:\n]*\Z"),
    "write the user alone: a password is set with `pulumi config set --secret chaosreg-credentials:NAME`",
)
_CONTEXT = Grammar(
    "CHR0601",
    "a context of a kubeconfig",
    re.compile(r"^(?!.*://.*@)[^\n]+\Z"),
    "write its name: `kubectl config get-contexts -o name` lists them",
)

_REGISTRY_NAME = Grammar(
    "CHR0213",
    "the name of a registry",
    re.compile(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z"),
    "write a name that `registries:` gives at this level or above; names are made of a-z, 0-9 and `-`, at most 63",
    advise=lambda value: _as_mapping(value) if re.match(rf"^{_HOST}(?:/{_PATH})?\Z", value) else "",
)
MANAGED_BY = "app.kubernetes.io/managed-by"
"""Kubernetes's own label for it; ours says `pulumi-chaosreg`."""
_LABEL_KEY = Grammar(
    "CHR0112",
    "a key that Kubernetes accepts",
    re.compile(
        r"^(?:(?=[^/]{1,253}/)[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z"
    ),
    "write it as in `team` or `example.com/cost-centre`; those that begin with `chaosreg/` are ours",
    more=lambda key: "it is one of ours" if key.startswith("chaosreg/") or key == MANAGED_BY else "",
)
_LABEL_VALUE = Grammar(
    "CHR0112",
    "a value that a Kubernetes label may have",
    re.compile(r"^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z"),
    "at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends; other texts are annotations",
)


def _as_mapping(reference: str) -> str:
    """What to write where `server/path` stands in the place of a registry's name."""
    server, _, account = reference.partition("/")
    path = f", account: {account}" if account else ""
    return (
        f"write the registry itself: `{{server: {server}{path}, type: public}}` (or `private`, with `authentication`)"
    )


AUTHENTICATION = Table(
    "how the cluster proves who it is; belongs to its server",
    {
        "type": Text(
            "kubernetes_secret where only `secret_name` is given, basic where `username` is; node_identity: the node "
            "has an identity of its own that the registry trusts, and no credential exists",
            AUTHENTICATION_TYPES,
        ),
        "secret_name": Text("the pull Secret's name in the cluster", grammar=_KUBERNETES_NAME),
        "namespace": Text("where that Secret is; the infrastructure's namespace, or it is a finding"),
        "username": Text("the user of basic authentication", grammar=_USER),
        "password_secret": Text("NAME of the value `chaosreg-credentials:NAME`", grammar=_CREDENTIAL_NAME),
        "password_env": Text("the environment variable that holds the password where no value is configured"),
        "region": Text("aws_ecr: the registry's region"),
        "key_file": Text("gcp_service_account: the key's file"),
    },
    whole=True,
)

VERIFY = Table(
    "who must have signed where `signatures` is `require`: any one of these; taken whole from the nearest level",
    {
        "public_keys": Texts("PEM files, beside Pulumi.yaml or below, or the PEM texts themselves"),
        "identities": Tables(
            "whom certificates must name",
            Table(
                "one identity, exactly or as a regular expression, and who vouches for it",
                {
                    "identity": Text("a mail address, or the URI of a workflow"),
                    "identity_regexp": Text("must match the whole identity"),
                    "issuer": Text("as in `https://token.actions.githubusercontent.com`; compared exactly"),
                },
            ),
        ),
        "trusted_root": Text("the sigstore instance's `trusted_root.json`, beside Pulumi.yaml or below"),
        "each_platform": Flag("whether every platform must be signed itself, as `cosign sign --recursive` does it"),
    },
    whole=True,
)


class _ImageRegistry(Group, key="image_registry"):
    server = text("host, with port if it has one", grammar=_SERVER)
    account = text("path between the server and the image", grammar=_REGISTRY_PATH)
    type = text("whether pulling needs a credential", ("public", "private"))
    kind = text("where the host does not tell", SAYABLE_KINDS)
    authentication = mapping(AUTHENTICATION)
    name = text("a registry that `registries:` names at this level or above; taken whole", grammar=_REGISTRY_NAME)


class _Images(Group, key="images"):
    release = text("the release of Harness Chaos Engineering, always written", grammar=TAG_GRAMMAR)
    tags = text_map("image name → tag, where it differs from the release's", grammar=TAG_GRAMMAR)
    pin = text(
        "how firmly digests hold. strict: all that is mirrored or pulled must be in the lockfile, and a "
        "cluster gets `tag@digest`. record: the same digests are locked and copied, but a cluster gets "
        "tags (for tools that cannot take `tag@digest`), and what is not locked yet is a warning. off: no "
        "lockfile is needed or read; a tag is resolved when its image is copied, so that a preview does "
        "not know the digest, and a cluster gets tags. Where nobody says: what is mirrored must be locked, "
        "and tags that move; a cluster gets `tag@digest` where the digest is known",
        ("strict", "record", "off"),
    )


class _Repositories(Group, key="repositories"):
    create = flag("whether `up` makes them")
    immutable_tags = flag("whether a tag may move")
    scan_on_push = flag("whether pushed images are scanned")
    expire_untagged_after_days = number("when untagged manifests may go, days")


class _Mirror(Group, key="mirror"):
    source = text("`server/account` to copy from", grammar=SOURCE)
    allow_sources = texts(
        "the only sources that may be copied from; Harness's own where nobody says", grammar=_BEGINNING
    )
    platforms = texts(
        "which platforms to keep; all where nobody says. A subset's index is written again without the "
        "others: its digest is our own (the lockfile has it beside upstream's), and signatures of "
        "upstream's index do not apply to it, those of its children do",
        or_text=("all",),
        grammar=_PLATFORM,
        least=1,
    )
    foreign_layers = text(
        "what happens to an image with layers that their vendor alone may hand out (Windows base images). "
        "refuse (also where nobody says): it is not copied. keep: its manifest is copied byte for byte and "
        "these layers are not, so every node fetches them from the vendor's address",
        ("refuse", "keep"),
    )
    signatures = text(
        "copied along, or required too before anything is copied, or left behind", ("copy", "require", "skip")
    )
    verify = mapping(VERIFY)
    push = text("NAME of the credential that pushes; otherwise the machine's docker config", grammar=_CREDENTIAL_NAME)
    pull = text("NAME of the credential that reads the source", grammar=_CREDENTIAL_NAME)
    delete = text(
        "NAME of the credential that removes images (`on_destroy: delete`); that of `push` otherwise",
        grammar=_CREDENTIAL_NAME,
    )


class _Cluster(Group, key="cluster"):
    kubeconfig = text("path of the kubeconfig; $KUBECONFIG or ~/.kube/config otherwise", grammar=_KUBECONFIG_PATH)
    context = text("context in it", grammar=_CONTEXT)
    identifier = text("the cluster's lasting name; the context otherwise")
    provider = text(
        "what runs the nodes: on its own cloud a registry may know them by themselves; other where nobody says",
        ("eks", "gke", "aks", "openshift", "other"),
    )


class _Namespace(Group, key="namespace"):
    name = text("the namespace", grammar=_KUBERNETES_NAME)
    create = flag("false: it must be there")


class _PullSecret(Group, key="pull_secret"):
    create = flag("whether we make it")
    name = text("its name", grammar=_KUBERNETES_NAME)
    adopt = flag("whether a Secret of this name that is there already becomes ours")
    delivery = text(
        "how a pull credential reaches the kubelet, where the default does not fit. theirs: a Secret that somebody "
        "else made. secret: a Secret of ours. node_identity: the node has an identity that the registry trusts, and "
        "there is no Secret. refresher, external_secrets: not in this version",
        ("theirs", "secret", "refresher", "external_secrets", "node_identity"),
    )


LOCKABLE = ("image_registry", "custom_images", "allow_images", "images", "required_images", "mirror")
"""What a level may set only where every ancestor that sets any of them allows it."""


class _AllowOverrides(Group, key="allow_overrides"):
    settings = texts("only these may be set below", choices=LOCKABLE, least=1)
    scopes = texts(
        "only in these scopes and below them: paths below the account, as in `payments/lab`",
        grammar=_PATH_OF_SCOPE,
        least=1,
    )
    registries = texts(
        "of `image_registry` only a name of these may be chosen, or any name: `all`",
        or_text=("all",),
        grammar=_REGISTRY_NAME,
        least=1,
    )


IMAGE_REGISTRY, IMAGES, REPOSITORIES, MIRROR = _ImageRegistry, _Images, _Repositories, _Mirror
CLUSTER, NAMESPACE, PULL_SECRET, ALLOW_OVERRIDES = _Cluster, _Namespace, _PullSecret, _AllowOverrides

_MIRROR_TABLE = MIRROR.table(
    "what the owner's stack copies into the registry; `off` where somebody else fills it", or_off=True
)
_REPOSITORIES_TABLE = REPOSITORIES.table("how the owner's repositories are made")
_A_REGISTRY = Table(
    "a server and a path on it; whoever defines it owns it",
    {
        **{name: row.kind for name, row in IMAGE_REGISTRY.ROWS.items() if name != "name"},
        "mirror": _MIRROR_TABLE,
        "repositories": _REPOSITORIES_TABLE,
    },
)


class _Section(Group):
    """What a section says itself, and whole groups: `SECTION.mirror` is all that it says about mirroring."""

    id = text("the scope's name: a-z, 0-9 and `-`, unique within its parent")
    moved_from = texts(
        "the paths that this scope had before it was renamed or moved, oldest first; keep the oldest",
        grammar=_PATH_OF_SCOPE,
        or_one=True,
        most=10,
    )
    allow_overrides: Setting[bool | dict[str, Any]] = Setting(
        ALLOW_OVERRIDES.table(
            "whether levels below may set registry, images or mirror: all of it, or what these keys leave; all that "
            "are given must hold",
            or_flag=True,
            least=1,
        )
    )
    registries = mapping(
        Named("registries that this level and those below may choose by name", _A_REGISTRY, _REGISTRY_NAME)
    )
    image_registry = mapping(
        IMAGE_REGISTRY.table(
            "where the cluster pulls from: a registry's name, or the registry itself, which then belongs to the scope "
            "that sets `server`",
            short="name",
        )
    )
    images = mapping(IMAGES.table("which tags"))
    custom_images = text_map(
        "image → full reference that is used instead", tuple(load_catalogue().custom_image_keys), grammar=_REFERENCE
    )
    allow_images = texts(
        "the only places that images may be pulled from, beside the chosen registry itself; anywhere where nobody says",
        grammar=_BEGINNING,
    )
    required_images = texts("the images instead of the infrastructure type's own list", grammar=_REFERENCE)
    repositories = mapping(_REPOSITORIES_TABLE)
    mirror: Setting[bool | dict[str, Any]] = Setting(_MIRROR_TABLE)
    on_destroy = text("what `destroy` does with images and repositories", ("retain", "delete"))
    type = text("the infrastructure's type", ("ddcr", "dedicated"))
    cluster = mapping(CLUSTER.table("which cluster; always given"))
    namespace = mapping(NAMESPACE.table("where the chaos Pods run; made if missing", short="name"))
    service_accounts = texts("accounts that get the pull Secret", grammar=_KUBERNETES_NAME)
    pull_secret = mapping(PULL_SECRET.table("the Secret that the kubelet pulls with"))
    labels = text_map("labels for every Kubernetes object that we make", key_grammar=_LABEL_KEY, grammar=_LABEL_VALUE)
    annotations = text_map("annotations for every Kubernetes object that we make", key_grammar=_LABEL_KEY)
    harness_id = text("Harness's identifier where it differs from ours")
    environment = text("the Harness environment")


SECTION = _Section
SETTINGS = SECTION.table("one scope's settings; every field is optional")


def leaves(settings: Mapping[str, Any], table: Table = SETTINGS) -> Iterator[Path]:
    """The paths of everything that these settings give a value to, whole mappings as one."""
    for key, value in settings.items():
        match table.fields.get(key):
            case Table(whole=False) as kind if isinstance(value, dict):
                yield from ((key, *path) for path in leaves(value, kind))
            case TextMap() if isinstance(value, dict):
                yield from ((key, name) for name in value)
            case _:
                yield (key,)
