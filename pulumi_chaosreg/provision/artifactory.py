"""JFrog Artifactory: one local Docker repository for all images of an owner, and tokens that may read nothing else.

The decisions are plain values (`scope`, `user`); `provision` makes them resources of pulumi-artifactory. What each
default is for: docs/registries/artifactory.md.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pulumi_chaosreg.credentials.docker_config import read_credential
from pulumi_chaosreg.credentials.login import LoginKind
from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.provision.protocol import (
    Access,
    ImageRepository,
    MadeCredential,
    MadeLogin,
    OwnedRegistry,
    Provisioned,
    RepositorySettings,
)
from pulumi_chaosreg.registries.artifactory import Named, named

if TYPE_CHECKING:
    import pulumi

_DAY = 86_400
_NOBODY = "token"
"""The user of an access token that stands alone: Artifactory asks for none."""
_CALLED = "`repositories.login`"


def provision(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    images: Sequence[ImageRepository],
    *,
    parent: "pulumi.Resource | None" = None,
    before: Provisioned | None = None,
) -> Provisioned:
    """A `DockerV2Repository`, and a `ScopedToken` for each of `settings.made`, by a provider of their own."""
    at = named(registry.server, registry.account, settings.repository_key)
    pull, push, delete = (Access((scope(registry, settings, at, who),)) for who in ("pull", "push", "delete"))
    provider = _provider(registry, settings, at, parent)
    repository = _repository(registry, settings, at, parent, provider)
    logins = {
        (one.stack, one.slot): _login(registry, one, pull.rights[0], repository, provider) for one in settings.made
    }
    return Provisioned(pull=pull, push=push, delete=delete, logins=logins, shared=repository).serving(images)


def _provider(
    registry: OwnedRegistry, settings: RepositorySettings, at: Named, parent: "pulumi.Resource | None"
) -> "pulumi.ProviderResource":
    """Told whom to ask and as whom, so that nothing is left to the environment."""
    import pulumi
    import pulumi_artifactory

    return pulumi_artifactory.Provider(
        registry.name,
        url=f"https://{at.platform}",
        access_token=pulumi.Output.secret(settings.login).apply(
            lambda login: _token(login, at, registry.server, registry.account)
        ),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _repository(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    at: Named,
    parent: "pulumi.Resource | None",
    provider: "pulumi.ProviderResource",
) -> "pulumi.Resource":
    import pulumi
    import pulumi_artifactory

    return pulumi_artifactory.DockerV2Repository(
        registry.name,
        key=at.key,
        description=f"Chaos images of {registry.owner} (pulumi-chaosreg)",
        max_unique_tags=0,  # another number deletes tags, whether a cluster still runs them or not
        block_pushing_schema1=True,
        xray_index=settings.scan_on_push,
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=provider,
            retain_on_delete=settings.retain,
            protect=settings.protect or None,
            delete_before_replace=False,
            # where nobody says it, it is Xray's administrators who choose what is indexed
            ignore_changes=["xrayIndex"] if settings.scan_on_push is None else None,
        ),
    )


def _login(
    registry: OwnedRegistry,
    one: MadeCredential,
    rights: str,
    repository: "pulumi.Resource",
    provider: "pulumi.ProviderResource",
) -> MadeLogin:
    """Another turn has another description, which makes another token."""
    import pulumi
    import pulumi_artifactory

    token = pulumi_artifactory.ScopedToken(
        f"{registry.name}/{one.suffix}",
        username=user(registry, one.stack),
        scopes=[rights],
        # always above JFrog's threshold, below which a token is never stored and cannot be revoked
        expires_in=one.lifetime_days * _DAY,
        refreshable=False,
        description=description(registry, one),
        opts=pulumi.ResourceOptions(
            parent=repository,
            provider=provider,
            # A token that has ended is gone (JFrog clears them every hour), and the provider fails where it finds none
            # to revoke: it ends by itself, and nothing is lost.
            retain_on_delete=True,
            protect=False,
            delete_before_replace=False,
        ),
    )
    return MadeLogin(user(registry, one.stack), pulumi.Output.secret(token.access_token))


def scope(registry: OwnedRegistry, settings: RepositorySettings, at: Named, who: str) -> str:
    """The least scope of a token, as JFrog writes it. Who may not delete cannot overwrite a tag either."""
    actions = registry.kind.rights[who]
    if who == "push" and settings.immutable_tags is False:
        actions = (*actions, "d")
    return f"artifact:{at.key}:{','.join(actions)}"


def user(registry: OwnedRegistry, stack: str) -> str:
    """Whom the token is for: nobody that Artifactory has to know."""
    words = (registry.kind.user, registry.owner, stack)
    return ".".join(re.sub(r"[^a-z0-9-]+", "-", word.lower()).strip("-") for word in words if word)[:255]


def description(registry: OwnedRegistry, one: MadeCredential) -> str:
    """What administrators read in JFrog's list of tokens."""
    whose = f"for stack {one.stack}" if one.stack else "for all stacks"
    return f"pulumi-chaosreg: {registry.owner} {whose} pulls from {registry.path}, {one.slot}{one.turn}"


def _token(login: Any, at: Named, server: str, account: str) -> str:
    """The access token of `repositories.login`: alone, or as the password of any form that a credential has. RunError
    (CHR0506).
    """
    import pulumi

    try:
        credential = read_credential("login", login, _NOBODY, _CALLED)
        found = credential.login_for(at.platform, "") or credential.login_for(server, account)
        if found is None or found.kind is not LoginKind.PASSWORD or not found.password:
            raise ChaosregError.of(
                "CHR0506",
                f"{_CALLED} has no access token for `{at.platform}`",
                help="give an administrator's access token alone, or an object with `username` and `password`",
            )
    except ChaosregError as error:
        raise pulumi.RunError(str(error)) from None
    return found.password
