"""What the stand-in must be able to do with a kind of resource: a class in `ecr` or `iam` for each."""

from typing import Protocol

from lab.plugins.aws.cloud import Cloud
from lab.plugins.protocol.values import Object


class Resource(Protocol):
    """The calls that one kind consists of. `region` is empty for what has none.

    Inputs and live properties are called as in Pulumi, plain, without unknowns. What AWS refuses is an AwsError.
    """

    gone: tuple[str, ...]
    """AWS's words for: there is no such thing."""

    def create(self, cloud: Cloud, region: str, inputs: Object) -> str:
        """Make it; the id."""
        ...

    def read(self, cloud: Cloud, region: str, identity: str) -> Object:
        """Everything that the API knows of it; an AwsError in `gone` where it is not there."""
        ...

    def update(self, cloud: Cloud, region: str, identity: str, old: Object, new: Object) -> None:
        """Change what differs and can be changed. `old` is what the state knows."""
        ...

    def delete(self, cloud: Cloud, region: str, identity: str, state: Object) -> None:
        """Remove it; an AwsError in `gone` where it is not there."""
        ...
