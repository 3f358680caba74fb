"""What the constructors take: the table of settings as types, for editors and type checkers.

Written by `python -m pulumi_chaosreg.components.write_arguments`: edit the table instead. Values are plain, since they
decide which resources there are; what may be an Output is an argument of its own.
"""

from typing import Literal, TypedDict


class AllowOverridesArgs(TypedDict, total=False):
    """whether levels below may set registry, images or mirror: all of them, or as these keys allow; every given key
    must hold
    """

    settings: list[
        Literal["image_registry", "custom_images", "allow_images", "images", "required_images", "mirror", "enforce"]
    ]
    """only these may be set below"""

    scopes: list[str]
    """only in these scopes and below them: paths below the account, as in `payments/lab`"""

    registries: Literal["all"] | list[str]
    """for `image_registry`, only these names may be chosen, or any name: `all`"""


class AuthenticationArgs(TypedDict, total=False):
    """how the cluster logs in; belongs to its server"""

    type: Literal[
        "kubernetes_secret", "basic", "token", "node_identity", "aws_ecr", "gcp_service_account", "made", "azure"
    ]
    """kubernetes_secret if only `secret_name` is given, basic if `username` is; token: a password that needs no
    `username` on ghcr.io and quay.io; node_identity: the registry trusts the node's own identity, and there is no
    credential; made: the registry's owner makes the credential together with its repositories, and renews it
    """

    secret_name: str
    """the pull Secret's name in the cluster"""

    namespace: str
    """where that Secret is: the default of the infrastructure's `namespace`; a finding if that differs"""

    username: str
    """the user of basic authentication"""

    password_secret: str
    """NAME of the value `chaosreg-credentials:NAME`"""

    password_env: str
    """the environment variable that holds the password if no value is configured"""

    region: str
    """aws_ecr: the registry's region"""

    key_file: str
    """gcp_service_account: a read-only service account's JSON key, a path from the folder of Pulumi.yaml; keep it out
    of Git
    """

    lifetime_days: int
    """made: how long a credential is good; after half of that time there is a new one, and the old one stays good until
    its end (2 to 730)
    """

    per: Literal["owner", "stack"]
    """made: for whom there is a credential. owner (the default): one for all that pull from the registry. stack: one
    for each stack with infrastructures
    """


class IdentityArgs(TypedDict, total=False):
    """one identity, exact or as a regular expression, and who vouches for it"""

    identity: str
    """a mail address, or the URI of a workflow"""

    identity_regexp: str
    """must match the whole identity"""

    issuer: str
    """as in `https://token.actions.githubusercontent.com`; compared exactly"""


class VerifyArgs(TypedDict, total=False):
    """who must have signed if `signatures` is `require`: any one of these; used whole from the nearest level"""

    public_keys: list[str]
    """PEM files, beside Pulumi.yaml or below, or the PEM texts themselves"""

    identities: list[IdentityArgs]
    """whom certificates must name"""

    trusted_root: str
    """the sigstore instance's `trusted_root.json`, beside Pulumi.yaml or below"""

    each_platform: bool
    """whether every platform must be signed, as by `cosign sign --recursive`"""


class MirrorArgs(TypedDict, total=False):
    """what the owner's stack copies into the registry; `off` if something else fills it"""

    source: str
    """`server/account` to copy from"""

    also: list[str]
    """further images to copy into the registry, whoever pulls them: full references, as in `custom_images`; the last
    part of the path goes under the registry's account
    """

    allow_sources: list[str]
    """the only sources that may be copied from; by default Harness's own"""

    platforms: Literal["all"] | list[str]
    """which platforms to keep; by default all. A subset gets a new index without the others, with its own digest (the
    lockfile has both), so that signatures of upstream's index do not apply to it, but those of its children do
    """

    foreign_layers: Literal["refuse", "keep"]
    """what to do with an image whose layers only their vendor may distribute (Windows base images). refuse (the
    default): it is not copied. keep: its manifest is copied byte for byte and these layers are not, so every node
    fetches them from the vendor's address
    """

    signatures: Literal["copy", "require", "skip"]
    """whether signatures are copied, also required before anything is copied, or skipped"""

    verify: VerifyArgs
    """who must have signed if `signatures` is `require`: any one of these; used whole from the nearest level"""

    push: str
    """NAME of the credential that pushes; otherwise the machine's docker config"""

    pull: str
    """NAME of the credential that reads the source"""

    delete: str
    """NAME of the credential that removes images (`on_destroy: delete`); that of `push` otherwise"""

    wait_for_scan: str
    """how long to wait, as in `10m`, for a registry that gives out an image only once it was scanned (Harbor's
    `prevent_vulnerable`); otherwise a warning says that nodes cannot pull it yet
    """


