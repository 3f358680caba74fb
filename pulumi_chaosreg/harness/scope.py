"""Which record is meant: Harness keeps one for each level."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pulumi_chaosreg.errors import ChaosregError

_MAX_PARTS = 5


@dataclass(frozen=True, slots=True)
class HarnessScope:
    """A level, by Harness's own identifiers; those below it are empty."""

    account: str
    organization: str = ""
    project: str = ""
    infrastructure: str = ""
    """`environment/infrastructure`, or the infrastructure alone."""

    @classmethod
    def parse(cls, text: str) -> "HarnessScope":
        """The reverse of `str`, which is also an import's id. Raises ChaosregError (CHR0818)."""
        account, *below = text.split("/")
        if not account or not all(below) or len(below) >= _MAX_PARTS:
            raise ChaosregError.of(
                "CHR0818",
                f"`{text}` is not the id of a Harness record",
                help="write the identifiers that lead to it: `account`, `account/organization`, "
                "`account/organization/project`, then the infrastructure, alone or as `environment/infrastructure`",
            )
        organization, project, *infrastructure = *below, *[""] * (2 - len(below))
        return cls(account, organization, project, "/".join(infrastructure))

    def __str__(self) -> str:
        return "/".join(part for part in (self.account, self.organization, self.project, self.infrastructure) if part)

    @property
    def title(self) -> str:
        """As messages name it."""
        if self.infrastructure:
            return f"infrastructure `{self.infrastructure}`"
        if self.project:
            return f"project `{self.project}`"
        return f"organization `{self.organization}`" if self.organization else f"account `{self.account}`"

    @property
    def above(self) -> "HarnessScope | None":
        """The next wider one; None above the account."""
        for level in ("infrastructure", "project", "organization"):
            if getattr(self, level):
                return replace(self, **{level: ""})
        return None

    @property
    def chain(self) -> Iterator["HarnessScope"]:
        """This one and all above it."""
        yield self
        if self.above:
            yield from self.above.chain

    @property
    def identifiers(self) -> dict[str, str]:
        """`ScopedIdentifiersRequest`: what is not given is left out."""
        said = {
            "accountIdentifier": self.account,
            "orgIdentifier": self.organization,
            "projectIdentifier": self.project,
        }
        return {key: value for key, value in said.items() if value}

    def is_same(self, other: "HarnessScope") -> bool:
        """Whether both are one level: of an infrastructure one form of the id may lack the environment."""
        if replace(self, infrastructure="") != replace(other, infrastructure=""):
            return False
        (mine, _, one), (theirs, _, two) = (each.infrastructure.rpartition("/") for each in (self, other))
        return one == two and (mine == theirs or not mine or not theirs)

    def is_of(self, answer: Mapping[str, Any]) -> bool:
        """Whether a record says that it is this level's own. Infrastructures have two forms of their id, and answers
        need not have the one that was asked for.
        """
        said = answer.get("identifier") or {}
        mine = {**dict.fromkeys(("orgIdentifier", "projectIdentifier"), ""), **self.identifiers}
        if any((said.get(key) or "") != value for key, value in mine.items()):
            return False
        return _bare(answer.get("infraID") or "") == _bare(self.infrastructure)


def _bare(infrastructure: str) -> str:
    return infrastructure.rpartition("/")[2]
