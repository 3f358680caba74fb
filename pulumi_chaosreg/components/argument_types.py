"""The types of the arguments beside the settings: what a type checker refuses, and who runs none hears all the same."""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, NamedTuple

import pulumi

from pulumi_chaosreg.components.plain_values import is_plain, not_plain
from pulumi_chaosreg.errors import Finding, Place
from pulumi_chaosreg.settings.checking import type_name


class ArgumentType(NamedTuple):
    """What an argument must be."""

    type: type | UnionType
    words: str
    """The same for a message: `a string`."""
    help: str
    """How it is written."""
    may_be_output: bool = False
    is_resource: bool = False


TEXT = ArgumentType(str, "a string", "write it in quotes")
FLAG = ArgumentType(bool, "true or false", "write `True` or `False`")
CREDENTIALS = ArgumentType(Mapping, "a dictionary of NAME to value", 'write `credentials={"<NAME>": …}`')
OPTIONS = ArgumentType(pulumi.ResourceOptions, "`pulumi.ResourceOptions`", "write `opts=pulumi.ResourceOptions(…)`")


def level_argument(name: str, component: type[pulumi.Resource]) -> ArgumentType:
    """A level above, `account=`, which is given as its component and not by its name."""
    made = f'{component.__name__}("<name>", …)'
    return ArgumentType(
        component,
        f"the `{component.__name__}`",
        f"write `{name}={made}`, or the variable that holds it",
        is_resource=True,
    )


def wrong_types(place: Place, arguments: Mapping[str, tuple[Any, ArgumentType]]) -> Iterator[Finding]:
    """CHR0106 for each argument that is given and of another type, CHR0120 for an Output that must be plain.

    The value is not repeated: it may be a credential.
    """
    for name, (value, wanted) in arguments.items():
        if value is None or isinstance(value, wanted.type):
            continue
        is_output = not is_plain(value) and not isinstance(value, pulumi.Resource)
        if is_output and wanted.may_be_output:
            continue
        if is_output or (isinstance(value, pulumi.Resource) and not wanted.is_resource):
            yield not_plain((name,), value, place)
            continue
        found = f"`{type(value).__name__}`" if wanted.is_resource and not is_plain(value) else type_name(value)
        where = Place(place.scope, place.file, (*place.keys, name), place.line)
        yield Finding("CHR0106", f"`{name}` must be {wanted.words}, but is {found}", where, help=wanted.help)
