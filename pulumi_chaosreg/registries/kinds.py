"""Which kind of registry a server is, by its host, and what is known of that kind. The table is `kinds.toml`."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from pulumi_chaosreg.registries.made_repositories import MadeRepositories
from pulumi_chaosreg.registries.reach import Reach


@dataclass(frozen=True, slots=True)
class HostForm:
    """One form that the hosts of a kind have."""

    pattern: re.Pattern[str]
    """Of the whole host, in lower case, without port; may have the groups `region` and `account_id`."""
    shown: str
    """As people write it."""
    path: tuple[str, ...] = ()
    """What every path on such a host begins with: `PROJECT`, `REPOSITORY`."""
    region: str | None = None
    """Where the host stands for a region that it does not spell out."""
    account: re.Pattern[str] | None = None
    """Of every path on such a host; None where any will do."""
    account_rule: str = ""
    """The same in words."""


@dataclass(frozen=True, slots=True)
class RepositoryNames:
    """Which repositories (`account/image`) a kind takes, beyond the distribution specification's grammar."""

    pattern: re.Pattern[str] | None = None
    shortest: int = 1
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class RegistryKind:
    """One kind of registry."""

    name: str
    hosts: tuple[HostForm, ...]
    """Empty where a host tells nothing."""
    authentication: tuple[str, ...]
    """The authentication types that its pulls accept, beside a Secret that is there already. `node_identity` is one
    of each: a kubelet can have logins and plugins of its own for any server.
    """
    cloud: str | None = None
    """Whose identity opens it: `aws`, `gcp` or `azure`; None for those that know users only."""
    title: str = ""
    """What people call it."""
    aliases: tuple[str, ...] = ()
    """Other names of its one server."""
    is_one: bool = False
    """Whether all of its hosts are one registry."""
    sayable: bool = False
    """Whether `image_registry.kind` may name it: no host tells."""
    cloud_authentication: str | None = None
    """The authentication type that stands for the cloud's identity, as `aws_ecr` does."""
    key_user: str = ""
    """The user whose password is the text of a key file; empty where the cloud has no such keys."""
    no_passwords: Mapping[str, str] = field(default_factory=dict)
    """How secrets begin that it never takes as a password → what they are."""
    token_user: str = ""
    """Who one is with a token that decides alone; empty where a token belongs to a user, who must be named."""
    node_identity_on: tuple[str, ...] = ()
    """The `cluster.provider`s whose nodes have an identity of this cloud: they pull without a Secret."""
    token_seconds: int | None = None
    """How long the cloud's token for it lives, by default; None where it knows no such tokens."""
    refresher: str = ""
    """The script that renews such a token in a cluster; empty where this version has none."""
    is_public: bool = False
    """Whether everybody may pull all that it has."""
    on_internet: bool = False
    """Whether everybody who may pull from its hosts is everybody: no network stands before them."""
    robot: re.Pattern[str] | None = None
    """Users that belong to the first name of a path, the group `owner`, and can pull nothing elsewhere."""
    user: str = ""
    """Who a user that may only pull is, usually; the names of `path` stand for what is there. Empty where it takes no
    user and password, or a token without one.
    """
    locations: str = ""
    """How the locations in its hosts are written, where others have similar ones; empty where nobody must be told."""
    users: tuple[str, ...] = ()
    """The only users that it knows; empty where anybody may be one."""
    password_file: str = ""
    """What the file is usually called whose content is that user's password."""
    example: str = ""
    """An `authentication:` that this version delivers to any cluster, as it is written."""
    example_means: str = ""
    """What the user must have for it; empty where a user and a password say enough."""
    rights: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """`pull`, `push`, `delete` → the least rights of that identity, in the registry's own words; `login` → what each
    of them needs besides, and not for one repository. What the kind does not tell apart, or gives to all, is absent.
    """
    path: tuple[str, ...] = ()
    """As in `HostForm`, whatever the host. Something of this name must exist before anything is pushed."""
    each_image: bool = False
    """Whether every single repository must exist before it is pushed to."""
    mounts_by_setting: bool = False
    """Whether blobs are taken over from other repositories only where a setting of the account says so: who was refused
    once need not ask for another repository.
    """
    pull_through: str = ""
    """What it calls a repository that fills itself from elsewhere, which we never make; empty where none is known."""
    untags_by: str = ""
    """The module of `mirror/untagging/` by which one of an image's tags is taken away where the distribution API cannot
    (it deletes by digest, and all tags with it); empty where it can, or where nothing else is known.
    """
    deletes_by: str = ""
    """The module there by which a manifest is deleted where the distribution API wants wider rights for that."""
    scans_by: str = ""
    """The module of `mirror/scanning/` that tells how the scan of an image goes; empty where none does."""
    service: str = ""
    """What its token service calls every registry of the kind: it tells the kind where no host does."""
    deepest: int | None = None
    """How many segments `account/image` may have; None where no limit is known."""
    repository: RepositoryNames = RepositoryNames()
    reach: Reach = field(default_factory=Reach)
    made: MadeRepositories = field(default_factory=MadeRepositories)
    resembled_by: re.Pattern[str] | None = None
    """Hosts that were meant for one of this kind, where they are none: an account's number with a digit too few."""
    usual_hosts: re.Pattern[str] | None = None
    """What companies call their own servers of it: a guess, which only advice goes by."""
    provisioner: str = "generic"
    """The module of `provision/` that makes what it needs; `generic` makes nothing."""
    left_alone: str = ""
    """Why no version makes anything there; empty where one does, or could."""
    extra: str | None = None
    """The extra of this package that the module needs."""

    @property
    def deliveries(self) -> tuple[str, ...]:
        """The `pull_secret.delivery` that a credential of it can arrive by, in this version."""
        lasts = bool(self.key_user) or "basic" in self.authentication
        ways = {"theirs": True, "secret": lasts, "refresher": bool(self.refresher)}
        return (*(way for way, is_there in ways.items() if is_there), "node_identity")

    @property
    def provisions(self) -> bool:
        """Whether we can make its repositories."""
        return self.provisioner != "generic"

    def region(self, server: str) -> str | None:
        """The cloud region that the server's name tells; None where it tells none."""
        found = self._form(server)
        return (_group(found, server, "region") or found.region) if found else None

    def account_id(self, server: str) -> str | None:
        """The cloud account that the server's name tells; None where it tells none."""
        found = self._form(server)
        return _group(found, server, "account_id") if found else None

    def identity(self, server: str) -> str:
        """What all names of one registry have in common: hosts of two families, and of FIPS, have the same images."""
        region, account = self.region(server), self.account_id(server)
        if self.is_one or (region and account):
            return " ".join((self.name, account or "", region or "")).rstrip()
        return server

    def path_on(self, server: str) -> tuple[str, ...]:
        """What `account` must begin with on this server, by name: `("PROJECT", "REPOSITORY")`."""
        found = self._form(server)
        return (found.path if found else ()) or self.path

    def usual_user(self, server: str, account: str) -> str:
        """Who a user that may only pull is, usually, with the path's own names."""
        user = self.user
        for name, segment in zip(self.path_on(server), account.split("/"), strict=False):
            user = user.replace(name, segment)
        return user

    def is_open_to_all(self, server: str, type_: str) -> bool:
        """Whether the whole internet can pull from it, where pulls are of this `type`. A registry whose kind somebody
        had to say may be a company's own.
        """
        if self.is_public:
            return True
        return self.on_internet and type_ == "public" and bool(self._form(server) or _host(server) in self.aliases)

    def refusal(self, password: str) -> str:
        """What a password is that this kind never takes; empty where it may be one."""
        return next((what for beginning, what in self.no_passwords.items() if password.startswith(beginning)), "")

    def foreign_robot(self, user: str, account: str) -> str:
        """Whose robot this user is, where that is somebody else than whom the path belongs to; empty elsewhere."""
        found = self.robot.fullmatch(user) if self.robot else None
        owner = found["owner"] if found else ""
        return "" if owner == account.partition("/")[0] else owner

    def has_nodes_on(self, cluster: str) -> bool:
        """Whether the nodes of a cluster of this `cluster.provider` have an identity of its cloud."""
        return cluster in self.node_identity_on

    def advised(self, cluster: str = "other") -> str:
        """What to write after `authentication:` for a cluster of this provider, so that this version delivers it."""
        return f"{{type: {self.cloud_authentication}}}" if self.has_nodes_on(cluster) else self.example

    def advice(self, cluster: str = "other") -> str:
        """The same as the help of a finding, with what the user must have for it."""
        text = f"write `authentication: {self.advised(cluster)}`"
        if self.has_nodes_on(cluster):
            return f"{text}: the nodes have the identity and need no Secret"
        text += f" ({self.example_means})" if self.example_means else ""
        for provider in self.node_identity_on[:1]:
            text += f"; or `{self.advised(provider)}` with `cluster: {{provider: {provider}}}` if the nodes run there"
        if self.refresher:
            text += "; elsewhere with `pull_secret: {identity: ...}`, and a Job in the cluster renews the Secret"
        return text

    def account_problem(self, server: str, account: str) -> str:
        """What is wrong with the path between this server and the images; empty where nothing is."""
        needed, said = self.path_on(server), [segment for segment in account.split("/") if segment]
        if len(said) < len(needed):
            given = f"`{'/'.join(said)}` is not enough" if said else "there is none"
            return f"`{server}` needs `{'/'.join(needed)}` as the path, but {given}"
        form = self._form(server)
        if form and form.account and not form.account.fullmatch("/".join(said)):
            return f"`{'/'.join(said)}` cannot be a path on `{server}`: {form.account_rule}"
        if self.deepest and len(said) >= self.deepest:
            return f"`{server}` has images at `{'/'.join(needed)}/IMAGE` only, but the path is `{'/'.join(said)}`"
        return ""

    def repository_problem(self, repository: str) -> str:
        """What is wrong with `account/image`, by length and grammar; empty where nothing is."""
        names = self.repository
        if names.pattern and not names.pattern.fullmatch(repository):
            return f"`{repository}` is not a valid name on {self.title}"
        if len(repository) < names.shortest:
            return (
                f"`{repository}` is too short for {self.title}, whose names have at least {names.shortest} characters"
            )
        if names.longest and len(repository) > names.longest:
            return f"`{repository}` has {len(repository)} characters, but {self.title} allows {names.longest}"
        return ""

    def _form(self, server: str) -> HostForm | None:
        return next((form for form in self.hosts if form.pattern.fullmatch(_host(server))), None)


