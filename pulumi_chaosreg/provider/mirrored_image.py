"""`MirroredImage`: one image tag at its target, as a Pulumi custom resource.

What its inputs are, and what a change of them means, says its table (`resources/mirrored_image.py`).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pulumi_chaosreg.credentials.docker_config import read_input
from pulumi_chaosreg.credentials.login import LoginSource
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.platform import PLATFORM
from pulumi_chaosreg.images.reference import COMPANION_TAG, DIGEST, Reference
from pulumi_chaosreg.images.signing_policy import MalformedPolicy, SigningPolicy, check_installed
from pulumi_chaosreg.images.unique_tag import unique_tag
from pulumi_chaosreg.machine import MachineLogins
from pulumi_chaosreg.mirror import Mirror, Progress, Wanted
from pulumi_chaosreg.provider.carried import Carried
from pulumi_chaosreg.provider.logins_of_run import KEYS, LoginsOfRun
from pulumi_chaosreg.provider.resource import Found, Occasion
from pulumi_chaosreg.provider.run import Run
from pulumi_chaosreg.provider.still_wanted import StillWanted
from pulumi_chaosreg.provider.unknown import has_unknown, is_unknown
from pulumi_chaosreg.resources.mirrored_image import MIRRORED_IMAGE, kept_platforms
from pulumi_chaosreg.resources.table import Failure, Properties, ResourceChange
from pulumi_chaosreg.settings.durations import DURATION, seconds_of

_ENDED = "if that has ended since, run `up` first, which renews it"
Report = Callable[[Progress], None]


class MirroredImage:
    """The life of the resource, on plain values; `servicer.py` speaks gRPC for it.

    One `Mirror` serves all resources of a run, so that every unique blob crosses the wire once.
    """

    def __init__(self, mirror: Mirror, still_wanted: StillWanted | None = None, carried: Carried | None = None) -> None:
        self.mirror = mirror
        self._carried = carried
        self._still_wanted = still_wanted or StillWanted(Run())
        self._logins, self._of_run = MachineLogins(), LoginsOfRun()
        self._told: set[Finding] = set()

    @classmethod
    def of_run(cls, run: Run) -> "MirroredImage":
        """The object that serves a run."""
        carried = Carried.by_the_environment(run.stop)
        return cls(Mirror(stop=run.stop, read_from=carried.holding if carried else None), StillWanted(run), carried)

    def check(self, inputs: Properties) -> tuple[dict[str, Any], list[Failure]]:
        """The inputs with defaults, and (property, reason) for each that is wrong. Unknown values pass.

        ChaosregError (CHR0430), once, where there is no such layout as this machine's environment names.
        """
        if self._carried:
            self._carried.look()
        failures = MIRRORED_IMAGE.failures(inputs, is_unknown)
        wrong = {name for name, _ in failures}
        for key in ("source", "target"):
            value = inputs.get(key)
            if isinstance(value, str):
                failures += _reference_failures(key, value)
        digest = inputs.get("digest")
        if digest is not None and not is_unknown(digest) and not (isinstance(digest, str) and DIGEST.match(digest)):
            failures.append(("digest", "is not a digest; write `sha256:` and 64 hex digits, or leave it out"))
        platforms = inputs.get("platforms")
        texts = platforms if isinstance(platforms, list) and "platforms" not in wrong else []
        if not all(is_unknown(text) or PLATFORM.match(text) for text in texts):
            failures.append(("platforms", "must be a list of `os/architecture`, as in `linux/amd64`"))
        wait = inputs.get("waitForScan")
        if isinstance(wait, str) and not is_unknown(wait) and not DURATION.pattern.match(wait):
            failures.append(("waitForScan", f"is not {DURATION.what}: {DURATION.advice}"))
        failures += _policy_failures(inputs)
        target = inputs.get("target")
        if isinstance(target, str) and not failures:
            self._still_wanted.keep(target)
            self._of_run.keep(inputs)
        return MIRRORED_IMAGE.with_defaults(inputs), failures

    def diff(self, state: Properties, inputs: Properties) -> ResourceChange:
        """What `up` would do. The state's digest is what the target held when somebody last looked."""
        return MIRRORED_IMAGE.change(state, inputs)

    def preview(self, inputs: Properties) -> dict[str, Any]:
        """The outputs as far as they are known without asking a registry: all of them where the digest is locked."""
        outputs = {key: inputs[key] for key in MIRRORED_IMAGE.outputs_of_inputs if key in inputs}
        digest = inputs.get("digest")
        if isinstance(digest, str) and isinstance(inputs.get("target"), str):
            outputs |= {"digest": digest, "reference": f"{inputs['target']}@{digest}"}
            if inputs.get("uniqueTag") is True:
                outputs["uniqueReference"] = _unique(inputs["target"], digest).tagged
        return outputs

    def look_ahead(self, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Nothing: what is at a target is known from the lockfile, and registries count requests."""

    def create(self, inputs: Properties, occasion: Occasion) -> tuple[str, dict[str, Any]]:
        """Copy what the target lacks."""
        return self._put(inputs, occasion, {})

    def update(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> dict[str, Any]:
        """The same; what was ours stays ours."""
        return self._put(inputs, occasion, state)[1]

    def _put(self, inputs: Properties, occasion: Occasion, state: Properties) -> tuple[str, dict[str, Any]]:
        done = False
        try:
            result = self.put(inputs, lambda progress: occasion.progress(_sentence(progress)), state)
            done = True
            return result
        finally:
            for finding in self._new_warnings(with_logins=done):
                occasion.warn(str(finding))

    def put(self, inputs: Properties, report: Report, state: Properties | None = None) -> tuple[str, dict[str, Any]]:
        """Copy what the target lacks; (id, outputs). The tag is written last, so a failure leaves none.

        The output `written` remembers that the tag is ours: what was there before us is never deleted.
        """
        source, target = Reference.parse(inputs["source"]), Reference.parse(inputs["target"])
        wanted = Wanted(
            digest=inputs.get("digest"),
            platforms=kept_platforms(inputs.get("platforms")),
            keep_foreign=inputs.get("foreignLayers") == "keep",
            signatures=inputs.get("signatures") != "skip",
            unique=inputs.get("uniqueTag") is True,
            wait_for_scan=seconds_of(inputs["waitForScan"]) if inputs.get("waitForScan") else 0,
            verify=SigningPolicy.parse(inputs["verify"]) if inputs.get("signatures") == "require" else None,
        )
        pull, push = self._login(inputs, "pull", source), self._login(inputs, "push", target)
        copied = self.mirror.copy(source, target, wanted, pull=pull, push=push, progress=report)
        before = state or {}
        is_ours = copied.wrote or (before.get("written") is True and before.get("digest") == copied.digest)
        return target.tagged, {**self.preview({**inputs, "digest": copied.digest}), "written": is_ours}

    def read(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> Found | None:
        """The target as it is now; None where its tag is gone.

        With `target@digest` as the id this imports an image that is there already.
        """
        try:
            found = self.look(ident, state, inputs)
        except ChaosregError as refusal:
            # without the credential, or before a scan, everything else may still be refreshed
            if not state or not (refusal.is_denied or refusal.is_gated):
                raise
            occasion.warn(f"kept as it was: the target could not be checked\n{refusal}")
            return Found(ident, inputs, state)
        return Found(found[1]["target"], *found) if found else None

    def look(self, ident: str, state: Properties, inputs: Properties) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """(inputs, outputs) as the target is now; None where its tag is gone."""
        wanted = Reference.parse(ident)
        target = wanted.with_digest(None)
        known = state.get("digest")
        like = wanted.digest or (known if isinstance(known, str) else None)
        digest = self.mirror.digest(target, self._login(inputs, "push", target), like)
        if digest is None or (wanted.digest and digest != wanted.digest and not state):
            return None
        now = {**state, "target": str(target), "digest": digest}
        if state.get("uniqueTag"):
            unique = _unique(str(target), digest)
            now["uniqueTag"] = self.mirror.digest(unique, self._login(inputs, "push", target), digest) == digest
        imported = {"target": str(target), "digest": digest}
        is_ours = state.get("written") is True and state.get("digest") == digest  # or somebody else has moved it
        return dict(inputs) or imported, {**self.preview(now), "written": is_ours}

    def delete(self, ident: str, state: Properties, inputs: Properties, occasion: Occasion) -> None:
        """Take the tag away where that is wanted, and say so where it stays all the same."""
        try:
            kept = self.remove(state, inputs, occasion.urn)
        except ChaosregError as refused:
            target = Reference.parse(state["target"])
            if refused.is_denied and any(map(inputs.get, KEYS)) and not self._of_run.near(target):
                occasion.warn(f"{target} was to be deleted with the login of the last `up`: {_ENDED}")
            raise
        if kept:
            occasion.warn(kept)

    def remove(self, state: Properties, inputs: Properties, urn: str) -> str:
        """Nothing with `onDestroy: retain`; otherwise take away what we wrote and nobody else needs, the unique tag
        too. The unique tags of former digests stay.

        Returns why the image was kept although it should go; "" otherwise, and where another resource of this run has
        taken it over. A login of the inputs is that of the last `up`: one that an image of this run has goes before it.
        """
        if state.get("onDestroy") != "delete":
            return ""
        target, digest = Reference.parse(state["target"]), state.get("digest")
        if self._still_wanted.is_kept_here(target):
            return ""
        if state.get("written") is not True:
            return f"kept {target}: it existed before this resource, which did not write it"
        if reason := self._still_wanted.elsewhere(urn, target, digest):
            return f"kept {target}: {reason}"
        if any(map(inputs.get, KEYS)):
            inputs = self._of_run.near(target) or inputs
        key = "delete" if inputs.get("delete") else "push"
        login = self._login(inputs, key, target)
        now = self.mirror.digest(target, login, digest)
        tags = [target, _unique(state["target"], digest)] if state.get("uniqueTag") and digest else [target]
        ours = [tag.tag for tag in tags if tag.tag and self.mirror.digest(tag, login, digest) == digest]
        if ours:
            named = f"mirror.{key}" if inputs.get(key) else ""
            self.mirror.remove(target.server, target.repository, ours, login, named=named)
        is_ours = now in (None, digest)
        return "" if is_ours else f"kept {target}: somebody has since moved the tag to {now}"

    def _new_warnings(self, *, with_logins: bool) -> list[Finding]:
        """What went wrong and did no harm, each once in a run: with registries, and while logins were looked for, which
        whoever was refused has read already.
        """
        findings = [*self.mirror.findings(), *(self._logins.findings() if with_logins else ())]
        new = [finding for finding in findings if finding not in self._told]
        self._told.update(new)
        return new

    def _login(self, inputs: Properties, key: str, reference: Reference) -> LoginSource | None:
        """The login of this input, or else what the machine has for the image."""
        value = inputs.get(key)
        if not value:
            return self._logins.of(reference)
        return read_input(key, value).login_for(reference.server, reference.repository)


def _sentence(progress: Progress) -> str:
    mega = 1_000_000
    done, total = progress.bytes_done / mega, progress.bytes_total / mega
    return f"copying: {done:.1f} of {total:.1f} MB, {progress.blob} of {progress.blobs} blobs"


def _policy_failures(inputs: Properties) -> list[Failure]:
    """What is wrong with `verify`; here, in the preview, also that the packages are missing that verify."""
    verify, signatures = inputs.get("verify"), inputs.get("signatures")
    if has_unknown(verify) or is_unknown(signatures):
        return []
    if signatures != "require":
        return [] if verify is None else [("verify", "has no effect without `signatures: require`")]
    if verify is None:
        return [("verify", "is missing: `signatures: require` needs signers")]
    try:
        missing = check_installed(SigningPolicy.parse(verify))
    except MalformedPolicy as wrong:
        return [("verify", f"cannot be used: {wrong.why}")]
    return [("verify", f"{missing.message}: {missing.help}")] if missing else []


def _reference_failures(key: str, value: str) -> list[Failure]:
    try:
        reference = Reference.parse(value)
    except ChaosregError as error:
        return [(key, error.findings[0].message)]
    if key == "target" and reference.digest:
        return [(key, "has a digest; a target is a tag, its digest an output")]
    if key == "target" and COMPANION_TAG.fullmatch(reference.tag or ""):
        return [(key, "has the form of a signature's tag; choose another one")]
    return [] if reference.tag or (key == "source" and reference.digest) else [(key, "has no tag")]


def _unique(target: str, digest: str) -> Reference:
    """The second tag of a target whose tag moves."""
    reference = Reference.parse(target)
    return replace(reference, tag=unique_tag(reference.tag or "latest", digest))
