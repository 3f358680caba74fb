"""What one scope's section in a stack file may say: every key, its type and what it means.

The groups of rows below are the only place that knows the keys. Checking, near-miss messages, the JSON Schema, the
types of the Python API and the documentation read them; everybody else reaches a setting by its row (`MIRROR.source`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.registries.kinds import AUTHENTICATION_TYPES, SAYABLE_KINDS, WORDS_FOR_KINDS, registry_kind
from pulumi_chaosreg.settings.aws_tables import AWS_ACCESS, IDENTITIES, PULLERS
from pulumi_chaosreg.settings.azure_tables import AZURE
from pulumi_chaosreg.settings.durations import DURATION
from pulumi_chaosreg.settings.google_tables import MEMBERS
from pulumi_chaosreg.settings.grammars import (
    BEGINNING,
    CONTEXT,
    CREDENTIAL_NAME,
    KUBECONFIG_PATH,
    KUBERNETES_NAME,
    KUBERNETES_SUBDOMAIN,
    LABEL_KEY,
    LABEL_VALUE,
    NEW_REGISTRY_NAME,
    PATH_OF_SCOPE,
    PLATFORM_GRAMMAR,
    REFERENCE,
    REFRESHER_VARIABLE,
    REGISTRY_NAME,
    REGISTRY_PATH,
    SERVER_GRAMMAR,
    SOURCE,
    TAG_GRAMMAR,
    USER,
    VALUE_WITHOUT_LOGIN,
    VARIABLE,
)
from pulumi_chaosreg.settings.harbor_tables import HARBOR
from pulumi_chaosreg.settings.harness_grammars import HARNESS_ACCOUNT, HARNESS_ENDPOINT, HARNESS_IDENTIFIER
from pulumi_chaosreg.settings.kinds import Flag, Named, Number, Table, Tables, Text, TextMap, Texts
from pulumi_chaosreg.settings.refresher_identities import REFRESHER_IDENTITY
from pulumi_chaosreg.settings.setting import Group, Path, Setting, flag, mapping, number, text, text_map, texts

DEFAULT_REFRESHER_IMAGE = "public.ecr.aws/docker/library/python:3.13-alpine"
"""Docker's official image where nobody counts anonymous pulls as Docker Hub does."""
HARNESS_SAAS = "https://app.harness.io/gateway"
"""Of all clusters of Harness's own."""
_VALUES = frozenset(
    [
        "password",
        "passwd",
        "pass",
        "pwd",
        "pw",
        "passphrase",
        "token",
        "access_token",
        "identity_token",
        "secret",
        "auth",
        "key",
        "api_key",
        "private_key",
        "secret_key",
        "credential",
        "credentials",
        "value",
    ]
)
AUTOPILOT = "gke_autopilot"
PROVIDERS = ("eks", "gke", AUTOPILOT, "aks", "openshift", "other")
"""What may run a cluster's nodes."""