def registry_kind(server: str, said: str | None = None, *, service: str = "") -> RegistryKind:
    """The kind of this server: what its host tells, or else what the settings say, or what it calls itself when it
    wants a token (`service`), or else `generic`.
    """
    kinds, host = all_kinds(), _host(server)
    for kind in kinds.values():
        if host in kind.aliases or any(form.pattern.fullmatch(host) for form in kind.hosts):
            return kind
    told = next((kind.name for kind in kinds.values() if kind.service and kind.service == service), "generic")
    return kinds.get(said or told, kinds["generic"])


def resembled_kind(server: str) -> RegistryKind | None:
    """The kind that this server was probably meant to be of, where no kind's hosts have its form."""
    host = _host(server)
    if registry_kind(server).hosts:
        return None
    return next(
        (kind for kind in all_kinds().values() if kind.resembled_by and kind.resembled_by.fullmatch(host)), None
    )


def unsaid_kinds(server: str) -> tuple[RegistryKind, ...]:
    """What a server may be that neither its host nor a `kind` tells: what its name reminds of, or else all of them."""
    possible = [kind for kind in all_kinds().values() if kind.sayable and kind.name != "generic"]
    called = [kind for kind in possible if kind.usual_hosts and kind.usual_hosts.fullmatch(_host(server))]
    return tuple(called or possible)