class PullersArgs(TypedDict, total=False):
    """who may pull besides the account that has the registry (Amazon ECR); used whole from the nearest level"""

    accounts: list[str]
    """AWS account numbers"""

    roles: list[str]
    """role ARNs"""

    organization: str
    """a whole AWS organization: `o-…`"""


class MembersArgs(TypedDict, total=False):
    """who gets a role on the repository (Google Artifact Registry), as IAM names them; used whole from the nearest
    level
    """

    pull: list[str]
    """readers: nodes' service accounts, groups"""

    push: list[str]
    """writers: whoever mirrors"""

    delete: list[str]
    """administrators of the repository: whoever prunes"""


class GithubArgs(TypedDict, total=False):
    """a workflow of one repository, on one branch or tag, or in one environment: the account's OIDC provider
    `token.actions.githubusercontent.com` vouches for it
    """

    repository: str
    """`owner/repository`"""

    ref: str
    """`refs/heads/main`; `*` in it stands for any"""

    environment: str
    """the environment that the job names"""


class ServiceAccountArgs(TypedDict, total=False):
    """a ServiceAccount of a cluster whose issuer is an OIDC provider of the account"""

    issuer: str
    """the issuer of the cluster's tokens"""

    namespace: str
    """its namespace"""

    name: str
    """its name"""


class PodIdentityArgs(TypedDict, total=False):
    """a ServiceAccount by EKS Pod Identity"""

    namespace: str
    """its namespace"""

    service_account: str
    """its name"""

    cluster: str
    """the cluster's name; by default any of the account"""


class TrustArgs(TypedDict, total=False):
    """who may assume it: everybody given here, exactly; a list for several"""

    github: GithubArgs
    """a workflow of one repository, on one branch or tag, or in one environment: the account's OIDC provider
    `token.actions.githubusercontent.com` vouches for it
    """

    roles: list[str]
    """role ARNs, of this account or others"""

    account: str
    """an AWS account number; without roles, `root` must confirm it"""

    root: bool
    """trust everybody in `account` whom its policies allow"""

    service_account: ServiceAccountArgs
    """a ServiceAccount of a cluster whose issuer is an OIDC provider of the account"""

    pod_identity: PodIdentityArgs
    """a ServiceAccount by EKS Pod Identity"""


class RoleArgs(TypedDict, total=False):
    """a role that may do just this, in just the owner's repositories"""

    trust: TrustArgs | list[TrustArgs]
    """who may assume it: everybody given here, exactly; a list for several"""


class IdentitiesArgs(TypedDict, total=False):
    """roles to create (Amazon ECR), if policy documents are not enough; used whole from the nearest level"""

    push: RoleArgs
    """a role that may do just this, in just the owner's repositories"""

    pull: RoleArgs
    """a role that may do just this, in just the owner's repositories"""

    delete: RoleArgs
    """a role that may do just this, in just the owner's repositories"""

    path: str
    """the roles' path; by default `/`"""

    permissions_boundary: str
    """ARN of the policy that bounds them"""


class AwsArgs(TypedDict, total=False):
    """who creates repositories and roles, if not whoever runs `pulumi up`; used whole from the nearest level"""

    assume_role: str
    """ARN of a role to assume first"""

    profile: str
    """a profile of the machine's AWS configuration"""


