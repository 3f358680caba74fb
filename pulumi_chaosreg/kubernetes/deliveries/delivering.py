"""What every delivery is asked, and what it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from pulumi_chaosreg.kubernetes.pull_secret import OneLogin
from pulumi_chaosreg.scopes.delivery import Delivery


class Options(Protocol):
    """What an object is made with: parent, provider, what comes before, aliases."""

    def __call__(self, type_: str, suffix: str = "") -> pulumi.ResourceOptions:
        """By its type token; `suffix` is what its resource is called after the infrastructure's own name."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One infrastructure that pulls from one private registry."""

    name: str
    """Of the resources."""
    namespace: str
    delivery: Delivery
    server: str
    key: str
    """Of a docker config: the server, with a path where another login may be for the whole server."""
    images: Sequence[str]
    """The references that must be pullable."""
    options: Options
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    credential: pulumi.Input[Any] | None = field(default=None, repr=False)
    """The value, where the delivery needs one."""
    ends: pulumi.Input[str] | None = None
    """The day from which nobody may count on it, where one is known."""
    beside: Sequence[OneLogin] = ()
    """Logins for other registries, which go into the same Secret."""


class Deliver(Protocol):
    """A way to deliver it."""

    def __call__(self, asked: Asked) -> Sequence[pulumi.Resource]:
        """Make what is needed in the cluster; what must be there before a Pod pulls. Nothing for some ways."""
        ...
