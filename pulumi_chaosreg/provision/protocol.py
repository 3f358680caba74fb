"""What every provisioner gets and gives, whatever the kind of registry: plain values, and Pulumi's resources in them.

A provisioner is the function `provision` of the module `provision/<name>.py`; `provisioner` in `registries/kinds.toml`
names it. Its cloud's SDK is imported by that module alone, and that one when a registry of the kind is there.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pulumi_chaosreg.clock import today
from pulumi_chaosreg.errors import Place
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.registries.kinds import RegistryKind
from pulumi_chaosreg.scopes.trust import Trusted

if TYPE_CHECKING:
    import pulumi


@dataclass(frozen=True, slots=True)
class OwnedRegistry:
    """The registry of one owner: where its stack mirrors to."""

    server: str
    """In its canonical spelling, with the port where it has one."""
    account: str
    """The path on it, without slashes around; may be empty."""
    kind: RegistryKind
    name: str
    """What the names of its resources begin with: the owner's scope and `server/account`, so that they never move."""
    owner: str
    """The path of the scope that owns it: `acme`, `payments/checkout`."""
    place: Place | None = field(default=None, compare=False)
    """Where its server is written."""

    @property
    def path(self) -> str:
        """`server/account`, or the server alone."""
        return f"{self.server}/{self.account}" if self.account else self.server


@dataclass(frozen=True, slots=True)
class Pullers:
    """Who may pull besides the account that has the registry."""

    accounts: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    organization: str = ""

    def __bool__(self) -> bool:
        return bool(self.accounts or self.roles or self.organization)


@dataclass(frozen=True, slots=True)
class RoleSettings:
    """The roles to make; none where nobody asks."""

    trust: Mapping[str, tuple[Trusted, ...]] = field(default_factory=dict)
    """`push`, `pull`, `delete`, as far as they are asked for → who may become it."""
    path: str = "/"
    permissions_boundary: str = ""


@dataclass(frozen=True, slots=True)
class CloudAccess:
    """As whom things are made, where that is not who runs the program."""

    assume_role: str = ""
    profile: str = ""

    def __bool__(self) -> bool:
        return bool(self.assume_role or self.profile)


@dataclass(frozen=True, slots=True)
class AzureSettings:
    """Where a registry at Azure is, and what is made there; `repositories.azure`."""

    subscription_id: str = ""
    resource_group: str = ""
    permissions: str = ""
    """`rbac` or `abac`: which roles count on the registry."""
    principals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """`pull`, `push`, `delete` → object IDs, some with `group:` or `user:` in front."""
    tokens: tuple[str, ...] = ()
    """The identities that get a token."""
    create_registry: bool = False
    location: str = ""
    sku: str = ""
    public_network: bool = True
    allowed_ips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HarborSettings:
    """What only Harbor knows of the project that is made."""

    public: bool = False
    quota: int | None = None
    """Bytes, -1 for no limit; None where Harbor's default counts."""
    prevent_vulnerable: str = "off"
    """The severity from which on images are not given out; `off` where all are."""
    adopt: bool = False
    """Whether a project that is there is taken over."""
    robot_days: int = 30
    """How long the robots live that push and delete."""
    robots: tuple[str, ...] = ("push",)
    """Which of `push` and `delete` this stack needs to fill the project: those that nobody gives it a login for."""


EXPIRE_AFTER = 14
"""Days. Long enough for a rollback, and for Pods that are pinned to a digest whose tag has moved."""


class MadeCredential(NamedTuple):
    """A pull credential to make, which another takes the place of."""

    stack: str
    """The stack that gets it; empty for one that all have."""
    slot: str
    """`a` or `b`: of the two of a stack one is in use, and one is of the turn before."""
    turn: int
    """Counts on when the slot's credential is made anew."""
    ends: date
    """From this day on nobody counts on it."""
    lifetime_days: int
    """How long it must be good, counted from when it is made."""

    @property
    def suffix(self) -> str:
        """What its resources are called after the registry's own name; the same in every turn."""
        return "/".join(filter(None, ("pull", self.stack, self.slot)))


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """How repositories are made. None means that nobody says: then it is the kind that knows what is best."""

    create: bool = False
    """Whether they are made at all; without, what is given is what others have to make."""
    immutable_tags: bool | None = None
    scan_on_push: bool | None = None
    expire_untagged_after_days: int | None = None
    with_signatures: bool = True
    """Whether tags of signatures and lists of referrers (`sha256-…`) come along; such tags do move."""
    kms_key: str = ""
    """The key that encrypts them; by default the registry's own."""
    repository_key: str = ""
    """Which repository the server's host or port stands for; empty where the path begins with it."""
    tags: Mapping[str, str] = field(default_factory=dict)
    pullers: Pullers = Pullers()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """`pull`, `push`, `delete` → whom Google gives that role on the repository."""
    roles: RoleSettings = RoleSettings()
    aws: CloudAccess = CloudAccess()
    harbor: HarborSettings = HarborSettings()
    login: "pulumi.Input[Any] | None" = field(default=None, repr=False)
    """Who makes them, where no cloud's identity does: a string, or `{username, password}`; secret."""
    made: tuple[MadeCredential, ...] = ()
    """The pull credentials to make with them."""
    day: date = field(default_factory=today)
    """The day that this counts as: what changes by the calendar follows from it."""
    azure: AzureSettings = AzureSettings()
    protect: bool = False
    """Whether the engine refuses to delete them."""
    retain: bool = True
    """Whether `destroy` leaves what was made (`on_destroy: retain`)."""
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    """Key below `repositories` → where it is said."""

    @property
    def expire_after(self) -> int:
        """After how many days untagged images go."""
        return self.expire_untagged_after_days or EXPIRE_AFTER


