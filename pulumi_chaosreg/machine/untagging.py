"""Taking one of an image's tags away where the registry cannot: by the API of its cloud, as this machine's identity.

Which kinds of registry that is stands in `registries/kinds.toml`. A login of the registry does not open such an API.
"""

from collections.abc import Callable, Collection
from functools import cache

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.machine.words import harmless
from pulumi_chaosreg.registries.kinds import RegistryKind, registry_kind

Untag = Callable[[str, Collection[str]], None]
"""(repository, tags) → they are gone; ChaosregError (CHR0447) otherwise."""


def untagging(server: str, *, named: str = "") -> Untag | None:
    """How tags are taken away there besides the registry's own way; None where that is good enough.

    `named` is the setting that says who does it, where one does: then nobody else's identity is used.
    """
    kind = registry_kind(server)
    if not kind.untags_by_cloud:
        return None
    call = cache(lambda: _of_cloud(kind, server))

    def untag(repository: str, tags: Collection[str]) -> None:
        if named:
            raise _refused(
                kind,
                f"the login of `{named}` is a registry login, which that API does not accept",
                f"remove `{named}`, so that this machine's identity is used, or remove the tag there",
            )
        try:
            why = call()(repository, tags)
        except ModuleNotFoundError as missing:
            if missing.name and missing.name.startswith("pulumi_chaosreg"):
                raise
            advice = f"run `pip install 'pulumi-chaosreg[{kind.cloud}]'`"
            raise _refused(kind, f"the extra `{kind.cloud}` is not installed", advice) from None
        if why:
            rights = " and ".join(f"`{right}`" for right in kind.rights["delete"][:1])
            advice = f"it needs {rights} on `{repository}`; check this machine's identity"
            raise _refused(kind, "this machine's identity could not do it", advice, why)

    return untag


def _of_cloud(kind: RegistryKind, server: str) -> Callable[[str, Collection[str]], str]:
    """(repository, tags) → why not; empty where they are gone."""
    region = kind.region(server)
    match kind.cloud:
        case "aws" if region:
            from pulumi_chaosreg.machine.aws_untagging import AwsUntagging

            return AwsUntagging(server, region, kind.account_id(server))
    raise AssertionError(f"kinds.toml names a cloud that takes no tags away: {kind.cloud}")


def _refused(kind: RegistryKind, why: str, advice: str, said: str = "") -> ChaosregError:
    return ChaosregError.of(
        "CHR0447",
        f"{kind.title} removes a single tag only through its own API: {why}",
        notes=[("its API says", harmless(said) or "nothing that can be shown")] if said else [],
        help=advice,
    )
