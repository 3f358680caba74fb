"""The words: who may do what with which images, what holds them, and the credentials that are made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pulumi

from pulumi_chaosreg.provision.protocol import (
    ImageRepository,
    MadeCredential,
    OwnedRegistry,
    Provisioned,
    RepositorySettings,
)
from pulumi_chaosreg.provision.provision import provision
from tests.support.mocked_program import Recorder, run_program

EVERYBODY = "everybody"
READ, WRITE, DELETE = "read", "write", "delete"
"""Rights. What a kind cannot say in one of these stays in its own words, which no rule allows."""


@dataclass(frozen=True)
class Grant:
    """Somebody's rights."""

    who: str
    """For what: pull, push, delete."""
    to: str
    """The identity, or `EVERYBODY`."""
    rights: frozenset[str]
    on: tuple[str, ...]
    """Paths of repositories; what is more than a path of ours is in the kind's words."""


@dataclass(frozen=True)
class Store:
    """What holds images. None: no setting of this kind says it."""

    name: str
    deletes: tuple[str, ...] = ()
    """What its rules delete, but for images without a tag after some days."""
    keeps_tags: bool | None = None
    is_scanned: bool | None = None
    is_encrypted: bool | None = None
    outlives: bool = False
    """Whether it stays with its images when its stack goes."""
    public: tuple[str, ...] = ()
    """By which settings somebody without a login of their own gets in."""


@dataclass(frozen=True)
class Credential:
    """One that is made."""

    name: str
    ends: bool
    """By itself, or because the next turn makes it anew."""


@dataclass(frozen=True)
class Whole:
    """All that is made at one registry."""

    ours: tuple[str, ...]
    """Beginnings of paths."""
    grants: Sequence[Grant]
    stores: Sequence[Store]
    credentials: Sequence[Credential]
    plain: Sequence[str] = ()
    """Credentials that are no secret to the engine."""


@dataclass
class Made:
    """What a program registered, to be spoilt."""

    inputs: dict[str, dict[str, Any]]
    """`type name` → inputs."""
    stays: dict[str, bool]
    """`type name` → whether it is left behind when its stack goes."""
    rights: dict[str, list[str]]
    """pull, push, delete → the rights that an identity of one's own needs."""
    secret: dict[str, bool]
    """Each made login → whether it is a secret."""

    def of(self, type_: str) -> dict[str, dict[str, Any]]:
        """Name → inputs."""
        return {name.split(" ", 1)[1]: said for name, said in self.inputs.items() if name.startswith(f"{type_} ")}

    def one(self, type_: str, end: str = "") -> dict[str, Any]:
        """The inputs of the first whose name ends so."""
        return next(said for name, said in self.of(type_).items() if name.endswith(end))

    def leave(self, type_: str, stays: bool = False) -> None:
        """All of this type go with their stack."""
        self.stays.update({name: stays for name in self.stays if name.startswith(f"{type_} ")})


@dataclass
class _Answering(Recorder):
    """Gives resources what only the registry could tell."""

    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        ident, known = super().new_resource(args)
        return ident, {**known, **self.outputs.get(args.typ, {})}


def made_by(
    registry: OwnedRegistry,
    settings: RepositorySettings,
    images: Sequence[ImageRepository],
    outputs: Mapping[str, Mapping[str, Any]] | None = None,
) -> Made:
    """What the settings make. `outputs`: what only the registry could tell, by type."""
    found: list[Provisioned] = []
    secret: dict[str, bool] = {}

    def told(name: str, is_secret: bool) -> None:
        secret[name] = is_secret

    def program() -> None:
        result = provision(registry, settings, images)
        found.append(result)
        for (stack, slot), login in result.logins.items():
            name = f"{stack}/{slot}"
            pulumi.Output.from_input(login.password.is_secret()).apply(lambda one, name=name: told(name, one))

    recorder = run_program(program, recorder=_Answering(outputs=outputs or {}))
    (result,) = found
    access: Mapping[str, Any] = {"pull": result.pull, "push": result.push, "delete": result.delete}
    return Made(
        dict(sorted(recorder.made.items())),  # resources are registered in no order
        {name: one.retainOnDelete for name, one in recorder.options.items()},
        {who: list(one.rights) for who, one in access.items()},
        secret,
    )


def turn(stack: str = "") -> tuple[MadeCredential, ...]:
    """Two credentials, of which one is in use."""
    current = MadeCredential(stack, "a", 460, date(2027, 1, 17), 90)
    return current, MadeCredential(stack, "b", 459, date(2026, 12, 3), 90)