@dataclass(frozen=True, slots=True)
class ImageRepository:
    """One repository that the owner mirrors into, and the tags that it will hold."""

    path: str
    """The whole path on the server: `chaos/chaos-ddcr`."""
    tags: tuple[str, ...]
    """Sorted."""
    moving_tags: tuple[str, ...] = ()
    """Those of them that are moved from image to image."""

    @classmethod
    def of(cls, images: Iterable[Reference], moves: Callable[[str], bool]) -> "tuple[ImageRepository, ...]":
        """The repositories of images of one registry, sorted by path; `moves` tells which tags do."""
        tags: dict[str, set[str]] = {}
        for image in images:
            tags.setdefault(image.repository, set()).update((image.tag,) if image.tag else ())
        return tuple(
            cls(path, tuple(sorted(of_path)), tuple(sorted(filter(moves, of_path))))
            for path, of_path in sorted(tags.items())
        )


@dataclass(frozen=True, slots=True)
class Access:
    """One of the three identities that are never the same: what it must be allowed, and what was made for it."""

    rights: tuple[str, ...] = ()
    """The least rights, in the registry's own words: actions, roles, scopes. Empty where the kind has no such words."""
    document: "pulumi.Input[str] | None" = None
    """The rights as a text to attach to an identity, as AWS has them."""
    principal: "pulumi.Input[str] | None" = None
    """Who has these rights, where that was made: a role's ARN, a service account, a robot."""
    username: "pulumi.Input[str] | None" = None
    password: "pulumi.Input[str] | None" = field(default=None, repr=False)
    """A secret of Pulumi's; None where nothing that lasts can be given."""


class MadeLogin(NamedTuple):
    """A pull credential that was made."""

    username: "pulumi.Input[str]"
    password: "pulumi.Output[str]"
    """A secret of Pulumi's."""


SERVICE_ACCOUNT_ANNOTATIONS = "service_account_annotations"
"""The name in `Provisioned.node_identity` of what ServiceAccounts need whose Pods pull as an identity of their own."""


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What there is for an owner's images to go to."""

    repositories: Mapping[str, "pulumi.Resource"] = field(default_factory=dict)
    """Path of an image → the resource that has to be there before the image; paths that need none are absent."""
    pull: Access = Access()
    push: Access = Access()
    delete: Access = Access()
    roles: Mapping[str, "pulumi.Resource"] = field(default_factory=dict)
    """`push`, `pull`, `delete` → what was made for this identity to be."""
    logins: Mapping[tuple[str, str], MadeLogin] = field(default_factory=dict)
    """(stack, slot) → the pull credential that was made for it."""
    node_identity: Mapping[str, "pulumi.Input[Any]"] = field(default_factory=dict)
    """What nodes and ServiceAccounts need to pull without a Secret, by name; empty where the kind knows no such way."""
    shared: "pulumi.Resource | None" = None
    """What all images of the registry go to, where that is one thing: made before anybody asks for an image, too."""
    serves_all: bool = False
    """Whether nothing more has to be made for any other image of the registry."""
    must_exist: tuple[str, ...] = ()
    """What nobody makes here and an image needs, each as part of a sentence: "project `chaos` on `harbor.example`"."""

    def serving(self, images: Sequence[ImageRepository]) -> "Provisioned":
        """The same for these images, which all go to what is shared."""
        paths = (image.path for image in images)
        return replace(self, repositories=dict.fromkeys(paths, self.shared) if self.shared else {}, serves_all=True)


class Provisioner(Protocol):
    """Makes what one owner's registry needs."""

    def __call__(
        self,
        registry: OwnedRegistry,
        settings: RepositorySettings,
        images: Sequence[ImageRepository],
        *,
        parent: "pulumi.Resource | None" = None,
        before: Provisioned | None = None,
    ) -> Provisioned:
        """Every resource that it makes is a child of `parent`, and none depends on an Output's value.

        `before` is what was made for other images of the same registry: a program may ask image by image. Who has
        made what `serves_all` is not asked again.
        """
        ...
