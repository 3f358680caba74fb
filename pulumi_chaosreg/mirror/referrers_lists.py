"""The lists of referrers at the target: kept by the registry, or else by us, under tags that stand in for the API."""

import json
import threading
from dataclasses import dataclass, field

from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.mirror.companions import list_under
from pulumi_chaosreg.oci.manifest import MalformedManifest, Manifest, index_of_referrers, referrers_tag
from pulumi_chaosreg.oci.no_referrers import not_listed
from pulumi_chaosreg.oci.problems import RegistryError, problem
from pulumi_chaosreg.oci.store import Store


@dataclass(slots=True)
class ReferrersLists:
    """Sees to it that a referrer is found by its subject. All copies of a run share one."""

    _lists: dict[Store, bool] = field(default_factory=dict)
    """Whether a target lists what it says it lists: asked once."""
    _findings: list[Finding] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def see_to(self, store: Store, repository: str, manifest: Manifest, *, claimed: bool) -> None:
        """The manifest was written. `claimed`: whether the store says that it lists it beside its subject by itself.

        An `OCI-Subject` alone is not believed: proxies and old versions send it back, and nobody would find the
        signature.
        """
        if manifest.subject is None:
            return
        with self._guard:
            if claimed and store not in self._lists:
                listed = _listed(store, repository, manifest.subject)
                self._lists[store] = listed is not None and manifest.digest in listed
                if listed is not None and not self._lists[store]:
                    self._findings.append(not_listed(store.server))
            if not claimed or not self._lists[store]:
                _add(store, repository, manifest.subject, manifest)

    def findings(self) -> list[Finding]:
        """Of targets that do not list what they say, each once."""
        with self._guard:
            return list(self._findings)


def _listed(store: Store, repository: str, subject: str) -> set[str] | None:
    try:
        listed = store.referrers(repository, subject)
    except RegistryError as refusal:
        if refusal.status is None:
            raise
        return None
    return None if listed is None else {one.digest for one in listed}


def _add(store: Store, repository: str, subject: str, manifest: Manifest) -> None:
    """Read the list, add the manifest, write it: one at a time in this process."""
    tag = referrers_tag(subject)
    there = store.head_manifest(repository, tag)
    entries = json.loads(list_under(store, repository, tag).raw)["manifests"] or [] if there else []
    if any(entry.get("digest") == manifest.digest for entry in entries):
        return
    try:
        listed = index_of_referrers([*entries, manifest.as_referrer()])
    except MalformedManifest as malformed:
        cause = f"with one more referrer, {malformed}"
        raise problem(
            "CHR0415", server=store.server, repository=repository, subject=f"tag `{tag}`", cause=cause
        ) from None
    store.put_manifest(repository, listed, tag)
