"""The repositories that a registry's owner makes before its images, and the policies of who pushes and pulls there."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_chaosreg.components.reporting import refusal
from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.catalogue import load_catalogue
from pulumi_chaosreg.images.reference import Reference
from pulumi_chaosreg.provision.protocol import (
    ImageRepository,
    MadeLogin,
    OwnedRegistry,
    Provisioned,
    RepositorySettings,
)
from pulumi_chaosreg.provision.provision import provision
from pulumi_chaosreg.scopes.component_names import REPOSITORIES_TYPE
from pulumi_chaosreg.settings.yaml_file import locate


class Repositories(pulumi.ComponentResource):
    """What one registry's images go to, made by its kind's module: nothing where the kind makes them by itself."""

    def __init__(
        self,
        name: str,
        *,
        registry: OwnedRegistry,
        settings: RepositorySettings,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(REPOSITORIES_TYPE, name, {}, opts)
        self.registry, self.settings = registry, settings
        self._asked: dict[str, ImageRepository] = {}
        self._made: dict[str, pulumi.Resource] = {}
        self._before: Provisioned | None = None

    def add(self, images: Sequence[Reference]) -> Provisioned | None:
        """Make the repositories of these that are not there yet, and tell what was made.

        RunError (CHR0481) where a tag is to move in one that was made so that none does.
        """
        asked = ImageRepository.of(images, load_catalogue().is_floating)
        late = [image for image in asked if self._moves_too_late(image)]
        if late:
            raise refusal([_too_late(image) for image in late])
        new = [image for image in asked if image.path not in self._asked]
        if not new:
            return None
        self._asked |= {image.path: image for image in new}
        return self._provision(new)

    def _provision(self, new: Sequence[ImageRepository]) -> Provisioned:
        try:
            made = provision(self.registry, self.settings, new, parent=self, before=self._before)
        except ChaosregError as error:
            raise refusal(locate(error.findings)) from None
        self._made |= made.repositories
        self._before = made
        return made

    @property
    def node_identity(self) -> Mapping[str, pulumi.Input[Any]]:
        """What nodes and ServiceAccounts need that pull from there without a Secret."""
        return self._before.node_identity if self._before else {}

    def login(self, stack: str, slot: str) -> MadeLogin:
        """The pull credential of a stack that was made for this slot."""
        made = self._before or self._provision([])  # whoever pulls may need no image of ours
        return made.logins[stack, slot]

    @property
    def fillers(self) -> Mapping[str, pulumi.Input[Mapping[str, str]]]:
        """`push`, `delete` → the login that was made for it; secrets. Absent where none was."""
        made = {"push": self._before.push, "delete": self._before.delete} if self._before else {}
        return {
            who: pulumi.Output.secret(pulumi.Output.all(username=access.username, password=access.password))
            for who, access in made.items()
            if access.username is not None and access.password is not None
        }

    def of(self, image: Reference) -> pulumi.Resource | None:
        """The repository that has to be there before this image; None where none has to."""
        return self._made.get(image.repository)

    def _moves_too_late(self, image: ImageRepository) -> bool:
        known = self._asked.get(image.path)
        return known is not None and not set(image.moving_tags) <= set(known.moving_tags)


def _too_late(image: ImageRepository) -> Finding:
    return Finding(
        "CHR0481",
        f"repository `{image.path}` already has immutable tags, but `{image.moving_tags[0]}` must move in it",
        None,
        help="give the tag at a level above both infrastructures, or write the infrastructure with it first",
    )
