"""As whom repositories and roles are made, and whether that is the account that a registry's host names.

By default it is the stack's own AWS provider, whose account is asked for before anything is made. `repositories.aws`
makes a provider of its own, once for each account and way into it; it refuses every other account by itself.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.provision.protocol import CloudAccess, OwnedRegistry, RepositorySettings

if TYPE_CHECKING:
    import pulumi

_TEXTS = (
    "customCaBundle",
    "ec2MetadataServiceEndpoint",
    "ec2MetadataServiceEndpointMode",
    "httpProxy",
    "httpsProxy",
    "noProxy",
    "retryMode",
    "s3UsEast1RegionalEndpoint",
    "stsRegion",
    "tagPolicyCompliance",
)
_VALUES = (
    "defaultTags",
    "endpoints",
    "ignoreTags",
    "insecure",
    "maxRetries",
    "s3UsePathStyle",
    "sharedConfigFiles",
    "sharedCredentialsFiles",
    "skipCredentialsValidation",
    "skipMetadataApiCheck",
    "skipRegionValidation",
    "skipRequestingAccountId",
    "tokenBucketRateLimiterCapacity",
    "useDualstackEndpoint",
    "useFipsEndpoint",
    "userAgents",
)
"""What counts for every provider of a stack: the keys of `aws:` that are no text of their own."""
_CREDENTIALS = ("accessKey", "secretKey", "token")
_OURS = ("allowedAccountIds", "assumeRoles", "assumeRoleWithWebIdentity", "forbiddenAccountIds", "profile", "region")
"""Said by us, or another identity's."""
KNOWN = frozenset((*_TEXTS, *_VALUES, *_CREDENTIALS, *_OURS))
"""All keys that a provider of pulumi-aws has."""


def provider_for(
    registry: OwnedRegistry, settings: RepositorySettings, parent: "pulumi.Resource | None"
) -> "pulumi.ProviderResource | None":
    """The provider for what is made for this registry; None for the one that is there anyway.

    ChaosregError (CHR0483, CHR0484) where that one is of another account, or nobody can say of which.
    """
    account = registry.kind.account_id(registry.server) or ""
    program = _program()
    if settings.aws:
        asked = (account, settings.aws)
        if asked not in program.providers:
            program.providers[asked] = _provider(registry, account, settings.aws)
        return program.providers[asked]
    caller = program.caller(parent)
    if caller and caller.account != account:
        raise ChaosregError(_elsewhere(registry, account, caller))
    return None


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom AWS sees."""

    account: str
    arn: str


@dataclass(slots=True)
class _Program:
    """What one running program has asked for already."""

    providers: "dict[tuple[str, CloudAccess], pulumi.ProviderResource]" = field(default_factory=dict)
    callers: "dict[pulumi.ProviderResource | None, Caller | None]" = field(default_factory=dict)

    def caller(self, parent: "pulumi.Resource | None") -> Caller | None:
        """Whose credentials the parent's provider has; None where only `up` will know."""
        provider = parent.get_provider("aws:index/getCallerIdentity:getCallerIdentity") if parent else None
        if provider not in self.callers:
            self.callers[provider] = _caller(parent)
        return self.callers[provider]


_PROGRAMS: "WeakKeyDictionary[pulumi.Resource, _Program]" = WeakKeyDictionary()
"""The stack's own resource, of which a run has one → what its program has."""


def _program() -> _Program:
    from pulumi.runtime.settings import get_root_resource

    root = get_root_resource()
    return _PROGRAMS.setdefault(root, _Program()) if root else _Program()


def _provider(registry: OwnedRegistry, account: str, access: CloudAccess) -> "pulumi.ProviderResource":
    import pulumi
    import pulumi_aws

    said = pulumi.Config("aws")
    copied: dict[str, Any] = {_snake(key): said.get(key) for key in _TEXTS}
    copied |= {_snake(key): said.get_object(key) for key in _VALUES}
    before: list[Any] = []
    if not access.profile:  # a profile is somebody else than the stack's own keys
        copied |= {_snake(key): said.get_secret(key) for key in _CREDENTIALS}
        copied["assume_role_with_web_identity"] = said.get_object("assumeRoleWithWebIdentity")
        before = said.get_object("assumeRoles") or []
    # in the engine's spelling, since the SDK gives it on as it is
    roles: Any = [*before, *([{"roleArn": access.assume_role}] if access.assume_role else [])]
    return pulumi_aws.Provider(
        "-".join(word for word in (f"aws-{account}", access.profile, access.assume_role.rpartition("/")[2]) if word),
        **{key: value for key, value in copied.items() if value is not None},
        allowed_account_ids=[account],
        assume_roles=roles or None,
        profile=access.profile or None,
        region=registry.kind.region(registry.server),
    )


def _caller(parent: "pulumi.Resource | None") -> Caller | None:
    import pulumi
    import pulumi_aws

    try:
        found = pulumi_aws.get_caller_identity(opts=pulumi.InvokeOptions(parent=parent))
    except Exception as error:  # the engine's own, whatever went wrong
        unknown = _unknown(" ".join(str(error).split()))
        if not pulumi.runtime.is_dry_run():
            raise ChaosregError(unknown) from None
        pulumi.log.warn(str(unknown))
        return None
    return Caller(found.account_id, found.arn) if found.account_id else None


def _elsewhere(registry: OwnedRegistry, account: str, caller: Caller) -> Finding:
    return Finding(
        "CHR0483",
        f"`{registry.server}` is in account {account}, but this runs as account {caller.account}",
        registry.place,
        notes=(("who runs this", caller.arn),),
        help=f"run it with credentials of {account}, or say how to get them: `repositories: {{aws: {{assume_role: <ARN "
        "of a role there>}}`, or `profile`",
    )


def _unknown(why: str) -> Finding:
    import pulumi

    is_preview = pulumi.runtime.is_dry_run()
    return Finding(
        "CHR0484",
        "the account of the AWS credentials is unknown"
        + (", so only `up` will compare it with the registry's" if is_preview else ""),
        notes=(("AWS", why),),
        help="provide AWS credentials as the AWS command line reads them",
        severity="warning" if is_preview else "error",
    )


def _snake(key: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", key).lower()
