"""Whether an image is signed as a policy demands, decided on what a registry has beside it.

**What must be signed** is the manifest that the target's tag will stand for, by a signature that names its digest.
For an index that is the index: its digest covers the digests of its children, so they are as trusted as it is, and
`cosign sign` without `--recursive` makes no more. A signature says nothing about what *contains* its image, and
nothing about a part that is copied without the signed whole:

- an index whose children are signed, but not it itself, is refused: a stranger may have put it together;
- a child that is copied by its own digest (one platform) needs a signature of its own, though its index has one:
  nothing at the target would lead from the child to the signed index;
- with `each_platform` every manifest must be signed itself, for clusters whose admission control looks at the
  platform's digest.

**What counts**: at least one signature by a key or identity of the policy, good for exactly this digest. Others beside
it do not matter: anybody who may push can add some. Transparency logs are not asked about keys (a key's owner can
sign offline); for identities an entry is required, because it alone tells when a short-lived certificate was used.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import islice

from pulumi_chaosreg.images.signing_policy import SigningPolicy, require_installed
from pulumi_chaosreg.mirror.companions import Companion
from pulumi_chaosreg.mirror.image import Image
from pulumi_chaosreg.mirror.signatures.bundle import Bundle, Envelope
from pulumi_chaosreg.mirror.signatures.candidates import MAX_CANDIDATES, Candidate, candidates
from pulumi_chaosreg.mirror.signatures.claims import check_simple_signing, check_statement
from pulumi_chaosreg.mirror.signatures.identities import Identities
from pulumi_chaosreg.mirror.signatures.keys import PublicKeys
from pulumi_chaosreg.mirror.signatures.refusal import Refused, Why
from pulumi_chaosreg.mirror.signatures.strict_json import decoded
from pulumi_chaosreg.oci.manifest import Manifest
from pulumi_chaosreg.oci.problems import RegistryError, problem
from pulumi_chaosreg.oci.store import Store

_SIGNATURE = "dev.cosignproject.cosign/signature"
_CERTIFICATE = "dev.sigstore.cosign/certificate"
_TOLD = 5


def require_signed(
    store: Store, repository: str, image: Image, companions: Sequence[Companion], policy: SigningPolicy
) -> None:
    """Return where the image is signed as the policy demands; otherwise RegistryError (CHR0450 to CHR0458).

    `companions` are all that the store has beside the image. ChaosregError where the policy itself cannot be used
    (CHR0322, CHR0327, CHR0459).
    """
    judge = _judge(policy)
    for manifest in image.manifests if policy.each_platform else (image.root,):
        _require_one(store, repository, manifest, companions, judge)


class Judge:
    """A policy, ready to be asked: its keys and its trusted root are read once."""

    def __init__(self, policy: SigningPolicy) -> None:
        require_installed(policy)
        self._keys, self._identities = PublicKeys(policy), Identities(policy)

    def accept(self, candidate: Candidate, content: bytes, manifest: Manifest) -> None:
        """Return where this is a good signature of the manifest; Refused otherwise."""
        if candidate.is_bundle:
            self._accept_bundle(Bundle.parse(content), manifest)
        else:
            self._accept_classic(candidate, content, manifest)

    def _accept_classic(self, candidate: Candidate, payload: bytes, manifest: Manifest) -> None:
        base64 = candidate.annotations.get(_SIGNATURE)
        if not base64:
            raise Refused(Why.UNREADABLE, "its signature was removed: the annotation is missing")
        if not self._keys or not self._keys.made(decoded(base64, "its signature"), payload):
            if candidate.annotations.get(_CERTIFICATE):
                # sigstore-python needs a log's inclusion proof; this form has its promise only
                why = "a certificate in the form of cosign 2, which cannot be proven offline"
                raise Refused(Why.OTHER_KIND, f"it has {why}: sign again with cosign 3")
            self._no_key_made_it()
        check_simple_signing(payload, manifest.digest)

    def _accept_bundle(self, bundle: Bundle, manifest: Manifest) -> None:
        content = bundle.content
        if bundle.voucher == "certificate":
            if not self._identities:
                raise Refused(Why.OTHER_KIND, "it has a certificate, but `mirror.verify` trusts keys only")
            if isinstance(content, Envelope):
                check_statement(*self._identities.statement(bundle), manifest.digest)
            else:
                self._identities.check_message(bundle, manifest.raw)
        elif isinstance(content, Envelope):
            if not self._keys.made(content.signature, content.signed):
                self._no_key_made_it()
            check_statement(content.payload_type, content.payload, manifest.digest)
        elif not self._keys.made(content.signature, manifest.raw):
            self._no_key_made_it()

    def _no_key_made_it(self) -> None:
        if not self._keys:
            raise Refused(Why.OTHER_KIND, "a key made it, but `mirror.verify` trusts identities only")
        raise Refused(Why.OTHER_KEY, "it was made by another key, or altered")


@lru_cache(maxsize=16)
def _judge(policy: SigningPolicy) -> Judge:
    return Judge(policy)


def _require_one(
    store: Store, repository: str, manifest: Manifest, companions: Sequence[Companion], judge: Judge
) -> None:
    refusals: list[tuple[str, Refused]] = []
    for candidate in islice(candidates(manifest.digest, companions), MAX_CANDIDATES):
        try:
            judge.accept(candidate, candidate.content(store, repository), manifest)
        except Refused as refused:
            refusals.append((candidate.place, refused))
        else:
            return
    children = [child.digest for child in manifest.children]
    has_signed_child = any(True for child in children for _ in candidates(child, companions))
    unsigned = "only its children are signed" if has_signed_child else "no signature was found"
    raise _problem(store, repository, manifest, refusals, unsigned)


def _problem(
    store: Store, repository: str, manifest: Manifest, refusals: Sequence[tuple[str, Refused]], unsigned: str
) -> RegistryError:
    """The error of the signature that came furthest, with the others as notes."""
    ranked = sorted(refusals, key=lambda entry: entry[1].why.distance)
    why, cause = (ranked[0][1].why, ranked[0][1].cause) if ranked else (Why.NONE, unsigned)
    notes = [(place, refused.cause) for place, refused in ranked[:_TOLD]]
    if len(ranked) > _TOLD:
        notes.append(("and", f"{len(ranked) - _TOLD} more, of at most {MAX_CANDIDATES} that are checked"))
    image = f"{repository}@{manifest.digest}"
    return problem(why.value, server=store.server, image=image, cause=cause, notes=notes)
