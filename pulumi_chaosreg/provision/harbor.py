"""Harbor: one project for all images of an owner, closed, with tags that stay, and a robot for each who needs one.

The decisions are plain values (`named`, `is_immutable`, `moving_tags`); `provision` makes them resources of our plugin.
What each default is for: docs/registries/harbor.md. No retention policy is made: Harbor deletes what no rule keeps.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.provision.protocol import (
    Access,
    ImageRepository,
    MadeLogin,
    OwnedRegistry,
    Provisioned,
    RepositorySettings,
)
from pulumi_chaosreg.scopes.made_by_owner import turns

if TYPE_CHECKING:
    import pulumi

    from pulumi_chaosreg.provision.harbor_project import HarborProject
    from pulumi_chaosreg.provision.harbor_robot import HarborRobot

_COMPANIONS = "sha256-*"
"""Tags of cosign's signatures and the fallback lists of referrers: they are written again when one is added."""
_LONGEST_NAME = 100
_DOES = {"push": "pushes to", "delete": "deletes from", "pull": "pulls from"}


class Named(NamedTuple):
    """Where Harbor has the images of a path."""

    project: str
    below: str
    """The rest of it, in the project; may be empty."""


def provision(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    images: Sequence[ImageRepository],
    *,
    parent: "pulumi.Resource | None" = None,
    before: Provisioned | None = None,
) -> Provisioned:
    """A `HarborProject`, its `HarborImmutableTagRule`, and a `HarborRobot` for each login that this stack needs."""
    project = _project(registry, settings, parent)
    if is_immutable(settings):
        _rule(registry, settings, project)
    pull = Access(registry.kind.rights["pull"])
    push, delete = (_filler(registry, settings, who, project, parent) for who in ("push", "delete"))
    logins = _logins(registry, settings, project, parent)
    return Provisioned(pull=pull, push=push, delete=delete, logins=logins, shared=project).serving(images)


def _project(
    registry: OwnedRegistry, settings: RepositorySettings, parent: "pulumi.Resource | None"
) -> "HarborProject":
    import pulumi

    from pulumi_chaosreg.provision.harbor_project import HarborProject

    return HarborProject(
        registry.name,
        server=registry.server,
        project=named(registry).project,
        login=settings.login,
        public=settings.harbor.public,
        auto_scan=settings.scan_on_push is not False,
        prevent_vulnerable=settings.harbor.prevent_vulnerable,  # type: ignore[arg-type]  # the settings' own words
        quota=settings.harbor.quota,
        adopt=settings.harbor.adopt or None,
        opts=pulumi.ResourceOptions(
            parent=parent,
            retain_on_delete=settings.retain,
            protect=settings.protect or None,
            delete_before_replace=False,
        ),
    )


def _rule(registry: OwnedRegistry, settings: RepositorySettings, project: "HarborProject") -> None:
    """It goes with its project, and stays with it; alone it goes when nobody says it any more."""
    import pulumi

    from pulumi_chaosreg.provision.harbor_immutable_tag_rule import HarborImmutableTagRule

    at = named(registry)
    HarborImmutableTagRule(
        registry.name,
        server=registry.server,
        project=project.project,
        repositories=f"{at.below}/**" if at.below else "**",
        excluded_tags=moving_tags(settings),
        login=settings.login,
        opts=pulumi.ResourceOptions(parent=project, deleted_with=project, retain_on_delete=False, protect=False),
    )


def _filler(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    who: str,
    project: "HarborProject",
    parent: "pulumi.Resource | None",
) -> Access:
    """The identity that pushes, or deletes; a robot where this stack has no other login for it."""
    rights = registry.kind.rights[who]
    if who not in settings.harbor.robots:
        return Access(rights)
    turn, _ = turns(settings.day, settings.harbor.robot_days)
    robot = _robot(
        registry, settings, project, who, who, robot_name(registry, who, str(turn.number)), turn.ends, parent
    )
    return Access(rights, principal=robot.username, username=robot.username, password=robot.secret)


def _logins(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    project: "HarborProject",
    parent: "pulumi.Resource | None",
) -> dict[tuple[str, str], MadeLogin]:
    """A robot for each pull credential. It goes with who makes it: none is left behind that nobody renews."""
    import pulumi

    logins = {}
    for one in settings.made:
        name = robot_name(registry, "pull", one.stack, one.slot, str(one.turn))
        robot = _robot(registry, settings, project, "pull", one.suffix, name, one.ends, parent)
        logins[one.stack, one.slot] = MadeLogin(robot.username, pulumi.Output.secret(robot.secret))
    return logins


def _robot(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    project: "HarborProject",
    who: str,
    suffix: str,
    name: str,
    ends: date,
    parent: "pulumi.Resource | None",
) -> "HarborRobot":
    """Another turn is another robot, which is there before the one before it goes."""
    import pulumi

    from pulumi_chaosreg.provision.harbor_robot import HarborRobot

    return HarborRobot(
        f"{registry.name}/{suffix}",
        server=registry.server,
        project=project.project,
        robot=name,
        access=list(registry.kind.rights[who]),
        ends=ends.isoformat(),
        description=f"{_DOES[who]} {registry.path} ({registry.owner})",
        login=settings.login,
        opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=False, protect=False),
    )


def named(registry: OwnedRegistry) -> Named:
    """The project is the first part of the path."""
    project, _, below = registry.account.partition("/")
    return Named(project, below)


def is_immutable(settings: RepositorySettings) -> bool:
    """Whether tags stay: by default they do."""
    return settings.immutable_tags is not False


def moving_tags(settings: RepositorySettings) -> list[str]:
    """Patterns of the tags that may move all the same: those that are meant to, and those of signatures."""
    return sorted((*load_catalogue().floating_tags, *((_COMPANIONS,) if settings.with_signatures else ())))


def robot_name(registry: OwnedRegistry, *words: str) -> str:
    """`push-1234`, with the path in the project before it where it has one: two owners may share a project. What a
    name cannot have, or is too long, ends in a digest instead.
    """
    every = [word for word in (named(registry).below.replace("/", "-"), *words) if word]
    plain = "-".join(re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-") for word in every)
    if plain == "-".join(every) and len(plain) <= _LONGEST_NAME:
        return plain
    digest = hashlib.sha256("/".join(every).encode()).hexdigest()[:8]
    return f"{plain[: _LONGEST_NAME - len(digest) - 1].strip('-')}-{digest}"
