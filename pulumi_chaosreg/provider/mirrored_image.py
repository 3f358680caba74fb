"""`MirroredImage`: one image tag at its target, as a Pulumi custom resource.

The source tag, the expected digest and `onDestroy` may change in place; another target is another resource.
Credentials are inputs that never cause a diff, and never outputs: a rotation is not a change of the image. Nor does
`signatures`: it counts when an image is copied.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.output import Unknown

from pulumi_chaosreg.credentials.docker_config import read_credential
from pulumi_chaosreg.credentials.login import LoginSource
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.reference import DIGEST, Reference
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.mirror import Mirror, Progress

TYPE = "chaosreg:index:MirroredImage"
_INPUTS = ("source", "target", "digest", "push", "pull", "onDestroy", "signatures")
_WORDS = {"onDestroy": ("retain", "delete"), "signatures": ("copy", "skip")}

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
        self._logins = MachineLogins()
        self._told: set[Finding] = set()

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
            pull=self._login(inputs, "pull", source),
            push=self._login(inputs, "push", target),
            digest=inputs.get("digest") or source.digest,
            signatures=inputs.get("signatures") != "skip",
            progress=report,
        )
        return target.tagged, self.preview({**inputs, "digest": copied.digest})

    def read(self, ident: str, state: Properties, inputs: Properties) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """(inputs, outputs) as the target is now; None where its tag is gone.

        With `target@digest` as the id this imports an image that is there already.
        """
        wanted = Reference.parse(ident)
        target = wanted.with_digest(None)
        digest = self.mirror.digest(target, self._login(inputs, "push", target))
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
        login = self._login(inputs, "push", target)
        if self.mirror.digest(target, login) == state.get("digest"):
            self.mirror.delete(target, login)

    def new_warnings(self) -> list[Finding]:
        """What went wrong while logins were looked for and did no harm, each once in a run."""
        new = [finding for finding in self._logins.findings() if finding not in self._told]
        self._told.update(new)
        return new

    def _login(self, inputs: Properties, key: str, reference: Reference) -> LoginSource | None:
        """The login of this input, or else what the machine has for the image."""
        value = inputs.get(key)
        if not value:
            return self._logins.of(reference)
        return read_credential(key, value).login_for(reference.server, reference.repository)


def is_unknown(value: Any) -> bool:
    """Whether a preview does not know it yet."""
    return isinstance(value, Unknown)


def _reference_failures(key: str, value: str) -> list[tuple[str, str]]:
    try:
        reference = Reference.parse(value)
    except ChaosregError as error:
        return [(key, error.findings[0].message)]
    if key == "target" and reference.digest:
        return [(key, "names a digest; a target is a tag, and its digest is an output")]
    return [] if reference.tag or (key == "source" and reference.digest) else [(key, "has no tag")]