class PrincipalsArgs(TypedDict, total=False):
    """who gets a role: object IDs of managed identities and service principals, `group:ID`, `user:ID`"""

    pull: list[str]
    """readers: the kubelet identity of AKS"""

    push: list[str]
    """writers: whoever mirrors"""

    delete: list[str]
    """whoever prunes"""


class AzureArgs(TypedDict, total=False):
    """where the registry is (Azure Container Registry), and what is made there; used whole from the nearest level"""

    subscription_id: str
    """the subscription that has it"""

    resource_group: str
    """the resource group that has it; never made"""

    permissions: Literal["rbac", "abac"]
    """the registry's role assignment mode. rbac: `AcrPull` and its like, on the whole registry. abac: roles with a
    condition on the registry's path; `AcrPull` does not count there
    """

    principals: PrincipalsArgs
    """who gets a role: object IDs of managed identities and service principals, `group:ID`, `user:ID`"""

    tokens: list[Literal["pull", "push", "delete"]]
    """the identities to make a token for, with a scope map for the registry's path alone; without passwords"""

    create_registry: bool
    """whether the registry itself is made; by default it must exist, and stays as it is"""

    location: str
    """the region of a registry that is made"""

    sku: Literal["Basic", "Standard", "Premium"]
    """the tier of a registry that is made; by default Standard"""

    public_network: bool
    """false: a registry that is made has private endpoints only; Premium"""

    allowed_ips: list[str]
    """only these reach a registry that is made; Premium"""


class HarborArgs(TypedDict, total=False):
    """what only Harbor knows of the project that is made; used whole from the nearest level"""

    public: bool
    """whether everybody may pull; by default as `image_registry.type` says"""

    quota: str
    """how much the project may hold, as in `50GiB`, or `unlimited`; only an administrator of Harbor sets it. By default
    Harbor's own
    """

    prevent_vulnerable: Literal["off", "none", "low", "medium", "high", "critical"]
    """from which severity on an image with a known vulnerability is not given out; an image that is not scanned yet is
    not given out either then. off (the default): all are
    """

    adopt: bool
    """whether to take over a project that is there; by default that is an error"""

    robot_days: int
    """how long the robots live that push and delete, 2 days or more; renewed at half of it, by default 30"""


class RepositoriesArgs(TypedDict, total=False):
    """how the owner's repositories are made"""

    create: bool
    """whether `up` creates them"""

    immutable_tags: bool
    """whether tags are immutable"""

    scan_on_push: bool
    """whether pushed images are scanned"""

    expire_untagged_after_days: int
    """days until untagged manifests are deleted"""

    kms_key: str
    """the key that encrypts them (a KMS key: its ARN at Amazon ECR, its resource name at Artifact Registry); by default
    the registry's own
    """

    repository_key: str
    """the key of the one repository that the server's host or port stands for (Artifactory); by default the path
    (`account`) begins with it. Said where the registry is defined
    """

    tags: dict[str, str]
    """cloud tags for the created resources"""

    pullers: PullersArgs
    """who may pull besides the account that has the registry (Amazon ECR); used whole from the nearest level"""

    members: MembersArgs
    """who gets a role on the repository (Google Artifact Registry), as IAM names them; used whole from the nearest
    level
    """

    identities: IdentitiesArgs
    """roles to create (Amazon ECR), if policy documents are not enough; used whole from the nearest level"""

    aws: AwsArgs
    """who creates repositories and roles, if not whoever runs `pulumi up`; used whole from the nearest level"""

    login: str
    """NAME of the credential that makes them, if the registry knows no cloud's identity (Harbor, Artifactory)"""

    azure: AzureArgs
    """where the registry is (Azure Container Registry), and what is made there; used whole from the nearest level"""

    harbor: HarborArgs
    """what only Harbor knows of the project that is made; used whole from the nearest level"""

    protect: bool
    """whether the engine refuses to delete them"""


