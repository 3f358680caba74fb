"""The images that a registry's owner copies into it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi

from pulumi_chaosreg.components.argument_types import CREDENTIALS, TEXT, ArgumentType, wrong_types
from pulumi_chaosreg.components.calls import called_from
from pulumi_chaosreg.components.mirrored_image import MirroredImage
from pulumi_chaosreg.components.reporting import report
from pulumi_chaosreg.credentials.docker_config import named_input
from pulumi_chaosreg.errors import ChaosregError, Finding, Place
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.scopes.component_names import MIRROR_TYPE
from pulumi_chaosreg.scopes.mirror_policy import MirrorPolicy, mirror_policy
from pulumi_chaosreg.scopes.model import Decided, Level, Scope
from pulumi_chaosreg.settings.checking import check_settings
from pulumi_chaosreg.settings.table import MIRROR, SECTION

Aliases = Sequence[pulumi.Input[pulumi.Alias | str]]
_POLICY = ArgumentType(
    MirrorPolicy | Mapping,
    "a dictionary",
    'write what a stack file says under `mirror`: `policy={"source": "docker.io/harness"}`',
)


class ImageMirror(pulumi.ComponentResource):
    """One `MirroredImage` per target tag, made when the first infrastructure asks for it."""

    def __init__(
        self,
        name: str,
        *,
        policy: MirrorPolicy | Mapping[str, Any],
        credentials: Mapping[str, pulumi.Input[Any]] | None = None,
        made: Mapping[str, pulumi.Input[Mapping[str, str]]] | None = None,
        prefix: str = "",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`policy` is what a stack file says under `mirror`, and `on_destroy` (RunError with what is wrong in it).
        `credentials` are the values of the NAMEs that it mentions; `made` are logins for `push` and `delete` that count
        where it names none. `prefix` goes before the images' names, so that two
        mirrors of one registry differ.
        """
        place = called_from(f"image mirror `{name}`")
        report(
            wrong_types(
                place, {"name": (name, TEXT), "policy": (policy, _POLICY), "credentials": (credentials, CREDENTIALS)}
            )
        )
        super().__init__(MIRROR_TYPE, name, {}, opts)
        self._policy = policy if isinstance(policy, MirrorPolicy) else _checked(name, policy)
        self._credentials, self._made_logins, self._prefix = dict(credentials or {}), dict(made or {}), prefix
        self._images: dict[str, MirroredImage] = {}

    def image(
        self,
        source: Reference,
        target: Reference,
        digest: str | None,
        aliases: Aliases | None = None,
        *,
        after: pulumi.Resource | None = None,
    ) -> MirroredImage:
        """The resource that keeps this target tag, and `digest` under it where that is known; the same one each time it
        is asked for. `after` is the repository that has to be there before it.
        """
        tagged = target.tagged
        if tagged not in self._images:
            opts = pulumi.ResourceOptions(parent=self, aliases=aliases, depends_on=[after] if after else None)
            self._images[tagged] = self._made(source, target, digest, opts)
        return self._images[tagged]

    def _made(
        self, source: Reference, target: Reference, digest: str | None, opts: pulumi.ResourceOptions
    ) -> MirroredImage:
        policy = self._policy
        named = {key: self._credential(named) for key, named in policy.credentials.items()}
        logins: dict[str, pulumi.Input[Any]] = {**self._made_logins, **named}
        inputs: dict[str, Any] = {
            "platforms": list(policy.kept_platforms) or None,
            "foreign_layers": policy.foreign_layers and policy.foreign_layers.value,
            "signatures": policy.signatures and policy.signatures.value,
            "verify": policy.signers.as_inputs() if policy.signers else None,
            "wait_for_scan": policy.wait_for_scan and policy.wait_for_scan.value,
            "on_destroy": policy.on_destroy and policy.on_destroy.value,
            "unique_tag": True if load_catalogue().is_floating(target.tag) else None,
        }
        return MirroredImage(
            f"{self._prefix}{target.tagged}",
            # a subset has a digest of its own, so what it is made of has to be said
            source=str(source) if policy.kept_platforms else source.tagged,
            target=target.tagged,
            digest=digest,
            **logins,
            **inputs,
            opts=opts,
        )

    def _credential(self, named: Decided[str]) -> pulumi.Input[Any]:
        """RunError (CHR0501) where nobody gave it: the machine's own login would be used in its place."""
        if named.value not in self._credentials:
            message = f"credential `{named.value}` has no value"
            advice = f"give it as `credentials={{'{named.value}': …}}`"
            raise pulumi.RunError(str(Finding("CHR0501", message, named.origin.place, help=advice, hides_value=True)))

        def with_name(value: Any) -> dict[str, Any]:
            try:
                return named_input(named.value, value)
            except ChaosregError as error:
                raise pulumi.RunError(str(error)) from None

        return pulumi.Output.secret(self._credentials[named.value]).apply(with_name)


def _checked(name: str, said: Mapping[str, Any]) -> MirrorPolicy:
    """The policy that a program writes down as in a stack file."""
    place = Place(f"image mirror `{name}`")
    mirror = {key: value for key, value in said.items() if key != SECTION.on_destroy.key}
    section = {SECTION.mirror.key: mirror, **{key: value for key, value in said.items() if key not in mirror}}
    settings, findings, _ = check_settings(section, place)
    owner = Scope(Level.ACCOUNT, name, settings, place=place)
    policy = mirror_policy(owner, (), "", Path(pulumi.get_root_directory() or Path.cwd()))
    if also := owner.get(MIRROR.also):
        message = f"`{MIRROR.also}` has no effect: an image mirror copies only what `image` asks for"
        advice = f"ask for each (`{also[0]}`), or write the list at a level that defines a registry"
        findings = [*findings, Finding("CHR0339", message, place, help=advice)]
    if policy is None and not findings:
        message = "it does not say what to copy from"
        findings = [Finding("CHR0315", message, place, help=f"add `{MIRROR.source.key}`, as in `docker.io/harness`")]
    errors = [one for one in [*findings, *(policy.findings if policy else ())] if one.severity == "error"]
    if policy is None or errors:
        raise pulumi.RunError(str(ChaosregError(errors)))
    return policy