def _types_there(around: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The types that the registry accepts whose login it is, where its server is said beside it."""
    registry = next((one for one in reversed(around) if isinstance(one.get("server"), str)), None)
    if registry is None:
        return ()
    said = registry.get("kind")
    kind = registry_kind(registry["server"], said if said in SAYABLE_KINDS else None)
    return ("kubernetes_secret", *kind.authentication) if kind.hosts or kind.name == said else ()


AUTHENTICATION = Table(
    "how the cluster logs in; belongs to its server",
    {
        "type": Text(
            "kubernetes_secret if only `secret_name` is given, basic if `username` is; token: a password that needs no "
            "`username` on ghcr.io and quay.io; node_identity: the registry trusts the node's own identity, and there "
            "is no credential; made: the registry's owner makes the credential together with its repositories, and "
            "renews it",
            AUTHENTICATION_TYPES,
            choices_among=_types_there,
        ),
        "secret_name": Text("the pull Secret's name in the cluster", grammar=KUBERNETES_SUBDOMAIN),
        "namespace": Text(
            "where that Secret is: the default of the infrastructure's `namespace`; a finding if that differs",
            grammar=KUBERNETES_NAME,
        ),
        "username": Text("the user of basic authentication", grammar=USER),
        "password_secret": Text("NAME of the value `chaosreg-credentials:NAME`", grammar=CREDENTIAL_NAME),
        "password_env": Text(
            "the environment variable that holds the password if no value is configured", grammar=VARIABLE
        ),
        "region": Text("aws_ecr: the registry's region"),
        "key_file": Text(
            "gcp_service_account: a read-only service account's JSON key, a path from the folder of Pulumi.yaml; keep "
            "it out of Git"
        ),
        "lifetime_days": Number(
            "made: how long a credential is good; after half of that time there is a new one, and the old one stays "
            "good until its end (2 to 730)"
        ),
        "per": Text(
            "made: for whom there is a credential. owner (the default): one for all that pull from the registry. "
            "stack: one for each stack with infrastructures",
            ("owner", "stack"),
        ),
    },
    whole=True,
    values=_VALUES,
    values_go_to=("password_secret",),
    advice_for_values="set the value with `pulumi config set --secret chaosreg-credentials:NAME`, and write "
    "`password_secret: NAME`; change it first: it is in the file's history",
)

VERIFY = Table(
    "who must have signed if `signatures` is `require`: any one of these; used whole from the nearest level",
    {
        "public_keys": Texts("PEM files, beside Pulumi.yaml or below, or the PEM texts themselves"),
        "identities": Tables(
            "whom certificates must name",
            Table(
                "one identity, exact or as a regular expression, and who vouches for it",
                {
                    "identity": Text("a mail address, or the URI of a workflow"),
                    "identity_regexp": Text("must match the whole identity"),
                    "issuer": Text("as in `https://token.actions.githubusercontent.com`; compared exactly"),
                },
            ),
        ),
        "trusted_root": Text("the sigstore instance's `trusted_root.json`, beside Pulumi.yaml or below"),
        "each_platform": Flag("whether every platform must be signed, as by `cosign sign --recursive`"),
    },
    whole=True,
)


class _ImageRegistry(Group, key="image_registry"):
    server = text("host, with port if it has one", grammar=SERVER_GRAMMAR)
    account = text("path between the server and the image", grammar=REGISTRY_PATH)
    type = text("whether pulling needs a credential", ("public", "private"))
    kind = text("needed if the host does not show it", SAYABLE_KINDS, other_words=WORDS_FOR_KINDS)
    authentication = mapping(AUTHENTICATION)
    name = text("a registry named under `registries:` at this level or above; used whole", grammar=REGISTRY_NAME)


class _Images(Group, key="images"):
    release = text("the release of Harness Chaos Engineering; never inferred", grammar=TAG_GRAMMAR)
    tags = text_map("image name → tag, if not the release's", grammar=TAG_GRAMMAR)
    pin = text(
        "how firmly digests hold. strict: everything mirrored or pulled must be in the lockfile, and a cluster gets "
        "`tag@digest`. record: the same digests are locked and copied, but a cluster gets tags (for tools that cannot "
        "take `tag@digest`), and an image not locked yet is a warning. off: no lockfile is needed or read; a tag is "
        "resolved when its image is copied, so that a preview does not know the digest, and a cluster gets tags. By "
        "default mirrored images and moving tags must be locked; a cluster gets `tag@digest` if the digest is known",
        ("strict", "record", "off"),
    )


class _Repositories(Group, key="repositories"):
    create = flag("whether `up` creates them")
    immutable_tags = flag("whether tags are immutable")
    scan_on_push = flag("whether pushed images are scanned")
    expire_untagged_after_days = number("days until untagged manifests are deleted")
    kms_key = text(
        "the key that encrypts them (a KMS key: its ARN at Amazon ECR, its resource name at Artifact Registry); by "
        "default the registry's own"
    )
    repository_key = text(
        "the key of the one repository that the server's host or port stands for (Artifactory); by default the path "
        "(`account`) begins with it. Said where the registry is defined"
    )
    tags = text_map("cloud tags for the created resources")
    pullers = mapping(PULLERS)
    members = mapping(MEMBERS)
    identities = mapping(IDENTITIES)
    aws = mapping(AWS_ACCESS)
    login = text(
        "NAME of the credential that makes them, if the registry knows no cloud's identity (Harbor, Artifactory)",
        grammar=CREDENTIAL_NAME,
    )
    azure = mapping(AZURE)
    harbor = mapping(HARBOR)
    protect = flag("whether the engine refuses to delete them")


class _Mirror(Group, key="mirror"):
    source = text("`server/account` to copy from", grammar=SOURCE)
    also = texts(
        "further images to copy into the registry, whoever pulls them: full references, as in `custom_images`; the "
        "last part of the path goes under the registry's account",
        grammar=REFERENCE,
    )
    allow_sources = texts("the only sources that may be copied from; by default Harness's own", grammar=BEGINNING)
    platforms = texts(
        "which platforms to keep; by default all. A subset gets a new index without the others, with its own digest "
        "(the lockfile has both), so that signatures of upstream's index do not apply to it, but those of its children "
        "do",
        or_text=("all",),
        grammar=PLATFORM_GRAMMAR,
        least=1,
    )
    foreign_layers = text(
        "what to do with an image whose layers only their vendor may distribute (Windows base images). refuse (the "
        "default): it is not copied. keep: its manifest is copied byte for byte and these layers are not, so every "
        "node fetches them from the vendor's address",
        ("refuse", "keep"),
    )
    signatures = text(
        "whether signatures are copied, also required before anything is copied, or skipped",
        ("copy", "require", "skip"),
    )
    verify = mapping(VERIFY)
    push = text("NAME of the credential that pushes; otherwise the machine's docker config", grammar=CREDENTIAL_NAME)
    pull = text("NAME of the credential that reads the source", grammar=CREDENTIAL_NAME)
    delete = text(
        "NAME of the credential that removes images (`on_destroy: delete`); that of `push` otherwise",
        grammar=CREDENTIAL_NAME,
    )
    wait_for_scan = text(
        "how long to wait, as in `10m`, for a registry that gives out an image only once it was scanned (Harbor's "
        "`prevent_vulnerable`); otherwise a warning says that nodes cannot pull it yet",
        grammar=DURATION,
    )


class _Cluster(Group, key="cluster"):
    kubeconfig = text("path of the kubeconfig; $KUBECONFIG or ~/.kube/config otherwise", grammar=KUBECONFIG_PATH)
    context = text("context in it", grammar=CONTEXT)
    identifier = text("the cluster's permanent name; the context otherwise")
    provider = text(
        "what runs the nodes: a registry of the same cloud may trust them directly, and GKE Autopilot takes digests "
        "only; by default other",
        PROVIDERS,
    )


class _Namespace(Group, key="namespace"):
    name = text("the namespace", grammar=KUBERNETES_NAME)
    create = flag("false: it must already exist")


class _PullSecret(Group, key="pull_secret"):
    create = flag("whether we create it")
    name = text("its name", grammar=KUBERNETES_SUBDOMAIN)
    adopt = flag("whether to take over an existing Secret of this name")
    delivery = text(
        "how a pull credential reaches the kubelet, if the default does not fit. theirs: a Secret that somebody else "
        "made. secret: a Secret of ours. node_identity: the node has an identity that the registry trusts, and there "
        "is no Secret. refresher: a Secret of ours, which a CronJob in the cluster renews. external_secrets: not in "
        "this version",
        ("theirs", "secret", "refresher", "external_secrets", "node_identity"),
    )
    identity = text(
        "who the refresher is. AWS: the ARN of a role that trusts its ServiceAccount, or `eks_pod_identity`. Google: "
        "the full name of a workload identity provider, or on GKE a service account's address. Azure: "
        "`TENANT_ID/CLIENT_ID`, or on AKS `CLIENT_ID`. AWS and Azure: the NAME of the keys `chaosreg-credentials:NAME`",
        grammar=REFRESHER_IDENTITY,
    )
    refresher_image = text(
        f"the image that the refresher runs, with Python 3.9 or newer; by default `{DEFAULT_REFRESHER_IMAGE}`. It must "
        "be pullable without the Secret that it renews",
        grammar=REFERENCE,
    )
    refresher_environment = text_map(
        "more environment variables for it: a proxy (`HTTPS_PROXY`), a private endpoint (`AWS_ENDPOINT_URL_ECR`)",
        grammar=VALUE_WITHOUT_LOGIN,
        key_grammar=REFRESHER_VARIABLE,
    )


LOCKABLE = ("image_registry", "custom_images", "allow_images", "images", "required_images", "mirror", "enforce")
"""What a level may set only where every ancestor that sets any of them allows it; of `enforce` only a milder word."""


class _Harness(Group, key="harness"):
    publish = flag("whether `up` also writes this level's registry into Harness; not inherited")
    account_id = text("the account's identifier in Harness", grammar=HARNESS_ACCOUNT)
    endpoint = text(
        f"where Harness's API is, `https://<host>/gateway`; by default `{HARNESS_SAAS}`",
        grammar=HARNESS_ENDPOINT,
    )
    login = text("NAME of the API key, in each stack that publishes", grammar=CREDENTIAL_NAME)
    on_destroy = text(
        "what happens to the record in Harness, which cannot be deleted: it is reset to Harness's default (the "
        "default), or kept",
        ("reset", "retain"),
    )
    tags = text(
        "who chooses the tags of images that have a key in Harness. ours (the default): they are published with the "
        "mirrored tags. theirs: Harness chooses, and the mirror must have what it chooses",
        ("ours", "theirs"),
    )


class _AllowOverrides(Group, key="allow_overrides"):
    settings = texts("only these may be set below", choices=LOCKABLE, least=1)
    scopes = texts(
        "only in these scopes and below them: paths below the account, as in `payments/lab`",
        grammar=PATH_OF_SCOPE,
        least=1,
    )
    registries = texts(
        "for `image_registry`, only these names may be chosen, or any name: `all`",
        or_text=("all",),
        grammar=REGISTRY_NAME,
        least=1,
    )


IMAGE_REGISTRY, IMAGES, REPOSITORIES, MIRROR = _ImageRegistry, _Images, _Repositories, _Mirror
CLUSTER, NAMESPACE, PULL_SECRET, ALLOW_OVERRIDES = _Cluster, _Namespace, _PullSecret, _AllowOverrides
HARNESS = _Harness

_MIRROR_TABLE = MIRROR.table(
    "what the owner's stack copies into the registry; `off` if something else fills it", or_off=True
)
_REPOSITORIES_TABLE = REPOSITORIES.table("how the owner's repositories are made")
_A_REGISTRY = Table(
    "a server and a path on it, owned by the scope that defines it",
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
        grammar=PATH_OF_SCOPE,
        or_one=True,
        most=10,
    )
    allow_overrides: Setting[bool | dict[str, Any]] = Setting(
        ALLOW_OVERRIDES.table(
            "whether levels below may set registry, images or mirror: all of them, or as these keys allow; every given "
            "key must hold",
            or_flag=True,
            least=1,
        )
    )
    registries = mapping(
        Named("registries that this level and those below can choose by name", _A_REGISTRY, NEW_REGISTRY_NAME)
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
        "image → full reference to use instead", tuple(load_catalogue().custom_image_keys), grammar=REFERENCE
    )
    allow_images = texts(
        "the only places to pull images from, besides the chosen registry; by default anywhere",
        grammar=BEGINNING,
    )
    required_images = texts("the images instead of the infrastructure type's own list", grammar=REFERENCE)
    repositories = mapping(_REPOSITORIES_TABLE)
    mirror: Setting[bool | dict[str, Any]] = Setting(_MIRROR_TABLE)
    on_destroy = text(
        "what becomes of a mirrored image that leaves the program, by `destroy` or by a new release, and of "
        "repositories by `destroy`. retain (the default): it is kept. delete: its tag goes at once, "
        "with all that no other tag uses, if this stack wrote it and nothing else of the run or of any stack file "
        "still has it",
        ("retain", "delete"),
    )
    type = text("the infrastructure's type", ("ddcr", "dedicated"))
    cluster = mapping(CLUSTER.table("which cluster; required"))
    namespace = mapping(NAMESPACE.table("where the chaos Pods run; made if missing", short="name"))
    service_accounts = texts(
        "ServiceAccounts that get the pull Secret, as one entry of their `imagePullSecrets`; a missing account is "
        "made, and left behind",
        grammar=KUBERNETES_SUBDOMAIN,
    )
    pull_secret = mapping(PULL_SECRET.table("the Secret that the kubelet pulls with"))
    enforce = text(
        "what the cluster does with Pods in the infrastructure's namespace whose image is neither a resolved one nor "
        "in `allow_images`. off (the default): nothing. warn: their creator is warned, and the audit log records it. "
        "deny: they are refused. A level below may always be stricter",
        ("off", "warn", "deny"),
    )
    labels = text_map(
        "labels for every Kubernetes object that we create", key_grammar=LABEL_KEY, grammar=LABEL_VALUE, or_empty=True
    )
    annotations = text_map(
        "annotations for every Kubernetes object that we create", key_grammar=LABEL_KEY, or_empty=True
    )
    harness = mapping(HARNESS.table("the same settings in Harness itself"))
    harness_id = text("this scope's identifier in Harness, if not ours", grammar=HARNESS_IDENTIFIER)
    environment = text(
        "the identifier of the Harness environment, if Harness names infrastructures by it, too",
        grammar=HARNESS_IDENTIFIER,
    )


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
