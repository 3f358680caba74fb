"""What the constructors take: the table of settings as types, for editors and type checkers.

Written by `python -m pulumi_chaosreg.components.write_arguments`: edit the table instead. Values are plain, since they
decide which resources there are; what may be an Output is an argument of its own.
"""

from typing import Literal, TypedDict


class AllowOverridesArgs(TypedDict, total=False):
    """whether levels below may set registry, images or mirror: all of it, or what these keys leave; all that are given
    must hold
    """

    settings: list[
        Literal["image_registry", "custom_images", "allow_images", "images", "required_images", "mirror", "enforce"]
    ]
    """only these may be set below"""

    scopes: list[str]
    """only in these scopes and below them: paths below the account, as in `payments/lab`"""

    registries: Literal["all"] | list[str]
    """of `image_registry` only a name of these may be chosen, or any name: `all`"""


class AuthenticationArgs(TypedDict, total=False):
    """how the cluster proves who it is; belongs to its server"""

    type: Literal["kubernetes_secret", "basic", "token", "node_identity", "aws_ecr", "gcp_service_account", "azure"]
    """kubernetes_secret where only `secret_name` is given, basic where `username` is; node_identity: the node has an
    identity of its own that the registry trusts, and no credential exists
    """

    secret_name: str
    """the pull Secret's name in the cluster"""

    namespace: str
    """where that Secret is: the default of the infrastructure's `namespace`, and a finding where that differs"""

    username: str
    """the user of basic authentication"""

    password_secret: str
    """NAME of the value `chaosreg-credentials:NAME`"""

    password_env: str
    """the environment variable that holds the password where no value is configured"""

    region: str
    """aws_ecr: the registry's region"""

    key_file: str
    """gcp_service_account: the JSON key of a service account that may only read, a path from the folder of Pulumi.yaml;
    Git must not have it
    """


class IdentityArgs(TypedDict, total=False):
    """one identity, exactly or as a regular expression, and who vouches for it"""

    identity: str
    """a mail address, or the URI of a workflow"""

    identity_regexp: str
    """must match the whole identity"""

    issuer: str
    """as in `https://token.actions.githubusercontent.com`; compared exactly"""


class VerifyArgs(TypedDict, total=False):
    """who must have signed where `signatures` is `require`: any one of these; taken whole from the nearest level"""

    public_keys: list[str]
    """PEM files, beside Pulumi.yaml or below, or the PEM texts themselves"""

    identities: list[IdentityArgs]
    """whom certificates must name"""

    trusted_root: str
    """the sigstore instance's `trusted_root.json`, beside Pulumi.yaml or below"""

    each_platform: bool
    """whether every platform must be signed itself, as `cosign sign --recursive` does it"""


class MirrorArgs(TypedDict, total=False):
    """what the owner's stack copies into the registry; `off` where somebody else fills it"""

    source: str
    """`server/account` to copy from"""

    also: list[str]
    """further images to copy into the registry, whoever pulls them: full references, as `custom_images` has them; the
    last part of the path goes under the registry's account
    """

    allow_sources: list[str]
    """the only sources that may be copied from; Harness's own where nobody says"""

    platforms: Literal["all"] | list[str]
    """which platforms to keep; all where nobody says. A subset's index is written again without the others: its digest
    is our own (the lockfile has it beside upstream's), and signatures of upstream's index do not apply to it, those of
    its children do
    """

    foreign_layers: Literal["refuse", "keep"]
    """what happens to an image with layers that their vendor alone may hand out (Windows base images). refuse (also
    where nobody says): it is not copied. keep: its manifest is copied byte for byte and these layers are not, so every
    node fetches them from the vendor's address
    """

    signatures: Literal["copy", "require", "skip"]
    """copied along, or required too before anything is copied, or left behind"""

    verify: VerifyArgs
    """who must have signed where `signatures` is `require`: any one of these; taken whole from the nearest level"""

    push: str
    """NAME of the credential that pushes; otherwise the machine's docker config"""

    pull: str
    """NAME of the credential that reads the source"""

    delete: str
    """NAME of the credential that removes images (`on_destroy: delete`); that of `push` otherwise"""


class PullersArgs(TypedDict, total=False):
    """who may pull besides the account that has the registry (Amazon ECR); taken whole from the nearest level"""

    accounts: list[str]
    """numbers of AWS accounts"""

    roles: list[str]
    """ARNs of roles"""

    organization: str
    """an organization of AWS, all of it: `o-…`"""


class MembersArgs(TypedDict, total=False):
    """who gets a role on the repository (Google Artifact Registry), as IAM names them; taken whole from the nearest
    level
    """

    pull: list[str]
    """readers: nodes' service accounts, groups"""

    push: list[str]
    """writers: who mirrors"""

    delete: list[str]
    """administrators of the repository: who prunes"""


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
    """name of the cluster; any of the account where nobody says"""


