"""Who must have signed an image: public keys and identities, as plain values. Nothing is verified here."""

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec
from typing import Any

from pulumi_chaosreg.errors import ChaosregError, Finding

_ARMOUR = re.compile(r"\s*-----BEGIN ([A-Z0-9 ]+)-----\n?([^-]*)-----END \1-----\s*\Z")
_PUBLIC = ("PUBLIC KEY", "RSA PUBLIC KEY")
_MAX_KEY_LENGTH = 16 << 10
_ROOT_TYPE = "application/vnd.dev.sigstore.trustedroot"


class Flaw(Enum):
    """What is wrong with a policy, each with the code of its finding."""

    NOBODY = "CHR0320"
    KEY = "CHR0322"
    IDENTITY = "CHR0323"
    NO_ROOT = "CHR0324"  # that would prove identities
    TRUSTED_ROOT = "CHR0325"


class MalformedPolicy(ValueError):  # noqa: N818
    """A key, identity or trusted root is not one; the text says why, and never repeats it: it may be a private key."""

    def __init__(self, flaw: Flaw, why: str) -> None:
        self.flaw, self.why = flaw, why
        super().__init__(why)

    @property
    def code(self) -> str:
        """Of its finding."""
        return self.flaw.value


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a certificate must name: a mail address or the URI of a workflow, exactly or as a regular expression."""

    issuer: str
    """Who vouches for it: `https://token.actions.githubusercontent.com`. Compared exactly."""
    identity: str | None = None
    identity_regexp: str | None = None
    """Must match the whole identity, unlike cosign's, which is content with a part."""

    @classmethod
    def parse(cls, entry: Any) -> "Identity":
        """Read `{identity or identity_regexp, issuer}`; MalformedPolicy."""
        if not isinstance(entry, Mapping) or not all(isinstance(text, str) and text for text in entry.values()):
            raise MalformedPolicy(Flaw.IDENTITY, "it is not a mapping of strings")
        unknown = sorted(set(entry) - {"issuer", "identity", "identity_regexp"}, key=str)
        if unknown:
            raise MalformedPolicy(Flaw.IDENTITY, f"`{unknown[0]}` is not a valid key")
        if "issuer" not in entry:
            raise MalformedPolicy(Flaw.IDENTITY, "it has no `issuer`, so anybody may vouch for it")
        if ("identity" in entry) == ("identity_regexp" in entry):
            raise MalformedPolicy(Flaw.IDENTITY, "it needs exactly one of `identity` and `identity_regexp`")
        try:
            re.compile(entry.get("identity_regexp", ""))
        except (re.error, OverflowError, RecursionError) as error:  # `a{99999999999}` overflows
            raise MalformedPolicy(Flaw.IDENTITY, f"its regular expression is malformed: {error}") from None
        return cls(entry["issuer"], entry.get("identity"), entry.get("identity_regexp"))

    def names(self, identity: str) -> bool:
        """Whether that identity is meant."""
        if self.identity_regexp is not None:
            return re.fullmatch(self.identity_regexp, identity) is not None
        return identity == self.identity