class RegistryArgs(TypedDict, total=False):
    """a server and a path on it, owned by the scope that defines it"""

    server: str
    """host, with port if it has one"""

    account: str
    """path between the server and the image"""

    type: Literal["public", "private"]
    """whether pulling needs a credential"""

    kind: Literal["artifactory", "generic", "harbor"]
    """needed if the host does not show it"""

    authentication: AuthenticationArgs
    """how the cluster logs in; belongs to its server"""

    mirror: Literal["off", False] | MirrorArgs
    """what the owner's stack copies into the registry; `off` if something else fills it"""

    repositories: RepositoriesArgs
    """how the owner's repositories are made"""


class ImageRegistryArgs(TypedDict, total=False):
    """where the cluster pulls from: a registry's name, or the registry itself, which then belongs to the scope that
    sets `server`
    """

    server: str
    """host, with port if it has one"""

    account: str
    """path between the server and the image"""

    type: Literal["public", "private"]
    """whether pulling needs a credential"""

    kind: Literal["artifactory", "generic", "harbor"]
    """needed if the host does not show it"""

    authentication: AuthenticationArgs
    """how the cluster logs in; belongs to its server"""

    name: str
    """a registry named under `registries:` at this level or above; used whole"""


class ImagesArgs(TypedDict, total=False):
    """which tags"""

    release: str
    """the release of Harness Chaos Engineering; never inferred"""

    tags: dict[str, str]
    """image name → tag, if not the release's"""

    pin: Literal["strict", "record", "off"]
    """how firmly digests hold. strict: everything mirrored or pulled must be in the lockfile, and a cluster gets
    `tag@digest`. record: the same digests are locked and copied, but a cluster gets tags (for tools that cannot take
    `tag@digest`), and an image not locked yet is a warning. off: no lockfile is needed or read; a tag is resolved when
    its image is copied, so that a preview does not know the digest, and a cluster gets tags. By default mirrored images
    and moving tags must be locked; a cluster gets `tag@digest` if the digest is known
    """


class CustomImagesArgs(TypedDict, total=False):
    """image → full reference to use instead"""

    chaos_argoexec: str

    chaos_ddcr: str

    chaos_ddcr_faults: str

    chaos_event_watcher: str

    chaos_exporter: str

    chaos_go_runner: str

    chaos_log_watcher: str

    chaos_operator: str

    chaos_runner: str

    chaos_subscriber: str

    chaos_workflow_controller: str

    ddcr: str

    ddcr_fault: str

    ddcr_lib: str

    go_runner: str

    k8s_chaos_infrastructure_upgrader: str

    load_test_runner: str

    log_watcher: str

    service_discovery_collector: str


class NamespaceArgs(TypedDict, total=False):
    """where the chaos Pods run; made if missing"""

    name: str
    """the namespace"""

    create: bool
    """false: it must already exist"""


class PullSecretArgs(TypedDict, total=False):
    """the Secret that the kubelet pulls with"""

    create: bool
    """whether we create it"""

    name: str
    """its name"""

    adopt: bool
    """whether to take over an existing Secret of this name"""

    delivery: Literal["theirs", "secret", "refresher", "external_secrets", "node_identity"]
    """how a pull credential reaches the kubelet, if the default does not fit. theirs: a Secret that somebody else made.
    secret: a Secret of ours. node_identity: the node has an identity that the registry trusts, and there is no Secret.
    refresher: a Secret of ours, which a CronJob in the cluster renews. external_secrets: not in this version
    """

    identity: str
    """who the refresher is. AWS: the ARN of a role that trusts its ServiceAccount, or `eks_pod_identity`. Google: the
    full name of a workload identity provider, or on GKE a service account's address. Azure: `TENANT_ID/CLIENT_ID`, or
    on AKS `CLIENT_ID`. AWS and Azure: the NAME of the keys `chaosreg-credentials:NAME`
    """

    refresher_image: str
    """the image that the refresher runs, with Python 3.9 or newer; by default
    `public.ecr.aws/docker/library/python:3.13-alpine`. It must be pullable without the Secret that it renews
    """

    refresher_environment: dict[str, str]
    """more environment variables for it: a proxy (`HTTPS_PROXY`), a private endpoint (`AWS_ENDPOINT_URL_ECR`)"""