class TrustArgs(TypedDict, total=False):
    """who may become it: each of these that is given, exactly; several as a list"""

    github: GithubArgs
    """a workflow of one repository, on one branch or tag, or in one environment: the account's OIDC provider
    `token.actions.githubusercontent.com` vouches for it
    """

    roles: list[str]
    """ARNs of roles, of this account or others"""

    account: str
    """number of an AWS account; all of it, which `root` must say"""

    root: bool
    """whether everybody in `account` whom that account allows it"""

    service_account: ServiceAccountArgs
    """a ServiceAccount of a cluster whose issuer is an OIDC provider of the account"""

    pod_identity: PodIdentityArgs
    """a ServiceAccount by EKS Pod Identity"""


class RoleArgs(TypedDict, total=False):
    """a role that may do just this, in just the owner's repositories"""

    trust: TrustArgs | list[TrustArgs]
    """who may become it: each of these that is given, exactly; several as a list"""


class IdentitiesArgs(TypedDict, total=False):
    """roles to make (Amazon ECR), where policy documents are not enough; taken whole from the nearest level"""

    push: RoleArgs
    """a role that may do just this, in just the owner's repositories"""

    pull: RoleArgs
    """a role that may do just this, in just the owner's repositories"""

    delete: RoleArgs
    """a role that may do just this, in just the owner's repositories"""

    path: str
    """the roles' path; `/` where nobody says"""

    permissions_boundary: str
    """ARN of the policy that bounds them"""


class AwsArgs(TypedDict, total=False):
    """as whom repositories and roles are made, where that is not who runs `pulumi up`; taken whole from the nearest
    level
    """

    assume_role: str
    """ARN of a role to assume first"""

    profile: str
    """a profile of the machine's AWS configuration"""


class RepositoriesArgs(TypedDict, total=False):
    """how the owner's repositories are made"""

    create: bool
    """whether `up` makes them"""

    immutable_tags: bool
    """whether a tag may move"""

    scan_on_push: bool
    """whether pushed images are scanned"""

    expire_untagged_after_days: int
    """when untagged manifests may go, days"""

    kms_key: str
    """the key that encrypts them (Amazon ECR: a KMS key's ARN; Artifact Registry: its resource name); the registry's
    own where nobody says
    """

    tags: dict[str, str]
    """tags of the cloud for what is made"""

    pullers: PullersArgs
    """who may pull besides the account that has the registry (Amazon ECR); taken whole from the nearest level"""

    members: MembersArgs
    """who gets a role on the repository (Google Artifact Registry), as IAM names them; taken whole from the nearest
    level
    """

    identities: IdentitiesArgs
    """roles to make (Amazon ECR), where policy documents are not enough; taken whole from the nearest level"""

    aws: AwsArgs
    """as whom repositories and roles are made, where that is not who runs `pulumi up`; taken whole from the nearest
    level
    """

    protect: bool
    """whether the engine refuses to delete them"""


class RegistryArgs(TypedDict, total=False):
    """a server and a path on it; whoever defines it owns it"""

    server: str
    """host, with port if it has one"""

    account: str
    """path between the server and the image"""

    type: Literal["public", "private"]
    """whether pulling needs a credential"""

    kind: Literal["artifactory", "generic", "harbor"]
    """where the host does not tell"""

    authentication: AuthenticationArgs
    """how the cluster proves who it is; belongs to its server"""

    mirror: Literal["off", False] | MirrorArgs
    """what the owner's stack copies into the registry; `off` where somebody else fills it"""

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
    """where the host does not tell"""

    authentication: AuthenticationArgs
    """how the cluster proves who it is; belongs to its server"""

    name: str
    """a registry that `registries:` names at this level or above; taken whole"""


class ImagesArgs(TypedDict, total=False):
    """which tags"""

    release: str
    """the release of Harness Chaos Engineering, always written"""

    tags: dict[str, str]
    """image name → tag, where it differs from the release's"""

    pin: Literal["strict", "record", "off"]
    """how firmly digests hold. strict: all that is mirrored or pulled must be in the lockfile, and a cluster gets
    `tag@digest`. record: the same digests are locked and copied, but a cluster gets tags (for tools that cannot take
    `tag@digest`), and what is not locked yet is a warning. off: no lockfile is needed or read; a tag is resolved when
    its image is copied, so that a preview does not know the digest, and a cluster gets tags. Where nobody says: what is
    mirrored must be locked, and tags that move; a cluster gets `tag@digest` where the digest is known
    """


class CustomImagesArgs(TypedDict, total=False):
    """image → full reference that is used instead"""

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
    """false: it must be there"""


