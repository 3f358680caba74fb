"""Resources of pulumi-harness in the same program that set a registry in Harness, too: Harness keeps one record for a
level, whoever writes it, so that each `up` of one would undo the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi
from pulumi.runtime.settings import get_root_resource

from pulumi_chaosreg.components.reporting import refusal
from pulumi_chaosreg.errors import Finding
from pulumi_chaosreg.harness.scope import HarnessScope
from pulumi_chaosreg.scopes.publication import Publication
from pulumi_chaosreg.settings.table import HARNESS

_SETTERS = {
    "harness:chaos/infrastructureV2:InfrastructureV2": "imageRegistries",
    "harness:chaos/imageRegistry:ImageRegistry": "registryServer",
}
"""Type → the input that it sets a registry by."""
_PLACE = ("orgId", "projectId", "environmentId", "infraId")


@dataclass(frozen=True, slots=True)
class _Setter:
    type: str
    name: str
    said: Mapping[str, Any]
    """Its inputs, by the engine's names."""


class OtherSetters:
    """Those of one program; seen from the first component of ours on."""

    def __init__(self) -> None:
        self._seen: list[_Setter] = []
        if get_root_resource() is not None:
            # In this process: a transform of the engine's would be a call for each resource of the program.
            pulumi.runtime.register_stack_transformation(self._see)

    def _see(self, args: pulumi.ResourceTransformationArgs) -> None:
        # with a provider of its own it may be of another account of Harness; what it wrote in ours is told by CHR0821
        if args.type_ in _SETTERS and not args.opts.provider:
            said = {_engine_name(key): value for key, value in args.props.items()}
            self._seen.append(_Setter(args.type_, args.name, said))

    def refuse(self, published: Publication) -> None:
        """RunError (CHR0820) where one of them sets the record of this level. Where only Outputs say of which level it
        is, that is told when they are known: what is published does not wait for them, who may wait for it.
        """
        for setter in self._seen:
            values = {key: setter.said.get(key) for key in (*_PLACE, _SETTERS[setter.type])}
            refuse = partial(_refuse, published, setter)
            if all(value is None or isinstance(value, str | list) for value in values.values()):
                refuse(values)
            else:
                _: pulumi.Output[None] = pulumi.Output.all(**values).apply(refuse)


def _refuse(published: Publication, setter: _Setter, values: Mapping[str, Any]) -> None:
    organization, project, environment, infrastructure = (values.get(key) or "" for key in _PLACE)
    if environment and infrastructure:
        infrastructure = f"{environment}/{infrastructure}"
    theirs = HarnessScope("", organization, project, infrastructure)
    mine = HarnessScope("", published.organization, published.project, published.infrastructure)
    argument = _SETTERS[setter.type]
    if values.get(argument) and theirs.is_same(mine):
        scope = published.scope
        raise refusal(
            Finding(
                "CHR0820",
                f"{scope.title} has its registry in Harness set twice: it is published, and "
                f"`{setter.type.rpartition(':')[2]}` `{setter.name}` of pulumi-harness sets it",
                scope.at(HARNESS.publish),
                notes=(("set by", f"its `{_python_name(argument)}`"),),
                help="remove that, or write `harness: {publish: false}` here: each would undo the other",
            )
        )


def _engine_name(name: str) -> str:
    """As the engine calls an input: a typed class calls it as Python does."""
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _python_name(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
