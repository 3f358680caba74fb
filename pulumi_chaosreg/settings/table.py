"""What one scope's section in a stack file may say: every key, its type and what it means.

The table below is the only place that knows the keys. Checking, near-miss messages, the JSON Schema and the
documentation read it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.platform import PLATFORM
from pulumi_chaosreg.images.reference import REPOSITORY, SERVER, TAG, port_problem, reference_problem
from pulumi_chaosreg.settings.kinds import Flag, Grammar, Number, Table, Tables, Text, TextMap, Texts

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
)
_REGISTRY_PATH = Grammar(
    "CHR0301", "a path", re.compile(rf"^/*(?:{_PATH})?/*\Z"), "write lower case segments, as in `a/b`"
)
SOURCE = Grammar(
    "CHR0301",
    "`server/account`",
    re.compile(rf"^{_HOST}/{_PATH}\Z"),
    "write it as in `docker.io/harness`",
    port_problem,
)
_ALLOWED_SOURCE = Grammar(
    "CHR0301",
    "a server or `server/account`",
    re.compile(rf"^{_HOST}(?:/{_PATH})?/*\Z"),
    "write the beginning of what may be copied, as in `docker.io/harness`",
    port_problem,
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

AUTHENTICATION = Table(
    "how the cluster proves who it is; belongs to its server",
    {
        "type": Text(
            "kubernetes_secret where only `secret_name` is given, basic where `username` is",
            ("kubernetes_secret", "basic", "aws_ecr", "gcp_service_account", "azure", "token"),
        ),
        "secret_name": Text("the pull Secret's name in the cluster", grammar=_KUBERNETES_NAME),
        "namespace": Text("where that Secret is; the infrastructure's namespace, or it is a finding"),
        "username": Text("the user of basic authentication", grammar=_USER),
        "password_secret": Text("NAME of the value `chaosreg-credentials:NAME`", grammar=_CREDENTIAL_NAME),
        "password_env": Text("the environment variable that holds the password where no value is configured"),
        "region": Text("aws_ecr: the registry's region"),
        "key_file": Text("gcp_service_account: the key's file"),
    },
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
)

SETTINGS = Table(
    "one scope's settings; every field is optional",
    {
        "id": Text("the scope's name: a-z, 0-9 and `-`, unique within its parent"),
        "moved_from": Texts(
            "the paths that this scope had before it was renamed or moved, oldest first; keep the oldest",
            grammar=_PATH_OF_SCOPE,
            or_one=True,
            most=10,
        ),
        "allow_overrides": Flag("whether levels below may set registry, images or mirror"),
        "image_registry": Table(
            "where the cluster pulls from; the scope that sets `server` owns that registry",
            {
                "server": Text("host, with port if it has one", grammar=_SERVER),
                "account": Text("path between the server and the image", grammar=_REGISTRY_PATH),
                "type": Text("whether pulling needs a credential", ("public", "private")),
                "kind": Text("where the host does not tell", ("generic", "harbor", "artifactory")),
                "authentication": AUTHENTICATION,
            },
        ),
        "images": Table(
            "which tags",
            {
                "release": Text("the release of Harness Chaos Engineering, always written", grammar=TAG_GRAMMAR),
                "tags": TextMap("image name → tag, where it differs from the release's", grammar=TAG_GRAMMAR),
                "pin": Text(
                    "how firmly digests hold. strict: all that is mirrored or pulled must be in the lockfile, and a "
                    "cluster gets `tag@digest`. record: the same digests are locked and copied, but a cluster gets "
                    "tags (for tools that cannot take `tag@digest`), and what is not locked yet is a warning. off: no "
                    "lockfile is needed or read; a tag is resolved when its image is copied, so that a preview does "
                    "not know the digest, and a cluster gets tags. Where nobody says: what is mirrored must be locked, "
                    "and tags that move; a cluster gets `tag@digest` where the digest is known",
                    ("strict", "record", "off"),
                ),
            },
        ),
        "custom_images": TextMap(
            "image → full reference that is used instead", tuple(load_catalogue().custom_image_keys), _REFERENCE
        ),
        "required_images": Texts("the images instead of the infrastructure type's own list", grammar=_REFERENCE),
        "repositories": Table(
            "how the owner's repositories are made",
            {
                "create": Flag("whether `up` makes them"),
                "immutable_tags": Flag("whether a tag may move"),
                "scan_on_push": Flag("whether pushed images are scanned"),
                "expire_untagged_after_days": Number("when untagged manifests may go, days"),
            },
        ),
        "mirror": Table(
            "what the owner's stack copies into the registry",
            {
                "source": Text("`server/account` to copy from", grammar=SOURCE),
                "allow_sources": Texts(
                    "the only sources that may be copied from; Harness's own where nobody says", grammar=_ALLOWED_SOURCE
                ),
                "platforms": Texts(
                    "which platforms to keep; all where nobody says. A subset's index is written again without the "
                    "others: its digest is our own (the lockfile has it beside upstream's), and signatures of "
                    "upstream's index do not apply to it, those of its children do",
                    or_text=("all",),
                    grammar=_PLATFORM,
                    least=1,
                ),
                "foreign_layers": Text(
                    "what happens to an image with layers that their vendor alone may hand out (Windows base images). "
                    "refuse (also where nobody says): it is not copied. keep: its manifest is copied byte for byte and "
                    "these layers are not, so every node fetches them from the vendor's address",
                    ("refuse", "keep"),
                ),
                "signatures": Text(
                    "copied along, or required too before anything is copied, or left behind",
                    ("copy", "require", "skip"),
                ),
                "verify": VERIFY,
                "push": Text(
                    "NAME of the credential that pushes; otherwise the machine's docker config",
                    grammar=_CREDENTIAL_NAME,
                ),
                "pull": Text("NAME of the credential that reads the source", grammar=_CREDENTIAL_NAME),
                "delete": Text(
                    "NAME of the credential that removes images (`on_destroy: delete`); that of `push` otherwise",
                    grammar=_CREDENTIAL_NAME,
                ),
            },
        ),
        "on_destroy": Text("what `destroy` does with images and repositories", ("retain", "delete")),
        "type": Text("the infrastructure's type", ("ddcr", "dedicated")),
        "cluster": Table(
            "which cluster; always given",
            {
                "kubeconfig": Text(
                    "path of the kubeconfig; $KUBECONFIG or ~/.kube/config otherwise", grammar=_KUBECONFIG_PATH
                ),
                "context": Text("context in it", grammar=_CONTEXT),
                "identifier": Text("the cluster's lasting name; the context otherwise"),
            },
        ),
        "namespace": Table(
            "where the chaos Pods run; made if missing",
            {"name": Text("the namespace", grammar=_KUBERNETES_NAME), "create": Flag("false: it must be there")},
            short="name",
        ),
        "service_accounts": Texts("accounts that get the pull Secret", grammar=_KUBERNETES_NAME),
        "pull_secret": Table(
            "the Secret that the kubelet pulls with",
            {
                "create": Flag("whether we make it"),
                "name": Text("its name", grammar=_KUBERNETES_NAME),
                "adopt": Flag("whether a Secret of this name that is there already becomes ours"),
            },
        ),
        "harness_id": Text("Harness's identifier where it differs from ours"),
        "environment": Text("the Harness environment"),
    },
)

LOCKABLE = ("image_registry", "custom_images", "images", "required_images", "mirror")
"""What a level may set only where every ancestor that sets any of them allows it."""


_WHOLE = ("authentication", "verify")
"""Mappings that are one field: never mixed from two levels."""


def leaves(settings: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths of every field that these settings give a value to."""
    for key, value in settings.items():
        if isinstance(value, dict) and key not in _WHOLE:
            yield from ((key, *path) for path in leaves(value))
        else:
            yield (key,)
