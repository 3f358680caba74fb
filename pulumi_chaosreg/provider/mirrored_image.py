"""`MirroredImage`: one image tag at its target, as a Pulumi custom resource.

The source tag, the expected digest and `onDestroy` may change in place; another target is another resource.
Credentials are inputs that never cause a diff, and never outputs: a rotation is not a change of the image. Nor do
`signatures` and `verify`: they count when an image is copied.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.output import Unknown

from pulumi_chaosreg.credentials.docker_config import read_credential
from pulumi_chaosreg.credentials.login import Login
from pulumi_chaosreg.credentials.machine import machine_login
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.reference import DIGEST, Reference
from pulumi_chaosreg.images.signing_policy import MalformedPolicy, SigningPolicy, check_installed
from pulumi_chaosreg.mirror import Mirror, Progress

TYPE = "chaosreg:index:MirroredImage"
_INPUTS = ("source", "target", "digest", "push", "pull", "onDestroy", "signatures", "verify")
_WORDS = {"onDestroy": ("retain", "delete"), "signatures": ("copy", "require", "skip")}

Properties = Mapping[str, Any]
Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between the state and the program: nothing, an update, or a replacement."""

    updates: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()


class MirroredImage:
    """The life of the resource, on plain values; `servicer.py` speaks gRPC for it.

    One `Mirror` serves all resources of a run, so that every unique blob crosses the wire once.
    """

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror

    def check(self, inputs: Properties) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The inputs with defaults, and (property, reason) for each that is wrong. Unknown values pass."""
        failures = [(key, f"is not an input; inputs: {', '.join(_INPUTS)}") for key in inputs if key not in _INPUTS]
        for key in ("source", "target"):
            value = inputs.get(key)
            if value is None:
                failures.append((key, "is missing; write `server/repository:tag`"))
            elif isinstance(value, str):
                failures += _reference_failures(key, value)
            elif not is_unknown(value):
                failures.append((key, "must be a string"))
        digest = inputs.get("digest")
        if digest is not None and not is_unknown(digest) and not (isinstance(digest, str) and DIGEST.match(digest)):
            failures.append(("digest", "is not a digest; write `sha256:` and 64 hex digits, or leave it out"))
        for key, words in _WORDS.items():
            word = inputs.get(key)
            if word is not None and not is_unknown(word) and word not in words:
                failures.append((key, f"must be one of: {', '.join(words)}"))
        failures += _policy_failures(inputs)
        return {"onDestroy": "retain", **{k: v for k, v in inputs.items() if v is not None}}, failures

    def diff(self, state: Properties, inputs: Properties) -> Change:
        """What `up` would do. The state's digest is what the target held when somebody last looked."""
        replaces = tuple(key for key in ("target",) if state.get(key) != inputs.get(key))
        updates = [key for key in ("source", "onDestroy") if state.get(key) != inputs.get(key)]
        if inputs.get("digest") is not None and state.get("digest") != inputs["digest"]:
            updates.append("digest")
        return Change(tuple(updates), replaces)

    def preview(self, inputs: Properties) -> dict[str, Any]:
        """The outputs as far as they are known without asking a registry: all of them where the digest is locked."""
        outputs = {key: inputs[key] for key in ("source", "target", "onDestroy") if key in inputs}
        digest = inputs.get("digest")
        if isinstance(digest, str) and isinstance(inputs.get("target"), str):
            outputs |= {"digest": digest, "reference": f"{inputs['target']}@{digest}"}
        return outputs

    def put(self, inputs: Properties, report: Report) -> tuple[str, dict[str, Any]]:
        """Copy what the target lacks; (id, outputs). The tag is written last, so a failure leaves none."""
        source, target = Reference.parse(inputs["source"]), Reference.parse(inputs["target"])
        copied = self.mirror.copy(
            source,
            target,
            pull=_login(inputs, "pull", source),
            push=_login(inputs, "push", target),
            digest=inputs.get("digest") or source.digest,
            signatures=inputs.get("signatures") != "skip",
            verify=SigningPolicy.parse(inputs["verify"]) if inputs.get("signatures") == "require" else None,
            progress=report,
        )
        return target.tagged, self.preview({**inputs, "digest": copied.digest})

    def read(self, ident: str, state: Properties, inputs: Properties) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """(inputs, outputs) as the target is now; None where its tag is gone.

        With `target@digest` as the id this imports an image that is there already.
        """
        wanted = Reference.parse(ident)
        target = wanted.with_digest(None)
        digest = self.mirror.digest(target, _login(inputs, "push", target))
        if digest is None or (wanted.digest and digest != wanted.digest and not state):
            return None
        base = {"source": str(target), "onDestroy": "retain", **dict(state), "target": str(target), "digest": digest}
        imported = {key: base[key] for key in ("source", "target", "digest", "onDestroy")}
        return dict(inputs) or imported, self.preview(base)

    def delete(self, state: Properties, inputs: Properties) -> None:
        """Nothing with `onDestroy: retain`; otherwise take the tag away, as long as it is still what we wrote."""
        if state.get("onDestroy") != "delete":
            return
        target = Reference.parse(state["target"])
        login = _login(inputs, "push", target)
        if self.mirror.digest(target, login) == state.get("digest"):
            self.mirror.delete(target, login)


def is_unknown(value: Any) -> bool:
    """Whether a preview does not know it yet."""
    return isinstance(value, Unknown)


def _policy_failures(inputs: Properties) -> list[tuple[str, str]]:
    """What is wrong with `verify`; here, in the preview, also that the packages are missing that verify."""
    verify, signatures = inputs.get("verify"), inputs.get("signatures")
    if has_unknown(verify) or is_unknown(signatures):
        return []
    if signatures != "require":
        return [] if verify is None else [("verify", "has no effect without `signatures: require`")]
    if verify is None:
        return [("verify", "is missing: `signatures: require` demands signatures, and somebody must say whose")]
    try:
        missing = check_installed(SigningPolicy.parse(verify))
    except MalformedPolicy as wrong:
        return [("verify", f"cannot be used: {wrong.why}")]
    return [("verify", f"{missing.message}: {missing.help}")] if missing else []


def has_unknown(value: Any) -> bool:
    """Whether a preview does not know all of it yet."""
    if isinstance(value, Mapping):
        return any(map(has_unknown, value.values()))
    return any(map(has_unknown, value)) if isinstance(value, list) else is_unknown(value)


def _reference_failures(key: str, value: str) -> list[tuple[str, str]]:
    try:
        reference = Reference.parse(value)
    except ChaosregError as error:
        return [(key, error.findings[0].message)]
    if key == "target" and reference.digest:
        return [(key, "names a digest; a target is a tag, and its digest is an output")]
    return [] if reference.tag or (key == "source" and reference.digest) else [(key, "has no tag")]


def _login(inputs: Properties, key: str, reference: Reference) -> Login | None:
    """The login of this input, or else what the machine's docker configuration has for the server."""
    value = inputs.get(key)
    return read_credential(key, value).login if value else machine_login(reference.server)