@dataclass(frozen=True, slots=True)
class SigningPolicy:
    """One good signature, by any of the keys or identities, is enough."""

    public_keys: tuple[str, ...] = ()
    """PEM texts."""
    identities: tuple[Identity, ...] = ()
    trusted_root: str | None = None
    """The JSON text of a sigstore trusted root, which certificates are proved with; needed for identities."""
    each_platform: bool = False
    """Whether every manifest of an image must be signed itself, as `cosign sign --recursive` does it."""

    @classmethod
    def parse(cls, entry: Any) -> "SigningPolicy":
        """Read what `as_inputs` makes, or a person wrote with texts in the place of files; MalformedPolicy."""
        if not isinstance(entry, Mapping):
            raise MalformedPolicy(Flaw.IDENTITY, "it is not a mapping")
        unknown = sorted(set(entry) - {"public_keys", "identities", "trusted_root", "each_platform"}, key=str)
        if unknown:
            raise MalformedPolicy(Flaw.IDENTITY, f"`{unknown[0]}` is not a valid key")
        listed = [entry.get(key) for key in ("public_keys", "identities")]
        if not all(one is None or isinstance(one, list | tuple) for one in listed):
            raise MalformedPolicy(Flaw.IDENTITY, "`public_keys` and `identities` are lists")
        each_platform = entry.get("each_platform", False)
        if not isinstance(each_platform, bool):
            raise MalformedPolicy(Flaw.IDENTITY, "`each_platform` is true or false")
        keys, identities = (one or () for one in listed)
        policy = cls(
            tuple(map(checked_public_key, keys)),
            tuple(map(Identity.parse, identities)),
            checked_trusted_root(entry["trusted_root"]) if entry.get("trusted_root") else None,
            each_platform,
        )
        policy.check_whole()
        return policy

    def check_whole(self) -> None:
        """Raise MalformedPolicy where the parts do not make a policy."""
        if not self.public_keys and not self.identities:
            raise MalformedPolicy(Flaw.NOBODY, "it names no key and no identity")
        if self.identities and not self.trusted_root:
            raise MalformedPolicy(Flaw.NO_ROOT, "it names identities but no trusted root")

    def as_inputs(self) -> dict[str, Any]:
        """As a resource's input: plain values, without what is empty."""
        identities = [
            {key: value for key in ("identity", "identity_regexp", "issuer") if (value := getattr(one, key))}
            for one in self.identities
        ]
        whole: dict[str, Any] = {
            "public_keys": list(self.public_keys),
            "identities": identities,
            "trusted_root": self.trusted_root,
            "each_platform": self.each_platform,
        }
        return {key: value for key, value in whole.items() if value}


def checked_public_key(text: Any) -> str:
    """The PEM text of a public key, by its armour only; MalformedPolicy (CHR0322)."""
    if not isinstance(text, str) or len(text) > _MAX_KEY_LENGTH:
        raise MalformedPolicy(Flaw.KEY, "it is not text, or over 16 KiB")
    armour = _ARMOUR.match(text.replace("\r\n", "\n"))
    if not armour:
        raise MalformedPolicy(Flaw.KEY, "it is not PEM, or has several keys")
    kind, body = armour.groups()
    if "PRIVATE" in kind:
        raise MalformedPolicy(Flaw.KEY, "it is a private key, which nobody else may have: make a new pair")
    if kind not in _PUBLIC:
        raise MalformedPolicy(Flaw.KEY, f"it is a `{kind.lower()}`")
    try:
        b64decode("".join(body.split()), validate=True)
    except ValueError:
        raise MalformedPolicy(Flaw.KEY, "what is between its two lines is not base64") from None
    return text


def checked_trusted_root(text: Any) -> str:
    """The JSON text of a trusted root, by its type only, written compactly; MalformedPolicy (CHR0325)."""
    try:
        document = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        document = None
    if not isinstance(document, dict) or not str(document.get("mediaType", "")).startswith(_ROOT_TYPE):
        raise MalformedPolicy(Flaw.TRUSTED_ROOT, "it is not the JSON of a sigstore trusted root")
    return json.dumps(document, separators=(",", ":"))


def check_installed(policy: SigningPolicy) -> Finding | None:
    """CHR0327 where the packages are missing that verify; they are heavy, and are not imported for that."""
    needed = ("cryptography", "nacl", *(["sigstore"] if policy.identities else []))
    missing = [name for name in needed if find_spec(name) is None]
    if not missing:
        return None
    return Finding(
        "CHR0327",
        f"`signatures: require` needs the Python package {' and '.join(f'`{name}`' for name in missing)}",
        help="pip install 'pulumi-chaosreg[verify]', where `pulumi` and `chaosreg` run",
    )


def require_installed(policy: SigningPolicy) -> None:
    """Raise ChaosregError (CHR0327) where the packages are missing."""
    finding = check_installed(policy)
    if finding:
        raise ChaosregError(finding)