def to_say(kinds: Iterable[RegistryKind]) -> str:
    """As advice goes on: "write `kind: harbor` beside `server` if it is Harbor"."""
    return "write " + ", or ".join(f"`kind: {kind.name}` beside `server` if it is {kind.title}" for kind in kinds)


@cache
def all_kinds() -> Mapping[str, RegistryKind]:
    """Name → kind, in the order in which hosts are looked through."""
    table = tomllib.loads(files(__package__).joinpath("kinds.toml").read_text("utf-8"))
    return {name: _kind(name, entry, table["clouds"]) for name, entry in table["kinds"].items()}


def _kind(name: str, entry: dict[str, Any], clouds: Mapping[str, Any]) -> RegistryKind:
    """A row of the table; a key that no field has is a TypeError, so that a misspelt one is seen."""
    cloud = clouds[entry["cloud"]] if "cloud" in entry else {}
    hosts, rights, names = entry.pop("hosts"), entry.pop("rights", {}), entry.pop("repository", {})
    made = MadeRepositories.of(entry.pop("made", {}))
    reach = Reach(**entry.pop("reach", {}))
    if "pattern" in names:
        names["pattern"] = re.compile(names["pattern"])
    plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    plain |= {key: re.compile(plain[key]) for key in ("resembled_by", "usual_hosts", "robot") if key in plain}
    return RegistryKind(
        name=name,
        hosts=tuple(map(_form, hosts)),
        cloud_authentication=cloud.get("authentication"),
        key_user=cloud.get("key_user", ""),
        node_identity_on=tuple(cloud.get("clusters", ())),
        rights={who: tuple(words) for who, words in rights.items()},
        repository=RepositoryNames(**names),
        made=made,
        reach=reach,
        **plain,
    )


def _form(entry: Mapping[str, Any]) -> HostForm:
    rest = {key: value for key, value in entry.items() if key not in ("pattern", "path", "account")}
    account = re.compile(entry["account"]) if "account" in entry else None
    return HostForm(re.compile(entry["pattern"]), path=tuple(entry.get("path", ())), account=account, **rest)


def _group(form: HostForm, server: str, name: str) -> str | None:
    found = form.pattern.fullmatch(_host(server))
    return found[name] if found and name in form.pattern.groupindex else None


def _host(server: str) -> str:
    return server.partition(":")[0].lower()


SAYABLE_KINDS: tuple[str, ...] = tuple(sorted(name for name, kind in all_kinds().items() if kind.sayable))
"""What `image_registry.kind` may say: those that no host tells."""

WORDS_FOR_KINDS: Mapping[str, str] = {
    word.lower(): name for name in SAYABLE_KINDS for word in all_kinds()[name].title.split()
}
"""What people may call these kinds → their names: `jfrog` is `artifactory`."""

KEY_FILE_TYPE = next(str(kind.cloud_authentication) for kind in all_kinds().values() if kind.key_user)
"""The authentication type that has key files: of the cloud that makes such keys."""

AUTHENTICATION_TYPES: tuple[str, ...] = (
    "kubernetes_secret",
    *dict.fromkeys(type_ for kind in all_kinds().values() for type_ in kind.authentication),
)
"""What `authentication.type` may say: a Secret that is there already, and whatever some kind accepts."""
