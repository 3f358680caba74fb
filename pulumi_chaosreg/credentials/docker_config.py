"""A configured credential, in each of the forms that `chaosreg-credentials:NAME` may have, and its docker config JSON.

Nothing here ever puts a value into a message.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pulumi_chaosreg.credentials.auths import login_in
from pulumi_chaosreg.credentials.keyring import key_for, second_key_for, shown, unmatched, used_for
from pulumi_chaosreg.credentials.kubelet import BrokenEntry, kubelet_login, without_login
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.registries.kinds import registry_kind
from pulumi_chaosreg.registries.servers import canonical_server

_FIRST_INEXACT = 2.0**53
"""From here on not every whole number is a float: digits of a password would be others."""
_FIELDS = ("auth", "username", "password", "email", "identitytoken", "registrytoken")

_KEY_FILE_USER = "_json_key"
"""Google's user whose password is the JSON text of a key file."""


_NAME = "name"


@dataclass(frozen=True, slots=True)
class Credential:
    """One login for the registry, the one before it while a rotation is under way, or a whole docker config."""

    name: str
    login: Login | None = None
    previous: Login | None = None
    auths: Mapping[str, Any] | None = field(default=None, repr=False)
    has_helper: bool = False
    """Whether the docker config leaves logins to a program of the machine that it is from."""

    def login_for(self, server: str, repository: str) -> Login | None:
        """What opens this repository; None where the docker config has nothing for it."""
        if self.auths is None:
            return self.login
        return login_in(self.auths, server, repository, origin=f"credential `{self.name}`")

    def docker_config(self, server: str) -> str:
        """The `.dockerconfigjson` for images on this server; keys sorted, so that equal content is equal text.

        The previous login goes under a second spelling of the same key: the kubelet tries both.
        """
        return _dump(self.entries(server))

    def entries(self, server: str) -> Mapping[str, Any]:
        """Its `auths`: server key → entry. Secret. `server` may have a path, for a login that is good below it only."""
        if self.auths is not None:
            return self.auths
        assert self.login is not None
        auths = {key_for(server): _entry(self.login)}
        if self.previous:
            auths[second_key_for(server)] = _entry(self.previous)
        return auths


def named_input(name: str, value: Any) -> dict[str, Any]:
    """The value as an input of a resource, with the NAME that the user gave it. Raises ChaosregError (CHR0506)."""
    credential = read_credential(name, value)
    if credential.auths is not None:
        return {_NAME: name, "auths": dict(credential.auths)}
    assert credential.login is not None
    return {_NAME: name, "username": credential.login.username, "password": credential.login.password}


def read_input(key: str, value: Any) -> Credential:
    """What such an input holds: a `named_input`, or what a program gave itself. Raises ChaosregError (CHR0506)."""
    name = value.get(_NAME) if isinstance(value, Mapping) else None
    return read_credential(name, value) if isinstance(name, str) else read_credential(key, value, called=f"`{key}`")


def read_credential(name: str, value: Any, username: str | None = None, called: str = "") -> Credential:
    """Understand a configured value: a password, username/password/previous, or a docker config.

    `username` is what the settings say, for the values that have none; `called` is how errors name it where nobody
    configured it. Raises ChaosregError (CHR0506).
    """
    called = called or f"`chaosreg-credentials:{name}`"
    if isinstance(value, str) and value.lstrip().startswith("{") and username != _KEY_FILE_USER:
        with suppress(ValueError):  # a password may start with a brace
            value = json.loads(value)
    if isinstance(value, Mapping) and isinstance(value.get("auths"), Mapping):
        return Credential(
            name, auths=value["auths"], has_helper=bool(value.get("credsStore") or value.get("credHelpers"))
        )
    login = _login(value, username)
    if login is None:
        raise ChaosregError.of(
            "CHR0506",
            f"{called} is not a credential in a known form",
            help="give a password (with `username` in the settings), an object with `username` and `password`, or a "
            "docker config with `auths`",
        )
    given = value.get("previous") if isinstance(value, Mapping) else None
    previous = _login(_text(given), login.username)
    if given is not None and previous is None:
        raise ChaosregError.of(
            "CHR0506",
            f"`previous` in {called} is not a login",
            help="give the previous password, or an object with `username` and `password`; or remove it",
        )
    return Credential(name, login, previous)


def merged_docker_config(configs: Iterable[str]) -> str:
    """One for all of them; of two logins under one key the first counts."""
    auths: dict[str, Any] = {}
    for config in configs:
        auths = {**json.loads(config)["auths"], **auths}
    return _dump(auths)