class PullSecretArgs(TypedDict, total=False):
    """the Secret that the kubelet pulls with"""

    create: bool
    """whether we make it"""

    name: str
    """its name"""

    adopt: bool
    """whether a Secret of this name that is there already becomes ours"""

    delivery: Literal["theirs", "secret", "refresher", "external_secrets", "node_identity"]
    """how a pull credential reaches the kubelet, where the default does not fit. theirs: a Secret that somebody else
    made. secret: a Secret of ours. node_identity: the node has an identity that the registry trusts, and there is no
    Secret. refresher: a Secret of ours, which a CronJob in the cluster renews. external_secrets: not in this version
    """

    identity: str
    """who the refresher is: the ARN of a role that trusts its ServiceAccount, `eks_pod_identity`, or the NAME of the
    keys `chaosreg-credentials:NAME`
    """

    refresher_image: str
    """the image that the refresher runs, with Python 3.9 or newer; `public.ecr.aws/docker/library/python:3.13-alpine`
    where nobody says. It must be pullable without the Secret that it renews
    """

    refresher_environment: dict[str, str]
    """more environment variables for it: a proxy (`HTTPS_PROXY`), a private endpoint (`AWS_ENDPOINT_URL_ECR`)"""


class HarnessArgs(TypedDict, total=False):
    """the same settings in Harness itself"""

    publish: bool
    """whether `up` writes this level's registry into Harness, too; of this level alone: others say it themselves"""

    account_id: str
    """the account's identifier in Harness"""

    endpoint: str
    """where Harness's API is, `https://<host>/gateway`; `https://app.harness.io/gateway` where nobody says"""

    login: str
    """NAME of the API key, in each stack that publishes"""

    on_destroy: Literal["reset", "retain"]
    """what becomes of the record in Harness, which nobody can delete: it goes back to Harness's default (also where
    nobody says), or stays
    """

    tags: Literal["ours", "theirs"]
    """who chooses the tags of images that have a key in Harness. ours (also where nobody says): they are published with
    the tags that are mirrored. theirs: Harness chooses, and the mirror must hold what it chooses
    """


class InfrastructureArgs(TypedDict, total=False):
    """the settings of an infrastructure; every one is optional"""

    moved_from: str | list[str]
    """the paths that this scope had before it was renamed or moved, oldest first; keep the oldest"""

    allow_overrides: bool | AllowOverridesArgs
    """whether levels below may set registry, images or mirror: all of it, or what these keys leave; all that are given
    must hold
    """

    registries: dict[str, RegistryArgs]
    """registries that this level and those below may choose by name"""

    image_registry: str | ImageRegistryArgs
    """where the cluster pulls from: a registry's name, or the registry itself, which then belongs to the scope that
    sets `server`
    """

    images: ImagesArgs
    """which tags"""

    custom_images: CustomImagesArgs
    """image → full reference that is used instead"""

    allow_images: list[str]
    """the only places that images may be pulled from, beside the chosen registry itself; anywhere where nobody says"""

    required_images: list[str]
    """the images instead of the infrastructure type's own list"""

    repositories: RepositoriesArgs
    """how the owner's repositories are made"""

    mirror: Literal["off", False] | MirrorArgs
    """what the owner's stack copies into the registry; `off` where somebody else fills it"""

    on_destroy: Literal["retain", "delete"]
    """what `destroy` does with images and repositories"""

    type: Literal["ddcr", "dedicated"]
    """the infrastructure's type"""

    namespace: str | NamespaceArgs
    """where the chaos Pods run; made if missing"""

    service_accounts: list[str]
    """accounts that get the pull Secret"""

    pull_secret: PullSecretArgs
    """the Secret that the kubelet pulls with"""

    enforce: Literal["off", "warn", "deny"]
    """what the cluster does with Pods of the infrastructure's namespace that use another image than its resolved ones
    and what `allow_images` names. off (also where nobody says): nothing. warn: who makes them is warned, and the audit
    log has it. deny: they are refused. A level below may always say a stricter word
    """

    labels: dict[str, str]
    """labels for every Kubernetes object that we make"""

    annotations: dict[str, str]
    """annotations for every Kubernetes object that we make"""

    harness: HarnessArgs
    """the same settings in Harness itself"""

    harness_id: str
    """this scope's identifier in Harness, where it differs from ours"""

    environment: str
    """the identifier of the Harness environment, where Harness names infrastructures by it, too"""


class ClusterArgs(TypedDict, total=False):
    """which cluster; always given"""

    kubeconfig: str
    """path of the kubeconfig; $KUBECONFIG or ~/.kube/config otherwise"""

    context: str
    """context in it"""

    identifier: str
    """the cluster's lasting name; the context otherwise"""

    provider: Literal["eks", "gke", "aks", "openshift", "other"]
    """what runs the nodes: on its own cloud a registry may know them by themselves; other where nobody says"""


class LevelArgs(InfrastructureArgs, total=False):
    """the settings of a level above infrastructures"""

    cluster: ClusterArgs
    """which cluster; always given"""
