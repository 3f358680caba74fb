"""What an image that somebody's manifest names is at one infrastructure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from pulumi_chaosreg.errors import ChaosregError, Finding
from pulumi_chaosreg.images.catalogue import Catalogue
from pulumi_chaosreg.images.reference import Reference, reference_problem
from pulumi_chaosreg.manifests.parameters import has_parameter
from pulumi_chaosreg.manifests.places import Places, load_places
from pulumi_chaosreg.scopes.required_images import LIBRARY
from pulumi_chaosreg.scopes.resolved import ResolvedConfig


class Reason(Enum):
    """Why a reference is left as it is."""

    FOREIGN = "foreign"  # nobody says that it is an image of chaos experiments
    UNRESOLVED = "unresolved"  # it is one, and this infrastructure has none of its name
    PARAMETER = "parameter"  # what it is turns out later
    UNREAD = "unread"  # it stands where nobody is known to pull it from
    NO_LIST = "no list"  # pull Secrets belong where something else stands
    ELSEWHERE = "elsewhere"  # the object is in another namespace than the pull Secret


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done with one reference."""

    new: str | None = None
    """What it becomes; the same where it is right already. None where it is left."""
    reason: Reason | None = None
    why: str = ""
    """For people, where it is left."""


@dataclass(frozen=True)
class Target:
    """What one infrastructure pulls, and with what."""

    infrastructure: str
    """Its path."""
    namespace: str
    images: Mapping[str, tuple[Reference, ...]]
    """Image name → what it is here; several where a release needs several tags."""
    secrets: tuple[str, ...]
    """The pull Secrets that every Pod has to name."""
    registry: str
    """`server/account`."""
    private: tuple[str, ...]
    """Beginnings of what the Secrets are for, `server/account`: whatever else is pulled from there needs them, too."""
    type: str
    catalogue: Catalogue = field(repr=False)
    places: Places = field(repr=False)

    @classmethod
    def of(cls, config: ResolvedConfig, catalogue: Catalogue, *, by_digest: bool = False) -> "Target":
        """`by_digest`: every reference with the digest that is known for it.

        Raises ChaosregError (CHR0704) where there is none.
        """
        images: dict[str, tuple[Reference, ...]] = {}
        for image in config.images:
            name = image.name.partition(".")[0] if image.name.startswith(f"{image.image}.") else image.name
            reference = image.reference.with_digest(image.digest) if by_digest else image.reference
            images[name] = (*images.get(name, ()), reference)
        if by_digest:
            unknown = [str(one) for references in images.values() for one in references if not one.digest]
            if unknown:
                raise ChaosregError(_no_digest(config, unknown))
        return cls(
            config.infrastructure.path,
            config.namespace.value,
            images,
            config.secret_names,
            config.registry.path,
            (config.registry.path, *(other.key for other in config.others)),
            config.infrastructure_type.value,
            catalogue,
            load_places(),
        )

    def verdict(self, text: str, slot: str = "") -> Verdict:
        """Of what stands where an image belongs; `slot` is the environment variable that it is the value of."""
        if has_parameter(text):
            return Verdict(reason=Reason.PARAMETER, why="it is known only when it runs")
        if reference_problem(text):
            return Verdict(reason=Reason.FOREIGN, why="it is not an image reference")
        reference = Reference.parse(text)
        meant = self.places.slots.get(slot, "")
        if meant in self.images and (self.is_here(reference) or self.name_of(reference)):
            return Verdict(self._text(self.images[meant], reference))
        if self.is_here(reference):
            return Verdict(text)
        name = self.name_of(reference)
        if name is None:
            account = reference.name.rpartition("/")[0]
            return Verdict(reason=Reason.FOREIGN, why=self.places.strangers.get(account, "it is not ours"))
        if name not in self.images:
            return Verdict(reason=Reason.UNRESOLVED, why=self._why_unresolved(name))
        return Verdict(self._text(self.images[name], reference))

    def is_here(self, reference: Reference) -> bool:
        """Whether it is exactly what this infrastructure pulls."""
        return any(reference == one for references in self.images.values() for one in references)

    def pulls_from_here(self, text: str) -> bool:
        """Whether a Pod needs the Secrets for it: it is one of ours, or lies beside them in the registry."""
        if reference_problem(text):
            return False
        reference = Reference.parse(text)
        return self.is_here(reference) or any(reference.name.startswith(f"{one}/") for one in self.private)

    def name_of(self, reference: Reference) -> str | None:
        """What the catalogue calls it, on whatever registry it is; None for the images of others."""
        if reference.name in self.places.former:
            return self.places.former[reference.name]
        account, _, name = reference.name.rpartition("/")
        if name not in self.catalogue.names and name != LIBRARY:
            return None
        is_strange = account in self.places.strangers and not any(
            one.name.rpartition("/")[0] == account for references in self.images.values() for one in references
        )
        return None if is_strange else name

    @staticmethod
    def _text(references: tuple[Reference, ...], written: Reference) -> str:
        """Of a release's two tags the one that is written there already."""
        return str(next((one for one in references if one.tag == written.tag), references[0]))

    def _why_unresolved(self, name: str) -> str:
        kinds = [kind for kind, names in self.catalogue.sets.items() if name in names]
        if kinds and self.type not in kinds:
            return f"it is an image of {' and '.join(kinds)} infrastructures, but {self.infrastructure} is {self.type}"
        return f"{self.infrastructure} has no image of this name: `chaosreg resolve {self.infrastructure}`"


def _no_digest(config: ResolvedConfig, unknown: list[str]) -> Finding:
    it = "it" if len(unknown) == 1 else "them"
    return Finding(
        "CHR0704",
        f"no digest is known for {', '.join(f'`{text}`' for text in unknown)} of {config.infrastructure.path}",
        help=f"`chaosreg lock` writes {it} to stacks/chaosreg.lock.yaml; for a custom image, write it into the setting",
    )
