"""Asks Artifact Registry what is there, by three calls that only read, with the machine's identity.

All images of a registry are in one repository, which is looked at once.
"""

import threading
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import unquote

from pulumi_chaosreg.adoption.gar.differences import Bindings, differences
from pulumi_chaosreg.adoption.protocol import FoundRepository, Imported, UnansweredError
from pulumi_chaosreg.errors import Cause, Finding
from pulumi_chaosreg.machine.google_api import GoogleApi, GoogleApiError, api_of
from pulumi_chaosreg.machine.refusals import identity_refused
from pulumi_chaosreg.machine.words import harmless
from pulumi_chaosreg.provision.gar import member_name, named
from pulumi_chaosreg.provision.protocol import ImageRepository, OwnedRegistry, RepositorySettings
from pulumi_chaosreg.registries.google import one_member

_REPOSITORY = "gcp:artifactregistry/repository:Repository"
_MEMBER = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
_GET, _POLICY, _PACKAGES = (
    f"artifactregistry.{right}" for right in ("repositories.get", "repositories.getIamPolicy", "packages.list")
)
_ALL_AT_ONCE = "1000"


def adopter(registry: OwnedRegistry, settings: RepositorySettings) -> "GarAdopter":
    """Who asks this registry. ChaosregError: CHR0515 where this machine is nobody at Google."""
    try:
        api = api_of("artifactregistry")
    except GoogleApiError as error:
        advice = "check `gcloud auth application-default print-access-token`, or the machine's service account"
        raise identity_refused("Google Cloud", registry.server, error.said, advice) from None
    assert api
    return GarAdopter(registry, settings, api)


class GarAdopter:
    """What one project has under one name. Safe to share between threads: one asks at a time."""

    def __init__(self, registry: OwnedRegistry, settings: RepositorySettings, api: GoogleApi) -> None:
        self._registry, self._settings, self._api = registry, settings, api
        self._at = named(registry)
        self._path = "/".join((*self._at.project.split(":"), self._at.repository))
        self._found: FoundRepository | None = None
        self._guard = threading.Lock()

    def look(self, image: ImageRepository) -> FoundRepository:
        """The repository that all images share; UnansweredError: CHR0492 where Google does not allow to ask, CHR0493
        where it does not answer.
        """
        with self._guard:
            if self._found is None:
                self._found = self._look()
            return self._found

    def others(self, ours: Collection[str]) -> tuple[str, ...] | None:
        """Images of the same repository: its cleanup policy is theirs, too."""
        beginning = self._registry.account + "/"
        path, names = f"v1/{self._at.name}/packages", list[str]()
        token = ""
        try:
            while True:
                page = self._get(path, _PACKAGES, pageSize=_ALL_AT_ONCE, **({"pageToken": token} if token else {}))
                names += [str(one.get("name")) for one in (page or {}).get("packages") or ()]
                token = str((page or {}).get("nextPageToken") or "")
                if not token:
                    break
        except UnansweredError as error:
            if error.is_denied:
                return None
            raise
        above = self._registry.account.removesuffix(self._at.below).rstrip("/")
        images = (f"{above}/{unquote(name.partition('/packages/')[2])}" for name in names)
        return tuple(sorted(one for one in images if one.startswith(beginning) and one not in ours))

    def _look(self) -> FoundRepository:
        there = self._get(f"v1/{self._at.name}", _GET)
        if there is None:
            return FoundRepository(self._path)
        members = self._members() if self._settings.members else {}
        return FoundRepository(self._path, tuple(self._imports(members)), differences(there, members, self._settings))

    def _members(self) -> Bindings:
        policy = self._get(f"v1/{self._at.name}:getIamPolicy", _POLICY, **{"options.requestedPolicyVersion": "3"})
        found: dict[str, tuple[str, ...]] = {}
        for who in ("pull", "push", "delete"):
            (role,) = self._registry.kind.rights[who]
            bindings = [one for one in (policy or {}).get("bindings") or () if one.get("role") == role]
            plain = [one for one in bindings if not one.get("condition")]
            found[who] = tuple(str(member) for one in plain for member in one.get("members") or ())
        return found

    def _imports(self, members: Bindings) -> Iterator[Imported]:
        plugin, name = _plugin_version(), self._registry.name
        yield Imported(_REPOSITORY, name, self._at.name, version=plugin)
        for who, ours in self._settings.members.items():
            (role,) = self._registry.kind.rights[who]
            there = {one_member(one) for one in members.get(who, ())}
            for member in {one_member(one): one for one in reversed(ours)}.values():
                if one_member(member) in there:
                    where = f"{self._at.name} {role} {member}"
                    yield Imported(
                        _MEMBER, member_name(self._registry, who, member), where, (_REPOSITORY, name), plugin
                    )

    def _get(self, path: str, right: str, **query: str) -> Mapping[str, Any] | None:
        """What is there; None where nothing is."""
        try:
            return self._api.get(path, **query)
        except GoogleApiError as failure:
            if failure.status == 404:
                return None
            say = partial(_not_allowed if failure.status in (401, 403) else _no_answer, right, failure)
            raise UnansweredError(self._path, (right, failure.word or failure.said), say) from None


def _not_allowed(right: str, failure: GoogleApiError, repositories: str) -> Finding:
    return Finding(
        "CHR0492",
        f"Google does not allow `{right}` on {repositories}",
        notes=(("its API says", harmless(failure.said)),),
        help="allow it, or enable the API in the project: docs/registries/gar.md has the rights, which only read",
        cause=Cause.FORBIDDEN,
    )


def _no_answer(right: str, failure: GoogleApiError, repositories: str) -> Finding:
    return Finding(
        "CHR0493",
        f"Google does not answer `{right}` for {repositories}: {failure.word or 'no connection'}",
        notes=(("its API says", harmless(failure.said)),),
        help="run the command again: nothing was changed",
    )


def _plugin_version() -> str:
    """The plugin that the program will use: with another one, the first `up` would change the provider as well."""
    try:
        return version("pulumi-gcp")
    except PackageNotFoundError:
        return ""
