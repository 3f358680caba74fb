"""The verbs of the OCI distribution specification, for one server."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from urllib.parse import quote, urlsplit

from pulumi_chaosreg.credentials.login import LoginSource
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.images.reference import DIGEST
from pulumi_chaosreg.oci.addresses import next_url, origin, redacted
from pulumi_chaosreg.oci.blob import CHUNK, Source, Upload, proven
from pulumi_chaosreg.oci.challenge import Scopes, scope
from pulumi_chaosreg.oci.host import Host
from pulumi_chaosreg.oci.lists import MalformedList, names_on, next_link
from pulumi_chaosreg.oci.manifest import MANIFEST_LIMIT, READABLE, Descriptor, MalformedManifest, Manifest, digest_of
from pulumi_chaosreg.oci.no_referrers import SILENT, means_no_api, unreadable, without_api
from pulumi_chaosreg.oci.problems import Answer, RegistryError, compression_named, problem
from pulumi_chaosreg.oci.transport import Ask, Transport

_TAGS_PER_PAGE, _MAX_PAGES = 1000, 100
_LENGTH = re.compile(r"[0-9]{1,15}")
_MAX_LIST_BYTES = 32 << 20
"""Bytes of all pages of a list together: some 400,000 tags."""


class Registry:
    """A client of one server with one login. Threads may share it; connections are kept and used again.

    All verbs raise RegistryError.
    """

    proves_blobs = True
    """The distribution specification demands it."""

    def __init__(self, server: str, login: LoginSource | None = None, *, host: Host | None = None) -> None:
        self.server = server
        self._transport = Transport(server, login, host or Host())
        self._findings: dict[Finding, None] = {}
        self.lacks_referrers = False

    # --- the door

    def knock(self) -> Answer:
        """What `/v2/` answers to somebody without a login: 200, 401 with what it asks for, or 404 where no registry is.

        Only for a client without a login.
        """
        return self._transport.request(self._ask_at_the_door(ok=(200, 401, 404)))

    def log_in(self, repositories: Iterable[str]) -> None:
        """Prove the login at `/v2/`: where the registry works with tokens, by one that is good for all pulls."""
        self._transport.request(self._ask_at_the_door(frozenset(scope(one, "pull") for one in repositories)))

    @property
    def was_asked(self) -> bool:
        """Whether it has answered anything yet."""
        return self._transport.was_asked

    @property
    def service(self) -> str:
        """What it has called itself towards its token endpoint so far: some kinds of registry tell themselves so."""
        return self._transport.service

    def ask_api(
        self, path: str, repository: str, subject: str, *, method: str = "GET", ok: tuple[int, ...] = (200,)
    ) -> Answer:
        """What an API of the server's own answers at `path`, about something of the repository. Of 4 MiB at most."""
        ask = replace(self._ask(method, self._transport.base + path, repository, "api", subject, ok=ok), by_login=True)
        return self._transport.request(ask, limit=MANIFEST_LIMIT)

    # --- manifests

    def get_manifest(self, repository: str, reference: str, *, media_type: str = "") -> Manifest:
        """The manifest of a tag or digest, its bytes proved against the digest asked for and the one in the header.

        `media_type` is what an index says about a child, asked for beside the types that we can read.
        """
        ask = self._manifest_ask("GET", repository, reference)
        answer = self._transport.request(ask, headers=_accept(media_type), limit=MANIFEST_LIMIT)
        told = (reference if DIGEST.match(reference) else None, answer.headers.get("Docker-Content-Digest"))
        algorithm = reference.partition(":")[0] if told[0] else "sha256"
        with compression_named(answer.headers):
            # Damaged bytes are no bad manifest. (Longer ones than we read are cut, and have no digest to compare.)
            for digest in filter(None, told if len(answer.body) <= MANIFEST_LIMIT else ()):
                found = digest_of(answer.body, digest.partition(":")[0]) if DIGEST.match(digest) else digest
                if found != digest:
                    raise self._problem("CHR0407", ask, cause=f"its digest is {found}, not {digest}")
            try:
                return Manifest.parse(answer.body, answer.headers.get("Content-Type", ""), algorithm)
            except MalformedManifest as malformed:
                raise self._problem("CHR0415", ask, cause=str(malformed)) from None

    def head_manifest(self, repository: str, reference: str) -> Descriptor | None:
        """What a tag or digest stands for; None where there is none. Does not count as a pull on Docker Hub."""
        ask = self._manifest_ask("HEAD", repository, reference, ok=(200, 404, 405))
        answer = self._transport.request(ask, headers=_accept())
        if answer.status == 404:
            return None
        digest = answer.headers.get("Docker-Content-Digest", "")
        length = answer.headers.get("Content-Length", "0")
        if answer.status == 200 and DIGEST.match(digest) and _LENGTH.fullmatch(length):
            media_type = answer.headers.get("Content-Type", "").partition(";")[0]
            return Descriptor(media_type, digest, int(length))
        try:
            manifest = self.get_manifest(repository, reference)
        except RegistryError as failure:
            if failure.status == 404:
                return None
            raise
        return Descriptor(manifest.media_type, manifest.digest, manifest.size)

    def put_manifest(self, repository: str, manifest: Manifest, tag: str | None = None) -> bool:
        """Write the manifest byte for byte under a tag, or else under its digest; everything in it must be there.

        Whether the registry says that it lists it among its subject's referrers: False on those without that API.
        """
        ask = self._manifest_ask("PUT", repository, tag or manifest.digest, "pull,push", (200, 201, 202))
        answer = self._transport.request(ask, body=manifest.raw, headers={"Content-Type": manifest.media_type})
        stored = answer.headers.get("Docker-Content-Digest", manifest.digest)
        if DIGEST.match(stored) and digest_of(manifest.raw, stored.partition(":")[0]) != stored:
            raise self._problem("CHR0419", ask, cause=f"it was stored as {stored}, not {manifest.digest}")
        return "OCI-Subject" in answer.headers

    def referrers(self, repository: str, digest: str) -> tuple[Descriptor, ...] | None:
        """What refers to a manifest: signatures, attestations; None where the registry has no such API, which is one of
        the `findings` unless the registry leaves no doubt.
        """
        subject = f"the referrers of `{digest}`"
        url = self._url(repository, f"referrers/{digest}")
        ask = replace(self._ask("GET", url, repository, "manifest", subject, ok=(200, *SILENT)), optional=True)
        pages: list[Manifest] = []
        try:
            for answer in self._pages(ask, _accept()):
                if answer.status != 200:
                    self.lacks_referrers = True
                    return None
                pages.append(self._page_of_referrers(ask, answer))
        except MalformedManifest as malformed:
            if pages:
                raise self._problem("CHR0423", ask, cause=f"page {len(pages) + 1}: {malformed}") from None
            self._findings[unreadable(self.server)] = None  # a page of its own, with 200: there is no such API
            return None
        except RegistryError as refusal:
            if pages or not means_no_api(refusal):
                raise
            self._findings[without_api(self.server, refusal)] = None
            return None
        return tuple(child for page in pages for child in page.children)

    def findings(self) -> list[Finding]:
        """What was gone by so far, each once, and somebody should know."""
        return list(self._findings)

    def delete_manifest(self, repository: str, reference: str) -> bool:
        """Delete a tag (not what it stands for), or a manifest by digest with all its tags; False if not there."""
        ask = self._manifest_ask("DELETE", repository, reference, "delete,pull", (200, 202, 404))
        return self._transport.request(ask).status != 404

    def delete_at(self, path: str, repository: str, subject: str) -> bool:
        """Delete what a path of the registry's own API stands for, as whoever may delete in the repository; False if
        not there.
        """
        url = f"{self._transport.base}{path}"
        ask = self._ask("DELETE", url, repository, "manifest", subject, "delete", (200, 202, 204, 404))
        return self._transport.request(ask).status != 404

    def list_tags(self, repository: str) -> list[str]:
        """All tags of a repository; none where it does not exist. RegistryError after 100 pages, or 32 MiB."""
        tags: dict[str, None] = {}
        url = self._url(repository, "tags/list") + f"?n={_TAGS_PER_PAGE}"
        ask = self._ask("GET", url, repository, "tags", "the list of tags", ok=(200, 404))
        while True:
            pages: list[list[str]] = []
            # Old Artifactories answer 406 to those who do not say what they accept.
            for answer in self._pages(ask, {"Accept": "application/json"}):
                if answer.status == 404:
                    return []
                pages.append(self._tags_on(ask, answer))
            known = len(tags)
            tags |= dict.fromkeys(chain(*pages))
            # One full page without a link may be all, or be of a registry that leaves links to its clients
            # (distribution specification 1.1: a Link header "MAY be included").
            if len(pages) > 1 or len(pages[0]) != _TAGS_PER_PAGE:
                return list(tags)
            if len(tags) == known:
                cause = f"it has {_TAGS_PER_PAGE} tags and no link to the next page"
                raise self._problem("CHR0423", ask, cause=cause)
            ask = replace(ask, url=f"{url}&last={quote(pages[0][-1], safe='')}", ok=(200,))

    # --- blobs

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether the repository holds the blob (held elsewhere on the server does not count)."""
        answer = self._transport.request(self._blob_ask("HEAD", repository, digest, ok=(200, 404, 405)))
        if answer.status == 405:  # gateways that allow no HEAD; of what is there the first byte is enough
            answer = self._transport.request(self._blob_ask("GET", repository, digest, ok=(200, 404)), limit=0)
        return answer.status == 200

    @contextmanager
    def open_blob(self, repository: str, blob: Descriptor, *, hashed: bool = True) -> Iterator[Iterator[bytes]]:
        """See Store; chunks of 1 MiB."""
        with self._transport.open(self._blob_ask("GET", repository, blob.digest), CHUNK) as chunks:
            yield proven(chunks, blob, self.server, repository, hashed=hashed)

    def mount_blob(self, repository: str, digest: str, source: str) -> Upload | None:
        """Take the blob over from a repository of the server; None when done, else an upload to go on with.

        From the repository itself, that asks whether it has the blob already.
        """
        url = self._url(repository, "blobs/uploads/") + f"?mount={digest}&from={quote(source, safe='')}"
        scopes = {scope(repository, "pull,push"), *([] if source == repository else [scope(source, "pull")])}
        ask = Ask("POST", url, repository, "upload", f"mounting blob `{digest}`", frozenset(scopes), (201, 202))
        answer = self._transport.request(ask, body=b"")
        return None if answer.status == 201 else Upload(self._transport.follow(answer, ask))

    def start_upload(self, repository: str) -> Upload:
        """Open a session for one blob."""
        url = self._url(repository, "blobs/uploads/")
        ask = self._ask("POST", url, repository, "upload", "an upload", "pull,push", (202,))
        return Upload(self._transport.follow(self._transport.request(ask, body=b""), ask))

    def cancel_upload(self, repository: str, upload: Upload) -> None:
        """Close a session that is not needed; a registry that cannot will do so by itself some day."""
        ask = self._ask("DELETE", upload.location, repository, "upload", "an upload", "pull,push", (200, 204, 404, 405))
        self._transport.request(ask)

    def put_blob(self, repository: str, blob: Descriptor, source: Source, upload: Upload | None = None) -> None:
        """Send the whole content in one PUT of known length (the form that every registry takes).

        The unit of a retry is all of it: the source opened again, and a new session. Only the first try uses `upload`.
        """
        sessions = [upload] if upload else []
        subject = f"the upload of blob `{blob.digest}`"
        plain = self._ask("PUT", "", repository, "upload", subject, "pull,push", (201, 204))

        def attempt() -> None:
            with source() as chunks:
                session = sessions.pop() if sessions else self.start_upload(repository)
                mark = "&" if urlsplit(session.location).query else "?"
                ask = replace(plain, url=f"{session.location}{mark}digest={blob.digest}")
                headers = {"Content-Length": str(blob.size), "Content-Type": "application/octet-stream"}
                answer = self._transport.request_once(ask, headers=headers, body=chunks)
                stored = answer.headers.get("Docker-Content-Digest", blob.digest)
                if stored != blob.digest and stored.partition(":")[0] == blob.digest.partition(":")[0]:
                    raise self._problem("CHR0407", ask, cause=f"it was stored as {stored}")

        self._transport.persist(plain, attempt)

    # ---

    def _manifest_ask(
        self, method: str, repository: str, reference: str, actions: str = "pull", ok: tuple[int, ...] = (200,)
    ) -> Ask:
        kind = "manifest" if DIGEST.match(reference) else "tag"
        url = self._url(repository, f"manifests/{reference}")
        return self._ask(method, url, repository, "manifest", f"{kind} `{reference}`", actions, ok)

    def _blob_ask(self, method: str, repository: str, digest: str, ok: tuple[int, ...] = (200,)) -> Ask:
        return self._ask(
            method, self._url(repository, f"blobs/{digest}"), repository, "blob", f"blob `{digest}`", ok=ok
        )

    def _ask(
        self,
        method: str,
        url: str,
        repository: str,
        kind: str,
        subject: str,
        actions: str = "pull",
        ok: tuple[int, ...] = (200,),
    ) -> Ask:
        return Ask(method, url, repository, kind, subject, frozenset({scope(repository, actions)}), ok)

    def _ask_at_the_door(self, scopes: Scopes = frozenset(), ok: tuple[int, ...] = (200,)) -> Ask:
        return Ask("GET", f"{self._transport.base}/v2/", self.server, "door", "`/v2/`", scopes, ok)

    def _url(self, repository: str, rest: str) -> str:
        return f"{self._transport.base}/v2/{repository}/{rest}"

    def _pages(self, ask: Ask, headers: Mapping[str, str]) -> Iterator[Answer]:
        """The answers to that request and to those for the pages that follow, of which all must be there.

        A list that ends early would hide what a deletion must know.
        """
        length = 0
        for _ in range(_MAX_PAGES):
            answer = self._transport.request(ask, headers=headers, limit=MANIFEST_LIMIT)
            if len(answer.body) > MANIFEST_LIMIT:
                raise self._problem("CHR0423", ask, cause="one of its pages is larger than 4 MiB")
            if (length := length + len(answer.body)) > _MAX_LIST_BYTES:
                raise self._problem("CHR0423", ask, cause=f"it does not end after {_MAX_LIST_BYTES >> 20} MiB")
            yield answer
            following = self._next_page(ask, answer) if answer.status == 200 else None
            if not following:
                return
            ask = replace(ask, url=following, ok=(200,), optional=False)
        raise self._problem("CHR0423", ask, cause=f"it does not end after {_MAX_PAGES} pages")

    def _next_page(self, ask: Ask, answer: Answer) -> str | None:
        try:
            target = next_link(answer.headers.get("Link", ""), ask.url)
        except MalformedList as malformed:
            raise self._problem("CHR0423", ask, cause=str(malformed)) from None
        if target is None:
            return None
        url = next_url(ask.url, target, self._transport.base)
        if origin(url) != origin(ask.url):
            cause = "the next page of a list is on another host"
            raise problem("CHR0414", server=self.server, cause=cause, notes=[("address", redacted(url))])
        if url == ask.url:
            raise self._problem("CHR0423", ask, cause="one of its pages links to itself")
        return url

    def _page_of_referrers(self, ask: Ask, answer: Answer) -> Manifest:
        """MalformedManifest where it is none."""
        page = Manifest.parse(answer.body, answer.headers.get("Content-Type", ""))
        if not page.is_index:
            raise MalformedManifest("it is not an index")
        if answer.headers.get("OCI-Filters-Applied", "").strip():
            raise self._problem("CHR0423", ask, cause="it filters them unasked (`OCI-Filters-Applied`)")
        return page

    def _tags_on(self, ask: Ask, page: Answer) -> list[str]:
        with compression_named(page.headers):
            try:
                return names_on(page.body, "tags")
            except MalformedList as malformed:
                raise self._problem("CHR0423", ask, cause=str(malformed)) from None

    def _problem(self, code: str, ask: Ask, *, cause: str) -> RegistryError:
        return problem(code, server=self.server, repository=ask.repository, subject=ask.subject, cause=cause)


def _accept(media_type: str = "") -> dict[str, str]:
    known = READABLE if not media_type or media_type in READABLE else (*READABLE, media_type)
    return {"Accept": ", ".join(known)}
