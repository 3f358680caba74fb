"""Who must have signed what a registry's owner mirrors: `mirror.signatures: require` with `mirror.verify`.

Files are read and looked at from outside (PEM armour, JSON); whether a key is a good key is seen when it is used.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.images.signing_policy import (
    Flaw,
    Identity,
    MalformedPolicy,
    SigningPolicy,
    check_installed,
    checked_public_key,
    checked_trusted_root,
)
from pulumi_chaosreg.scopes.model import Decided, Origin, Scope
from pulumi_chaosreg.settings.table import MIRROR

_MAX_BYTES = 1 << 20
_HELP = {
    Flaw.NOBODY: "name who signs in `mirror.verify`: "
    "`public_keys: [cosign.pub]`, or `identities` with a `trusted_root`",
    Flaw.KEY: "write the path of the public key that `cosign generate-key-pair` made (`cosign.pub`), or its PEM",
    Flaw.IDENTITY: "write `{identity: …, issuer: …}` or `{identity_regexp: …, issuer: …}`",
    Flaw.NO_ROOT: "add `trusted_root`, the file `trusted_root.json` of the sigstore instance: "
    "it proves the certificates",
    Flaw.TRUSTED_ROOT: "write the path of a file that `cosign trusted-root create` made, "
    "or of the TUF repository's own",
}
T = TypeVar("T")


def signing_policy(
    owner: Scope,
    signatures: Decided[str] | None,
    verify: Decided[Mapping[str, Any]] | None,
    project: Path | None,
) -> tuple[SigningPolicy | None, list[Finding]]:
    """What must be signed by whom before this owner mirrors it: None where signatures are not required, or where it is
    wrong. `project` is the folder of Pulumi.yaml, from which paths count; without it no file is read.
    """
    if signatures is None or signatures.value != "require":
        return None, list(_unused(owner, signatures, verify))
    if verify is None:
        vague = owner.is_unclear(MIRROR.verify)
        return None, [] if vague else [_finding(MalformedPolicy(Flaw.NOBODY, "nobody"), signatures.origin.place)]
    if project is None:
        return None, []
    findings: list[Finding] = []
    reading = _Reading(project, verify.origin, owner.is_unclear(MIRROR.verify), findings)
    policy = SigningPolicy(
        tuple(reading.keys(verify.value.get("public_keys", []))),
        tuple(reading.identities(verify.value.get("identities", []))),
        reading.trusted_root(verify.value.get("trusted_root")),
        verify.value.get("each_platform", False),
    )
    if not findings:
        findings += reading.whole(policy)
    if not findings and (missing := check_installed(policy)):
        findings.append(replace(missing, place=signatures.origin.place))
    return (None if findings else policy), findings


def _unused(owner: Scope, said: Decided[str] | None, verify: Decided[Mapping[str, Any]] | None) -> Iterator[Finding]:
    """CHR0326: who wrote down signers expects that they are asked for."""
    if verify and not owner.is_unclear(MIRROR.signatures):
        yield Finding(
            "CHR0326",
            f"`mirror.verify` has no effect: `mirror.signatures` is {f'`{said.value}`' if said else 'not `require`'}",
            verify.origin.place,
            help="set `signatures: require`",
            severity="warning",
        )


class _Reading:
    """Reads one `verify`; what is wrong goes to the findings."""

    def __init__(self, project: Path, origin: Origin, is_unclear: bool, findings: list[Finding]) -> None:
        self._project, self._origin, self._is_unclear, self._findings = project, origin, is_unclear, findings

    def keys(self, texts: Iterable[str]) -> Iterator[str]:
        for number, text in enumerate(texts):
            is_inline = "-----" in text or "\n" in text
            # the line of a text in the file is not shown: it may be a private key
            place = self._at("public_keys") if is_inline else self._at("public_keys", number)
            content = text if is_inline else self._content(text, place)
            if content is not None and (key := self._checked(place, checked_public_key, content)):
                yield key

    def identities(self, entries: Iterable[object]) -> Iterator[Identity]:
        for number, entry in enumerate(entries):
            if self._is_unclear:  # something in one of them is told already
                return
            if identity := self._checked(self._at("identities", number), Identity.parse, entry):
                yield identity

    def trusted_root(self, path: str | None) -> str | None:
        place = self._at("trusted_root")
        content = self._content(path, place) if path else None
        return None if content is None else self._checked(place, checked_trusted_root, content)

    def whole(self, policy: SigningPolicy) -> Iterator[Finding]:
        """What is missing in the policy as a whole; what follows from something wrong in it is not told."""
        if self._is_unclear:
            return
        try:
            policy.check_whole()
        except MalformedPolicy as wrong:
            yield _finding(wrong, self._at(*(["identities"] if wrong.flaw is Flaw.NO_ROOT else [])))

    def _content(self, path: str, place: Place) -> str | None:
        file = self._project / path
        try:
            if file.stat().st_size <= _MAX_BYTES:
                return file.read_text("utf-8")
            why = "it is larger than 1 MiB"
        except UnicodeDecodeError:
            why = "it is not text"
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            why = getattr(error, "strerror", None) or "it is not a path"
        key = next(key for key in place.keys if key in ("public_keys", "trusted_root"))
        message = f"the file that `mirror.verify.{key}` names cannot be read: {why}"
        notes, advice = (("looked for", str(file)),), "paths are relative to the folder of Pulumi.yaml"
        self._findings.append(Finding("CHR0321", message, place, notes=notes, help=advice))
        return None

    def _checked(self, place: Place, check: Callable[[object], T], value: object) -> T | None:
        try:
            return check(value)
        except MalformedPolicy as wrong:
            self._findings.append(_finding(wrong, place))
            return None

    def _at(self, *keys: str | int) -> Place:
        assert self._origin.scope is not None
        return self._origin.scope.at(*self._origin.path, *keys)


def _finding(wrong: MalformedPolicy, place: Place) -> Finding:
    messages = {
        Flaw.NOBODY: "`signatures: require` needs signers, but `mirror.verify` names none",
        Flaw.KEY: f"this is not a signer's public key: {wrong.why}",
        Flaw.IDENTITY: f"this identity is incomplete: {wrong.why}",
        Flaw.NO_ROOT: "`mirror.verify` has identities, but no `trusted_root` to prove their certificates",
        Flaw.TRUSTED_ROOT: f"`trusted_root` cannot be used: {wrong.why}",
    }
    hides = wrong.flaw is Flaw.KEY  # it may be a private one
    return Finding(wrong.code, messages[wrong.flaw], place, help=_HELP[wrong.flaw], hides_value=hides)