class HarnessArgs(TypedDict, total=False):
    """the same settings in Harness itself"""

    publish: bool
    """whether `up` also writes this level's registry into Harness; not inherited"""

    account_id: str
    """the account's identifier in Harness"""

    endpoint: str
    """where Harness's API is, `https://<host>/gateway`; by default `https://app.harness.io/gateway`"""

    login: str
    """NAME of the API key, in each stack that publishes"""

    on_destroy: Literal["reset", "retain"]
    """what happens to the record in Harness, which cannot be deleted: it is reset to Harness's default (the default),
    or kept
    """

    tags: Literal["ours", "theirs"]
    """who chooses the tags of images that have a key in Harness. ours (the default): they are published with the
    mirrored tags. theirs: Harness chooses, and the mirror must have what it chooses
    """


class InfrastructureArgs(TypedDict, total=False):
    """the settings of an infrastructure; every one is optional"""

    moved_from: str | list[str]
    """the paths that this scope had before it was renamed or moved, oldest first; keep the oldest"""

    allow_overrides: bool | AllowOverridesArgs
    """whether levels below may set registry, images or mirror: all of them, or as these keys allow; every given key
    must hold
    """

    registries: dict[str, RegistryArgs]
    """registries that this level and those below can choose by name"""

    image_registry: str | ImageRegistryArgs
    """where the cluster pulls from: a registry's name, or the registry itself, which then belongs to the scope that
    sets `server`
    """

    images: ImagesArgs
    """which tags"""

    custom_images: CustomImagesArgs
    """image → full reference to use instead"""

    allow_images: list[str]
    """the only places to pull images from, besides the chosen registry; by default anywhere"""

    required_images: list[str]
    """the images instead of the infrastructure type's own list"""

    repositories: RepositoriesArgs
    """how the owner's repositories are made"""

    mirror: Literal["off", False] | MirrorArgs
    """what the owner's stack copies into the registry; `off` if something else fills it"""

    on_destroy: Literal["retain", "delete"]
    """what becomes of a mirrored image that leaves the program, by `destroy` or by a new release, and of repositories
    by `destroy`. retain (the default): it is kept. delete: its tag goes at once, with all that no other tag uses, if
    this stack wrote it and nothing else of the run or of any stack file still has it
    """

    type: Literal["ddcr", "dedicated"]
    """the infrastructure's type"""

    namespace: str | NamespaceArgs
    """where the chaos Pods run; made if missing"""

    service_accounts: list[str]
    """ServiceAccounts that get the pull Secret, as one entry of their `imagePullSecrets`; a missing account is made,
    and left behind
    """

    pull_secret: PullSecretArgs
    """the Secret that the kubelet pulls with"""

    enforce: Literal["off", "warn", "deny"]
    """what the cluster does with Pods in the infrastructure's namespace whose image is neither a resolved one nor in
    `allow_images`. off (the default): nothing. warn: their creator is warned, and the audit log records it. deny: they
    are refused. A level below may always be stricter
    """

    labels: dict[str, str]
    """labels for every Kubernetes object that we create"""

    annotations: dict[str, str]
    """annotations for every Kubernetes object that we create"""

    harness: HarnessArgs
    """the same settings in Harness itself"""

    harness_id: str
    """this scope's identifier in Harness, if not ours"""

    environment: str
    """the identifier of the Harness environment, if Harness names infrastructures by it, too"""


class ClusterArgs(TypedDict, total=False):
    """which cluster; required"""

    kubeconfig: str
    """path of the kubeconfig; $KUBECONFIG or ~/.kube/config otherwise"""

    context: str
    """context in it"""

    identifier: str
    """the cluster's permanent name; the context otherwise"""

    provider: Literal["eks", "gke", "gke_autopilot", "aks", "openshift", "other"]
    """what runs the nodes: a registry of the same cloud may trust them directly, and GKE Autopilot takes digests only;
    by default other
    """


class LevelArgs(InfrastructureArgs, total=False):
    """the settings of a level above infrastructures"""

    cluster: ClusterArgs
    """which cluster; required"""