def checked_docker_config(name: str, value: Any, username: str | None, server: str, images: Iterable[str]) -> str:
    """The `.dockerconfigjson` of a configured value, with a login that the kubelet uses for each of `images` that is on
    this server, or below `server/path`.

    Raises ChaosregError (CHR0506, CHR0507, CHR0523, CHR0524, CHR0551).
    """
    host, slash, path = server.partition("/")
    credential, server = read_credential(name, value, username), f"{canonical_server(host)}{slash}{path}"
    auths = credential.entries(server)
    ours = [_pulled(image) for image in images if f"{Reference.parse(image).name}/".startswith(f"{server}/")]
    logins = usable_by_kubelet(f"`chaosreg-credentials:{name}`", auths, ours, server, has_helper=credential.has_helper)
    for key, login in ((key_for(server), credential.login), (second_key_for(server), credential.previous)):
        if login and logins[key] != (login.username, login.password):
            raise ChaosregError.of(
                "CHR0523",
                f"`chaosreg-credentials:{name}` gives the kubelet another login: it cuts the user off at `:`",
                help="use a user without `:`",
            )
    used = [logins[key] for image in ours for key in used_for(auths, image)]
    kind = registry_kind(host)
    if refused := next((what for login in used if login and (what := kind.refusal(login[1]))), ""):
        raise ChaosregError.of(
            "CHR0551",
            f"`chaosreg-credentials:{name}` has {refused}, which `{host}` never takes",
            help=f"make {kind.example_means}, and run `pulumi config set --secret chaosreg-credentials:{name}` with "
            "the `--stack` whose file has it",
        )
    return _dump(auths)


def usable_by_kubelet(
    whose: str, auths: Mapping[str, Any], images: Sequence[str], server: str, *, has_helper: bool = False
) -> Mapping[str, tuple[str, str] | None]:
    """Server key → the login that the kubelet takes from it, of a docker config that opens each of these images.

    `whose` is what messages call the config. Raises ChaosregError (CHR0507, CHR0523, CHR0524).
    """
    logins = _kubelet_logins(whose, auths)
    if missing := unmatched(auths, images):
        raise ChaosregError.of(
            "CHR0507",
            f"the docker config in {whose} has no key that matches `{missing[0]}`",
            notes=(("keys", ", ".join(map(shown, auths)) or "none"),),
            help=f"use the key `{server}`, spelled exactly as in the images",
        )
    idle = without_login(logins, images)
    if idle or not any(logins.values()):
        keys = used_for(auths, idle[0]) if idle else list(auths)
        where = f"no login for `{idle[0]}`" if idle else "no login"
        raise ChaosregError.of(
            "CHR0523",
            f"{whose} gives the kubelet {where}",
            notes=[(f"`{shown(key)}`", _what_it_has(auths[key])) for key in keys],
            help="put `auth` (base64 of `user:password`), or `username` and `password`, into the entry"
            + ("; this file's logins are kept by a credential helper" if has_helper else ""),
        )
    return logins


def _pulled(image: str) -> str:
    """The image as the kubelet looks for its login: a server as it is spelled, Docker Hub's short names written out."""
    first = image.partition("/")[0]
    says_server = "/" in image and ("." in first or ":" in first) and first != "index.docker.io"
    return image if says_server else str(Reference.parse(image))


def _kubelet_logins(whose: str, auths: Mapping[str, Any]) -> dict[str, tuple[str, str] | None]:
    logins: dict[str, tuple[str, str] | None] = {}
    for key, entry in auths.items():
        try:
            logins[key] = kubelet_login(entry)
        except BrokenEntry as broken:
            raise ChaosregError.of(
                "CHR0524",
                f"the kubelet cannot read entry `{shown(key)}` of {whose}, and then uses none: {broken}",
                help="fix the entry, or remove it",
            ) from None
    return logins


def _what_it_has(entry: Any) -> str:
    """The names of its fields, which say why there is no login; those that docker knows, as others may be secrets."""
    fields = [field for field in _FIELDS if isinstance(entry, Mapping) and entry.get(field)]
    return f"has only {', '.join(f'`{field}`' for field in fields)}" if fields else "is empty"


def _login(value: Any, username: str | None) -> Login | None:
    if isinstance(value, str) and value and username:
        return Login(username, value)
    if isinstance(value, Mapping):
        user, password = _text(value.get("username")) or username, _text(value.get("password"))
        if isinstance(user, str) and isinstance(password, str) and user and password:
            return Login(user, password)
    return None


def _text(value: Any) -> Any:
    """`pulumi config set --path` writes `true`, `false` and whole numbers as such, and they were texts."""
    if isinstance(value, bool):
        return str(value).lower()
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())  # protobuf knows floats only
    is_exact = isinstance(value, int) or (isinstance(value, float) and abs(value) < _FIRST_INEXACT)
    return str(int(value)) if is_whole and is_exact else value


def _entry(login: Login) -> dict[str, str]:
    """All three fields: `auth` overrides the other two in the kubelet, so they must say the same."""
    return {"auth": login.basic, "password": login.password, "username": login.username}


def _dump(auths: Mapping[str, Any]) -> str:
    return json.dumps({"auths": dict(auths)}, sort_keys=True, separators=(",", ":"))
